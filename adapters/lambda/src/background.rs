//! Work after the answer: done before the next invocation is asked for, since the instance is frozen then.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyfn_core::{BoxFuture, Level};
use tokio::task::JoinSet;

use crate::logs;

/// The work of one invocation.
#[derive(Default)]
pub(crate) struct Background(Mutex<Vec<BoxFuture<()>>>);

impl Background {
    pub(crate) fn add(&self, work: BoxFuture<()>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(work);
    }

    fn take(&self) -> Vec<BoxFuture<()>> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Does all of it, and what it adds meanwhile, within this time.
    pub(crate) async fn finish(&self, time: Duration) {
        let mut running = JoinSet::new();
        let all = async {
            loop {
                for work in self.take() {
                    running.spawn(work);
                }
                match running.join_next().await {
                    // The panic's own line is in the log already.
                    Some(Err(error)) if error.is_panic() => {
                        logs::write(None, Level::Error, "anyfn: work after the answer panicked");
                    }
                    Some(_) => {}
                    None => return,
                }
            }
        };
        if tokio::time::timeout(time, all).await.is_err() {
            logs::write(
                None,
                Level::Error,
                "anyfn: work after the answer was cut off by the function's timeout: set a longer one",
            );
        }
    }
}
