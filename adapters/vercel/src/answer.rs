//! One request: decoded, handled, encoded, and over when its last byte is sent.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, ready};

use anyfn_core::{Body, BoxError, Context, Error, Handler, Level, dispatch_http};
use bytes::Bytes;
use http::Method;
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;

use crate::body::limited;
use crate::context::{Flight, Instance, VercelInvocation};
use crate::current;
use crate::decode::{decode, invocation};
use crate::encode::{encode, frame};
use crate::events;
use crate::wire::Traffic;

/// The platform asks here whether the server is there, and counts no invocation.
const PING: &str = "/_vercel/ping";

pub(crate) async fn answer<H: Handler>(
    handler: Arc<H>,
    instance: Arc<Instance>,
    traffic: Arc<Traffic>,
    request: http::Request<Incoming>,
) -> Result<http::Response<Answer>, Infallible> {
    traffic.opened();
    let mut open = Open { traffic, flight: None };
    if request.uri().path() == PING {
        return Ok(http::Response::new(Answer { body: Body::from("OK"), open }));
    }
    let head = request.method() == Method::HEAD;
    let flight = Flight::new(&instance, invocation(request.headers()));
    open.flight = Some(Arc::clone(&flight));
    let request = request.map(|body| limited(body, &instance));
    let mut answer = match decode(request) {
        Err(error) => {
            flight.log(Level::Warn, &format!("anyfn: a request was refused: {error}"));
            error.into_http()
        }
        Ok(received) => {
            let invocation =
                VercelInvocation::new(&flight, received.request_id, received.raw_target, received.client_ip);
            let (request, cx) = (received.request, Context::new(invocation));
            let handled = async {
                if !events::is_event(&request, &flight) {
                    dispatch_http(&*handler, request, cx).await
                } else if let Some(answer) = instance.events() {
                    answer(handler, request, cx, Arc::clone(&flight)).await
                } else {
                    Error::not_found().into_http()
                }
            };
            let handled = current::within(flight.id.clone(), Arc::downgrade(&instance), handled).await;
            handled.map_err(Error::internal).and_then(encode).unwrap_or_else(|error| {
                flight.log(Level::Error, &format!("anyfn: http event failed: {error}"));
                error.into_http()
            })
        }
    };
    let length = answer.body().size_hint().exact().filter(|_| !head);
    frame(answer.headers_mut(), length);
    Ok(answer.map(|body| Answer { body, open }))
}

/// A request that is not answered to its end; wherever it is dropped, its invocation goes to its end.
struct Open {
    traffic: Arc<Traffic>,
    flight: Option<Arc<Flight>>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.traffic.closed(self.flight.take());
    }
}

/// An answer's body, which hyper drops when it has taken all of it, or when the client is gone.
pub(crate) struct Answer {
    body: Body,
    open: Open,
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Self { body, open } = &mut *self;
        let Some(flight) = open.flight.as_ref().filter(|_| body.is_stream()) else {
            return Pin::new(body).poll_frame(cx);
        };
        let polled =
            current::step(flight.id.as_ref(), Arc::downgrade(&flight.instance), || Pin::new(body).poll_frame(cx));
        let error = match ready!(polled) {
            Ok(Some(Err(error))) => error,
            Ok(frame) => return Poll::Ready(frame),
            Err(why) => format!("it panicked: {why}").into(),
        };
        flight.log(Level::Error, &format!("anyfn: an answer broke off, its stream failed: {error}"));
        Poll::Ready(Some(Err(error)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
