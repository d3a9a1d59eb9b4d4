//! Panics, with the request that they happened in.

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::pin::pin;
use std::sync::{Once, Weak};
use std::task::Poll;

use anyfn_core::Level;

use crate::InvocationId;
use crate::context::Instance;

#[derive(Clone)]
struct Current {
    id: Option<InvocationId>,
    instance: Weak<Instance>,
}

tokio::task_local! {
    static CURRENT: Current;
}

/// Runs a future as part of an invocation, and gives the message of a panic in it.
pub(crate) async fn within<T>(
    id: Option<InvocationId>,
    instance: Weak<Instance>,
    future: impl Future<Output = T>,
) -> Result<T, String> {
    CURRENT
        .scope(Current { id, instance }, async {
            let mut future = pin!(future);
            std::future::poll_fn(|cx| caught(|| future.as_mut().poll(cx))).await
        })
        .await
}

/// The same for a step of a future.
pub(crate) fn step<T>(
    id: Option<&InvocationId>,
    instance: Weak<Instance>,
    poll: impl FnOnce() -> Poll<T>,
) -> Poll<Result<T, String>> {
    CURRENT.sync_scope(Current { id: id.cloned(), instance }, || caught(poll))
}

fn caught<T>(poll: impl FnOnce() -> Poll<T>) -> Poll<Result<T, String>> {
    match catch_unwind(AssertUnwindSafe(poll)) {
        Ok(poll) => poll.map(Ok),
        Err(panic) => Poll::Ready(Err(message(&*panic).to_owned())),
    }
}

/// Where a panic happened goes to the log of its request, on the platform; elsewhere it is printed as ever.
pub(crate) fn hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let print = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !CURRENT.try_with(|current| current.log(panic)).unwrap_or(false) {
                print(panic);
            }
        }));
    });
}

impl Current {
    fn log(&self, panic: &PanicHookInfo<'_>) -> bool {
        let Some(instance) = self.instance.upgrade() else { return false };
        let (Some(ipc), Some(place)) = (&instance.ipc, panic.location()) else { return false };
        let mut line = format!("panicked at {place}: {}", message(panic.payload()));
        let backtrace = Backtrace::capture();
        if backtrace.status() == BacktraceStatus::Captured {
            line = format!("{line}\n{backtrace}");
        }
        ipc.log(self.id.as_ref(), Level::Error, &line)
    }
}

/// What a panic says.
fn message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("(no message)")
}
