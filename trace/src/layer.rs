//! Events as lines.

use std::io::IsTerminal as _;
use std::sync::Arc;

use anyfn_core::{Context, Level};
use serde_json::{Map, Value};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer;
use tracing_subscriber::registry::LookupSpan;

use crate::format::{Fields, Line};
use crate::traced::{Known, SPAN, made};

/// Writes each event as a line of its invocation.
#[derive(Debug)]
pub struct Lines {
    text: bool,
}

/// The layer, for a subscriber of one's own. It writes what it is given: `with_filter` chooses.
pub fn layer() -> Lines {
    Lines { text: std::io::stderr().is_terminal() }
}

/// The layer that the settings ask for.
pub(crate) fn of(cx: &Context) -> Lines {
    match cx.env("ANYFN_LOG").as_deref() {
        Some("json") => Lines { text: false },
        Some("text") => Lines { text: true },
        _ => layer(),
    }
}

/// A span's fields, as they were when it was made and as they were recorded since.
#[derive(Default)]
struct Kept(Map<String, Value>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Lines {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: layer::Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if attributes.metadata().target() == SPAN {
            if let Some(known) = made() {
                span.extensions_mut().insert(known);
            }
            return;
        }
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        span.extensions_mut().insert(Kept(fields.map));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: layer::Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut extensions = span.extensions_mut();
        if let Some(kept) = extensions.get_mut::<Kept>() {
            let mut fields = Fields { map: std::mem::take(&mut kept.0), message: String::new() };
            values.record(&mut fields);
            kept.0 = fields.map;
        }
    }

    fn on_event(&self, event: &Event<'_>, context: layer::Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut known = None;
        for span in context.event_scope(event).into_iter().flatten() {
            let extensions = span.extensions();
            for (name, value) in extensions.get::<Kept>().iter().flat_map(|kept| &kept.0) {
                fields.map.entry(name).or_insert_with(|| value.clone());
            }
            known = known.or_else(|| extensions.get::<Arc<Known>>().cloned());
        }
        let level = level(*event.metadata().level());
        let known = known.as_deref();
        let line = Line {
            at: known.map_or_else(now, |known| known.cx.now()),
            level: *event.metadata().level(),
            target: event.metadata().target(),
            known,
            message: &fields.message,
            fields: &fields.map,
        };
        match known {
            Some(known) if self.text => known.cx.log_at(level, line.text()),
            Some(known) => anyfn_core::Invocation::log_json(&known.cx, level, &line.json()),
            // Nothing runs outside of an invocation where there is no standard error.
            None if self.text => eprintln!("{}", line.text()),
            None => eprintln!("{}", line.json()),
        }
    }
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
fn now() -> std::time::SystemTime {
    std::time::SystemTime::now()
}

/// There is no clock but an invocation's.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
fn now() -> std::time::SystemTime {
    std::time::SystemTime::UNIX_EPOCH
}

fn level(level: tracing::Level) -> Level {
    match level {
        tracing::Level::ERROR => Level::Error,
        tracing::Level::WARN => Level::Warn,
        tracing::Level::INFO => Level::Info,
        _ => Level::Debug,
    }
}
