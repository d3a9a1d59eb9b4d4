//! What the terminal, or a program that reads it, is told: one line for each thing that happens.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::Mutex;

use anstream::println;
use anyhow::{Context as _, Result};
use serde_json::json;

use super::bill::short;
use super::record::{Invocation, Outcome};
use crate::ui::{self, Mark};

/// Tells what happens.
pub(super) struct Say {
    json: bool,
    /// The function's own log, for `invoke` in another terminal.
    log: Mutex<File>,
}

impl Say {
    pub(super) fn new(json: bool, log: &Path) -> Result<Self> {
        let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        Ok(Self { json, log: Mutex::new(file) })
    }

    /// A line of the function's own log.
    pub(super) fn log(&self, line: &str) {
        if let Ok(mut file) = self.log.lock() {
            let _ = writeln!(file, "{line}");
        }
        if self.json {
            println!("{}", json!({ "type": "log", "line": line }));
        } else {
            println!("{line}");
        }
    }

    /// An invocation has ended.
    pub(super) fn invocation(&self, view: &Invocation) {
        if self.json {
            let mut line = json!(view);
            line["type"] = json!("invocation");
            println!("{line}");
            return;
        }
        let (mark, word) = match (view.outcome, view.status) {
            (Outcome::Done, Some(status @ 400..500)) => (Mark::Warning, status.to_string()),
            (Outcome::Done, Some(status @ 200..400)) => (Mark::Good, status.to_string()),
            (_, Some(status)) => (Mark::Bad, status.to_string()),
            (Outcome::Done, None) => (Mark::Good, "done".to_owned()),
            (Outcome::Again, None) => (Mark::Bad, format!("{} failed", view.failed.len())),
            (Outcome::Running | Outcome::Failed, None) => (Mark::Bad, "failed".to_owned()),
        };
        ui::row(mark, &word, line(view));
    }

    /// The function answers.
    pub(super) fn ready(&self, package: &str, target: &str, address: &str) {
        if self.json {
            println!("{}", json!({ "type": "ready", "package": package, "target": target, "address": address }));
        }
    }

    /// The function does not build or start.
    pub(super) fn broken(&self, why: &str) {
        if self.json {
            println!("{}", json!({ "type": "broken", "message": why }));
        }
    }
}

/// `GET /?name=Ada  12 ms  billed 13 ms × 256 MB  (cold start 41 ms)`.
fn line(view: &Invocation) -> String {
    let took = view.execute.unwrap_or_default() + view.respond.unwrap_or_default();
    let mut line = format!("{}  {} ms", printable(&view.title), short(took));
    if let Some(billed) = &view.billed {
        line.push_str(&format!("  {billed}"));
    }
    let mut besides = Vec::new();
    besides.extend(view.cold_start.map(|ms| format!("cold start {} ms", short(ms))));
    if view.cold_within {
        besides.push("with a cold start".to_owned());
    }
    besides.extend(view.background.filter(|ms| *ms >= 1.0).map(|ms| format!("background {} ms", short(ms))));
    if view.waited >= 1.0 {
        besides.push(format!("waited {} ms for the build", short(view.waited)));
    }
    if view.shared && view.cpu.is_some() {
        besides.push("CPU shared with others".to_owned());
    }
    if !besides.is_empty() {
        line.push_str(&format!("  ({})", besides.join(", ")));
    }
    line
}

/// A client's words cannot steer the terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::line;
    use crate::dev::record::Records;

    #[test]
    fn a_line_says_what_took_how_long() {
        let records = Records::new();
        let id = records.begin("http", "GET /\x1b[2J".to_owned(), String::new(), 1, None);
        records.update(id, |view| {
            (view.execute, view.respond) = (Some(11.2), Some(0.9));
            (view.cold_start, view.background) = (Some(41.0), Some(0.2));
            view.billed = Some("billed 13 ms × 256 MB".to_owned());
        });
        let view = records.get(id).unwrap().0;
        assert_eq!(line(&view), "GET /\u{fffd}[2J  12 ms  billed 13 ms × 256 MB  (cold start 41 ms)");
    }
}
