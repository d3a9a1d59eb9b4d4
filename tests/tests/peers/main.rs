//! The table on the vendors' own crates: `cargo xtask conformance --peers`, or
//! `cargo test -p anyfn-conformance --test peers [-- <runtime>…]`.
//!
//! It builds the programs of `tests/peers`, starts them on the same local runtimes as anyfn's, prints what each passes, and,
//! when all took part, writes `docs/peers.md`.

mod built;
mod crashes;
mod design;
#[path = "../conformance/fronts.rs"]
mod fronts;
mod page;

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use anyfn_conformance::{CASES, ENV, HttpDriver, Report, Verdict, run};
use anyfn_xtask::local::{Options, cloudflare, lambda, vercel};
use anyhow::Result;
use tokio::runtime::Runtime;

use built::Built;
use crashes::Crash;

/// A peer on a runtime.
pub(crate) struct Peer {
    /// What the page calls it.
    pub(crate) crates: &'static str,
    /// The runtime, as the table's own test calls it.
    pub(crate) runtime: &'static str,
}

const fn peer(crates: &'static str, runtime: &'static str) -> Peer {
    Peer { crates, runtime }
}

/// The peers, in the page's order.
pub(crate) const PEERS: &[Peer] = &[
    peer("lambda_http", "lambda-v1"),
    peer("lambda_http", "lambda-v2"),
    peer("lambda_http", "lambda-url"),
    peer("lambda_http", "lambda-alb"),
    peer("lambda_http", "lambda-alb-multi"),
    peer("lambda_http", "lambda-stream"),
    peer("worker", "cloudflare"),
    peer("vercel_runtime", "vercel"),
];

fn main() -> ExitCode {
    let filters: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let chosen: Vec<&Peer> = PEERS
        .iter()
        .filter(|peer| filters.is_empty() || filters.iter().any(|filter| peer.runtime.contains(&**filter)))
        .collect();
    match all(&chosen) {
        Ok((reports, crashes)) => {
            for (peer, report) in chosen.iter().zip(&reports) {
                let failed = report.count(|verdict| matches!(verdict, Verdict::Failed(_)));
                println!("{} on {}: {} passed, {failed} failed", peer.crates, peer.runtime, report.passed());
            }
            crashes.iter().for_each(|crash| println!("lambda_http panics at {}: {}", crash.row, crash.message));
            if chosen.len() == PEERS.len() {
                let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/peers.md");
                if let Err(error) = std::fs::write(&page, page::write(&reports, &crashes)) {
                    println!("cannot write {}: {error}", page.display());
                    return ExitCode::FAILURE;
                }
            } else {
                reports.iter().for_each(|report| println!("{report}"));
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("error: {error:?}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the table on each of them at once. That one fails rows is a result, not an error.
fn all(chosen: &[&Peer]) -> Result<(Vec<Report>, Vec<Crash>)> {
    let built = built::build(chosen)?;
    let runtime = Runtime::new()?;
    let reports = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for (at, peer) in chosen.iter().enumerate() {
            let (built, runtime, reports) = (&built, &runtime, &reports);
            scope.spawn(move || {
                let report = one(peer, built, runtime);
                reports.lock().unwrap_or_else(PoisonError::into_inner).push((at, report));
            });
        }
    });
    let mut reports = reports.into_inner().unwrap_or_else(PoisonError::into_inner);
    reports.sort_by_key(|(at, _)| *at);
    let reports = reports.into_iter().map(|(_, report)| report).collect::<Result<_>>()?;
    let lambda = chosen.iter().any(|peer| peer.crates == "lambda_http");
    let crashes = if lambda { crashes::find(&built, &runtime)? } else { Vec::new() };
    Ok((reports, crashes))
}

/// What every peer is started with.
pub(crate) fn options() -> Options {
    let options = ENV.iter().fold(Options::new(), |options, (name, value)| options.env(*name, *value));
    // Without it, `lambda_http` puts the stage of a REST API in front of the path once more.
    options.env("AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH", "true")
}

fn one(peer: &Peer, built: &Built, runtime: &Runtime) -> Result<Report> {
    let options = options();
    let running = runtime.block_on(async {
        match peer.runtime {
            "cloudflare" => cloudflare::start(&built.worker, &options).await,
            "vercel" => vercel::start(&built.vercel, &options).await,
            "lambda-stream" => {
                let options = options.env("ANYFN_LAMBDA_STREAMING", "1");
                lambda::start(&built.lambda, &fronts::front(peer.runtime)?, &options).await
            }
            name => lambda::start(&built.lambda, &fronts::front(name)?, &options).await,
        }
    })?;
    let running = Arc::new(running);
    // The faults are no part of the echo function's contract, and events none of what these crates do with one handler.
    let mut limits = fronts::limits(peer.runtime);
    (limits.faults, limits.leaving) = (false, false);
    let (logged, ending, handle) = (Arc::clone(&running), Arc::clone(&running), runtime.handle().clone());
    let driver = HttpDriver::new(peer.runtime, running.addr())
        .with_platform(if peer.runtime.starts_with("lambda") { "lambda" } else { peer.runtime })
        .with_limits(limits)
        .with_at_once(fronts::at_once(peer.runtime))
        .with_logs(move || logged.logs().join("\n"))
        .with_end(move || {
            handle.block_on(ending.stop());
            ending.violations()
        });
    Ok(run(&driver, CASES))
}
