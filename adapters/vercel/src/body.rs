//! The request's body, limited, and read to its end also where the handler does not.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use anyfn_core::{Body, BodyError, BoxError};
use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;

use crate::MAX_BODY;
use crate::context::Instance;

/// How long a body that nobody wants is read.
const PATIENCE: Duration = Duration::from_secs(10);

/// Ends a body that grows beyond the limit with [`BodyError::TooLarge`].
struct Limited {
    body: Option<Incoming>,
    left: u64,
    instance: Arc<Instance>,
}

/// The body as a handler gets it.
pub(crate) fn limited(body: Incoming, instance: &Arc<Instance>) -> Body {
    if body.is_end_stream() {
        return Body::empty();
    }
    Body::new(Limited { body: Some(body), left: MAX_BODY, instance: Arc::clone(instance) })
}

impl http_body::Body for Limited {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        match ready!(Pin::new(body).poll_frame(cx)) {
            Some(Ok(frame)) => match self.left.checked_sub(frame.data_ref().map_or(0, |data| data.len() as u64)) {
                Some(left) => {
                    self.left = left;
                    Poll::Ready(Some(Ok(frame)))
                }
                None => Poll::Ready(Some(Err(BodyError::TooLarge { limit: MAX_BODY as usize }.into()))),
            },
            over => {
                self.body = None;
                Poll::Ready(over.map(|error| error.map_err(BoxError::from)))
            }
        }
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
        let Some(mut body) = self.body.take().filter(|body| !body.is_end_stream()) else { return };
        // A connection that is closed while the platform still writes is reset, and the answer may be lost with it.
        self.instance.background.detach(async move {
            let mut left = MAX_BODY;
            let drain = async {
                while let Some(Ok(frame)) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
                    match left.checked_sub(frame.data_ref().map_or(0, |data| data.len() as u64)) {
                        Some(rest) => left = rest,
                        None => return,
                    }
                }
            };
            let _ = tokio::time::timeout(PATIENCE, drain).await;
        });
    }
}
