//! The request that is being polled: its panics and what it prints belong to it.

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
    let current = Current { id, instance };
    CURRENT
        .scope(current.clone(), async {
            let mut future = pin!(future);
            std::future::poll_fn(|cx| current.poll(|| future.as_mut().poll(cx))).await
        })
        .await
}

/// The same for a step of a future.
pub(crate) fn step<T>(
    id: Option<&InvocationId>,
    instance: Weak<Instance>,
    poll: impl FnOnce() -> Poll<T>,
) -> Poll<Result<T, String>> {
    let current = Current { id: id.cloned(), instance };
    CURRENT.sync_scope(current.clone(), || current.poll(poll))
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
    fn poll<T>(&self, poll: impl FnOnce() -> Poll<T>) -> Poll<Result<T, String>> {
        let caught = || catch_unwind(AssertUnwindSafe(poll));
        let printed = self.instance.upgrade().and_then(|instance| instance.printed.clone());
        let polled = match printed {
            Some(printed) => printed.during(self.id.as_ref(), caught),
            None => caught(),
        };
        match polled {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(message(&*panic).to_owned())),
        }
    }

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
