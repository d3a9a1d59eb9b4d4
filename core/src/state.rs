//! What the functions of a program share.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Poll, Waker};

use crate::{Context, Error};

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(crate) type Connect<S> = Box<dyn Fn(Context) -> crate::BoxFuture<Result<S, Error>> + Send + Sync>;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) type Connect<S> = Box<dyn Fn(Context) -> std::pin::Pin<Box<dyn Future<Output = Result<S, Error>>>>>;

/// The program's state: made once, by the first event that needs it.
pub struct StateCell<S>(Arc<Cell<S>>);

struct Cell<S> {
    ready: OnceLock<S>,
    connect: Connect<S>,
    /// `Some` while one event makes the state; the others wait here.
    making: Mutex<Option<Vec<Waker>>>,
}

impl<S> Clone for StateCell<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl StateCell<()> {
    /// The state of a program that has none.
    pub fn unit() -> Self {
        Self::with(OnceLock::from(()), Box::new(|_| Box::pin(async { Ok(()) })))
    }
}

impl<S> StateCell<S> {
    pub(crate) fn with(ready: OnceLock<S>, connect: Connect<S>) -> Self {
        Self(Arc::new(Cell { ready, connect, making: Mutex::new(None) }))
    }

    /// The state, if something has made it.
    pub(crate) fn ready(&self) -> Option<&S> {
        self.0.ready.get()
    }

    /// The state, made now if this is the first event. A failure is this event's alone: the next one tries again.
    pub(crate) async fn get(&self, cx: &Context) -> Result<&S, Error> {
        loop {
            if let Some(state) = self.0.ready.get() {
                return Ok(state);
            }
            let Some(turn) = self.turn().await else { continue };
            let state = (self.0.connect)(cx.clone()).await?;
            let state = self.0.ready.get_or_init(|| state);
            drop(turn);
            return Ok(state);
        }
    }

    /// The right to make the state, or `None` after somebody else had it.
    async fn turn(&self) -> Option<Turn<'_, S>> {
        let mut waited = false;
        std::future::poll_fn(|task| {
            let mut making = self.0.making.lock().unwrap_or_else(PoisonError::into_inner);
            match &mut *making {
                Some(waiting) => {
                    waited = true;
                    waiting.push(task.waker().clone());
                    Poll::Pending
                }
                None if waited => Poll::Ready(None),
                None => {
                    *making = Some(Vec::new());
                    Poll::Ready(Some(Turn(&self.0)))
                }
            }
        })
        .await
    }
}

/// Given back also when the event that holds it is cancelled.
struct Turn<'a, S>(&'a Cell<S>);

impl<S> Drop for Turn<'_, S> {
    fn drop(&mut self) {
        let waiting = self.0.making.lock().unwrap_or_else(PoisonError::into_inner).take();
        for waker in waiting.into_iter().flatten() {
            waker.wake();
        }
    }
}
