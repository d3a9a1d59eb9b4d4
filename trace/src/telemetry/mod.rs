//! Invocations as spans, sent to a collector by OTLP over HTTP.

mod export;
mod invocation;
#[cfg_attr(all(target_family = "wasm", target_os = "unknown"), path = "post_workers.rs")]
mod post;
mod settings;

use std::sync::OnceLock;

use anyfn_core::Context;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracerProvider, Tracer};
use tracing::Subscriber;
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::registry::LookupSpan;

use self::export::{Exporter, Spans};
pub(crate) use self::invocation::{Handle, Record, span};
use self::settings::Settings;

/// What sends the spans of this process, if anything does.
static EXPORTER: OnceLock<Exporter> = OnceLock::new();

/// Sends what no invocation has sent.
pub(crate) async fn flush(cx: &Context) {
    if let Some(exporter) = EXPORTER.get() {
        exporter.flush(cx).await;
    }
}

/// The layer that makes spans of OpenTelemetry, where the settings name a collector. Called once in a process.
pub(crate) fn layer<S>(cx: &Context) -> Option<(OpenTelemetryLayer<S, Tracer>, Telemetry)>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let settings = match Settings::of(&|name| cx.env(name)) {
        Ok(settings) => settings?,
        Err(wrong) => {
            cx.log_at(anyfn_core::Level::Warn, format!("anyfn: no spans are sent: {wrong}"));
            return None;
        }
    };
    let resource = settings.resource(cx);
    let exporter = EXPORTER.get_or_init(|| Exporter::new(settings, &resource));
    let provider = SdkTracerProvider::builder().with_resource(resource).with_span_processor(Spans(exporter)).build();
    let layer = OpenTelemetryLayer::new(provider.tracer("anyfn"));
    let layer = layer.with_location(false).with_threads(false).with_tracked_inactivity(false);
    Some((layer, Telemetry(provider)))
}

/// What makes the spans.
pub(crate) struct Telemetry(SdkTracerProvider);

impl Telemetry {
    /// For libraries that speak to OpenTelemetry themselves.
    pub(crate) fn install(self) {
        opentelemetry::global::set_tracer_provider(self.0);
        opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
    }
}
