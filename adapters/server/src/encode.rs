//! The answer as it goes out: the portable one, its connection's end announced, its stream ended at the deadline.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use anyfn_core::{Body, BoxError};
use bytes::Bytes;
use http::{HeaderValue, header};
use http_body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::wire::Busy;

/// A request that is not answered to the end.
#[derive(Debug)]
pub(crate) struct Flight {
    _busy: Busy,
    /// Counted by whoever waits for the last one.
    _counted: Arc<()>,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl Flight {
    pub(crate) fn new(busy: Busy, counted: &Arc<()>, deadline: Option<Instant>) -> Self {
        let deadline = deadline.map(|deadline| Box::pin(sleep_until(deadline)));
        Self { _busy: busy, _counted: Arc::clone(counted), deadline }
    }
}

/// The answer for the wire; `close` where the connection cannot be used again.
pub(crate) fn encode(mut answer: http::Response<Body>, close: bool, flight: Flight) -> http::Response<Answer> {
    if close {
        answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    answer.map(|body| Answer { body, flight })
}

/// An answer's body, in flight until it is sent or dropped.
#[derive(Debug)]
pub(crate) struct Answer {
    body: Body,
    flight: Flight,
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if frame.is_pending()
            && let Some(deadline) = &mut self.flight.deadline
            && deadline.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Some(Err(io::Error::from(io::ErrorKind::TimedOut).into())));
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
