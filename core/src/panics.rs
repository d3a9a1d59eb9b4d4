//! Running a handler so that whatever it does costs one answer at most.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context as TaskContext, Poll, ready};

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};

use crate::batch::{self, Outcomes};
use crate::{Body, BoxError, Context, Error, ErrorKind, Event, Handler, Level, MaybeSend, Response, Trigger, response};

/// Runs a future; a panic in it becomes an error. Where the target aborts on panic, nothing can be caught.
pub(crate) async fn catch<T>(future: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let mut future = pin!(future);
    std::future::poll_fn(|task| poll_caught(future.as_mut(), task)).await
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
pub fn dispatch<H: Handler>(
    handler: &H,
    event: Event,
    cx: Context,
) -> impl Future<Output = Result<Response, Error>> + MaybeSend {
    let (trigger, outcomes) = (event.trigger(), event.outcomes());
    Dispatch { call: called::<H, _>(|| handler.call(event, cx.clone())), cx, trigger, outcomes }
}

/// Runs a handler for an HTTP request and always has an answer: errors become problem details, a body goes where a status
/// or method has none, a length that is said is the body's, and a status that is no final one becomes a 500 (RFC 9110,
/// sections 6.4.1, 8.6, 9.3.2 and 15).
pub fn dispatch_http<H: Handler>(
    handler: &H,
    request: http::Request<Body>,
    cx: Context,
) -> impl Future<Output = http::Response<Body>> + MaybeSend {
    let head = request.method() == Method::HEAD;
    DispatchHttp { call: called::<H, _>(|| handler.call(Event::Http(request), cx.clone())), cx, head }
}

// Futures by hand: an `async fn` moves its arguments when it is called, when it is first polled, and into whatever it
// calls, and requests and responses are some 250 bytes each.
pin_project_lite::pin_project! {
    /// A handler's future, or what it panicked with before there was one.
    #[project = CallNow]
    enum Call<F> {
        Runs { #[pin] future: F },
        Panicked { error: Option<Error> },
    }
}

fn called<H: Handler, F>(call: impl FnOnce() -> F) -> Call<F> {
    if !H::EAGER {
        return Call::Runs { future: call() };
    }
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(future) => Call::Runs { future },
        Err(panic) => Call::Panicked { error: Some(panicked(&*panic)) },
    }
}

impl<F: Future<Output = Result<Response, Error>>> Call<F> {
    fn poll(self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Result<Poll<F::Output>, Error> {
        match self.project() {
            CallNow::Runs { future } => {
                catch_unwind(AssertUnwindSafe(|| future.poll(task))).map_err(|panic| panicked(&*panic))
            }
            CallNow::Panicked { error } => error.take().map_or(Ok(Poll::Pending), Err),
        }
    }
}

pin_project_lite::pin_project! {
    struct Dispatch<F> {
        #[pin]
        call: Call<F>,
        cx: Context,
        trigger: Trigger,
        outcomes: Option<Outcomes>,
    }
}

impl<F: Future<Output = Result<Response, Error>>> Future for Dispatch<F> {
    type Output = Result<Response, Error>;

    fn poll(self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut result = ready!(this.call.poll(task).unwrap_or_else(|error| Poll::Ready(Err(error))));
        if this.outcomes.is_none() {
            result = result.and_then(|response| response::fit(response, *this.trigger));
        }
        if let Err(error) = &result {
            log_internal(this.cx, *this.trigger, error);
        }
        Poll::Ready(match this.outcomes {
            Some(outcomes) => batch::settle(outcomes, result),
            None => result,
        })
    }
}

pin_project_lite::pin_project! {
    struct DispatchHttp<F> {
        #[pin]
        call: Call<F>,
        cx: Context,
        head: bool,
    }
}

impl<F: Future<Output = Result<Response, Error>>> Future for DispatchHttp<F> {
    type Output = http::Response<Body>;

    fn poll(self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut answer = match this.call.poll(task) {
            Ok(Poll::Ready(Ok(Response::Http(answer)))) => answer,
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(result)) => other(this.cx, result),
            Err(error) => other(this.cx, Err(error)),
        };
        complete(&mut answer, *this.head, this.cx);
        Poll::Ready(answer)
    }
}

/// Polls; a panic becomes an error.
fn poll_caught<T>(
    future: Pin<&mut impl Future<Output = Result<T, Error>>>,
    task: &mut TaskContext<'_>,
) -> Poll<Result<T, Error>> {
    catch_unwind(AssertUnwindSafe(|| future.poll(task))).unwrap_or_else(|panic| Poll::Ready(Err(panicked(&*panic))))
}

#[cold]
fn panicked(panic: &(dyn Any + Send)) -> Error {
    Error::of(ErrorKind::Panic).source(format!("the handler panicked: {}", message(panic)))
}

/// The answer where the handler's own is none.
#[cold]
fn other(cx: &Context, result: Result<Response, Error>) -> http::Response<Body> {
    match result.and_then(|response| response::fit(response, Trigger::Http)) {
        Ok(Response::Http(answer)) => answer,
        Ok(_) => unfit(cx, "no HTTP response"),
        Err(error) => {
            log_internal(cx, Trigger::Http, &error);
            error.into_http()
        }
    }
}

fn log_internal(cx: &Context, trigger: Trigger, error: &Error) {
    if error.is_internal() {
        cx.log_at(Level::Error, format!("anyfn: {trigger} event failed: {error}"));
    }
}

/// Makes the answer what HTTP asks for.
fn complete(answer: &mut http::Response<Body>, head: bool, cx: &Context) {
    if !(200..600).contains(&answer.status().as_u16()) {
        *answer = unfit(cx, answer.status().as_str());
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
}

fn unfit(cx: &Context, what: &str) -> http::Response<Body> {
    let error = Error::of(ErrorKind::Mismatch).source(format!("the handler answered a request with {what}"));
    cx.log_at(Level::Error, format!("anyfn: http event failed: {error}"));
    error.into_http()
}
