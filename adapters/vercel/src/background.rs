//! Work after the answer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyfn_core::{BoxFuture, Level};
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use crate::InvocationId;
use crate::context::{Flight, Instance};
use crate::current;

/// Work that requests left behind.
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

    /// Runs the work; its invocation, where that is not over already, ends after it.
    pub(crate) fn spawn(
        &self,
        instance: &Arc<Instance>,
        flight: Option<Arc<Flight>>,
        id: Option<InvocationId>,
        work: BoxFuture<()>,
    ) {
        let instance = Arc::downgrade(instance);
        let work = async move {
            let done = current::within(id.clone(), instance.clone(), work).await;
            if let (Err(why), Some(instance)) = (done, instance.upgrade()) {
                instance.log(id.as_ref(), Level::Error, &format!("anyfn: work after the answer panicked: {why}"));
            }
            drop(flight);
        };
        let mut tasks = self.tasks();
        while tasks.try_join_next().is_some() {}
        tasks.spawn_on(work, &self.runtime);
    }

    /// A task that nobody waits for, from any thread.
    pub(crate) fn detach(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.runtime.spawn(work);
    }

    /// Waits for all of it, also for what it leaves behind in turn.
    pub(crate) async fn done(&self) {
        while std::future::poll_fn(|cx| self.tasks().poll_join_next(cx)).await.is_some() {}
    }

    /// How many are not done.
    pub(crate) fn count(&self) -> usize {
        let mut tasks = self.tasks();
        while tasks.try_join_next().is_some() {}
        tasks.len()
    }

    fn tasks(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
