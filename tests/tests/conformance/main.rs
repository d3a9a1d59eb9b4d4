//! The table on every runtime: `cargo test -p anyfn-conformance --test conformance [-- <runtime>… <subject>/<row>…]`.
//!
//! It builds the echo function, starts each platform's real local runtime, runs all of them side by side, prints what
//! differs, and, when every runtime took part, writes `docs/conformance.md`.

use std::process::ExitCode;
use std::sync::Mutex;

use anyfn_conformance::{CASES, Case, DELIVERIES, Driver, Report, Verdict, deliveries_matrix, matrix, run};

mod deliveries;
mod events;
mod fronts;
mod in_memory;
mod local;
mod memory;
mod summary;

use local::Locals;

/// What selects the table of deliveries, besides every runtime of Lambda's.
const DELIVERED: &str = "deliveries";

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

    let wanted = |name: &str| rows.is_empty() || rows.iter().any(|row| name.contains(&***row));
    let delivered = chosen.contains(&"lambda-v2") || filters.iter().any(|filter| DELIVERED.contains(&***filter));
    let delivered = delivered && DELIVERIES.iter().any(|row| wanted(row.name));
    let (reports, columns, broken) = run_all(&chosen, cases, delivered.then_some(&wanted));
    let (right, wrong) = deliveries::report(&columns);
    for (name, error) in &broken {
        println!("{name}: FAILED to start: {error:?}");
    }
    let green = broken.is_empty() && wrong == 0 && reports.iter().all(Report::is_green);
    if chosen.len() == RUNTIMES.len() && rows.is_empty() && broken.is_empty() {
        let (page, peers) = (summary::page("conformance.md"), std::fs::read_to_string(summary::page("peers.md")));
        let text = summary::with_peers(&(matrix(&reports) + &deliveries_matrix(&columns)), &peers.unwrap_or_default());
        if let Err(error) = std::fs::write(&page, text) {
            println!("cannot write {}: {error}", page.display());
            return ExitCode::FAILURE;
        }
    }
    let count = |of: fn(&Verdict) -> bool| reports.iter().map(|report| report.count(of)).sum::<usize>();
    println!(
        "\ntest result: {}. {} passed; {} failed; {} not run",
        if green { "ok" } else { "FAILED" },
        right + reports.iter().map(Report::passed).sum::<usize>(),
        count(|verdict| matches!(verdict, Verdict::Failed(_)))
            + reports.iter().map(|report| report.violations.len()).sum::<usize>()
            + broken.len()
            + wrong,
        count(|verdict| matches!(verdict, Verdict::NotRun(_))),
    );
    if green { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What came of it: the reports, the deliveries, and the runtimes that did not start.
type Outcome = (Vec<Report>, Vec<deliveries::Column>, Vec<(&'static str, anyhow::Error)>);

/// Runs the table on each runtime at once, and the deliveries that are wanted beside them.
fn run_all(
    chosen: &[&'static str],
    cases: &'static [Case],
    delivered: Option<&(impl Fn(&str) -> bool + Sync)>,
) -> Outcome {
    let built: Vec<_> = chosen.iter().copied().chain(delivered.map(|_| "lambda-v2")).collect();
    let locals = match Locals::prepare(&built) {
        Ok(locals) => locals,
        Err(error) => return (Vec::new(), Vec::new(), vec![("build", error)]),
    };
    let outcomes = Mutex::new(Vec::new());
    let mut columns = Ok(Vec::new());
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
        if let Some(wanted) = delivered {
            columns = deliveries::run(&locals, wanted);
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
    let columns = columns.unwrap_or_else(|error| {
        broken.push((DELIVERED, error));
        Vec::new()
    });
    (reports, columns, broken)
}
