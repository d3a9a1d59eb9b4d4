//! `docs/differential.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyfn_conformance::Delivery;

use crate::decisions::DECISIONS;
use crate::peers::NAMES;
use crate::{By, Disagreement};

const HEAD: &str = "\
# The same events elsewhere

The table of deliveries (events as Lambda's gateways write them, [conformance.md](conformance.md)) is also put to the adapters that
people use in JavaScript and Python, each with the same echo function: Hono 4.13.19 (`hono/aws-lambda`), serverless-http 4.0.0 and
`@codegenie/serverless-express` 5.0.0 with Express 5.3.0, Mangum 0.22.0 with a bare ASGI application. Wherever one of them and anyfn
do not agree, a row of the table or a decision below says why anyfn does what it does; the test fails when neither does.

```text
cargo test -p anyfn-conformance --test differential
```

It writes this page. Rows whose path is one of anyfn's own test function, or whose event is no JSON, are left out.
";

/// Writes it.
pub(crate) fn write(asked: &[&'static Delivery], found: &[Disagreement], same: &BTreeMap<&str, usize>) -> String {
    let mut text = HEAD.to_owned();
    text.push_str(
        "\n| adapter | rows | as anyfn | otherwise | of them the invocation failed |\n|---|---|---|---|---|\n",
    );
    for peer in NAMES {
        let same = same.get(peer).copied().unwrap_or_default();
        let failed = found.iter().filter(|one| one.peer == *peer && one.theirs.starts_with("fails: ")).count();
        let _ = writeln!(text, "| {peer} | {} | {same} | {} | {failed} |", asked.len(), asked.len() - same);
    }
    text.push_str("\n## Decided by a row\n\n| row | rule | source |");
    NAMES.iter().for_each(|peer| text.push_str(&format!(" {peer} |")));
    text.push_str("\n|---|---|---|---|---|---|---|\n");
    for row in asked {
        let of_row: Vec<_> = found.iter().filter(|one| one.row.name == row.name && one.by == By::Row).collect();
        if of_row.is_empty() {
            continue;
        }
        let _ = write!(text, "| `{}` | {} | {} |", row.name, cell(row.why), cell(row.source));
        for peer in NAMES {
            let told: Vec<_> = of_row.iter().filter(|one| one.peer == *peer).map(|one| otherwise(one)).collect();
            let _ = write!(text, " {} |", if told.is_empty() { "as anyfn".to_owned() } else { told.join("; ") });
        }
        text.push('\n');
    }
    text.push_str("\n## Decided here\n\n| on | who does otherwise | how often | such as | decision | source |\n|---|---|---|---|---|---|\n");
    for (place, decision) in DECISIONS.iter().enumerate() {
        let of_it: Vec<_> = found.iter().filter(|one| one.by == By::Decision(place)).collect();
        let Some(first) = of_it.first() else { continue };
        let mut who: Vec<_> = of_it.iter().map(|one| one.peer).collect();
        who.dedup();
        who.sort_unstable();
        who.dedup();
        let _ = writeln!(
            text,
            "| {} | {} | {} | `{}`: anyfn `{}`, {} `{}` | {} | {} |",
            cell(decision.what),
            who.join(", "),
            of_it.len(),
            first.row.name,
            cell(&first.ours),
            first.peer,
            cell(&first.theirs),
            cell(decision.why),
            cell(decision.source)
        );
    }
    text
}

fn otherwise(one: &Disagreement) -> String {
    if one.what == "outcome" { cell(&one.theirs) } else { format!("{}: `{}`", one.what, cell(&one.theirs)) }
}

fn cell(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { '·' } else { c }).collect();
    text.replace('|', "\\|").replace('`', "'")
}
