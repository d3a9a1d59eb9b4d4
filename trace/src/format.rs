//! A line's text.

use std::fmt::{self, Write as _};
use std::time::SystemTime;

use serde::Serialize;
use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tracing::field::{Field, Visit};

use crate::traced::Known;

/// The fields of a span or an event.
#[derive(Default)]
pub(crate) struct Fields {
    pub(crate) map: Map<String, Value>,
    pub(crate) message: String,
}

impl Fields {
    fn add(&mut self, field: &Field, value: impl Into<Value>) {
        self.map.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut text = String::new();
        // A value whose `Debug` fails is written as far as it went.
        let _ = write!(text, "{value:?}");
        if field.name() == "message" {
            self.message = text;
        } else {
            self.add(field, text);
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.message);
        } else {
            self.add(field, value);
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let causes = std::iter::successors(Some(value), |error| error.source());
        self.add(field, causes.map(ToString::to_string).collect::<Vec<_>>().join(": "));
    }
}

pub(crate) struct Line<'a> {
    pub(crate) at: SystemTime,
    pub(crate) level: tracing::Level,
    pub(crate) target: &'a str,
    pub(crate) known: Option<&'a Known>,
    pub(crate) message: &'a str,
    pub(crate) fields: &'a Map<String, Value>,
}

/// The first four are what Lambda reads ("Using structured JSON format with custom runtimes", Lambda developer guide).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Json<'a> {
    timestamp: String,
    level: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    message: &'a str,
    target: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    trigger: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cold_start: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    fields: &'a Map<String, Value>,
}

impl Line<'_> {
    pub(crate) fn json(&self) -> String {
        let known = self.known;
        let json = Json {
            timestamp: self.timestamp(),
            level: self.level.as_str(),
            request_id: known.and_then(|known| known.cx.request_id()),
            message: self.message,
            target: self.target,
            trigger: known.map(|known| known.trigger.to_string()),
            cold_start: known.map(|known| known.cx.cold_start()),
            trace_id: known.and_then(|known| known.trace_id.get().map(String::as_str)),
            fields: self.fields,
        };
        serde_json::to_string(&json).unwrap_or_else(|_| self.text())
    }

    pub(crate) fn text(&self) -> String {
        let mut text = format!("{} {:5} {}: {}", self.timestamp(), self.level.as_str(), self.target, self.message);
        for (name, value) in self.fields {
            let _ = write!(text, " {name}={value}");
        }
        if let Some(id) = self.known.and_then(|known| known.cx.request_id()) {
            let _ = write!(text, " ({id})");
        }
        text
    }

    fn timestamp(&self) -> String {
        OffsetDateTime::from(self.at).format(&Rfc3339).unwrap_or_default()
    }
}
