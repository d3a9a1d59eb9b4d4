//! The HTTP part: which path answers what, and what `/echo` and `/context` tell.

use anyfn::{Body, Context, Error};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, StatusCode};
use percent_encoding::{CONTROLS, utf8_percent_encode};
use serde::Serialize;

use crate::answers::{self, Answer};
use crate::{faults, limits};

/// Answers a request.
pub async fn web(cx: Context, request: http::Request<Body>) -> Answer {
    let path = request.uri().path().to_owned();
    let mut segments = path.strip_prefix('/').unwrap_or(&path).split('/');
    let (first, second, third) = (segments.next().unwrap_or_default(), segments.next(), segments.next());
    if first == "echo" {
        return echo(request, &cx).await;
    }
    match (first, second, third) {
        ("mirror", None, _) => answers::mirror(request).await,
        ("gzip", None, _) => answers::gzip(),
        ("redirect", None, _) => answers::redirect(request.uri().query()),
        ("context", None, _) => answers::json(&Told::of(&cx)),
        ("panic", None, _) => panic!("echo panics when it is asked to"),
        ("error", None, _) => Err(Error::internal("connection refused by db.internal:5432 for user echo")),
        ("reject", None, _) => Err(Error::new(StatusCode::UNPROCESSABLE_ENTITY)
            .title("Out of cheese")
            .detail("Add cheese and start again.")),
        ("status", Some(code), None) => answers::status(code),
        ("cookies", Some(n), None) => answers::cookies(number(n, limits::ITEMS)?),
        ("bytes", Some(n), None) => answers::bytes(number(n, limits::BYTES)?),
        ("text", Some(n), None) => answers::text("x".repeat(number(n, limits::BYTES)?)),
        ("stream", Some(n), None) => answers::stream(number(n, limits::ITEMS)?, cx),
        ("slow", Some(ms), None) => answers::slow(number(ms, limits::MILLISECONDS)?, &cx).await,
        ("background", Some(id), None) if !id.is_empty() => answers::background(id, &cx),
        ("env", Some(name), None) => answers::env(name, &cx),
        ("faults", Some(what), Some(how)) if faults::wanted(&cx) => faults::faults(what, how, &cx).await,
        _ => Err(Error::not_found()),
    }
}

/// Digits that make a number up to the limit; anything else is a page that is not there.
pub(crate) fn number(digits: &str, limit: usize) -> Result<usize, Error> {
    let well_formed = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    match digits.parse() {
        Ok(number) if well_formed && number <= limit => Ok(number),
        _ => Err(Error::not_found()),
    }
}

#[derive(Serialize)]
struct Echo<'a> {
    method: &'a str,
    url: String,
    path: String,
    query: Option<String>,
    headers: Vec<(&'a str, String)>,
    body: String,
    context: Told<'a>,
}

async fn echo(request: http::Request<Body>, cx: &Context) -> Answer {
    let (parts, body) = request.into_parts();
    let body = STANDARD.encode(answers::read(body).await?);
    answers::json(&Echo {
        method: parts.method.as_str(),
        url: escaped(&parts.uri.to_string()),
        path: escaped(parts.uri.path()),
        query: parts.uri.query().map(escaped),
        headers: parts.headers.iter().map(|(name, value)| (name.as_str(), shown(value))).collect(),
        body,
        context: Told::of(cx),
    })
}

/// `http::Uri` holds bytes above 7F, which no URI can: they are percent-encoded.
fn escaped(part: &str) -> String {
    utf8_percent_encode(part, CONTROLS).to_string()
}

/// A header's value as text: UTF-8 where it is that, one character a byte otherwise.
fn shown(value: &HeaderValue) -> String {
    match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => text.to_owned(),
        Err(_) => value.as_bytes().iter().map(|byte| char::from(*byte)).collect(),
    }
}

/// What the context tells.
#[derive(Serialize)]
struct Told<'a> {
    platform: &'static str,
    request_id: Option<&'a str>,
    region: Option<&'a str>,
    client_ip: Option<String>,
    cold_start: bool,
    remaining_ms: Option<u64>,
}

impl<'a> Told<'a> {
    fn of(cx: &'a Context) -> Self {
        Self {
            platform: cx.platform(),
            request_id: cx.request_id(),
            region: cx.region(),
            client_ip: cx.client_ip().map(|address| address.to_string()),
            cold_start: cx.cold_start(),
            remaining_ms: cx.remaining().map(|left| u64::try_from(left.as_millis()).unwrap_or(u64::MAX)),
        }
    }
}
