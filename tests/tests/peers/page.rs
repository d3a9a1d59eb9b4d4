//! `docs/peers.md`.

use std::fmt::Write as _;

use anyfn_conformance::{CASES, Report, Verdict};

use crate::{PEERS, design};

const HEAD: &str = "\
# The vendors' own crates in the same table

The echo function as an axum router on what each vendor offers for HTTP in Rust, `lambda_http` 1.3.2, `worker` 0.8.7 with its feature
`http`, and `vercel_runtime` 2.4.1, asked the rows of [conformance.md](conformance.md) on the same local runtimes. All of anyfn's
runtimes pass all rows; the programs are in `tests/peers`.

```text
cargo xtask conformance --peers
```

It writes this page. Rows that need anyfn's own test faults, and events that are no requests, are not asked. `lambda_http` runs with
`AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH`; without it, every request through a REST API's own domain is a 404 here, since it puts the
stage in front of a path that has none. A row that a peer fails *by design* asks for what it never set out to do, or for anyfn's own way,
and is counted apart. Ohkami is not in it.
";

/// Writes it.
pub(crate) fn write(reports: &[Report]) -> String {
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
    let protocol: Vec<String> = PEERS
        .iter()
        .zip(reports)
        .flat_map(|(peer, report)| {
            report.violations.iter().map(move |line| format!("- {}: {}\n", peer.crates, cell(line)))
        })
        .collect();
    if !protocol.is_empty() {
        let _ = write!(text, "\n## Against the platform's protocol\n\n{}", protocol.concat());
    }
    text
}

/// A cell of a table, without what changes from run to run.
fn cell(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
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
