//! Where messages go that another program works off.

use std::sync::{Mutex, PoisonError};

use anyfn::{BoxFuture, Error};

/// A queue, as far as this program needs one. Behind it stands the client of the queue that you have.
pub(crate) trait Outbox: Send + Sync {
    /// Sends a message; one whose `id` was sent before is not sent again.
    fn send(&self, id: &str, message: String) -> BoxFuture<Result<(), Error>>;
}

/// Messages that end with the instance: for tests, and to see something. Nothing reads them in production.
#[derive(Default)]
pub(crate) struct InMemory(Mutex<Vec<(String, String)>>);

impl InMemory {
    /// What was sent so far.
    #[cfg(test)]
    pub(crate) fn sent(&self) -> Vec<(String, String)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Outbox for InMemory {
    fn send(&self, id: &str, message: String) -> BoxFuture<Result<(), Error>> {
        let mut sent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !sent.iter().any(|(other, _)| other == id) {
            sent.push((id.to_owned(), message));
        }
        Box::pin(async { Ok(()) })
    }
}
