//! An HTTP event in memory, dispatched to a handler without extractors: `bench-core MODE COUNT` does it COUNT times.
//!
//! `bare` calls the function itself; what the other modes take more is anyfn's. `allocations MODE` counts once.

use std::future::Future;
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::process::ExitCode;
use std::task::{Context as Task, Poll, Waker};
use std::time::Duration;

use anyfn_core::{App, Body, BoxFuture, Context, Handler, IntoHandler, Invocation, StateCell, dispatch_http};
use bytes::Bytes;
use http::{Request, Response};

/// What an adapter gives of an invocation, made anew for each.
struct Known;

impl Invocation for Known {
    fn platform(&self) -> &'static str {
        "memory"
    }

    fn sleep(&self, _: Duration) -> BoxFuture<()> {
        Box::pin(std::future::pending())
    }

    fn wait_until(&self, _: BoxFuture<()>) {}
}

async fn answer() -> Response<Body> {
    Response::new(Body::from(Bytes::from_static(b"Hello, World!")))
}

fn request() -> Request<Body> {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = http::Uri::from_static("/hello");
    request
}

/// The result of what never waits.
fn now<T>(future: Pin<&mut impl Future<Output = T>>) -> T {
    match future.poll(&mut Task::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("nothing here waits"),
    }
}

fn bare(_: Request<Body>) -> Response<Body> {
    now(pin!(answer()))
}

fn dispatched(handler: &impl Handler, request: Request<Body>) -> Response<Body> {
    now(pin!(dispatch_http(handler, request, Context::new(Known))))
}

/// One event after the other.
fn work(count: u64, one: impl Fn(Request<Body>) -> Response<Body>) -> bool {
    for _ in 0..count {
        black_box(one(black_box(request())));
    }
    true
}

/// Does `mode`'s work; whether there is such a mode.
fn run(mode: &str, count: u64) -> bool {
    match mode {
        "bare" => work(count, bare),
        "function" => {
            let handler = IntoHandler::into_handler(answer, StateCell::unit());
            work(count, |request| dispatched(&handler, request))
        }
        "app" => {
            let app = App::builder().http(answer).build();
            work(count, |request| dispatched(&app, request))
        }
        "path" => {
            let app = App::builder().http_at("/hello", answer).build();
            work(count, |request| dispatched(&app, request))
        }
        _ => false,
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match &*arguments.iter().map(String::as_str).collect::<Vec<_>>() {
        #[cfg(feature = "allocations")]
        ["allocations", mode] => {
            // The handler's own are not the event's.
            let of = |count| allocation_counter::measure(|| _ = black_box(run(mode, count))).count_total;
            println!("{}", of(2) - of(1));
            run(mode, 0)
        }
        [mode, count] => count.parse().is_ok_and(|count| run(mode, count)),
        _ => false,
    };
    if !done {
        eprintln!("bench-core bare|function|app|path COUNT, or bench-core allocations bare|function|app|path");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
