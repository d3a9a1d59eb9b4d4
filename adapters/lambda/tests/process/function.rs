//! The function that is driven: each path does one thing that a process could die of.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use anyfn_core::{Body, BoxError, Context, Error, Event, Handler, Response, TraceContext};
use bytes::Bytes;
use http_body::Frame;

static STARTED: AtomicBool = AtomicBool::new(false);
static WORKED: AtomicBool = AtomicBool::new(false);
static HERE: AtomicUsize = AtomicUsize::new(0);

pub(crate) struct Function;

impl Handler for Function {
    async fn start(&self, cx: Context) -> Result<(), Error> {
        let first = !STARTED.swap(true, Ordering::SeqCst);
        assert!(!(first && cx.env("START").is_some()), "told to");
        Ok(())
    }

    fn has_shutdown(&self) -> bool {
        std::env::var_os("SHUTDOWN").is_some()
    }

    async fn shutdown(&self, cx: Context) -> Result<(), Error> {
        assert!(!cx.cold_start());
        match cx.env("SHUTDOWN").as_deref() {
            Some("never") => std::future::pending().await,
            Some("panic") => panic!("told to"),
            _ => {}
        }
        cx.wait_until({
            let cx = cx.clone();
            async move { cx.log("sent what was left") }
        });
        cx.log("closed");
        Ok(())
    }

    async fn call(&self, event: Event, cx: Context) -> Result<Response, Error> {
        let Event::Http(request) = event else { return Err(Error::internal("only HTTP")) };
        let mut answer = http::Response::new(Body::empty());
        *answer.body_mut() = match request.uri().path() {
            "/panic" => panic!("told to"),
            "/latin" => {
                answer.headers_mut().insert("x-name", http::HeaderValue::from_bytes(b"\xe9").map_err(Error::internal)?);
                Body::empty()
            }
            "/large" => Body::from(vec![b'x'; 6_400_000]),
            "/large-stream" => stream((0..7).map(|_| Step::Chunk(Bytes::from(vec![b'x'; 1_000_000])))),
            "/late" => {
                cx.sleep(Duration::from_secs(60)).await;
                Body::empty()
            }
            // Done once two are here.
            "/meet" => {
                HERE.fetch_add(1, Ordering::SeqCst);
                while HERE.load(Ordering::SeqCst) < 2 {
                    cx.sleep(Duration::from_millis(5)).await;
                }
                Body::from("met")
            }
            "/stream-panic" => stream([Step::Chunk("first".into()), Step::Panic]),
            "/late-stream" => stream([Step::Chunk("first".into()), Step::Never]),
            "/endless" => stream([Step::Always(Bytes::from(vec![b'x'; 1 << 16]))]),
            "/broken" => stream([Step::Chunk("first".into()), Step::Fail]),
            "/trace" => {
                Body::from(TraceContext::of(&Event::Http(request), &cx).map(|t| t.to_string()).unwrap_or_default())
            }
            "/background" => {
                cx.wait_until(async move { WORKED.store(true, Ordering::SeqCst) });
                Body::from(if WORKED.load(Ordering::SeqCst) { "after" } else { "before" })
            }
            "/background-forever" => {
                cx.wait_until(std::future::pending());
                Body::empty()
            }
            _ => Body::from("hello"),
        };
        Ok(Response::Http(answer))
    }
}

enum Step {
    Chunk(Bytes),
    Always(Bytes),
    Fail,
    Never,
    Panic,
}

fn stream(steps: impl IntoIterator<Item = Step>) -> Body {
    Body::new(Steps(steps.into_iter().collect()))
}

/// A body that does what it is told.
struct Steps(VecDeque<Step>);

impl http_body::Body for Steps {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.0.pop_front() {
            Some(Step::Chunk(chunk)) => {
                cx.waker().wake_by_ref();
                Poll::Ready(Some(Ok(Frame::data(chunk))))
            }
            Some(Step::Always(chunk)) => {
                self.0.push_front(Step::Always(chunk.clone()));
                Poll::Ready(Some(Ok(Frame::data(chunk))))
            }
            Some(Step::Fail) => Poll::Ready(Some(Err("internal words".into()))),
            Some(Step::Never) => {
                self.0.push_front(Step::Never);
                Poll::Pending
            }
            Some(Step::Panic) => panic!("told to, in the body"),
            None => Poll::Ready(None),
        }
    }
}
