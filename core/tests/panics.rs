//! A handler that panics before there is a future of it to poll.

use std::future::{Future, Ready, ready};

use anyfn_core::http::{Request, StatusCode};
use anyfn_core::test::{Memory, block_on};
use anyfn_core::{
    Body, Context, Error, ErrorKind, Event, Handler, Response, dispatch, dispatch_http, dispatch_shutdown,
};

struct AtOnce;

impl Handler for AtOnce {
    fn call(&self, event: Event, _: Context) -> impl Future<Output = Result<Response, Error>> + Send {
        never(&event)
    }

    fn shutdown(&self, _: Context) -> impl Future<Output = Result<(), Error>> + Send {
        assert!(std::hint::black_box(false), "on purpose");
        ready(Ok(()))
    }
}

/// A function that is not `async`: what it panics with is out before a future is.
fn never(event: &Event) -> Ready<Result<Response, Error>> {
    let trigger = event.trigger();
    assert!(std::hint::black_box(false), "on purpose, of {trigger}");
    ready(Ok(Response::Done))
}

fn request() -> Request<Body> {
    Request::new(Body::empty())
}

#[test]
fn it_costs_the_answer_of_its_event_alone() {
    let memory = Memory::default();
    let failed = block_on(dispatch(&AtOnce, Event::Http(request()), memory.context()));
    assert_eq!(failed.expect_err("a panic").kind(), ErrorKind::Panic);
    assert_eq!(
        block_on(dispatch_http(&AtOnce, request(), memory.context())).status(),
        StatusCode::INTERNAL_SERVER_ERROR
    );
    let lines = memory.log_lines().join("\n");
    assert_eq!(lines.matches("the handler panicked: on purpose, of http").count(), 2, "{lines}");
}

#[test]
fn it_is_one_line_of_the_shutdown() {
    let memory = Memory::default();
    block_on(dispatch_shutdown(&AtOnce, memory.context()));
    assert!(memory.log_lines().join("\n").contains("the shutdown failed"), "{:?}", memory.log_lines());
}
