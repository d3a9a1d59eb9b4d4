//! The deliveries through the adapters that people use in JavaScript and Python. Where one of them disagrees with anyfn,
//! a row of the table or a decision here says why anyfn does what it does, and the test fails if neither does.
//!
//! `cargo test -p anyfn-conformance --test differential` runs it and writes `docs/differential.md`. It installs what it asks
//! (71 npm packages, two wheels: pinned, with hashes) below `target/`.

#[path = "../conformance/in_memory.rs"]
mod in_memory;

mod decisions;
mod page;
mod peers;
mod told;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyfn_conformance::{DELIVERIES, Delivery, Verdict, judge_delivery};

use decisions::DECISIONS;
use told::{Told, differences};

/// Where an adapter and anyfn do not agree on a row.
#[derive(Debug)]
pub(crate) struct Disagreement {
    /// The adapter.
    pub(crate) peer: &'static str,
    /// The row.
    pub(crate) row: &'static Delivery,
    /// What of it: `path`, `answer status`, …
    pub(crate) what: String,
    /// What anyfn made of it.
    pub(crate) ours: String,
    /// What the adapter made of it.
    pub(crate) theirs: String,
    /// Who decided it.
    pub(crate) by: By,
}

/// Who decided a disagreement.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// The row, which the adapter fails.
    Row,
    /// A decision, by its place.
    Decision(usize),
    /// Nobody.
    Nobody,
}

/// The rows that every function can be asked: the others need paths of the echo function's that misbehave, which are no part
/// of its contract, or are no JSON, which these adapters never see.
fn rows() -> impl Iterator<Item = &'static Delivery> {
    DELIVERIES.iter().filter(|row| {
        let event = (row.event)();
        !String::from_utf8_lossy(&event).contains("/faults")
            && serde_json::from_slice::<serde_json::Value>(&event).is_ok()
    })
}

#[test]
fn every_disagreement_with_another_adapter_is_decided() {
    let app = echo::app();
    let asked: Vec<_> = rows().collect();
    let answers = peers::ask(&asked);
    let mut found = Vec::new();
    let mut same: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &asked {
        let ours = in_memory::in_memory(&app, (row.event)());
        assert_eq!(judge_delivery(row, &ours), Verdict::Passed, "{}", row.name);
        let ours = Told::of(&ours);
        for peer in peers::NAMES {
            let theirs =
                answers.get(&(*peer, row.name)).unwrap_or_else(|| panic!("{peer} said nothing of {}", row.name));
            let wrong = match judge_delivery(row, theirs) {
                Verdict::Failed(wrong) => wrong,
                _ => Vec::new(),
            };
            let before = found.len();
            for (what, ours, theirs) in differences(&ours, &Told::of(theirs)) {
                let mut one = Disagreement { peer, row, what, ours, theirs, by: By::Nobody };
                let decision = DECISIONS.iter().position(|decision| decision.is_on(&one));
                one.by = match decision {
                    Some(place) => By::Decision(place),
                    None if wrong.iter().any(|line| names(line, &one.what)) => By::Row,
                    None => By::Nobody,
                };
                found.push(one);
            }
            *same.entry(peer).or_default() += usize::from(found.len() == before);
        }
    }
    let count = |by: fn(&By) -> bool| found.iter().filter(|one| by(&one.by)).count();
    println!(
        "{} rows, {} adapters: {} disagreements, {} decided by a row, {} by a decision",
        asked.len(),
        peers::NAMES.len(),
        found.len(),
        count(|by| *by == By::Row),
        count(|by| matches!(by, By::Decision(_))),
    );
    let undecided: Vec<_> = found.iter().filter(|one| one.by == By::Nobody).map(line).collect();
    assert!(undecided.is_empty(), "decide in tests/differential/decisions.rs:\n{}", undecided.join("\n"));
    let used: BTreeSet<usize> =
        found.iter().filter_map(|one| if let By::Decision(place) = one.by { Some(place) } else { None }).collect();
    for (place, decision) in DECISIONS.iter().enumerate() {
        assert!(used.contains(&place), "nobody disagrees any more: {}", decision.why);
    }
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/differential.md");
    std::fs::write(&page, page::write(&asked, &found, &same)).expect("docs/differential.md can be written");
}

/// Whether what is wrong by the row is this.
fn names(line: &str, what: &str) -> bool {
    match what {
        // Of these the row says one, and the rest follows from it.
        "outcome" | "status" | "answer" => true,
        "path" | "query" | "origin" => {
            ["path", "query", "url"].iter().any(|name| line.starts_with(&format!("{name}:")))
        }
        "answer's body" => line.contains("body"),
        _ => line.contains(what.split(' ').next_back().unwrap_or(what)),
    }
}

fn line(one: &Disagreement) -> String {
    format!("{} | {} | {}: ours {}, theirs {}", one.row.name, one.peer, one.what, one.ours, one.theirs)
}
