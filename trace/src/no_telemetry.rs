//! An invocation that nothing is sent of.

use anyfn_core::{BoxFuture, Context, Error, Event, Response, TraceContext, Trigger};
use tracing::{Instrument as _, Span};

use crate::traced::{SPAN, What};

/// No layer at all.
pub(crate) fn layer(_: &Context) -> Option<(tracing_subscriber::layer::Identity, Telemetry)> {
    None
}

pub(crate) struct Telemetry;

impl Telemetry {
    pub(crate) fn install(self) {}
}

pub(crate) async fn flush(_: &Context) {}

pub(crate) fn span(_: &Trigger, _: &What) -> Span {
    tracing::error_span!(target: SPAN, "invocation")
}

pub(crate) struct Record;

impl Record {
    pub(crate) fn begin(_: &Span, _: &Event, _: &Context) -> Self {
        Self
    }

    pub(crate) fn handle(&self, _: &Context) -> Handle {
        Handle
    }

    pub(crate) fn end(&self, _: &What, _: Option<&Result<Response, Error>>) {}
}

pub(crate) struct Handle;

impl Handle {
    pub(crate) fn trace(&self) -> Option<TraceContext> {
        None
    }

    pub(crate) fn work(&self, span: &Span, work: BoxFuture<()>) -> BoxFuture<()> {
        Box::pin(work.instrument(span.clone()))
    }
}
