//! Work after the answer.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use anyfn_core::BoxFuture;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

/// Work that requests left behind; dropped with the server.
#[derive(Debug)]
pub(crate) struct Background {
    tasks: Mutex<JoinSet<()>>,
    runtime: Handle,
}

impl Background {
    /// Must be called inside the runtime; [`spawn`](Self::spawn) may be called from any thread.
    pub(crate) fn new() -> Self {
        Self { tasks: Mutex::default(), runtime: Handle::current() }
    }

    pub(crate) fn spawn(&self, request_id: String, mut work: BoxFuture<()>) {
        let work = std::future::poll_fn(move |cx| {
            catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))).unwrap_or_else(|panic| {
                eprintln!("anyfn: work after the answer of request {request_id} panicked: {}", message(&*panic));
                Poll::Ready(())
            })
        });
        let mut tasks = self.tasks();
        while tasks.try_join_next().is_some() {}
        tasks.spawn_on(work, &self.runtime);
    }

    /// How many are not done.
    pub(crate) fn count(&self) -> usize {
        let mut tasks = self.tasks();
        while tasks.try_join_next().is_some() {}
        tasks.len()
    }

    /// Waits for all of it, also for what it leaves behind in turn.
    pub(crate) async fn done(&self) {
        while std::future::poll_fn(|cx| self.tasks().poll_join_next(cx)).await.is_some() {}
    }

    pub(crate) fn abort(&self) {
        self.tasks().abort_all();
    }

    fn tasks(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a panic says.
pub(crate) fn message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("(no message)")
}
