//! Events, which reach a function on Vercel as HTTP requests like any other, and none of which an outsider may send.
//!
//! | path | from | let in by |
//! |---|---|---|
//! | `/_anyfn/cron/…`, GET | Vercel's crons | the bearer token that `CRON_SECRET` holds |
//! | `/_anyfn/queue/…`, POST | Vercel Queues, `queue/v2beta` | a lease that the queues' API knows |
//! | `/_anyfn/blob`, POST | Vercel Blob, `blob.upload-completed` | a signature with `BLOB_READ_WRITE_TOKEN` |
//! | `/_anyfn/events`, POST | any sender of CloudEvents | the bearer token that `ANYFN_EVENT_TOKEN` holds |
//!
//! Where a variable is not set its events are refused. No other path under `/_anyfn/` is there, and none reaches a handler.

mod blob;
mod calls;
mod cron;
mod lease;
mod queue;

use std::sync::Arc;
use std::time::Duration;

use anyfn_core::{Body, BoxFuture, Context, DynHandler, Error, Event, Handler, Level, Outcome, Response, cloudevents};
use http::{HeaderValue, Method, StatusCode, header};

use crate::context::Flight;

pub(crate) use calls::{Calls, https};

/// Where events come in.
const PATHS: &str = "/_anyfn/";

/// Whether a request brings an event, and is none for the handler's routes.
pub(crate) fn is_event(request: &http::Request<Body>, flight: &Flight) -> bool {
    request.uri().path().starts_with(PATHS) || queue::is_delivery(request, flight)
}

/// What answers such requests. A program that HTTP requests alone reach has none, and so none of what this links.
pub(crate) type Answers =
    fn(Arc<dyn DynHandler>, http::Request<Body>, Context, Arc<Flight>) -> BoxFuture<http::Response<Body>>;

/// Answers such a request.
pub(crate) fn answer(
    handler: Arc<dyn DynHandler>,
    request: http::Request<Body>,
    cx: Context,
    flight: Arc<Flight>,
) -> BoxFuture<http::Response<Body>> {
    Box::pin(async move { answered(&Any(handler), request, cx, &flight).await })
}

/// Any handler.
struct Any(Arc<dyn DynHandler>);

impl Handler for Any {
    fn call(&self, event: Event, cx: Context) -> impl Future<Output = Result<Response, Error>> + Send {
        self.0.call_dyn(event, cx)
    }
}

async fn answered(handler: &Any, request: http::Request<Body>, cx: Context, flight: &Flight) -> http::Response<Body> {
    let path = request.uri().path();
    let answered = if path == cloudevents::PATH {
        return cloudevents::serve(handler, request, cx).await;
    } else if path == blob::PATH {
        blob::serve(handler, request, &cx).await
    } else if path.starts_with(cron::PATHS) {
        cron::serve(handler, request, &cx).await
    } else if path.starts_with(queue::PATHS) || queue::is_delivery(&request, flight) {
        queue::serve(handler, request, &cx, flight).await
    } else {
        Err(Error::not_found())
    };
    answered.unwrap_or_else(|error| {
        cx.log_at(Level::Warn, format!("anyfn: an event was not done: {error}"));
        error.into_http()
    })
}

/// Lets one method pass.
fn only(method: &Method, request: &http::Request<Body>) -> Result<(), Error> {
    if request.method() == method {
        return Ok(());
    }
    let allowed = HeaderValue::from_str(method.as_str()).map_err(Error::internal)?;
    let detail = format!("this event comes by {method}");
    Err(Error::new(StatusCode::METHOD_NOT_ALLOWED).header(header::ALLOW, allowed).detail(detail))
}

/// What has become of an event.
#[derive(Debug)]
enum Settled {
    /// It need not come again.
    Done,
    /// It must come again, not before this time.
    Again(Option<Duration>),
}

/// What became of an event that has one item at most.
fn settled(result: Result<Response, Error>) -> Settled {
    match result {
        Ok(Response::Batch(outcomes)) => match outcomes.into_iter().next() {
            Some(Outcome::Done | Outcome::Drop { .. }) | None => Settled::Done,
            Some(Outcome::Retry { after, .. }) => Settled::Again(after),
            Some(_) => Settled::Again(None),
        },
        Ok(_) => Settled::Done,
        Err(_) => Settled::Again(None),
    }
}

/// The event is done, or the platform has taken note of when it is to come again.
fn done() -> http::Response<Body> {
    let mut response = http::Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// The event failed.
fn failed() -> Error {
    Error::new(StatusCode::INTERNAL_SERVER_ERROR).detail("the event failed")
}
