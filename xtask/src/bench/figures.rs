//! What was measured.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Bench;

/// The name of ours among the subjects.
pub(crate) const OURS: &str = "anyfn";

/// In what a figure is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Unit {
    Instructions,
    Allocations,
    /// On a processor.
    Microseconds,
    /// By the clock.
    Milliseconds,
    PerSecond,
    Megabytes,
    Bytes,
}

impl Unit {
    /// The heading of its column.
    pub(crate) fn heading(self) -> &'static str {
        match self {
            Self::Instructions => "instructions",
            Self::Allocations => "allocations",
            Self::Microseconds => "µs of CPU time",
            Self::Milliseconds => "ms",
            Self::PerSecond => "requests a second",
            Self::Megabytes => "MB",
            Self::Bytes => "bytes",
        }
    }

    /// Whether it is the same each time, near enough.
    pub(crate) fn is_counted(self) -> bool {
        matches!(self, Self::Instructions | Self::Allocations | Self::Bytes)
    }
}

/// What is measured: of which target, at which work, in what.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Key {
    pub(crate) target: Bench,
    pub(crate) work: String,
    pub(crate) unit: Unit,
}

/// A subject's name, and its values, one of each round.
pub(crate) type Subject = (String, Vec<f64>);

/// All figures, by what they are of and of whom.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Figures {
    rows: Vec<(Key, Vec<Subject>)>,
    /// For plots: of whom and of what, by the number on the axis.
    pub(crate) lines: BTreeMap<String, BTreeMap<String, Vec<(f64, f64)>>>,
}

impl Figures {
    pub(crate) fn add(&mut self, target: Bench, work: &str, unit: Unit, subject: &str, value: f64) {
        let key = Key { target, work: work.to_owned(), unit };
        let at = self.rows.iter().position(|(other, _)| *other == key).unwrap_or_else(|| {
            self.rows.push((key, Vec::new()));
            self.rows.len() - 1
        });
        let subjects = &mut self.rows[at].1;
        match subjects.iter_mut().find(|(name, _)| name == subject) {
            Some((_, values)) => values.push(value),
            None => subjects.push((subject.to_owned(), vec![value])),
        }
    }

    /// The rows of a target, in the order in which they were measured.
    pub(crate) fn of(&self, target: Bench) -> impl Iterator<Item = (&Key, &[Subject])> {
        self.rows.iter().filter(move |(key, _)| key.target == target).map(|(key, subjects)| (key, &subjects[..]))
    }

    /// A subject's values, one of each round.
    pub(crate) fn values(&self, target: Bench, work: &str, unit: Unit, subject: &str) -> Option<&[f64]> {
        let (_, subjects) = self.of(target).find(|(key, _)| key.work == work && key.unit == unit)?;
        subjects.iter().find(|(name, _)| name == subject).map(|(_, values)| &values[..])
    }
}

/// What the ones are of the others: the median of the rounds' own ratios, so that what a whole round suffered is no matter.
pub(crate) fn ratio(ones: &[f64], others: &[f64]) -> f64 {
    if ones.len() == others.len() {
        let of_round: Vec<_> = ones.iter().zip(others).map(|(one, other)| one / other).collect();
        return median(&of_round);
    }
    median(ones) / median(others)
}

/// The middle one.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[n / 2],
        n => (sorted[n / 2 - 1] + sorted[n / 2]) / 2.0,
    }
}

/// From the least to the most, in percent of the median.
pub(crate) fn spread(values: &[f64]) -> f64 {
    let (least, most) = values.iter().fold((f64::MAX, f64::MIN), |(least, most), v| (least.min(*v), most.max(*v)));
    let middle = median(values);
    if middle == 0.0 { 0.0 } else { (most - least) / middle * 100.0 }
}

#[cfg(test)]
mod tests {
    use super::{median, ratio, spread};

    #[test]
    fn a_ratio_is_that_of_the_rounds() {
        assert_eq!(ratio(&[10.0, 200.0, 30.0], &[20.0, 400.0, 30.0]), 0.5);
        assert_eq!(ratio(&[1.0, 3.0], &[4.0]), 0.5);
    }

    #[test]
    fn the_median_is_the_middle_and_the_spread_is_around_it() {
        assert_eq!([median(&[3.0, 1.0, 2.0]), median(&[4.0, 1.0, 2.0, 3.0])], [2.0, 2.5]);
        assert_eq!([spread(&[9.0, 10.0, 12.0]), spread(&[5.0]), spread(&[0.0, 0.0])], [30.0, 0.0, 0.0]);
    }
}
