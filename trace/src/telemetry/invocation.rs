//! An invocation as a span, by the semantic conventions of HTTP, messaging and functions as a service.

use std::sync::{Arc, Weak};

use anyfn_core::{BoxFuture, Context, Error, ErrorKind, Event, Outcome, Response, TraceContext, Trigger};
use http::{HeaderMap, Method, Request, StatusCode, header};
use opentelemetry::trace::{SpanContext, SpanId, Status, TraceContextExt as _, TraceFlags, TraceId, TraceState};
use opentelemetry::{KeyValue, Value};
use tracing::{Instrument as _, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::EXPORTER;
use crate::traced::{SPAN, What};

/// The span of an event, with what a sampler knows of it.
pub(crate) fn span(trigger: &Trigger, what: &What) -> Span {
    if EXPORTER.get().is_none() {
        return tracing::error_span!(target: SPAN, "invocation");
    }
    let name = match what {
        // Not the path: there are as many as there are things.
        What::Http { method, .. } if known(method) => method.to_string(),
        What::Http { .. } => "HTTP".to_owned(),
        What::Batch { source, .. } => format!("process {source}"),
        What::Named(name) if name.is_empty() => trigger.to_string(),
        What::Named(name) => name.clone(),
    };
    let kind = match trigger {
        Trigger::Queue | Trigger::Message => "consumer",
        _ => "server",
    };
    tracing::error_span!(target: SPAN, "invocation", otel.name = name, otel.kind = kind)
}

/// An invocation that is recorded; nothing where nothing is sent.
pub(crate) struct Record(Option<(Arc<Open>, opentelemetry::Context)>);

/// Whatever of an invocation is not over yet: the handler, and each work after the answer. The last one sends the spans.
struct Open(Context);

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(exporter) = EXPORTER.get().filter(|exporter| exporter.has_spans()) {
            let cx = self.0.clone();
            self.0.wait_until(async move { exporter.flush(&cx).await });
        }
    }
}

impl Record {
    /// Begins the span, beneath the caller's.
    pub(crate) fn begin(span: &Span, event: &Event, cx: &Context) -> Self {
        if EXPORTER.get().is_none() {
            return Self(None);
        }
        match TraceContext::of(event, cx).map(|trace| (remote(&trace), trace)) {
            // Lambda names a trace of X-Ray whether or not it is recorded. One that is not says nothing of this one.
            Some((caller, trace)) if !trace.is_sampled() && !told(event, &trace) => span.add_link(caller),
            Some((caller, _)) => {
                // It fails where the subscriber is somebody else's, which is seen below.
                let _ = span.set_parent(opentelemetry::Context::new().with_remote_span_context(caller));
            }
            None => {}
        }
        let recorded = span.context();
        if !recorded.span().span_context().is_valid() {
            return Self(None);
        }
        if recorded.span().is_recording() {
            recorded.span().set_attributes(attributes(event, cx));
        }
        Self(Some((Arc::new(Open(cx.clone())), recorded)))
    }

    /// What the invocation itself keeps of it, which its program may hold for ever.
    pub(crate) fn handle(&self, cx: &Context) -> Handle {
        Handle(self.0.as_ref().map(|(open, span)| Recorded {
            cx: cx.clone(),
            open: Arc::downgrade(open),
            trace: own(span),
        }))
    }

    /// Ends the span; `None` says that the handler panicked or was given up.
    pub(crate) fn end(&self, what: &What, result: Option<&Result<Response, Error>>) {
        let Some((_, span)) = &self.0 else { return };
        let span = span.span();
        let failed = |kind: &'static str, why: String| {
            span.set_attribute(KeyValue::new("error.type", kind));
            span.set_status(Status::error(why));
        };
        match (what, result) {
            (_, None) if std::thread::panicking() => failed("panic", "the handler panicked".to_owned()),
            (_, None) => failed("deadline", "the handler was given up".to_owned()),
            (What::Http { .. }, Some(result)) => {
                let (status, why) = match result {
                    Ok(Response::Http(answer)) => (answer.status(), String::new()),
                    Ok(_) => (StatusCode::OK, String::new()),
                    Err(error) => (error.status(), error.to_string()),
                };
                span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
                if status.is_server_error() {
                    span.set_attribute(KeyValue::new("error.type", status.as_str().to_owned()));
                    span.set_status(Status::error(why));
                }
            }
            (_, Some(Err(error))) => failed(kind(error.kind()), error.to_string()),
            (What::Batch { items, .. }, Some(Ok(Response::Batch(outcomes)))) => {
                let again = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Retry { .. })).count();
                if again > 0 {
                    failed("_OTHER", format!("{again} of {items} failed"));
                }
            }
            (_, Some(Ok(_))) => {}
        }
        span.end();
    }
}

/// What is known to an invocation of how it is recorded.
pub(crate) struct Handle(Option<Recorded>);

struct Recorded {
    cx: Context,
    open: Weak<Open>,
    trace: Option<TraceContext>,
}

impl Handle {
    pub(crate) fn trace(&self) -> Option<TraceContext> {
        self.0.as_ref()?.trace.clone()
    }

    /// Work after the answer, as a span of its own: the invocation's ends with its answer.
    pub(crate) fn work(&self, span: &Span, work: BoxFuture<()>) -> BoxFuture<()> {
        let Some(Recorded { cx, open, .. }) = &self.0 else { return Box::pin(work.instrument(span.clone())) };
        let open = open.upgrade().unwrap_or_else(|| Arc::new(Open(cx.clone())));
        let work = work.instrument(tracing::error_span!(target: SPAN, parent: span, "wait_until"));
        Box::pin(async move {
            let _open = open;
            work.await;
        })
    }
}

/// The caller's span.
fn remote(trace: &TraceContext) -> SpanContext {
    let hex = |text: String| u128::from_str_radix(&text, 16).unwrap_or_default();
    let flags = if trace.is_sampled() { TraceFlags::SAMPLED } else { TraceFlags::default() };
    let state = trace.state().and_then(|state| state.parse::<TraceState>().ok()).unwrap_or_default();
    let (trace, parent) = (hex(trace.trace_id()), hex(trace.parent_id()) as u64);
    SpanContext::new(TraceId::from(trace), SpanId::from(parent), flags, true, state)
}

/// Whether the sender itself told this trace, in the standard's words.
fn told(event: &Event, trace: &TraceContext) -> bool {
    let parent = match event {
        Event::Http(request) => request.headers().get("traceparent").and_then(|value| value.to_str().ok()),
        Event::Custom(custom) => custom.extensions.get("traceparent").map(String::as_str),
        _ => None,
    };
    parent.and_then(|parent| TraceContext::parse(parent.trim())).is_some_and(|told| told.trace_id() == trace.trace_id())
}

/// The invocation's own span, as its handler hands it on.
fn own(recorded: &opentelemetry::Context) -> Option<TraceContext> {
    let span = recorded.span();
    let span = span.span_context();
    let flags = if span.is_sampled() { "01" } else { "00" };
    let mut headers = HeaderMap::new();
    let parent = format!("00-{}-{}-{flags}", span.trace_id(), span.span_id());
    headers.insert("traceparent", parent.try_into().ok()?);
    if let Ok(state) = span.trace_state().header().try_into() {
        headers.insert("tracestate", state);
    }
    TraceContext::extract(&headers)
}

fn attributes(event: &Event, cx: &Context) -> Vec<KeyValue> {
    let mut attributes = Attributes(Vec::with_capacity(10));
    attributes.add("faas.trigger", trigger(event));
    attributes.add("faas.coldstart", cx.cold_start());
    attributes.some("faas.invocation_id", cx.request_id());
    match event {
        Event::Http(request) => attributes.http(request, cx),
        Event::Schedule(tick) => attributes.add("anyfn.schedule", tick.name.clone()),
        Event::Queue(batch) => attributes.messages(&batch.source, batch.items.len()),
        Event::Message(batch) => attributes.messages(&batch.source, batch.items.len()),
        Event::Object(batch) => attributes.add("faas.document.collection", batch.source.clone()),
        Event::Change(batch) => attributes.add("faas.document.collection", batch.source.clone()),
        Event::Custom(custom) => {
            attributes.some("cloudevents.event_id", custom.id.as_deref());
            attributes.some("cloudevents.event_source", custom.source.as_deref());
            attributes.some("cloudevents.event_type", custom.kind.as_deref());
        }
        _ => {}
    }
    attributes.0
}

struct Attributes(Vec<KeyValue>);

impl Attributes {
    fn add(&mut self, key: &'static str, value: impl Into<Value>) {
        self.0.push(KeyValue::new(key, value));
    }

    fn some(&mut self, key: &'static str, value: Option<&str>) {
        if let Some(value) = value {
            self.add(key, value.to_owned());
        }
    }

    /// Without the query, where secrets may be.
    fn http<B>(&mut self, request: &Request<B>, cx: &Context) {
        let text = |name| request.headers().get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
        if known(request.method()) {
            self.add("http.request.method", request.method().to_string());
        } else {
            self.add("http.request.method", "_OTHER");
            self.add("http.request.method_original", request.method().to_string());
        }
        self.add("url.path", request.uri().path().to_owned());
        self.some("url.scheme", request.uri().scheme_str());
        self.some("server.address", request.uri().host());
        self.some("user_agent.original", text(header::USER_AGENT));
        if let Some(ip) = cx.client_ip() {
            self.add("client.address", ip.to_string());
        }
    }

    fn messages(&mut self, source: &str, count: usize) {
        self.add("messaging.operation.type", "process");
        self.add("messaging.destination.name", source.to_owned());
        self.add("messaging.batch.message_count", i64::try_from(count).unwrap_or(i64::MAX));
    }
}

/// As "FaaS Spans" has it.
fn trigger(event: &Event) -> &'static str {
    match event.trigger() {
        Trigger::Http => "http",
        Trigger::Schedule => "timer",
        Trigger::Queue | Trigger::Message => "pubsub",
        Trigger::Object | Trigger::Change => "datasource",
        _ => "other",
    }
}

/// A method by whose name spans may be told apart: anybody can make up others.
fn known(method: &Method) -> bool {
    matches!(
        method.as_str(),
        "GET" | "POST" | "PUT" | "DELETE" | "HEAD" | "OPTIONS" | "PATCH" | "CONNECT" | "TRACE" | "QUERY"
    )
}

fn kind(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Panic => "panic",
        ErrorKind::Deadline => "deadline",
        ErrorKind::Mismatch => "mismatch",
        ErrorKind::BadRequest | ErrorKind::Unprocessable => "bad_request",
        _ => "_OTHER",
    }
}
