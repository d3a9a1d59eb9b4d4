//! What the events of several gateways have in common.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

use super::Call;
use super::target::text;
use crate::local::http1::Headers;
use crate::local::lambda::ids;

pub(super) const ACCOUNT: &str = "123456789012";
pub(super) const API: &str = "a1b2c3d4e5";

/// The path below its stage; `None` when it is not.
pub(super) fn below_stage<'a>(path: &'a str, stage: &str) -> Option<&'a str> {
    let rest = path.strip_prefix('/')?.strip_prefix(stage)?;
    match rest {
        "" => Some("/"),
        rest if rest.starts_with('/') => Some(rest),
        _ => None,
    }
}

/// The body as text or, what is not known to be text, in base64; `None` where there is none.
///
/// The types are those that HTTP APIs, function URLs and load balancers take for text; the REST API stands for one whose
/// `binaryMediaTypes` name all others. Bytes that are no text go in base64, whatever their type claims, since JSON could
/// not carry them.
pub(super) fn body(call: &Call<'_>) -> (Option<String>, bool) {
    if call.body.is_empty() {
        return (None, false);
    }
    let content_type = call.headers.get("content-type").map(text).unwrap_or_default().to_ascii_lowercase();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let is_text = essence.starts_with("text/")
        || ["application/json", "application/javascript", "application/xml"].contains(&essence);
    match std::str::from_utf8(call.body) {
        Ok(body) if is_text && call.headers.get("content-encoding").is_none() => (Some(body.to_owned()), false),
        _ => (Some(BASE64_STANDARD.encode(call.body)), true),
    }
}

/// The client's headers, names in lower case, without those of the connection and of a proxy in front.
pub(super) fn lower_case(call: &Call<'_>) -> Headers {
    let mut headers = Headers::new();
    for (name, value) in call.headers.iter().filter(|(name, _)| !is_hop(name) && !is_forwarded(name)) {
        headers.push(name.to_ascii_lowercase(), value);
    }
    headers
}

/// What a gateway says about where the request came from.
pub(super) fn forwarded(call: &Call<'_>) -> Headers {
    let mut chain: Vec<String> = call.headers.all("x-forwarded-for").map(text).collect();
    chain.push(call.client.to_string());
    let trace = ids::uuid().replace('-', "");
    let mut headers = Headers::new()
        .with("x-forwarded-for", chain.join(", "))
        .with("x-forwarded-port", call.port.to_string())
        // What the client of this local front used, so that URLs built of it lead back here.
        .with("x-forwarded-proto", "http");
    match call.headers.get("x-amzn-trace-id") {
        Some(given) => headers.push("x-amzn-trace-id", given),
        None => headers.push("x-amzn-trace-id", format!("Root=1-{}-{}", &trace[..8], &trace[8..])),
    }
    headers
}

pub(super) fn is_forwarded(name: &str) -> bool {
    ["x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", "x-amzn-trace-id"]
        .iter()
        .any(|other| name.eq_ignore_ascii_case(other))
}

/// Headers that concern one connection only (RFC 9110, 7.6.1).
pub(super) fn is_hop(name: &str) -> bool {
    ["connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "proxy-connection", "expect"]
        .iter()
        .any(|other| name.eq_ignore_ascii_case(other))
}

pub(super) fn host_name(headers: &Headers) -> String {
    let host = headers.get("host").map(text).unwrap_or_default();
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name.to_owned(),
        _ => host,
    }
}

pub(super) fn last_of<'a>(pairs: impl Iterator<Item = (&'a str, String)>) -> Map<String, Value> {
    pairs.map(|(name, value)| (name.to_owned(), json!(value))).collect()
}

pub(super) fn all_of<'a>(pairs: impl Iterator<Item = (&'a str, String)>) -> Map<String, Value> {
    let mut map: Map<String, Value> = Map::new();
    for (name, value) in pairs {
        match map.get_mut(name) {
            Some(Value::Array(values)) => values.push(json!(value)),
            _ => {
                map.insert(name.to_owned(), json!([value]));
            }
        }
    }
    map
}
