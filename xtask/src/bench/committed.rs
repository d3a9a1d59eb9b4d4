//! The figures that `benches/committed.json` holds, and the check that nothing of anyfn's grows beyond them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

use super::figures::{Figures, OURS, median};
use super::{Bench, report};
use crate::ui;

/// By how much a figure may grow.
const GROWTH: f64 = 1.05;

/// Below this many instructions or allocations, what is added counts, not the percentage: a compiler's whim is a few.
const SMALL: f64 = 20.0;

/// What the file holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Committed {
    /// With which compiler they were measured; another one makes other code.
    pub(crate) rustc: String,
    /// By target, work and unit.
    pub(crate) figures: BTreeMap<String, f64>,
}

fn path(root: &Path) -> PathBuf {
    root.join("benches/committed.json")
}

/// What is committed.
pub(crate) fn read(root: &Path) -> Result<Committed> {
    let path = path(root);
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not what `--commit` writes", path.display()))
}

/// Writes what was measured in place of what is committed; what was not measured stays.
pub(crate) fn write(root: &Path, figures: &Figures) -> Result<()> {
    let mut all = match read(root) {
        Ok(committed) if committed.rustc == report::rustc() => committed.figures,
        _ => BTreeMap::new(),
    };
    all.extend(own(figures));
    let committed = Committed { rustc: report::rustc(), figures: all };
    std::fs::write(path(root), serde_json::to_string_pretty(&committed)? + "\n").context("cannot write the figures")?;
    ui::step("Wrote", ui::path(&path(root)));
    Ok(())
}

/// Anyfn's own figures that are the same each time.
fn own(figures: &Figures) -> BTreeMap<String, f64> {
    let rows = Bench::ALL.into_iter().flat_map(|target| figures.of(target));
    rows.filter(|(key, _)| key.unit.is_counted())
        .filter_map(|(key, subjects)| {
            let (_, values) = subjects.iter().find(|(name, _)| name == OURS)?;
            let name = format!("{}: {}: {}", key.target.title(), key.work, key.unit.heading());
            Some((name, median(values).round()))
        })
        .collect()
}

/// Compares what was measured with what is committed.
///
/// # Errors
/// When a figure has grown, or one that is measured has none to compare with.
pub(crate) fn check(root: &Path, figures: &Figures) -> Result<()> {
    let committed = read(root)?;
    let mut grown = Vec::new();
    for (name, value) in own(figures) {
        match committed.figures.get(&name) {
            Some(before) if value > (before * GROWTH).max(before + SMALL) => {
                grown.push(format!("{name}: {value}, committed {before} (+{:.1} %)", (value / before - 1.0) * 100.0));
            }
            Some(before) => ui::detail(format_args!("{name}: {value}, committed {before}")),
            None => grown.push(format!("{name}: {value}, and nothing is committed")),
        }
    }
    if grown.is_empty() {
        ui::step("Passed", "no invocation and no artefact has grown by more than 5 %");
        return Ok(());
    }
    let advice = "find what costs more, or, where it is worth it, commit what it costs: \
                  `cargo xtask bench --commit`, and say why in the commit's message";
    if committed.rustc != report::rustc() {
        // Not this change's doing, or not to be told from it.
        ui::warn(format_args!("compiled with {}, and the figures are of {}", report::rustc(), committed.rustc));
        let all = grown.iter().all(|line| !line.contains("nothing is committed"));
        if all && !grown.iter().any(|line| beyond(line)) {
            grown.iter().for_each(ui::detail);
            ui::warn("within the 20 % that another compiler is given: measure and commit with this one");
            return Ok(());
        }
    }
    bail!("anyfn costs more than it did\n{}\n{advice}", grown.join("\n"));
}

/// Whether a line tells of more than another compiler is given.
fn beyond(line: &str) -> bool {
    let percent = line.rsplit_once("(+").and_then(|(_, rest)| rest.strip_suffix(" %)")?.parse::<f64>().ok());
    percent.is_none_or(|percent| percent > 20.0)
}
