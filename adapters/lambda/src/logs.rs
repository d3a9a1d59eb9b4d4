//! Lines of the log, in the format that the function is set up for ("Configuring JSON and plain text log formats" and
//! "Log-level filtering", Lambda developer guide).

use std::sync::OnceLock;
use std::time::SystemTime;

use anyfn_core::Level;
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A line that Lambda can filter by its level, and that belongs to its invocation.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    timestamp: String,
    level: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    message: &'a str,
}

/// Writes a line of an invocation's, or of none's.
pub(crate) fn write(id: Option<&str>, level: Level, message: &str) {
    static JSON: OnceLock<bool> = OnceLock::new();
    let json = *JSON.get_or_init(|| std::env::var_os("AWS_LAMBDA_LOG_FORMAT").is_some_and(|format| format == "JSON"));
    match json.then(|| formatted(id, level, message, SystemTime::now())).flatten() {
        Some(line) => eprintln!("{line}"),
        None => eprintln!("{message}"),
    }
}

/// The level that the function is set up for.
pub(crate) fn least() -> Option<Level> {
    level(&std::env::var("AWS_LAMBDA_LOG_LEVEL").ok()?)
}

fn level(name: &str) -> Option<Level> {
    Some(match name {
        "TRACE" | "DEBUG" => Level::Debug,
        "INFO" => Level::Info,
        "WARN" => Level::Warn,
        "ERROR" | "FATAL" => Level::Error,
        _ => return None,
    })
}

fn formatted(id: Option<&str>, level: Level, message: &str, at: SystemTime) -> Option<String> {
    let timestamp = OffsetDateTime::from(at).format(&Rfc3339).ok()?;
    let level = match level {
        Level::Debug => "DEBUG",
        Level::Info => "INFO",
        Level::Warn => "WARN",
        Level::Error => "ERROR",
    };
    serde_json::to_string(&Line { timestamp, level, request_id: id, message }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_json_with_what_lambda_filters_by() {
        let at = SystemTime::UNIX_EPOCH + std::time::Duration::from_millis(1_700_000_000_250);
        assert_eq!(
            formatted(Some("8476a536"), Level::Warn, "a \"b\"\nc", at).unwrap(),
            r#"{"timestamp":"2023-11-14T22:13:20.25Z","level":"WARN","requestId":"8476a536","message":"a \"b\"\nc"}"#
        );
        assert_eq!(
            ["TRACE", "WARN", "FATAL", "loud"].map(level),
            [Some(Level::Debug), Some(Level::Warn), Some(Level::Error), None]
        );
        assert!(!formatted(None, Level::Info, "", at).unwrap().contains("requestId"));
    }
}
