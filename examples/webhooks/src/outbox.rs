//! Where messages go that another program works off.

use std::sync::{Mutex, PoisonError};

use anyfn::{BoxFuture, Error};

/// A queue, as far as this program needs one. Behind it stands the client of the queue that you have.
pub(crate) trait Outbox: Send + Sync {
    /// Sends a message.
    fn send(&self, message: String) -> BoxFuture<Result<(), Error>>;
}

/// Messages that end with the instance: for tests, and to see something. Nothing reads them in production.
#[derive(Default)]
pub(crate) struct InMemory(Mutex<Vec<String>>);

impl InMemory {
    /// What was sent so far.
    #[cfg(test)]
    pub(crate) fn sent(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Outbox for InMemory {
    fn send(&self, message: String) -> BoxFuture<Result<(), Error>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(message);
        Box::pin(async { Ok(()) })
    }
}
