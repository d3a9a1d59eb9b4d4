//! Dispatch in memory.

use std::process::Command;

use anyhow::{Context as _, Result};

use super::figures::{Figures, OURS, Unit};
use super::{Bench, Pace, callgrind, subjects};
use crate::project::Project;

/// Modes of the program, and how its work is called.
const MODES: [(&str, &str); 3] = [
    ("function", "an event to a function"),
    ("app", "through an app of one route"),
    ("path", "through an app, by path"),
];

pub(super) fn measure(project: &Project, pace: Pace, figures: &mut Figures) -> Result<()> {
    let program = subjects::plain(project, "bench-core", None)?;
    // A program of its own: the counting of allocations is not anyfn's cost.
    let allocating = subjects::plain(project, "bench-core", Some("allocations"))?;
    let count = |mode: &str| -> Result<(f64, f64)> {
        let run = |times: &str| {
            let mut child =
                callgrind::command(&program)?.args([mode, times]).spawn().context("cannot start valgrind")?;
            callgrind::collected(&mut child)
        };
        let instructions = (run("2000")? - run("1000")?) as f64 / 1000.0;
        let told = Command::new(&allocating).args(["allocations", mode]).output()?;
        let allocations = String::from_utf8_lossy(&told.stdout).trim().parse().context("it counts no allocations")?;
        Ok((instructions, allocations))
    };
    for _ in 0..pace.counted() {
        let (bare_instructions, bare_allocations) = count("bare")?;
        for (mode, work) in MODES {
            let (instructions, allocations) = count(mode)?;
            figures.add(Bench::Core, work, Unit::Instructions, OURS, instructions - bare_instructions);
            figures.add(Bench::Core, work, Unit::Allocations, OURS, allocations - bare_allocations);
        }
    }
    Ok(())
}
