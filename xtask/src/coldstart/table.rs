//! The report as a table, for a terminal and for Markdown.

use std::fmt::Write as _;

use super::figures::ms;
use super::{Measured, Spread};

/// A row for each subject: medians, and the middle half of the values in brackets.
#[must_use]
pub fn table(measured: &[Measured]) -> String {
    let heading = ["", "takes events", "first answer", "warm answer", "cold costs"].map(str::to_owned);
    let mut rows = vec![heading];
    for of in measured {
        let [ready, first, warm] = [&of.ready, &of.first, &of.warm].map(|values| Spread::of(values));
        let costs = first.zip(warm).map_or_else(|| "–".to_owned(), |(first, warm)| ms(first.median - warm.median));
        rows.push([of.name.clone(), cell(ready), cell(first), cell(warm), costs]);
    }
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 5] = std::array::from_fn(width);
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        let cells: Vec<_> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        let _ = writeln!(text, "| {} |", cells.join(" | "));
        if index == 0 {
            let lines: Vec<_> = widths.iter().map(|width| "-".repeat(width + 2)).collect();
            let _ = writeln!(text, "|{}|", lines.join("|"));
        }
    }
    text.truncate(text.trim_end().len());
    text
}

fn cell(spread: Option<Spread>) -> String {
    spread.map_or_else(
        || "–".to_owned(),
        |Spread { lower, median, upper, .. }| format!("{} [{}–{}]", ms(median), ms(lower), ms(upper)),
    )
}

#[cfg(test)]
mod tests {
    use super::{Measured, table};

    #[test]
    fn columns_stand_below_each_other_and_what_is_unknown_is_a_dash() {
        let server = Measured {
            name: "server".to_owned(),
            ready: vec![2.0, 3.0, 4.0],
            first: vec![3.0, 4.0, 50.0],
            warm: vec![0.5],
        };
        let expected = "\
|        | takes events     | first answer     | warm answer      | cold costs |
|--------|------------------|------------------|------------------|------------|
| server | 3.00 [2.50–3.50] | 4.00 [3.50–27.0] | 0.50 [0.50–0.50] | 3.50       |
| none   | –                | –                | –                | –          |";
        assert_eq!(table(&[server, Measured::of("none")]), expected);
    }
}
