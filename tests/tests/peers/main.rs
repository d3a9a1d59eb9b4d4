//! The table on the vendors' own crates, and on Ohkami: `cargo xtask conformance --peers`, or
//! `cargo test -p anyfn-conformance --test peers [-- <crate or runtime>…]`.
//!
//! It builds the programs of `tests/peers`, starts them on the same local runtimes as anyfn's, prints what each passes, and,
//! when all took part, writes `docs/peers.md` and its summary into `docs/conformance.md`.

mod built;
mod crashes;
mod design;
#[path = "../conformance/fronts.rs"]
mod fronts;
mod page;
#[path = "../conformance/summary.rs"]
mod summary;

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use anyfn_conformance::{CASES, ENV, HttpDriver, Report, Seen, Verdict, run};
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

impl Peer {
    /// Whether a filter of the command line means it.
    fn is(&self, filter: &str) -> bool {
        self.crates == filter || self.runtime.contains(filter)
    }
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
    peer("ohkami", "lambda-v2"),
    peer("ohkami", "lambda-url"),
    peer("ohkami", "cloudflare"),
];

fn main() -> ExitCode {
    let filters: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let chosen: Vec<&Peer> =
        PEERS.iter().filter(|peer| filters.is_empty() || filters.iter().any(|filter| peer.is(filter))).collect();
    match all(&chosen) {
        Ok((reports, crashes)) => {
            for (peer, report) in chosen.iter().zip(&reports) {
                let failed = report.count(|verdict| matches!(verdict, Verdict::Failed(_)));
                println!("{} on {}: {} passed, {failed} failed", peer.crates, peer.runtime, report.passed());
            }
            crashes.iter().for_each(|crash| println!("{} panics at {}: {}", crash.crates, crash.row, crash.message));
            if chosen.len() == PEERS.len() {
                if let Err(error) = write(&page::write(&reports, &crashes)) {
                    println!("cannot write to docs/: {error}");
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

/// Writes the page, and its summary into `docs/conformance.md`.
fn write(peers: &str) -> std::io::Result<()> {
    std::fs::write(summary::page("peers.md"), peers)?;
    let table = std::fs::read_to_string(summary::page("conformance.md"))?;
    std::fs::write(summary::page("conformance.md"), summary::with_peers(&table, peers))
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
    Ok((reports, crashes::find(&built, &runtime)?))
}

/// What every peer is started with.
pub(crate) fn options() -> Options {
    let options = ENV.iter().fold(Options::new(), |options, (name, value)| options.env(*name, *value));
    // Without it, `lambda_http` puts the stage of a REST API in front of the path once more.
    let options = options.env("AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH", "true");
    // An Ohkami asks for headers by their names, so it is told those that the table looks for.
    options.env("ECHO_HEADERS", names().into_iter().collect::<Vec<_>>().join(","))
}

/// The names of the headers that rows send, or say that the handler sees.
fn names() -> BTreeSet<String> {
    let sent = CASES.iter().flat_map(|case| case.request.headers.iter().map(|(name, _)| *name));
    let seen = CASES.iter().flat_map(|case| case.seen).filter_map(|seen| match seen {
        Seen::Header(name, _) => Some(*name),
        _ => None,
    });
    sent.chain(seen).chain(["x-forwarded-proto"]).map(str::to_ascii_lowercase).collect()
}

fn one(peer: &Peer, built: &Built, runtime: &Runtime) -> Result<Report> {
    let (program, options) = (built.program(peer), options());
    let running = runtime.block_on(async {
        match peer.runtime {
            "cloudflare" => cloudflare::start(program, &options).await,
            "vercel" => vercel::start(program, &options).await,
            "lambda-stream" => {
                let options = options.env("ANYFN_LAMBDA_STREAMING", "1");
                lambda::start(program, &fronts::front(peer.runtime)?, &options).await
            }
            name => lambda::start(program, &fronts::front(name)?, &options).await,
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
