//! The table on every runtime: `cargo test -p anyfn-conformance --test conformance [-- <runtime>… <subject>/<row>…]`.
//!
//! It builds the echo function, starts each platform's real local runtime, runs all of them side by side, prints what
//! differs, and, when every runtime took part, writes `docs/conformance.md`.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;

use anyfn_conformance::{CASES, Case, Driver, Report, Verdict, matrix, run};

mod events;
mod local;
mod memory;

use local::Locals;

type Started = anyhow::Result<Box<dyn Driver>>;

/// The runtimes that have an adapter, in the order of the matrix.
const RUNTIMES: &[&str] = &[
    "memory",
    "server",
    "lambda-v1",
    "lambda-v2",
    "lambda-url",
    "lambda-alb",
    "lambda-alb-multi",
    "lambda-stream",
    "cloudflare",
    "vercel",
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        RUNTIMES.iter().for_each(|name| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    let (rows, filters): (Vec<&String>, Vec<&String>) =
        arguments.iter().filter(|argument| !argument.starts_with('-')).partition(|argument| argument.contains('/'));
    let cases: Vec<Case> = CASES
        .iter()
        .copied()
        .filter(|case| rows.is_empty() || rows.iter().any(|row| case.name.contains(&***row)))
        .collect();
    // The reports keep them for as long as the process lives.
    let cases: &'static [Case] = cases.leak();
    let chosen: Vec<&str> = RUNTIMES
        .iter()
        .copied()
        .filter(|name| filters.is_empty() || filters.iter().any(|filter| name.contains(&***filter)))
        .collect();
    println!("\nrunning {} rows on {} runtimes", cases.len(), chosen.len());

    let (reports, broken) = run_all(&chosen, cases);
    for (name, error) in &broken {
        println!("{name}: FAILED to start: {error:?}");
    }
    let green = broken.is_empty() && reports.iter().all(Report::is_green);
    if chosen.len() == RUNTIMES.len() && rows.is_empty() && broken.is_empty() {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/conformance.md");
        if let Err(error) = std::fs::write(&page, matrix(&reports)) {
            println!("cannot write {}: {error}", page.display());
            return ExitCode::FAILURE;
        }
    }
    let count = |of: fn(&Verdict) -> bool| reports.iter().map(|report| report.count(of)).sum::<usize>();
    println!(
        "\ntest result: {}. {} passed; {} failed; {} not run",
        if green { "ok" } else { "FAILED" },
        reports.iter().map(Report::passed).sum::<usize>(),
        count(|verdict| matches!(verdict, Verdict::Failed(_)))
            + reports.iter().map(|report| report.violations.len()).sum::<usize>()
            + broken.len(),
        count(|verdict| matches!(verdict, Verdict::NotRun(_))),
    );
    if green { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs the table on each runtime at once; gives the reports, and the runtimes that did not start.
fn run_all(chosen: &[&'static str], cases: &'static [Case]) -> (Vec<Report>, Vec<(&'static str, anyhow::Error)>) {
    let locals = match Locals::prepare(chosen) {
        Ok(locals) => locals,
        Err(error) => return (Vec::new(), vec![("build", error)]),
    };
    let outcomes = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for name in chosen {
            scope.spawn(|| {
                let started = if *name == "memory" { memory::start() } else { locals.start(name) };
                let outcome = started.map(|driver| run(&*driver, cases));
                if let Ok(report) = &outcome {
                    println!("{report}");
                }
                outcomes.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((*name, outcome));
            });
        }
    });
    let mut outcomes = outcomes.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    outcomes.sort_by_key(|(name, _)| RUNTIMES.iter().position(|runtime| runtime == name));
    let (mut reports, mut broken) = (Vec::new(), Vec::new());
    for (name, outcome) in outcomes {
        match outcome {
            Ok(report) => reports.push(report),
            Err(error) => broken.push((name, error)),
        }
    }
    (reports, broken)
}
