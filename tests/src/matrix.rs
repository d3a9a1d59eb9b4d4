//! The matrix: every row on every runtime, as Markdown.

use std::fmt::Write as _;

use crate::{Report, Verdict};

/// The matrix of several runtimes over the same table, with the reason for each difference.
///
/// It holds no times and no dates, so that it changes only when a verdict does.
pub fn matrix(reports: &[Report]) -> String {
    let mut page = String::from(include_str!("../docs/matrix.md"));
    summary(&mut page, reports);
    let Some(first) = reports.first() else { return page };
    page.push_str("\n## Rows\n\n| row |");
    for report in reports {
        let _ = write!(page, " {} |", report.driver);
    }
    page.push_str("\n|---|");
    page.push_str(&"---|".repeat(reports.len()));
    page.push('\n');
    for (at, (case, _)) in first.outcomes.iter().enumerate() {
        let _ = write!(page, "| {} |", case.name);
        for report in reports {
            let mark = match report.outcomes.get(at).map(|(_, verdict)| verdict) {
                Some(Verdict::Passed) => "ok",
                Some(Verdict::Forced(_)) => "forced",
                Some(Verdict::Failed(_)) => "**FAILED**",
                Some(Verdict::NotRun(_)) | None => "–",
            };
            let _ = write!(page, " {mark} |");
        }
        page.push('\n');
    }
    page.push_str("\n## What each row follows\n\n| row | rule | source |\n|---|---|---|\n");
    for (case, _) in &first.outcomes {
        let _ = writeln!(page, "| {} | {} | {} |", case.name, case.why.replace('|', "\\|"), case.source);
    }
    reasons(&mut page, reports, "Forced differences", |verdict| match verdict {
        Verdict::Forced(why) => Some(why.clone()),
        _ => None,
    });
    reasons(&mut page, reports, "Not run", |verdict| match verdict {
        Verdict::NotRun(why) => Some(why.clone()),
        _ => None,
    });
    reasons(&mut page, reports, "Failures", |verdict| match verdict {
        Verdict::Failed(wrong) => Some(wrong.join("; ")),
        _ => None,
    });
    page
}

/// The matrix of the deliveries: each column is what a function gave for [`DELIVERIES`](crate::DELIVERIES), in their order.
pub fn deliveries(columns: &[(String, Vec<Verdict>)]) -> String {
    let mut page = String::from("\n## Deliveries\n\n");
    page.push_str(include_str!("../docs/deliveries.md"));
    page.push_str("\n| delivery |");
    for (name, _) in columns {
        let _ = write!(page, " {name} |");
    }
    page.push_str(" rule | source |\n|---|");
    page.push_str(&"---|".repeat(columns.len() + 2));
    page.push('\n');
    for (at, row) in crate::DELIVERIES.iter().enumerate() {
        let _ = write!(page, "| {} |", row.name);
        for (_, verdicts) in columns {
            let mark = match verdicts.get(at) {
                Some(Verdict::Passed) => "ok".to_owned(),
                Some(Verdict::Failed(wrong)) => format!("**FAILED** {}", wrong.join("; ").replace('|', "\\|")),
                _ => "–".to_owned(),
            };
            let _ = write!(page, " {mark} |");
        }
        let _ = writeln!(page, " {} | {} |", row.why, row.source);
    }
    page
}

fn summary(page: &mut String, reports: &[Report]) {
    page.push_str("| runtime | passed | of them forced | not run | failed |\n|---|---|---|---|---|\n");
    for report in reports {
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {} |",
            report.driver,
            report.passed(),
            report.count(|verdict| matches!(verdict, Verdict::Forced(_))),
            report.count(|verdict| matches!(verdict, Verdict::NotRun(_))),
            report.failures().len() + report.violations.len()
        );
    }
}

fn reasons(page: &mut String, reports: &[Report], title: &str, reason: impl Fn(&Verdict) -> Option<String>) {
    let mut lines: Vec<(&str, String, Vec<&str>)> = Vec::new();
    for report in reports {
        for (case, verdict) in &report.outcomes {
            let Some(why) = reason(verdict) else { continue };
            match lines.iter_mut().find(|(name, known, _)| *name == case.name && *known == why) {
                Some((_, _, runtimes)) => runtimes.push(&report.driver),
                None => lines.push((case.name, why, vec![&report.driver])),
            }
        }
    }
    if lines.is_empty() {
        return;
    }
    if let Some(first) = reports.first() {
        let place = |name: &str| first.outcomes.iter().position(|(case, _)| case.name == name);
        lines.sort_by_key(|(name, _, _)| place(name));
    }
    let _ = write!(page, "\n## {title}\n\n| row | runtimes | reason |\n|---|---|---|\n");
    for (name, why, runtimes) in lines {
        let _ = writeln!(page, "| {name} | {} | {} |", runtimes.join(", "), why.replace('|', "\\|"));
    }
}
