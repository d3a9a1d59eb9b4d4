//! `docs/peers.md`.

use std::fmt::Write as _;

use anyfn_conformance::{CASES, Report, Verdict};

use crate::crashes::Crash;
use crate::{PEERS, design};

const HEAD: &str = "\
# Other crates in the same table

The echo function as an axum router on what each vendor offers for HTTP in Rust, `lambda_http` 1.3.2, `worker` 0.8.7 with its feature
`http`, and `vercel_runtime` 2.4.1, and as an application of `ohkami` 0.24.9, a framework with runtimes for Lambda and Workers, asked the
rows of [conformance.md](conformance.md) on the same local runtimes. All of anyfn's runtimes pass all rows; the programs are in
`tests/peers`.

```text
cargo xtask conformance --peers
```

It writes this page. Rows that need anyfn's own test faults, and events that are no requests, are not asked. `lambda_http` runs with
`AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH`; without it, every request through a REST API's own domain is a 404 here, since it puts the
stage in front of a path that has none. A row that a peer fails *by design* asks for what it never set out to do, or for anyfn's own way,
and is counted apart.

Rows of `cookies/` also ask for a header `x-multi` twice, and that is what most of them fail by. Streamed, `lambda_http` writes it as
an array into the prelude's `headers`; the local Runtime API refuses that, since AWS documents strings there. What AWS itself makes of
it is not known here. Of a REST API and of a load balancer it gives the parameters of a query in an order that changes with each run,
so a few rows of `queries/` pass and fail by chance.

Ohkami is asked where its README says that it runs: events of version 2.0, of an HTTP API and of a function URL, and Workers. Events of a
REST API or a load balancer lack fields that it needs, and their invocations fail. A request of its lists neither its headers nor its
query, so the program is told the names of the headers that the table looks for and asks for each, and encodes the query's pairs
again; it answers from a fang, since no route of Ohkami's holds everything below a path. On Lambda it fails an invocation when a
header's value has what JSON escapes, since it wants to borrow the value from the event: `\"if-none-match\": \"\\\"abc\\\"\"`. Its
server-sent events have their `data:` on its native runtimes alone; here the messages arrive bare, and joined. On Workers its
`DataStream::new` stops at the first `Delay` of `worker`'s, which wakes only the task that polled it first.
";

const PROTOCOL: &str = "
## Against the platform's protocol

`vercel_runtime` sends `end` when the handler has returned. Behind a stream that is always too early; of other answers, these are
the ones that were still being written here, which varies with the machine's load.

";

const CRASHES: &str = "\
## Crashes

Events over which a crate panics before any handler sees them, out of the deliveries of [conformance.md](conformance.md#deliveries),
each handed as it stands to those for Lambda. With `panic = \"unwind\"`, as here, the invocation fails and the process serves the next one; with
`panic = \"abort\"`, which `cargo lambda` sets where the profile is silent, the process ends.
";

/// Writes it.
pub(crate) fn write(reports: &[Report], crashes: &[Crash]) -> String {
    let mut text = HEAD.to_owned();
    text.push_str("\n| crate | runtime | passed | failed | by design | not asked | against the platform's protocol |\n|---|---|---|---|---|---|---|\n");
    for (peer, report) in PEERS.iter().zip(reports) {
        let failed = report.failures();
        let designed = failed.iter().filter(|(case, _)| design::of(peer.crates, case.name).is_some()).count();
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {designed} | {} | {} |",
            peer.crates,
            peer.runtime,
            report.passed(),
            failed.len() - designed,
            report.count(|verdict| matches!(verdict, Verdict::NotRun(_))),
            report.violations.len()
        );
    }
    groups(&mut text, reports);
    text.push_str("\n## Rows that a peer fails\n\n| row |");
    PEERS.iter().for_each(|peer| text.push_str(&format!(" {} {} |", peer.crates, peer.runtime)));
    text.push_str(&format!("\n|---|{}\n", "---|".repeat(PEERS.len())));
    for case in CASES {
        let verdicts: Vec<&Verdict> = reports
            .iter()
            .filter_map(|report| {
                report.outcomes.iter().find(|(other, _)| other.name == case.name).map(|(_, verdict)| verdict)
            })
            .collect();
        if !verdicts.iter().any(|verdict| matches!(verdict, Verdict::Failed(_))) {
            continue;
        }
        let _ = write!(text, "| `{}` |", case.name);
        for (peer, verdict) in PEERS.iter().zip(verdicts) {
            let mark = match verdict {
                Verdict::Failed(_) if design::of(peer.crates, case.name).is_some() => "by design",
                Verdict::Failed(_) => "**fails**",
                Verdict::NotRun(_) => "–",
                _ => "ok",
            };
            let _ = write!(text, " {mark} |");
        }
        text.push('\n');
    }
    text.push_str("\n## What they did instead\n\n| row | where | what |\n|---|---|---|\n");
    for case in CASES {
        let mut told: Vec<(String, Vec<String>)> = Vec::new();
        for (peer, report) in PEERS.iter().zip(reports) {
            let Some((_, wrong)) = report.failures().into_iter().find(|(other, _)| other.name == case.name) else {
                continue;
            };
            let what = match design::of(peer.crates, case.name) {
                Some(why) => format!("by design: {why}"),
                None => cell(&wrong.join("; ")),
            };
            let place = format!("{} {}", peer.crates, peer.runtime);
            match told.iter_mut().find(|(other, _)| *other == what) {
                Some((_, places)) => places.push(place),
                None => told.push((what, vec![place])),
            }
        }
        for (what, places) in told {
            let _ = writeln!(text, "| `{}` | {} | {what} |", case.name, places.join(", "));
        }
    }
    let mut protocol: Vec<String> = PEERS
        .iter()
        .zip(reports)
        .flat_map(|(peer, report)| report.violations.iter().map(move |line| violation(peer.crates, line)))
        .collect();
    protocol.sort();
    protocol.dedup();
    if !protocol.is_empty() {
        let _ = write!(text, "{PROTOCOL}{}", protocol.concat());
    }
    if !crashes.is_empty() {
        let _ =
            writeln!(text, "\n{CRASHES}\n| crate | delivery | what the panic says | the event |\n|---|---|---|---|");
        for crash in crashes {
            let event = crash.event.replace('|', "\\|").replace(['\n', '\r'], " ");
            let _ = writeln!(text, "| {} | `{}` | {} | `` {event} `` |", crash.crates, crash.row, cell(&crash.message));
        }
    }
    text
}

/// How many rows of each subject each passes, of those that it was asked.
fn groups(text: &mut String, reports: &[Report]) {
    text.push_str("\nBy subject, the rows passed of those asked:\n\n| subject |");
    PEERS.iter().for_each(|peer| text.push_str(&format!(" {} {} |", peer.crates, peer.runtime)));
    text.push_str(&format!("\n|---|{}\n", "---|".repeat(PEERS.len())));
    let subject = |name: &'static str| name.split('/').next().unwrap_or(name);
    let mut subjects: Vec<&str> = CASES.iter().map(|case| subject(case.name)).collect();
    subjects.dedup();
    for (at, name) in subjects.iter().enumerate() {
        if subjects[..at].contains(name) {
            continue;
        }
        let _ = write!(text, "| {name} |");
        for report in reports {
            let of = |wanted: fn(&Verdict) -> bool| {
                report.outcomes.iter().filter(|(case, verdict)| subject(case.name) == *name && wanted(verdict)).count()
            };
            let passed = of(|verdict| matches!(verdict, Verdict::Passed | Verdict::Forced(_)));
            match of(|verdict| !matches!(verdict, Verdict::NotRun(_))) {
                0 => text.push_str(" – |"),
                asked => {
                    let _ = write!(text, " {passed}/{asked} |");
                }
            }
        }
        text.push('\n');
    }
}

/// A line of what was done against the protocol, without its times.
fn violation(crates: &str, line: &str) -> String {
    let line = match line.split_once(" came ").zip(line.split_once("ms before ")) {
        Some(((what, _), (_, than))) => format!("{what} came before {than}"),
        None => line.to_owned(),
    };
    format!("- {crates}: {}\n", cell(&line))
}

/// A cell of a table, without what changes from run to run.
fn cell(text: &str) -> String {
    let mut out = String::new();
    let mut rest = match text.split_once(", body \"{\\\"body\\\"") {
        Some((before, _)) => before,
        None => text,
    };
    while let Some(at) = rest.find("127.0.0.1:") {
        let (before, after) = rest.split_at(at + "127.0.0.1:".len());
        out.push_str(before);
        out.push_str("PORT");
        rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    out.push_str(rest);
    let cut: String = match out.char_indices().nth(260) {
        Some((end, _)) => format!("{}…", &out[..end]),
        None => out,
    };
    cut.replace('|', "\\|").replace('<', "&lt;").replace(['\n', '\r'], " ")
}
