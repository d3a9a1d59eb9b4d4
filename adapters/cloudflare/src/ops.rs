//! Operations that the JavaScript side completes: a timer, a read, a write.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use crate::table::Table;

thread_local! {
    static OPS: RefCell<Table<State>> = const { RefCell::new(Table::new()) };
}

enum State {
    Waiting(Option<Waker>),
    Complete(Outcome),
}

/// How an operation ended: failed, or done with bytes where there are some.
pub(crate) type Outcome = Result<Option<Vec<u8>>, Failed>;

/// The operation failed; the JavaScript side knows why.
#[derive(Debug)]
pub(crate) struct Failed;

/// An operation that is under way.
pub(crate) struct Op(f64);

impl Op {
    /// Begins an operation; `begin` hands its number to the JavaScript side.
    pub(crate) fn begin(begin: impl FnOnce(f64)) -> Self {
        let op = Self(OPS.with_borrow_mut(|ops| ops.insert(State::Waiting(None))));
        begin(op.0);
        op
    }
}

/// Ends an operation; one that nobody waits for any more is passed over.
pub(crate) fn complete(op: f64, outcome: Outcome) {
    let state = State::Complete(outcome);
    let before = OPS.with_borrow_mut(|ops| ops.get(op).map(|place| std::mem::replace(place, state)));
    if let Some(State::Waiting(Some(waker))) = before {
        waker.wake();
    }
}

impl Future for Op {
    type Output = Outcome;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        OPS.with_borrow_mut(|ops| match ops.get(self.0) {
            Some(State::Waiting(waker)) => {
                match waker {
                    Some(waker) => waker.clone_from(cx.waker()),
                    None => *waker = Some(cx.waker().clone()),
                }
                Poll::Pending
            }
            Some(State::Complete(outcome)) => Poll::Ready(std::mem::replace(outcome, Err(Failed))),
            None => Poll::Ready(Err(Failed)),
        })
    }
}

impl Drop for Op {
    fn drop(&mut self) {
        // The waker is dropped outside: its task may own operations.
        let state = OPS.with_borrow_mut(|ops| ops.remove(self.0));
        drop(state);
    }
}
