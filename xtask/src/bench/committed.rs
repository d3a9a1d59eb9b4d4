//! The figures that `benches/committed.json` holds, and the check that nothing of anyfn's grows beyond them.

use std::collections::BTreeMap;
use std::env::consts::ARCH;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

use super::figures::{Figures, OURS, Unit, median};
use super::{Bench, report};
use crate::ui;

/// By how many percent a figure may grow, with the compiler and the C library that it was measured with.
const GROWTH: f64 = 5.0;

/// With others, whose code is not this change's doing.
const OTHERS: f64 = 20.0;

/// This many instructions more are let pass whatever the percentage: a compiler's whim is a few.
const SMALL: f64 = 20.0;

const ADVICE: &str = "find what costs more, or, where it is worth it, commit what it costs:\n  \
                      cargo xtask bench --commit\nwrites benches/committed.json; say why in the commit's message";

/// What the file holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Committed {
    /// With which compiler and C library they were measured; another one makes other code, and allocates in its own way.
    pub(crate) with: String,
    /// On which architecture; another one has other instructions.
    pub(crate) arch: String,
    /// By target, work and unit.
    pub(crate) figures: BTreeMap<String, f64>,
}

fn with() -> String {
    format!("{}; {}", report::rustc(), report::said("ldd", &["--version"]).lines().next().unwrap_or_default())
}

fn path(root: &Path) -> PathBuf {
    root.join("benches/committed.json")
}

/// What is committed.
fn read(root: &Path) -> Result<Committed> {
    let path = path(root);
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not what `--commit` writes", path.display()))
}

/// Writes what was measured in place of what is committed; what was not measured stays.
pub(crate) fn write(root: &Path, figures: &Figures) -> Result<()> {
    let with = with();
    let mut all = match read(root) {
        Ok(committed) if committed.with == with && committed.arch == ARCH => committed.figures,
        _ => BTreeMap::new(),
    };
    all.extend(own(figures));
    let committed = Committed { with, arch: ARCH.to_owned(), figures: all };
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
    if committed.arch != ARCH {
        ui::warn(format_args!(
            "nothing is compared: this machine is {ARCH}, and the figures are of {}",
            committed.arch
        ));
        return Ok(());
    }
    let with = with();
    let growth = if committed.with == with { GROWTH } else { OTHERS };
    if growth > GROWTH {
        ui::warn(format_args!(
            "measured with {with}, and the figures are of {}: {growth} % of growth are let pass in place of {GROWTH} %",
            committed.with
        ));
    }
    let own = own(figures);
    let grown = grown(&committed.figures, &own, growth);
    for (name, value) in &own {
        if let Some(before) = committed.figures.get(name) {
            ui::detail(format_args!("{name}: {value}, committed {before}"));
        }
    }
    if !grown.is_empty() {
        bail!("anyfn costs more than it did\n  {}\n{ADVICE}", grown.join("\n  "));
    }
    ui::step("Passed", format_args!("no invocation and no artefact has grown by more than {growth} %"));
    Ok(())
}

fn whim(name: &str) -> f64 {
    if name.ends_with(Unit::Instructions.heading()) { SMALL } else { 0.0 }
}

/// What has grown by more than so many percent, and what is not committed at all, in words.
fn grown(committed: &BTreeMap<String, f64>, own: &BTreeMap<String, f64>, percent: f64) -> Vec<String> {
    let grown = own.iter().filter_map(|(name, value)| match committed.get(name) {
        Some(before) if *value > (before * (1.0 + percent / 100.0)).max(before + whim(name)) => {
            Some(format!("{name}: {value}, committed {before} (+{:.1} %)", (value / before - 1.0) * 100.0))
        }
        Some(_) => None,
        None => Some(format!("{name}: {value}, and nothing is committed")),
    });
    grown.collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{grown, own};
    use crate::bench::Bench;
    use crate::bench::figures::{Figures, Unit};

    fn figures(value: f64) -> BTreeMap<String, f64> {
        of(Unit::Instructions, value)
    }

    fn of(unit: Unit, value: f64) -> BTreeMap<String, f64> {
        let mut figures = Figures::default();
        figures.add(Bench::Lambda, "GET", unit, "anyfn", value);
        figures.add(Bench::Lambda, "GET", Unit::Instructions, "a peer", 1.0);
        figures.add(Bench::Lambda, "GET", Unit::Milliseconds, "anyfn", 1.0);
        own(&figures)
    }

    #[test]
    fn only_our_own_counts_are_compared() {
        assert_eq!(figures(1000.4), BTreeMap::from([("AWS Lambda: GET: instructions".to_owned(), 1000.0)]));
    }

    #[test]
    fn more_than_five_percent_is_too_much() {
        let committed = figures(1000.0);
        assert!(grown(&committed, &figures(1050.0), 5.0).is_empty());
        assert!(grown(&committed, &figures(100.0), 5.0).is_empty());
        let told = grown(&committed, &figures(1051.0), 5.0);
        assert_eq!(told, ["AWS Lambda: GET: instructions: 1051, committed 1000 (+5.1 %)"]);
        assert!(grown(&committed, &figures(1051.0), 20.0).is_empty());
    }

    #[test]
    fn of_a_small_figure_twenty_instructions_more_are_let_pass_but_no_allocation() {
        assert_eq!(grown(&of(Unit::Allocations, 1.0), &of(Unit::Allocations, 2.0), 5.0).len(), 1);
        assert!(grown(&figures(100.0), &figures(120.0), 5.0).is_empty());
        assert_eq!(grown(&figures(100.0), &figures(121.0), 5.0).len(), 1);
    }

    #[test]
    fn what_is_not_committed_is_told() {
        let told = grown(&BTreeMap::new(), &figures(7.0), 5.0);
        assert_eq!(told, ["AWS Lambda: GET: instructions: 7, and nothing is committed"]);
    }
}
