//! What a function says with [`tracing`], in the log of the platform that it runs on.
//!
//! With the feature `tracing` of `anyfn` there is nothing else to do: `tracing::info!` and the like are written wherever the
//! function is deployed, on Lambda to CloudWatch, on Workers to the `console` with its levels, on Vercel to the log of the
//! request, on a server to standard error. Each event is a line of JSON with the invocation that it belongs to:
//!
//! ```json
//! {"timestamp":"2026-11-23T03:00:00.25Z","level":"INFO","requestId":"8476a536","message":"resized","target":"shop",
//!  "trigger":"queue","coldStart":true,"traceId":"0af7651916cd43dd8448eb211c80319c","fields":{"width":320}}
//! ```
//!
//! `fields` are those of the event and of the spans around it, the inner ones first. Another line comes when the invocation is
//! over: its target is `anyfn`, its fields are what it was and what became of it, and how long it took until its answer began
//! (`duration_ms`; the clock of Workers stands still while a program computes).
//!
//! # Which lines
//!
//! `RUST_LOG` says it by target and level, as in `RUST_LOG=warn,shop=debug,anyfn=off` ([`Targets`]); where it is not set,
//! `AWS_LAMBDA_LOG_LEVEL` on Lambda, else `info`. Both are read when the instance starts.
//!
//! On a terminal the lines are for people; `ANYFN_LOG=json` or `ANYFN_LOG=text` decides otherwise.
//!
//! # Work of its own
//!
//! What a handler spawns belongs to the invocation if it is told so ([`tracing::Instrument::in_current_span`]); work after the
//! answer ([`anyfn_core::Context::wait_until`]) is without being told.
//!
//! A program that has set a subscriber before its first event keeps it; it gets [`layer()`] for these lines.
//!
//! # Spans for a collector
//!
//! With the feature `opentelemetry` each invocation is a span of OpenTelemetry beneath its caller's, the program's own spans and
//! events beneath that, and work after the answer a span `wait_until`. They are sent where `OTEL_EXPORTER_OTLP_ENDPOINT` says, by OTLP
//! in protobuf over HTTP, when the invocation and its work after the answer are over: on Lambda before the next event is asked
//! for, since the instance may be frozen then. Where it is not set, nothing is sent and no span is made.
//!
//! A collector that is slow or gone delays no answer and fails none. It costs its spans and one line in the log: it is given
//! two seconds (`OTEL_EXPORTER_OTLP_TIMEOUT`, in milliseconds), and after a failure it is left alone for ten.
//!
//! The handler's [`TraceContext`](anyfn_core::TraceContext) is then the invocation's own span. Also read are
//! `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_TRACES_SAMPLER` (not on Workers) and
//! `OTEL_SDK_DISABLED`.

mod format;
mod layer;
#[cfg_attr(not(feature = "opentelemetry"), path = "no_telemetry.rs")]
mod telemetry;
mod traced;

use anyfn_core::Context;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;

pub use self::layer::{Lines, layer};
pub use self::traced::{Traced, traced};

/// Makes the subscriber of the process, once.
fn install(cx: &Context) {
    static INSTALLED: std::sync::Once = std::sync::Once::new();
    INSTALLED.call_once(|| {
        let (targets, wrong) = targets(cx);
        let targets = targets.with_target(traced::SPAN, tracing::Level::ERROR);
        let lines = layer::of(cx);
        // Somebody else's subscriber stays.
        let _ = match telemetry::layer(cx) {
            Some((spans, telemetry)) => {
                // What the lines say of an invocation's end is in its span.
                let told = targets.clone().with_target("anyfn", LevelFilter::OFF);
                let told = told.with_target(traced::SPAN, LevelFilter::ERROR);
                let registry = tracing_subscriber::registry().with(spans.with_filter(told));
                let set = tracing::subscriber::set_global_default(registry.with(lines.with_filter(targets)));
                set.map(|()| telemetry.install())
            }
            None => {
                tracing::subscriber::set_global_default(tracing_subscriber::registry().with(lines.with_filter(targets)))
            }
        };
        if let Some(wrong) = wrong {
            cx.log_at(anyfn_core::Level::Warn, wrong);
        }
    });
}

/// Which lines are written, and what is wrong with the setting.
fn targets(cx: &Context) -> (Targets, Option<String>) {
    let least = match anyfn_core::Invocation::log_level(cx) {
        Some(anyfn_core::Level::Debug) => LevelFilter::DEBUG,
        Some(anyfn_core::Level::Warn) => LevelFilter::WARN,
        Some(anyfn_core::Level::Error) => LevelFilter::ERROR,
        _ => LevelFilter::INFO,
    };
    let otherwise = Targets::new().with_default(least);
    match cx.env("RUST_LOG").filter(|set| !set.is_empty()).map(|set| (set.parse(), set)) {
        Some((Ok(targets), _)) => (targets, None),
        Some((Err(error), set)) => {
            let why = format!(
                "anyfn: RUST_LOG is `{set}`, which is no list of targets and levels ({error}); lines of {least} and above are written"
            );
            (otherwise, Some(why))
        }
        None => (otherwise, None),
    }
}
