//! workerd by itself: what serves a Worker, without the Node and the Miniflare that start it elsewhere.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value, json};

use super::config;
use crate::local::logs::Logs;
use crate::local::process::{Group, clean_command};
use crate::local::server::{free_address, until_open};
use crate::local::{Options, Running};
use crate::tools::NpmTools;

/// Starts workerd itself with the modules of `dir`, as [`start`](super::start) does through Miniflare: for requests alone,
/// without crons and queues.
///
/// # Errors
/// When the tools cannot be installed, the configuration is absent, or workerd refuses the modules; the message has its
/// last words.
pub async fn start_workerd(dir: &Path, options: &Options) -> Result<Running> {
    let dir = std::fs::canonicalize(dir).with_context(|| format!("cannot find {}", dir.display()))?;
    let tools = tokio::task::spawn_blocking(crate::tools::npm).await??;
    let program = executable(&tools)?;
    let addr = free_address(options.port).await?;
    let settings = config(&dir.join("../wrangler.jsonc"))?;
    // workerd embeds what lies beside its configuration.
    let path = dir.join("workerd.capnp");
    std::fs::write(&path, capnp(&modules(&dir)?, &settings, options, &addr.to_string())?)
        .with_context(|| format!("cannot write {}", path.display()))?;
    let mut command = clean_command(&program);
    command.arg("serve").arg(&path);
    let logs = Logs::new(options.sink.clone());
    let group = Arc::<Group>::default();
    let process = group.spawn(command, logs.writer())?;
    let mut running = Running::new(addr, logs, group);
    running.main = Some(process.clone());
    until_open(addr, &process, &running.logs)
        .await
        .with_context(|| format!("workerd does not run {}", dir.display()))?;
    Ok(running)
}

/// npm's `workerd` is a script that starts the executable of this machine's own package.
fn executable(tools: &NpmTools) -> Result<PathBuf> {
    let packages = ["workerd-linux-64", "workerd-linux-arm64", "workerd-darwin-64", "workerd-darwin-arm64"];
    let packages = packages.map(|name| tools.dir.join("node_modules/@cloudflare").join(name).join("bin/workerd"));
    packages.into_iter().find(|path| path.is_file()).context("npm's workerd has no executable for this machine")
}

/// The modules below `dir` by their names, the one that gets the events first.
fn modules(dir: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    let mut folders = vec![dir.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if kind(&path).is_some() {
                let name = path.strip_prefix(dir).unwrap_or(&path).to_str().context("a module's name is no text")?;
                names.push(name.to_owned());
            }
        }
    }
    names.sort_by_key(|name| (name != "worker.js", name.clone()));
    if names.first().is_none_or(|name| name != "worker.js") {
        bail!("{} has no worker.js", dir.display());
    }
    Ok(names)
}

/// What workerd calls a file of this ending.
fn kind(path: &Path) -> Option<&'static str> {
    match path.extension()?.to_str()? {
        "js" | "mjs" => Some("esModule"),
        "wasm" => Some("wasm"),
        "txt" | "html" => Some("text"),
        "bin" => Some("data"),
        _ => None,
    }
}

/// workerd's configuration, in Cap'n Proto's own notation.
fn capnp(modules: &[String], settings: &Map<String, Value>, options: &Options, addr: &str) -> Result<String> {
    let date = settings.get("compatibility_date").context("wrangler.jsonc names no compatibility_date")?;
    let flags = settings.get("compatibility_flags").cloned().unwrap_or_else(|| json!([]));
    let modules: Vec<_> = modules
        .iter()
        .filter_map(|name| {
            let (kind, name) = (kind(Path::new(name))?, text(name));
            Some(format!("(name = {name}, {kind} = embed {name})"))
        })
        .collect();
    let mut variables = settings.get("vars").and_then(Value::as_object).cloned().unwrap_or_default();
    variables.extend(options.env.iter().map(|(name, value)| (name.clone(), json!(value))));
    let bindings: Vec<_> = variables
        .iter()
        .map(|(name, value)| format!("(name = {}, text = {})", text(name), text(value.as_str().unwrap_or_default())))
        .collect();
    Ok(format!(
        "using Workerd = import \"/workerd/workerd.capnp\";\n\
         const config :Workerd.Config = (\n  services = [(name = \"main\", worker = .main)],\n  \
         sockets = [(name = \"http\", address = {}, http = (), service = \"main\")],\n);\n\
         const main :Workerd.Worker = (\n  modules = [{}],\n  bindings = [{}],\n  compatibilityDate = {date},\n  \
         compatibilityFlags = {flags},\n);\n",
        text(addr),
        modules.join(", "),
        bindings.join(", "),
    ))
}

/// Text in Cap'n Proto's quotes, whose escapes are those of C.
fn text(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            c if c.is_control() => quoted.push_str(&format!("\\{:03o}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Options, capnp, text};

    #[test]
    fn text_is_quoted_as_in_c() {
        assert_eq!(text("a\"b\\c\nd\te é"), r#""a\"b\\c\nd\011e é""#);
    }

    #[test]
    fn the_options_variables_go_before_the_configurations() {
        let settings = json!({"compatibility_date": "2026-04-01", "vars": {"A": "a", "B": "b"}});
        let options = Options::new().env("B", "c");
        let modules = ["worker.js", "a/b.wasm"].map(str::to_owned);
        let text = capnp(&modules, settings.as_object().unwrap(), &options, "127.0.0.1:1").unwrap();
        assert!(text.contains(r#"bindings = [(name = "A", text = "a"), (name = "B", text = "c")]"#), "{text}");
        assert!(text.contains(r#"(name = "a/b.wasm", wasm = embed "a/b.wasm")"#), "{text}");
        assert!(text.contains("compatibilityFlags = [],"), "{text}");
    }
}
