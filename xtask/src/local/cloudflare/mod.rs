//! workerd, started through Miniflare, its own socket open to raw requests.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value, json};
use tokio::process::Command;
use tokio::sync::watch;

use super::logs::Logs;
use super::process::Group;
use super::server::{free_address, last_words};
use super::{Options, Running};

const LAUNCHER: &str = include_str!("launcher.mjs");
/// Begins the line in which the launcher tells where workerd listens.
const ADDRESS: &str = "anyfn-workerd-address ";
/// How long Node, Miniflare and workerd get to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts workerd with the modules of `dir`: `worker.js`, which gets the events, and all beside and below it
/// (`dist/cloudflare/<package>/dist`).
///
/// The compatibility date and flags and the `vars` come from the `wrangler.jsonc` in the folder above; the options'
/// variables are bindings too. The vendor's tools are installed when they are not there yet.
///
/// # Errors
/// When the tools cannot be installed, the configuration is absent, or workerd refuses the modules; the message has its
/// last words.
pub async fn start(dir: &Path, options: &Options) -> Result<Running> {
    let dir = std::fs::canonicalize(dir).with_context(|| format!("cannot find {}", dir.display()))?;
    let mut config = config(&dir.join("../wrangler.jsonc"))?;
    let mut take = |name: &str| config.remove(name);
    let mut bindings = take("vars").unwrap_or_else(|| json!({}));
    for (name, value) in &options.env {
        bindings[name] = json!(value);
    }
    let argument = json!({
        "dir": dir,
        "compatibilityDate": take("compatibility_date").context("wrangler.jsonc names no compatibility_date")?,
        "compatibilityFlags": take("compatibility_flags").unwrap_or_else(|| json!([])),
        "bindings": bindings,
        "port": if options.port == 0 { 0 } else { free_address(options.port).await?.port() },
    });
    let tools = tokio::task::spawn_blocking(crate::tools::npm).await??;
    let mut node = Command::from(tools.node());
    // Its imports are looked up from the folder that it is run in.
    node.current_dir(&tools.dir).args(["--input-type=module", "--eval", LAUNCHER, &argument.to_string()]);

    let logs = Logs::new(options.sink.clone());
    let group = Arc::<Group>::default();
    let (found, mut addr) = watch::channel(None::<SocketAddr>);
    let lines = logs.clone();
    let process = group.spawn(
        node,
        Arc::new(move |line| match line.strip_prefix(ADDRESS).and_then(|addr| addr.parse().ok()) {
            Some(addr) => drop(found.send_replace(Some(addr))),
            None => lines.push(line),
        }),
    )?;
    // From here on, whatever goes wrong ends what was started.
    let mut running = Running::new(([127, 0, 0, 1], 0).into(), logs, group);
    running.main = Some(process.clone());
    running.addr = tokio::select! {
        Ok(addr) = async { addr.wait_for(Option::is_some).await.map(|addr| addr.unwrap_or(running.addr)) } => addr,
        status = process.exited() => {
            bail!("workerd does not run {} ({status}){}", dir.display(), last_words(&running.logs));
        }
        () = tokio::time::sleep(PATIENCE) => {
            bail!("workerd did not start within {} seconds{}", PATIENCE.as_secs(), last_words(&running.logs));
        }
    };
    Ok(running)
}

/// What `build` wrote for wrangler: JSON with comment lines.
fn config(path: &Path) -> Result<Map<String, Value>> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read {}: is this a folder that `cargo xtask build` wrote?", path.display()))?;
    let json: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    serde_json::from_str(&json).with_context(|| format!("{} is no JSON", path.display()))
}
