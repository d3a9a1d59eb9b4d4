//! Lines that were logged, kept in memory and handed on.

use std::sync::{Arc, Mutex, PoisonError};

/// Called with each line.
pub(super) type Sink = dyn Fn(&str) + Send + Sync;

/// A shared list of lines.
#[derive(Clone, Default)]
pub(super) struct Logs {
    lines: Arc<Mutex<Vec<String>>>,
    sink: Option<Arc<Sink>>,
}

impl Logs {
    pub(super) fn new(sink: Option<Arc<Sink>>) -> Self {
        Self { lines: Arc::default(), sink }
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
