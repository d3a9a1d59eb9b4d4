//! A handler whose invocations are spans.

use std::any::Any;
use std::cell::RefCell;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use anyfn_core::{
    BoxFuture, Context, Error, Event, Handler, Invocation, Level, Outcome, Response, TraceContext, Trigger,
};
use tracing::{Instrument as _, Span};

use crate::telemetry::{self, Handle, Record};

thread_local! {
    /// What the span that is being made is of: a span's fields carry no values of one's own.
    static MADE: RefCell<Option<Arc<Known>>> = const { RefCell::new(None) };
}

/// The target of an invocation's span, which is there whatever lines are written.
pub(crate) const SPAN: &str = "anyfn::invocation";

/// What the lines of an invocation have in common.
pub(crate) struct Known {
    pub(crate) cx: Context,
    pub(crate) trigger: Trigger,
    /// Known once the span is made, where it begins a trace.
    pub(crate) trace_id: OnceLock<String>,
}

/// What the span that is being made on this thread is of.
pub(crate) fn made() -> Option<Arc<Known>> {
    MADE.take()
}

/// A handler each of whose invocations is a span, and a line when it is over.
#[derive(Clone, Debug)]
pub struct Traced<H>(H);

/// Makes each invocation of a handler a span.
///
/// ```
/// use anyfn_core::{IntoHandler, StateCell};
///
/// async fn hello() -> &'static str {
///     tracing::info!(language = "en", "greeting");
///     "Hello!"
/// }
///
/// let handler = anyfn_tracing::traced(hello.into_handler(StateCell::unit()));
/// # let answer = anyfn_core::test::block_on(anyfn_core::test::get("/").send(handler));
/// # assert_eq!(answer.text(), "Hello!");
/// ```
pub fn traced<H: Handler>(handler: H) -> Traced<H> {
    Traced(handler)
}

impl<H: Handler> Handler for Traced<H> {
    async fn call(&self, event: Event, cx: Context) -> Result<Response, Error> {
        crate::install(&cx);
        let (trigger, what) = (event.trigger(), What::of(&event));
        let known = Arc::new(Known { cx: cx.clone(), trigger, trace_id: OnceLock::new() });
        MADE.set(Some(Arc::clone(&known)));
        let span = telemetry::span(&known.trigger, &what);
        MADE.take();
        let record = Record::begin(&span, &event, &cx);
        let handle = record.handle(&cx);
        if let Some(trace) = handle.trace().or_else(|| TraceContext::of(&event, &cx)) {
            let _ = known.trace_id.set(trace.trace_id());
        }
        let mut end = End { span: span.clone(), record, began: cx.now(), what, cx: Some(cx.clone()) };
        let within = Context::new(Within { cx, span: span.clone(), handle });
        let result = self.0.call(event, within).instrument(span).await;
        end.say(&result);
        result
    }

    async fn start(&self, cx: Context) -> Result<(), Error> {
        crate::install(&cx);
        self.0.start(cx).await
    }

    async fn shutdown(&self, cx: Context) -> Result<(), Error> {
        crate::install(&cx);
        let result = self.0.shutdown(cx.clone()).await;
        telemetry::flush(&cx).await;
        result
    }

    fn has_shutdown(&self) -> bool {
        self.0.has_shutdown()
    }

    fn schedules(&self) -> Vec<&str> {
        self.0.schedules()
    }
}

/// What an invocation is of.
pub(crate) enum What {
    Http { method: http::Method, path: String },
    Batch { source: String, items: usize },
    Named(String),
}

impl What {
    fn of(event: &Event) -> Self {
        match event {
            // Without the query, where secrets may be.
            Event::Http(request) => {
                Self::Http { method: request.method().clone(), path: request.uri().path().to_owned() }
            }
            Event::Schedule(tick) => Self::Named(tick.name.clone()),
            Event::Queue(batch) => Self::Batch { source: batch.source.clone(), items: batch.items.len() },
            Event::Object(batch) => Self::Batch { source: batch.source.clone(), items: batch.items.len() },
            Event::Change(batch) => Self::Batch { source: batch.source.clone(), items: batch.items.len() },
            Event::Message(batch) => Self::Batch { source: batch.source.clone(), items: batch.items.len() },
            Event::Custom(custom) => Self::Named(custom.kind.clone().unwrap_or_default()),
            _ => Self::Named(String::new()),
        }
    }
}

/// Says what became of an invocation, also of one that panics or is given up.
struct End {
    span: Span,
    record: Record,
    began: SystemTime,
    what: What,
    /// `None` once it is said.
    cx: Option<Context>,
}

impl End {
    fn say(&mut self, result: &Result<Response, Error>) {
        let Some(cx) = self.cx.take() else { return };
        self.record.end(&self.what, Some(result));
        let _entered = self.span.enter();
        let duration_ms = self.duration(&cx);
        match (&self.what, result) {
            (What::Http { method, path }, _) => {
                let status = match result {
                    Ok(Response::Http(answer)) => answer.status(),
                    Ok(_) => http::StatusCode::OK,
                    Err(error) => error.status(),
                };
                let status = status.as_u16();
                tracing::info!(target: "anyfn", %method, path, status, duration_ms, "answered");
            }
            (What::Batch { source, items }, Ok(Response::Batch(outcomes))) => {
                let failed = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Retry { .. })).count();
                tracing::info!(target: "anyfn", source, items, failed, duration_ms, "done");
            }
            (What::Batch { source, items }, _) => {
                let failed = if result.is_err() { *items } else { 0 };
                tracing::info!(target: "anyfn", source, items, failed, duration_ms, "done");
            }
            (What::Named(name), _) => {
                tracing::info!(target: "anyfn", name, failed = result.is_err(), duration_ms, "done");
            }
        }
    }

    fn duration(&self, cx: &Context) -> f64 {
        cx.now().duration_since(self.began).unwrap_or_default().as_secs_f64() * 1000.0
    }
}

impl Drop for End {
    fn drop(&mut self) {
        let Some(cx) = self.cx.take() else { return };
        self.record.end(&self.what, None);
        let _entered = self.span.enter();
        let duration_ms = self.duration(&cx);
        let panicked = std::thread::panicking();
        tracing::warn!(target: "anyfn", duration_ms, panicked, "ended without an answer");
    }
}

/// The invocation, whose work after the answer is in its span too.
struct Within {
    cx: Context,
    span: Span,
    handle: Handle,
}

impl Invocation for Within {
    fn wait_until(&self, work: BoxFuture<()>) {
        Invocation::wait_until(&self.cx, self.handle.work(&self.span, work));
    }

    fn platform(&self) -> &'static str {
        self.cx.platform()
    }

    fn request_id(&self) -> Option<&str> {
        self.cx.request_id()
    }

    fn deadline(&self) -> Option<SystemTime> {
        self.cx.deadline()
    }

    fn region(&self) -> Option<&str> {
        self.cx.region()
    }

    fn client_ip(&self) -> Option<IpAddr> {
        self.cx.client_ip()
    }

    fn cold_start(&self) -> bool {
        self.cx.cold_start()
    }

    fn raw_target(&self) -> Option<&str> {
        self.cx.raw_target()
    }

    fn env(&self, name: &str) -> Option<String> {
        self.cx.env(name)
    }

    fn now(&self) -> SystemTime {
        self.cx.now()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<()> {
        self.cx.sleep(duration)
    }

    fn log(&self, level: Level, line: &str) {
        Invocation::log(&self.cx, level, line);
    }

    fn log_json(&self, level: Level, json: &str) {
        self.cx.log_json(level, json);
    }

    fn log_level(&self) -> Option<Level> {
        self.cx.log_level()
    }

    fn trace(&self) -> Option<TraceContext> {
        Invocation::trace(&self.cx)
    }

    fn span(&self) -> Option<TraceContext> {
        self.handle.trace().or_else(|| Invocation::span(&self.cx))
    }

    fn raw(&self) -> Option<&dyn Any> {
        Invocation::raw(&self.cx)
    }
}
