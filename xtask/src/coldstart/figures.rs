//! What was measured, and what is said of it.

use serde::Serialize;

use super::Sample;

/// All times of one subject, in milliseconds.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Measured {
    /// What was started.
    pub name: String,
    /// From the process's start until it takes events.
    pub ready: Vec<f64>,
    /// From the process's start to the end of its first answer.
    pub first: Vec<f64>,
    /// From a later request to the end of its answer.
    pub warm: Vec<f64>,
}

impl Measured {
    /// Nothing yet.
    #[must_use]
    pub fn of(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    pub(super) fn add(&mut self, sample: &Sample) {
        let ms = |time: &std::time::Duration| time.as_secs_f64() * 1000.0;
        self.ready.push(ms(&sample.ready));
        self.first.push(ms(&sample.first));
        self.warm.extend(sample.warm.iter().map(ms));
    }
}

/// How values lie: none of them an average, which one slow start would move.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// The least.
    pub least: f64,
    /// A quarter is below it.
    pub lower: f64,
    /// Half is below it.
    pub median: f64,
    /// A quarter is above it.
    pub upper: f64,
    /// The most.
    pub most: f64,
}

impl Spread {
    /// Of these values; `None` where there are none.
    #[must_use]
    pub fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len().checked_sub(1)?;
        // Between two values where the quarter falls between them.
        let at = |share: f64| {
            let place = share * last as f64;
            let below = place.floor() as usize;
            let above = sorted[(below + 1).min(last)];
            sorted[below] + (above - sorted[below]) * place.fract()
        };
        Some(Self { least: sorted[0], lower: at(0.25), median: at(0.5), upper: at(0.75), most: sorted[last] })
    }
}

/// Milliseconds in three digits that count.
pub(super) fn ms(value: f64) -> String {
    match value {
        v if v >= 100.0 => format!("{v:.0}"),
        v if v >= 10.0 => format!("{v:.1}"),
        v => format!("{v:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Measured, Sample, Spread, ms};

    #[test]
    fn quarters_lie_between_values_and_an_outlier_moves_only_the_most() {
        let spread = Spread::of(&[4.0, 1.0, 3.0, 2.0, 100.0]).unwrap();
        assert_eq!(spread, Spread { least: 1.0, lower: 2.0, median: 3.0, upper: 4.0, most: 100.0 });
        let even = Spread::of(&[1.0, 2.0]).unwrap();
        assert_eq!(even, Spread { least: 1.0, lower: 1.25, median: 1.5, upper: 1.75, most: 2.0 });
        assert_eq!(Spread::of(&[7.0]).unwrap().upper, 7.0);
        assert_eq!(Spread::of(&[]), None);
    }

    #[test]
    fn a_sample_is_kept_in_milliseconds() {
        let mut measured = Measured::of("server");
        let times = [2_500, 4_000, 250, 750].map(Duration::from_micros);
        measured.add(&Sample { ready: times[0], first: times[1], warm: times[2..].to_vec() });
        assert_eq!((measured.ready, measured.first, measured.warm), (vec![2.5], vec![4.0], vec![0.25, 0.75]));
    }

    #[test]
    fn three_digits_count() {
        assert_eq!([0.1234, 9.876, 12.34, 123.4].map(ms), ["0.12", "9.88", "12.3", "123"]);
    }
}
