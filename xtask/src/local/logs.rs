//! Lines that were logged, kept in memory and handed on.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::Report;

/// How many lines are kept where somebody else takes each: for the last words of a process.
const LAST: usize = 1000;

/// Called with each line.
pub(super) type Sink = dyn Fn(&str) + Send + Sync;
/// Called with what a platform says of each invocation.
pub(super) type Reports = dyn Fn(&Report) + Send + Sync;

/// A shared list of lines.
#[derive(Clone, Default)]
pub(super) struct Logs {
    lines: Arc<Mutex<VecDeque<String>>>,
    sink: Option<Arc<Sink>>,
    reports: Option<Arc<Reports>>,
}

impl Logs {
    pub(super) fn new(sink: Option<Arc<Sink>>) -> Self {
        Self { lines: Arc::default(), sink, reports: None }
    }

    /// And what the platform says of invocations goes there.
    pub(super) fn reporting(mut self, reports: Option<Arc<Reports>>) -> Self {
        self.reports = reports;
        self
    }

    /// The platform has seen an invocation end.
    pub(super) fn report(&self, report: &Report) {
        if let Some(reports) = &self.reports {
            reports(report);
        }
    }

    /// Adds each line of `text`.
    pub(super) fn push(&self, text: &str) {
        for line in text.lines() {
            let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
            lines.push_back(line.to_owned());
            // Who serves for days must not keep all of them.
            if self.sink.is_some() && lines.len() > LAST {
                lines.pop_front();
            }
            drop(lines);
            if let Some(sink) = &self.sink {
                sink(line);
            }
        }
    }

    /// Where a process's lines can go.
    pub(super) fn writer(&self) -> super::process::Lines {
        let logs = self.clone();
        Arc::new(move |line| logs.push(line))
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::{LAST, Logs};

    #[test]
    fn the_last_lines_are_kept_where_somebody_takes_each() {
        let taken = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&taken);
        let logs = Logs::new(Some(Arc::new(move |_: &str| _ = count.fetch_add(1, Ordering::Relaxed))));
        let all = Logs::default();
        for line in 0..=LAST {
            logs.push(&line.to_string());
            all.push(&line.to_string());
        }
        assert_eq!((taken.load(Ordering::Relaxed), logs.lines().len()), (LAST + 1, LAST));
        assert_eq!((&*logs.lines()[0], &*all.lines()[0], all.lines().len()), ("1", "0", LAST + 1));
    }
}
