//! The answer as it goes out: framed as it really is, its connection's end announced, its stream ended at the deadline.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use anyfn_core::{Body, BoxError, Context, Level};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use http_body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::background::message;
use crate::wire::Busy;

/// A request that is not answered to the end.
#[derive(Debug)]
pub(crate) struct Flight {
    /// The method is HEAD: a length is that of another answer's body.
    pub(crate) head: bool,
    /// Where a handler has seen the request.
    pub(crate) cx: Option<Context>,
    deadline: Option<Pin<Box<Sleep>>>,
    _busy: Busy,
    /// Counted by whoever waits for the last one.
    _counted: Arc<()>,
}

impl Flight {
    pub(crate) fn new(busy: Busy, counted: &Arc<()>, deadline: Option<Instant>, head: bool) -> Self {
        let deadline = deadline.map(|deadline| Box::pin(sleep_until(deadline)));
        Self { head, cx: None, deadline, _busy: busy, _counted: Arc::clone(counted) }
    }
}

/// The answer for the wire; `close` where the connection cannot be used again.
pub(crate) fn encode(mut answer: http::Response<Body>, close: bool, flight: Flight) -> http::Response<Answer> {
    let length = http_body::Body::size_hint(answer.body()).exact();
    frame(answer.headers_mut(), length, flight.head);
    if close {
        answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    answer.map(|body| Answer { body, flight })
}

/// Leaves the framing to the server: a handler that hands on another server's headers hands on that connection's too
/// (RFC 9110, section 7.6.1), and a length that is not the body's would make the next answer part of this one.
fn frame(headers: &mut HeaderMap, length: Option<u64>, head: bool) {
    const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
    const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");
    if headers.is_empty() {
        return;
    }
    for name in [header::TRANSFER_ENCODING, header::UPGRADE, KEEP_ALIVE, PROXY_CONNECTION] {
        headers.remove(name);
    }
    if headers.contains_key(header::CONNECTION) {
        let options = headers.get_all(header::CONNECTION).iter().filter_map(|value| value.to_str().ok());
        let close =
            options.flat_map(|value| value.split(',')).any(|option| option.trim().eq_ignore_ascii_case("close"));
        headers.remove(header::CONNECTION);
        if close {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
    }
    if headers.contains_key(header::CONTENT_LENGTH) {
        let mut values = headers.get_all(header::CONTENT_LENGTH).iter();
        let said = match (values.next(), values.next()) {
            (Some(value), None) => value.to_str().ok().and_then(|value| value.parse::<u64>().ok()),
            _ => None,
        };
        match length.filter(|_| !head).or(said) {
            Some(length) if said == Some(length) => {}
            Some(length) => {
                headers.insert(header::CONTENT_LENGTH, length.into());
            }
            None => {
                headers.remove(header::CONTENT_LENGTH);
            }
        }
    }
}

/// An answer's body, in flight until it is sent or dropped.
#[derive(Debug)]
pub(crate) struct Answer {
    body: Body,
    flight: Flight,
}

impl Answer {
    /// The client sees a transfer that breaks off; the log says why.
    fn broken(&mut self, why: BoxError) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Some(cx) = &self.flight.cx {
            let id = cx.request_id().unwrap_or_default();
            cx.log_at(Level::Error, format!("anyfn: the answer to request {id} broke off: {why}"));
        }
        self.body = Body::empty();
        Poll::Ready(Some(Err(why)))
    }
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        // A panic would end the connection, other streams' too.
        let polled = catch_unwind(AssertUnwindSafe(|| Pin::new(&mut self.body).poll_frame(cx)));
        match polled {
            Err(panic) => self.broken(format!("its stream panicked: {}", message(&*panic)).into()),
            Ok(Poll::Ready(Some(Err(error)))) => self.broken(error),
            Ok(Poll::Pending) => {
                let deadline = self.flight.deadline.as_mut();
                if deadline.is_some_and(|deadline| deadline.as_mut().poll(cx).is_ready()) {
                    return self.broken("the request's time is over (ANYFN_REQUEST_SECONDS)".into());
                }
                Poll::Pending
            }
            Ok(ready) => ready,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
