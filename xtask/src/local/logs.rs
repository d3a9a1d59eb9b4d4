//! Lines that were logged, kept in memory and handed on.

use std::sync::{Arc, Mutex, PoisonError};

use super::Report;

/// Called with each line.
pub(super) type Sink = dyn Fn(&str) + Send + Sync;
/// Called with what a platform says of each invocation.
pub(super) type Reports = dyn Fn(&Report) + Send + Sync;

/// A shared list of lines.
#[derive(Clone, Default)]
pub(super) struct Logs {
    lines: Arc<Mutex<Vec<String>>>,
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
            self.lines.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_owned());
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
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
