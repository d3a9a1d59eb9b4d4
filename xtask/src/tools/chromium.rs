//! A headless Chromium, for tests of pages.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde_json::Value;

use super::{debian, on_path};
use crate::ui;

const PROGRAMS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const DRIVER: &str = include_str!("chromium.mjs");

/// A Chromium that can be started.
#[derive(Debug, Clone)]
pub struct Chromium(PathBuf);

/// What became of a page.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Visit {
    /// What the script returned, as JSON.
    pub value: Value,
    /// What the page threw or complained of, and what the browser complained of in it.
    pub errors: Vec<String>,
    /// Every address that was asked for, the page's own first.
    pub requests: Vec<String>,
}

/// The machine's Chromium. Where there is none and root asks, Debian's package is installed.
///
/// # Errors
/// There is none, and none can be installed; the message says what to do.
pub fn chromium() -> Result<Chromium> {
    let found = || PROGRAMS.into_iter().find_map(on_path);
    if let Some(program) = found() {
        return Ok(Chromium(program));
    }
    ui::step("Installing", "chromium, Debian's package, for the tests of pages (once, 300 MB)");
    debian::install("chromium").context("Chromium is missing: install it (Debian: apt-get install chromium)")?;
    found().map(Chromium).context("Debian's package `chromium` brought no program of that name")
}

impl Chromium {
    /// Opens a page in a fresh profile, waits until it is loaded, and runs `script` in it: an async function's body, which
    /// returns something that JSON can say.
    ///
    /// # Errors
    /// The browser does not start, the page does not load or the script fails, each within 30 seconds.
    pub fn visit(&self, url: &str, script: &str) -> Result<Visit> {
        let mut node = Command::new("node");
        node.args(["--input-type=module", "--eval", DRIVER, "--"]).arg(&self.0).args([url, script]);
        let output = node.stdin(Stdio::null()).output().context("`node` does not start: install Node.js")?;
        if !output.status.success() {
            bail!("{url} in Chromium: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        serde_json::from_slice(&output.stdout).context("the driver of Chromium says no JSON")
    }
}
