//! What anyfn has to be, beside the others.

use super::Bench;
use super::figures::{Figures, OURS, Unit, median, ratio};

/// One goal: a ratio to a peer, or a figure by itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Goal {
    pub(crate) target: Bench,
    pub(crate) work: &'static str,
    pub(crate) unit: Unit,
    /// With whom it is compared; without, the figure itself is meant.
    pub(crate) peer: Option<&'static str>,
    pub(crate) limit: Limit,
}

/// Which side of a number is good.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Limit {
    AtMost(f64),
    AtLeast(f64),
}

impl Limit {
    pub(crate) fn holds(self, value: f64) -> bool {
        match self {
            Self::AtMost(limit) => value <= limit,
            Self::AtLeast(limit) => value >= limit,
        }
    }
}

const fn at_most(target: Bench, work: &'static str, unit: Unit, peer: &'static str, limit: f64) -> Goal {
    Goal { target, work, unit, peer: Some(peer), limit: Limit::AtMost(limit) }
}

const fn at_least(target: Bench, work: &'static str, unit: Unit, peer: &'static str, limit: f64) -> Goal {
    Goal { target, work, unit, peer: Some(peer), limit: Limit::AtLeast(limit) }
}

/// All of them.
pub(crate) const GOALS: &[Goal] = &[
    Goal {
        target: Bench::Core,
        work: "an event to a function",
        unit: Unit::Instructions,
        peer: None,
        limit: Limit::AtMost(300.0),
    },
    Goal {
        target: Bench::Core,
        work: "an event to a function",
        unit: Unit::Allocations,
        peer: None,
        limit: Limit::AtMost(1.0),
    },
    at_most(Bench::Lambda, "POST 1 KB", Unit::Instructions, "lambda_http", 0.35),
    at_most(Bench::Lambda, "POST 100 KB of text", Unit::Instructions, "lambda_http", 0.2),
    at_most(Bench::Lambda, "POST 1 MB of bytes", Unit::Instructions, "lambda_http", 0.1),
    at_most(Bench::Lambda, "start, to the first request for an event", Unit::Milliseconds, "by hand", 1.0),
    at_most(Bench::Lambda, "hello, zip", Unit::Bytes, "by hand", 1.0),
    at_most(Bench::Cloudflare, "GET hello", Unit::Microseconds, "axum on worker", 0.333),
    at_most(Bench::Cloudflare, "POST 100 KB of text", Unit::Microseconds, "axum on worker", 0.2),
    at_most(Bench::Cloudflare, "GET hello", Unit::Microseconds, "worker", 1.0),
    at_most(Bench::Cloudflare, "POST 100 KB of text", Unit::Microseconds, "worker", 1.0),
    at_most(Bench::Cloudflare, "POST 100 KB of text", Unit::Microseconds, "Hono", 1.0),
    Goal {
        target: Bench::Cloudflare,
        work: "the example hello, module gzipped",
        unit: Unit::Bytes,
        peer: None,
        limit: Limit::AtMost(40.0 * 1024.0),
    },
    at_least(Bench::Vercel, "GET hello", Unit::PerSecond, "hyper", 0.95),
    at_most(Bench::Vercel, "start", Unit::Milliseconds, "vercel_runtime", 1.0),
    at_least(Bench::Server, "GET hello", Unit::PerSecond, "hyper", 0.97),
    // The same, by what a busy machine disturbs less.
    at_most(Bench::Server, "GET hello", Unit::Microseconds, "hyper", 1.03),
];

impl Goal {
    /// What was reached; `None` where it was not measured.
    pub(crate) fn reached(&self, figures: &Figures) -> Option<f64> {
        let values = |name| figures.values(self.target, self.work, self.unit, name);
        match self.peer {
            Some(peer) => Some(ratio(values(OURS)?, values(peer)?)),
            None => values(OURS).map(median),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{GOALS, Limit};

    /// A goal for work that nothing measures would not be missed.
    #[test]
    fn every_goal_stands_in_the_page() {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/performance.md");
        let page = std::fs::read_to_string(page).unwrap();
        for goal in GOALS {
            let row = format!(
                "| {} | {} | {} | {} |",
                goal.target.title(),
                goal.work,
                goal.unit.heading(),
                goal.peer.unwrap_or("–")
            );
            assert!(page.contains(&row), "{row}: measured by another name, or the page is older: cargo xtask bench");
        }
    }

    #[test]
    fn a_limit_holds_on_its_own_side() {
        assert!(Limit::AtMost(1.0).holds(1.0) && !Limit::AtMost(1.0).holds(1.1));
        assert!(Limit::AtLeast(1.0).holds(1.0) && !Limit::AtLeast(1.0).holds(0.9));
    }
}
