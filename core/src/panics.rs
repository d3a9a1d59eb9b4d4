//! Running a handler so that whatever it does costs one answer at most.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};

use crate::{Body, BoxError, Context, Error, ErrorKind, Event, Handler, Level, Response, batch, response};

/// Runs a future; a panic in it becomes an error. Where the target aborts on panic, nothing can be caught.
pub(crate) async fn catch<T>(future: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let mut future = pin!(future);
    std::future::poll_fn(|cx| {
        catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))).unwrap_or_else(|panic| {
            Poll::Ready(Err(Error::of(ErrorKind::Panic).source(format!("the handler panicked: {}", message(&*panic)))))
        })
    })
    .await
}

/// Runs a step of a body's; a panic in it becomes an error.
pub(crate) fn catch_step<T>(step: impl FnOnce() -> T) -> Result<T, BoxError> {
    catch_unwind(AssertUnwindSafe(step))
        .map_err(|panic| format!("the body's stream panicked: {}", message(&*panic)).into())
}

fn message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("(no message)")
}

/// Runs a handler for an event, as every adapter does: a panic is an error, an answer that does not fit its event is one
/// too, and what is this program's own fault goes to the log.
///
/// # Errors
/// What the handler returned, [`ErrorKind::Panic`] or [`ErrorKind::Mismatch`]. A batch does not fail: its outcomes do.
pub async fn dispatch<H: Handler>(handler: &H, event: Event, cx: Context) -> Result<Response, Error> {
    let trigger = event.trigger();
    let outcomes = event.outcomes();
    let mut result = catch(handler.call(event, cx.clone())).await;
    if outcomes.is_none() {
        result = result.and_then(|response| response::fit(response, trigger));
    }
    if let Err(error) = &result
        && error.is_internal()
    {
        cx.log_at(Level::Error, format!("anyfn: {trigger} event failed: {error}"));
    }
    match outcomes {
        Some(outcomes) => batch::settle(&outcomes, result),
        None => result,
    }
}

/// Runs a handler for an HTTP request and always has an answer: errors become problem details, a body goes where a status
/// or method has none, a length that is said is the body's, and a status that is no final one becomes a 500 (RFC 9110,
/// sections 6.4.1, 8.6, 9.3.2 and 15).
pub async fn dispatch_http<H: Handler>(handler: &H, request: http::Request<Body>, cx: Context) -> http::Response<Body> {
    let head = request.method() == Method::HEAD;
    let mut answer = match dispatch(handler, Event::Http(request), cx.clone()).await {
        Ok(Response::Http(answer)) => answer,
        Ok(_) => unfit(&cx, "no HTTP response"),
        Err(error) => error.into_http(),
    };
    if !(200..600).contains(&answer.status().as_u16()) {
        answer = unfit(&cx, answer.status().as_str());
    }
    let bodiless =
        matches!(answer.status(), StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED);
    if head || bodiless {
        let body = std::mem::take(answer.body_mut());
        if bodiless {
            answer.headers_mut().remove(header::CONTENT_LENGTH);
        } else if let Some(whole) = body.whole() {
            answer.headers_mut().entry(header::CONTENT_LENGTH).or_insert(HeaderValue::from(whole.len()));
        }
    } else if answer.headers().contains_key(header::CONTENT_LENGTH)
        && let Some(length) = answer.body().whole().map(Bytes::len)
    {
        answer.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    answer
}

fn unfit(cx: &Context, what: &str) -> http::Response<Body> {
    let error = Error::of(ErrorKind::Mismatch).source(format!("the handler answered a request with {what}"));
    cx.log_at(Level::Error, format!("anyfn: http event failed: {error}"));
    error.into_http()
}
