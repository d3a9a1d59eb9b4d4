//! `wasm-bindgen`'s glue holds one instance for ever; a Worker that survives a panic needs another.

use std::fmt;

/// Makes of the module `index.js`, as `wasm-bindgen` writes it for `--target module`, one that exports a single function,
/// `instantiate`: each call makes an instance of the program, with glue of its own, and returns its exports.
///
/// `wasm-bindgen` has a way to reset its instance, but it cuts off what runs on the one before.
///
/// ```
/// let glue = "import source wasmModule from \"./index_bg.wasm\";\nexport function f() {}\nlet wasm = start(wasmModule);\n";
/// let module = anyfn_cloudflare::instances(glue).unwrap();
/// assert_eq!(
///     module,
///     "import wasmModule from \"./index_bg.wasm\";\nexport function instantiate() {\nfunction f() {}\nlet wasm = start(wasmModule);\nreturn { f };\n}\n"
/// );
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
