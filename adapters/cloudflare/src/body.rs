//! A request's body, read chunk by chunk.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use anyfn_core::{Body, BoxError};
use bytes::Bytes;
use futures_core::Stream;

use crate::host::Call;
use crate::ops::Op;

/// The body of a call's request as a stream.
pub(crate) fn streamed(call: Call) -> Body {
    Body::from_stream(Chunks { call: Some(call), reading: None })
}

struct Chunks {
    /// `None` after the end.
    call: Option<Call>,
    reading: Option<Op>,
}

impl Stream for Chunks {
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let Some(call) = &this.call else { return Poll::Ready(None) };
        let reading = this.reading.get_or_insert_with(|| Op::begin(|op| call.read(op)));
        let chunk = ready!(Pin::new(reading).poll(cx));
        this.reading = None;
        if !matches!(chunk, Ok(Some(_))) {
            this.call = None;
        }
        Poll::Ready(match chunk {
            Ok(chunk) => chunk.map(|chunk| Ok(chunk.into())),
            Err(_) => Some(Err("the client broke off".into())),
        })
    }
}
