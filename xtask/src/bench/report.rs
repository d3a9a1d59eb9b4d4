//! `docs/performance.md` and its plots.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::figures::{Figures, OURS, Unit, median, ratio, spread};
use super::goals::{GOALS, Limit};
use super::{Bench, plot};
use crate::ui;

/// What a person wrote about the figures, kept from one run to the next.
const NOTES: &str = "benches/notes.md";

/// Each plot: its file, title and lower edge.
const PLOTS: &[(&str, &str, &str)] = &[
    ("lambda-text", "Lambda: instructions to echo a text", "KB of JSON in the body"),
    ("lambda-bytes", "Lambda: instructions to echo bytes", "KB of bytes in the body"),
    ("lambda-headers", "Lambda: instructions of a GET", "headers"),
];

/// Writes page and plots.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn write(root: &Path, figures: &Figures) -> Result<()> {
    let docs = root.join("docs");
    let folder = docs.join("performance");
    std::fs::create_dir_all(&folder)?;
    let mut plots = String::new();
    for (name, title, along) in PLOTS {
        if let Some(lines) = figures.lines.get(*name) {
            let file = format!("{name}.svg");
            std::fs::write(folder.join(&file), plot::svg(title, along, lines)).context("cannot write a plot")?;
            let _ = writeln!(plots, "![{title}](performance/{file})\n");
        }
    }
    let notes = std::fs::read_to_string(root.join(NOTES)).with_context(|| format!("cannot read {NOTES}"))?;
    let text = format!(
        "# Performance\n\nWritten by `cargo xtask bench` (what is said in words stands in `{NOTES}`). {}\n\n## Goals\n\n{}\n{}\n## Figures\n\n\
         Medians; in brackets the spread, from the least to the most, where it is 1 % or more. Beside each figure of a peer's: \
         what anyfn's is of it.\n\n{}{}",
        machine(root),
        goals(figures),
        notes.trim_start(),
        tables(figures),
        if plots.is_empty() { String::new() } else { format!("## Growth\n\n{plots}") },
    );
    let path = docs.join("performance.md");
    std::fs::write(&path, text.trim_end().to_owned() + "\n").context("cannot write the page")?;
    ui::step("Wrote", ui::path(&path));
    Ok(())
}

/// The goals, and what was reached.
pub(crate) fn goals(figures: &Figures) -> String {
    let mut text =
        String::from("| target | work | in | compared with | goal | reached | |\n|---|---|---|---|---|---|---|\n");
    for goal in GOALS {
        let Some(reached) = goal.reached(figures) else { continue };
        let suffix = if goal.peer.is_some() { " ×" } else { "" };
        let limit = match goal.limit {
            Limit::AtMost(limit) => format!("≤ {}{suffix}", number(limit)),
            Limit::AtLeast(limit) => format!("≥ {}{suffix}", number(limit)),
        };
        let met = if goal.limit.holds(reached) { "met" } else { "**missed**" };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {limit} | {}{suffix} | {met} |",
            goal.target.title(),
            goal.work,
            goal.unit.heading(),
            goal.peer.unwrap_or("–"),
            number(reached),
        );
    }
    text
}

/// All figures, a table a target.
pub(crate) fn tables(figures: &Figures) -> String {
    let mut text = String::new();
    for target in Bench::ALL {
        let mut rows = figures.of(target).peekable();
        if rows.peek().is_none() {
            continue;
        }
        let _ = writeln!(text, "### {}\n\n| work | in | {OURS} | others |\n|---|---|---|---|", target.title());
        for (key, subjects) in rows {
            let ours = subjects.iter().find(|(name, _)| name == OURS).map(|(_, values)| values);
            let others: Vec<_> = subjects.iter().filter(|(name, _)| name != OURS).collect();
            let others: Vec<_> = others
                .into_iter()
                .map(|(name, values)| {
                    let ratio = ours.map(|ours| ratio(ours, values));
                    let ratio = ratio.map_or_else(String::new, |ratio| format!(" ({} ×)", number(ratio)));
                    format!("{name} {}{ratio}", figure(key.unit, values))
                })
                .collect();
            let ours = ours.map_or_else(|| "–".to_owned(), |values| figure(key.unit, values));
            let _ = writeln!(text, "| {} | {} | {ours} | {} |", key.work, key.unit.heading(), others.join("; "));
        }
        text.push('\n');
    }
    text
}

fn figure(unit: Unit, values: &[f64]) -> String {
    let middle = median(values);
    let text = match unit {
        Unit::Instructions | Unit::Allocations | Unit::Bytes | Unit::PerSecond => grouped(middle),
        _ => number(middle),
    };
    let spread = spread(values);
    if values.len() > 1 && spread >= 1.0 { format!("{text} [{spread:.0} %]") } else { text }
}

/// Three digits that count.
fn number(value: f64) -> String {
    let text = match value.abs() {
        v if v >= 100.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        v if v >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    };
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A whole number, its thousands apart.
fn grouped(value: f64) -> String {
    let plain = format!("{value:.0}");
    let (sign, digits) = plain.strip_prefix('-').map_or(("", &plain[..]), |digits| ("-", digits));
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    format!("{sign}{text}")
}

/// The compiler, as it says itself.
pub(crate) fn rustc() -> String {
    said("rustc", &["--version"])
}

/// What a program says.
pub(crate) fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output.map_or_else(|_| format!("no {program}"), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Where it was measured, and with what.
fn machine(root: &Path) -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
        .map_or("an unknown processor", |(_, name)| name.trim());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let lock = std::fs::read_to_string(root.join("benches/peers/Cargo.lock")).unwrap_or_default();
    let locked = |name: &str| {
        let found = lock.split("[[package]]").find(|package| package.contains(&format!("\nname = \"{name}\"\n")));
        let version = found.and_then(|package| package.split("version = \"").nth(1)?.split('"').next());
        format!("{name} {}", version.unwrap_or("?"))
    };
    let peers =
        ["lambda_runtime", "lambda_http", "aws_lambda_events", "axum", "hyper", "vercel_runtime", "worker"].map(locked);
    format!(
        "This run: {cpu}, {cores} cores, Linux {}; {}, {}; {}.",
        said("uname", &["-r"]),
        rustc(),
        crate::tools::valgrind().map_or_else(|_| "no valgrind".to_owned(), |valgrind| valgrind.version()),
        peers.join(", "),
    )
}

#[cfg(test)]
mod tests {
    use super::{goals, grouped, number};
    use crate::bench::Bench;
    use crate::bench::figures::{Figures, Unit};

    #[test]
    fn numbers_are_short_and_thousands_apart() {
        assert_eq!([0.2, 0.0512, 1.5, 12.34, 1234.5].map(number), ["0.2", "0.051", "1.5", "12.3", "1234"]);
        assert_eq!([0.0, 999.4, -1234.0, 1_234_567.0].map(grouped), ["0", "999", "-1 234", "1 234 567"]);
    }

    #[test]
    fn a_miss_is_said() {
        let mut figures = Figures::default();
        for (subject, value) in [("anyfn", 30.0), ("lambda_http", 100.0)] {
            figures.add(Bench::Lambda, "POST 100 KB of text", Unit::Instructions, subject, value);
            figures.add(Bench::Lambda, "POST 1 KB", Unit::Instructions, subject, value);
        }
        let text = goals(&figures);
        assert!(
            text.contains("| ≤ 0.35 × | 0.3 × | met |") && text.contains("| ≤ 0.2 × | 0.3 × | **missed** |"),
            "{text}"
        );
    }
}
