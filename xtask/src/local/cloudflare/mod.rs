//! workerd, started through Miniflare, its own socket open to raw requests; or by itself.

mod workerd;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value, json};
use tokio::process::Command;
use tokio::sync::watch;

pub use self::workerd::start_workerd;
use super::logs::Logs;
use super::process::Group;
use super::server::{free_address, last_words};
use super::{Options, Running};

const LAUNCHER: &str = include_str!("launcher.mjs");
/// Begins the line in which the launcher tells where workerd listens.
const ADDRESS: &str = "anyfn-workerd-address ";
/// Begins the line, before that one, in which it tells where it takes events.
const EVENTS: &str = "anyfn-workerd-events ";
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
        "kvNamespaces": bound(take("kv_namespaces").as_ref(), "id"),
        "d1Databases": bound(take("d1_databases").as_ref(), "database_id"),
        "queues": take("queues").map_or_else(|| json!([]), |queues| queues["consumers"].clone()),
        "port": if options.port == 0 { 0 } else { free_address(options.port).await?.port() },
    });
    let tools = tokio::task::spawn_blocking(crate::tools::npm).await??;
    let mut node = Command::from(tools.node());
    node.current_dir(&tools.dir).arg(launcher(&tools.dir)?).arg(argument.to_string());

    let logs = Logs::new(options.sink.clone());
    let group = Arc::<Group>::default();
    let (found, mut addr) = watch::channel(None::<SocketAddr>);
    let events = Arc::<OnceLock<SocketAddr>>::default();
    let (lines, told) = (logs.clone(), Arc::clone(&events));
    let process = group.spawn(
        node,
        Arc::new(move |line| {
            let address = |prefix| line.strip_prefix(prefix).and_then(|addr| addr.parse().ok());
            if let Some(addr) = address(ADDRESS) {
                found.send_replace(Some(addr));
            } else if let Some(addr) = address(EVENTS) {
                let _ = told.set(addr);
            } else {
                lines.push(line);
            }
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
    running.events = events.get().copied();
    Ok(running)
}

/// What is bound to each name.
fn bound(list: Option<&Value>, id: &str) -> Map<String, Value> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(|bound| Some((bound["binding"].as_str()?.to_owned(), bound[id].clone()))).collect()
}

/// The launcher as a file beside the packages that it imports: handed over as text, Miniflare's own threads would run it too.
fn launcher(dir: &Path) -> Result<PathBuf> {
    let path = dir.join("launcher.mjs");
    if std::fs::read_to_string(&path).is_ok_and(|text| text == LAUNCHER) {
        return Ok(path);
    }
    // Several may start at once: none sees half a file.
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let own = dir.join(format!(".launcher-{}-{}.mjs", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
    let written = std::fs::write(&own, LAUNCHER).and_then(|()| std::fs::rename(&own, &path));
    written.with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

/// What `build` wrote for wrangler: JSON with comment lines.
fn config(path: &Path) -> Result<Map<String, Value>> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read {}: is this a folder that `cargo xtask build` wrote?", path.display()))?;
    let json: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    serde_json::from_str(&json).with_context(|| format!("{} is no JSON", path.display()))
}
