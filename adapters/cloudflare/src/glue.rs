//! `wasm-bindgen`'s glue holds one instance for ever; a Worker that survives a panic needs another.

use std::fmt;

/// Makes of the module `index.js`, as `wasm-bindgen` writes it for `--target module`, one that exports a single function,
/// `instantiate`: each call makes an instance of the program, with glue of its own, and returns its exports.
///
/// `wasm-bindgen` has a way to reset its instance, but it cuts off what runs on the one before. `main` comes along with the
/// exports: `wasm-bindgen` does not run it where a dependency, `worker` for one, has a start function of its own.
///
/// ```
/// let glue = r#"import source wasmModule from "./index_bg.wasm";
/// export function f() {}
/// let wasm = new WebAssembly.Instance(wasmModule, {}).exports;
/// "#;
/// let module = r#"import wasmModule from "./index_bg.wasm";
/// export function instantiate() {
/// function f() {}
/// let wasm = new WebAssembly.Instance(wasmModule, {}).exports;
/// return { f, main: () => wasm.main(0, 0) };
/// }
/// "#;
/// assert_eq!(anyfn_cloudflare::instances(glue).unwrap(), module);
/// ```
///
/// # Errors
/// A line imports or exports in a way that is not understood: this `wasm-bindgen` is none that anyfn knows.
pub fn instances(glue: &str) -> Result<String, GlueError> {
    let (mut imports, mut body, mut exports) = (String::new(), String::new(), Vec::new());
    for line in glue.lines().filter(|line| !line.is_empty()) {
        let unknown = || GlueError(line.to_owned());
        if line.starts_with("import ") || line.starts_with("import{") {
            if !line.trim_end().ends_with(';') {
                return Err(unknown());
            }
            // workerd instantiates what is imported plainly; its parser does not know source phase imports.
            imports.push_str(&line.replacen("import source ", "import ", 1));
            imports.push('\n');
        } else if let Some(export) = line.strip_prefix("export ") {
            match export.strip_prefix('{') {
                Some(list) => exports.extend(listed(list).ok_or_else(unknown)?),
                None => {
                    exports.push(declared(export).ok_or_else(unknown)?.to_owned());
                    body.push_str(export);
                    body.push('\n');
                }
            }
        } else {
            body.push_str(line);
            body.push('\n');
        }
    }
    if !glue.lines().any(|line| line.starts_with("let wasm = ")) {
        return Err(GlueError("(none makes the instance)".to_owned()));
    }
    exports.push("main: () => wasm.main(0, 0)".to_owned());
    let exports = exports.join(", ");
    Ok(format!("{imports}export function instantiate() {{\n{body}return {{ {exports} }};\n}}\n"))
}

/// The name in `function name(…`, `class Name …`, `const name …`.
fn declared(export: &str) -> Option<&str> {
    let (kind, rest) = export.strip_prefix("async ").unwrap_or(export).split_once(' ')?;
    let rest = rest.trim_start_matches('*');
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '$').unwrap_or(rest.len());
    (matches!(kind, "function" | "function*" | "class" | "const" | "let" | "var") && end > 0).then(|| &rest[..end])
}

/// The members of `{ a, b as c };`, as an object's.
fn listed(list: &str) -> Option<Vec<String>> {
    let list = list.trim_end().trim_end_matches(';').trim_end().strip_suffix('}')?;
    let member = |item: &str| match item.split_once(" as ") {
        Some((name, exported)) => format!("{}: {}", exported.trim(), name.trim()),
        None => item.trim().to_owned(),
    };
    Some(list.split(',').filter(|item| !item.trim().is_empty()).map(member).collect())
}

/// `wasm-bindgen` wrote something that is not understood.
#[derive(Debug)]
pub struct GlueError(String);

impl fmt::Display for GlueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "wasm-bindgen's glue has a line that anyfn does not understand: {}\nuse the version that anyfn-cloudflare asks for",
            self.0
        )
    }
}

impl std::error::Error for GlueError {}

#[cfg(test)]
mod tests {
    use super::instances;

    fn of(lines: &str) -> String {
        let module = instances(&format!("{lines}\nlet wasm = 0;\n")).unwrap();
        module.replace("let wasm = 0;\n", "").replace(", main: () => wasm.main(0, 0)", "")
    }

    #[test]
    fn every_form_of_export_becomes_a_member() {
        let module = of(
            "export class A {\n}\nexport const b = 1;\nexport async function c$(x) {}\nfunction d() {}\nexport { d, e as default };",
        );
        assert!(module.ends_with("return { A, b, c$, d, default: e };\n}\n"), "{module}");
        assert!(
            module
                .starts_with("export function instantiate() {\nclass A {\n}\nconst b = 1;\nasync function c$(x) {}\n")
        );
    }

    #[test]
    fn imports_stay_outside_wherever_they_stand() {
        let module =
            of("import { a } from \"cloudflare:sockets\";\nconst x = 1;\nimport * as b from \"./snippets/b.js\";");
        let outside = "import { a } from \"cloudflare:sockets\";\nimport * as b from \"./snippets/b.js\";\nexport function instantiate() {\n";
        assert!(module.starts_with(outside), "{module}");
    }

    #[test]
    fn what_is_not_understood_is_said() {
        for line in ["export default f;", "export * from \"x\";", "import {", "export function (x) {}"] {
            let error = instances(&format!("{line}\nlet wasm = 0;\n")).unwrap_err().to_string();
            assert!(error.contains(line), "{error}");
        }
        assert!(instances("export function f() {}").is_err());
    }
}
