//! The request's body, limited in size and time, and what becomes of it where nobody reads it.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use anyfn_core::{Body, BodyError, BoxError};
use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Sleep, sleep, timeout};

use crate::Settings;
use crate::wire::{Activity, Busy};

/// The most that is read of a body that no handler wanted, in bytes, so that its connection can be used again.
const DRAINED: u64 = 64 * 1024;

/// Gets back what a handler did not read to the end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rest(Arc<Mutex<Option<Incoming>>>);

impl Rest {
    /// Whether the connection can be used again: nothing is left, or it was little and has been read.
    ///
    /// A body that the handler still holds is still being read.
    pub(crate) async fn drained(&self, may_wait: bool) -> bool {
        let Some(mut body) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() else { return true };
        let hint = body.size_hint();
        let patience = match hint.upper() {
            _ if !may_wait => return false,
            Some(length) if length > DRAINED => return false,
            Some(_) => Duration::from_secs(1),
            // Most likely its end is here already; a live upload may have none.
            None => Duration::from_millis(100),
        };
        let drain = async {
            let mut read = 0;
            while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
                let Ok(frame) = frame else { return false };
                read += frame.data_ref().map_or(0, |data| data.len() as u64);
                if read > DRAINED {
                    return false;
                }
            }
            true
        };
        timeout(patience, drain).await.unwrap_or(false)
    }
}

/// Ends a body that grows beyond the limit with [`BodyError::TooLarge`], and one that stands still with an error.
#[derive(Debug)]
pub(crate) struct Limited {
    body: Option<Incoming>,
    left: u64,
    limit: u64,
    stall: Option<Duration>,
    stalled: Option<Pin<Box<Sleep>>>,
    rest: Rest,
    _busy: Busy,
}

impl Limited {
    /// The body as a handler gets it.
    pub(crate) fn body(body: Incoming, rest: &Rest, settings: &Settings, activity: &Arc<Activity>) -> Body {
        if body.is_end_stream() {
            return Body::empty();
        }
        Body::new(Self {
            body: Some(body),
            left: settings.max_body,
            limit: settings.max_body,
            stall: settings.stall,
            stalled: None,
            rest: rest.clone(),
            _busy: Busy::new(activity),
        })
    }

    fn give_back(&mut self) {
        if let Some(body) = self.body.take().filter(|body| !body.is_end_stream()) {
            *self.rest.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
        }
    }
}

impl http_body::Body for Limited {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        // hyper does not say so by itself to whoever reads on after the answer.
        let Some(body) = self.body.as_mut().filter(|body| !body.is_end_stream()) else { return Poll::Ready(None) };
        let Poll::Ready(frame) = Pin::new(body).poll_frame(cx) else {
            let Some(stall) = self.stall else { return Poll::Pending };
            ready!(self.stalled.get_or_insert_with(|| Box::pin(sleep(stall))).as_mut().poll(cx));
            self.give_back();
            let error = format!("the client sent nothing of it for {} s", stall.as_secs_f32());
            return Poll::Ready(Some(Err(io::Error::new(io::ErrorKind::TimedOut, error).into())));
        };
        self.stalled = None;
        let frame = match frame {
            Some(Ok(frame)) => frame,
            over => {
                self.body = None;
                return Poll::Ready(over.map(|error| error.map_err(BoxError::from)));
            }
        };
        match self.left.checked_sub(frame.data_ref().map_or(0, |data| data.len() as u64)) {
            Some(left) => self.left = left,
            None => {
                self.give_back();
                let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
                return Poll::Ready(Some(Err(BodyError::TooLarge { limit }.into())));
            }
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(http_body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), http_body::Body::size_hint)
    }
}

impl Drop for Limited {
    fn drop(&mut self) {
        self.give_back();
    }
}
