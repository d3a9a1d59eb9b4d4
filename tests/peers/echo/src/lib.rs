//! The echo function as an axum router: the part that is the same on every vendor's crate.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::stream;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HOST, LOCATION, SET_COOKIE};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Request, StatusCode};
use serde_json::{Value, json};

const GZIP: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\x02\xff\xcbH\xcd\xc9\xc9WH\xaf\xca,\0\0\x19j\xd2\xdf\n\0\0\0";
const BYTES: usize = 10_000_000;
const ITEMS: usize = 1_000;
const MILLISECONDS: usize = 60_000;

/// Work that is given away.
pub type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What the vendor's crate has of its own, as far as it has it.
pub trait Platform: Clone + Send + Sync + 'static {
    /// What `/context` tells.
    fn context(&self, parts: &Parts) -> Value;
    /// A variable.
    fn env(&self, parts: &Parts, name: &str) -> Option<String>;
    /// A timer.
    fn sleep(&self, time: Duration) -> Work;
    /// Work after the answer.
    fn after(&self, parts: &Parts, work: Work);
    /// A line of the log.
    fn log(&self, line: &str);
    /// The URL as the crate gives it; a relative one is completed from the headers.
    fn url(&self, parts: &Parts) -> String {
        if parts.uri.scheme().is_some() {
            return parts.uri.to_string();
        }
        let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let scheme = text("x-forwarded-proto").unwrap_or("https");
        format!("{scheme}://{}{}", text(HOST.as_str()).unwrap_or_default(), parts.uri)
    }
}

/// The router.
pub fn router<P: Platform>(platform: P) -> Router {
    Router::new().fallback(move |request: Request<Body>| answer(platform.clone(), request))
}

async fn answer<P: Platform>(platform: P, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let segments: Vec<&str> = path.strip_prefix('/').unwrap_or(&path).split('/').collect();
    let given = match segments[..] {
        ["echo", ..] => echo(&platform, &parts, body).await,
        ["mirror"] => mirror(&parts, body).await,
        ["gzip"] => {
            let mut response = typed(StatusCode::OK, "text/plain", GZIP);
            response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            Some(response)
        }
        ["redirect"] => redirect(parts.uri.query()),
        ["context"] => Some(typed(StatusCode::OK, "application/json", platform.context(&parts).to_string())),
        ["panic"] => panic!("echo panics when it is asked to"),
        ["error"] => {
            platform.log("connection refused by db.internal:5432 for user echo");
            Some(problem(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error", None))
        }
        ["reject"] => {
            Some(problem(StatusCode::UNPROCESSABLE_ENTITY, "Out of cheese", Some("Add cheese and start again.")))
        }
        ["status", code] => status(code),
        ["cookies", n] => number(n, ITEMS).and_then(cookies),
        ["bytes", n] => number(n, BYTES).map(|n| {
            let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(n).collect();
            typed(StatusCode::OK, "application/octet-stream", bytes)
        }),
        ["text", n] => number(n, BYTES).map(|n| text(StatusCode::OK, "x".repeat(n))),
        ["stream", n] => number(n, ITEMS).map(|n| events(n, platform.clone())),
        ["slow", ms] => match number(ms, MILLISECONDS) {
            Some(ms) => {
                platform.sleep(Duration::from_millis(ms as u64)).await;
                Some(text(StatusCode::OK, format!("{ms} ms")))
            }
            None => None,
        },
        ["background", id] if !id.is_empty() => {
            let (later, line) = (platform.clone(), format!("background {id} done"));
            platform.after(
                &parts,
                Box::pin(async move {
                    later.sleep(Duration::from_millis(300)).await;
                    later.log(&line);
                }),
            );
            Some(text(StatusCode::ACCEPTED, "accepted"))
        }
        ["env", name] if name.starts_with("ECHO_") => {
            platform.env(&parts, name).map(|value| text(StatusCode::OK, value))
        }
        _ => None,
    };
    given.unwrap_or_else(|| problem(StatusCode::NOT_FOUND, "Not Found", None))
}

fn typed(status: StatusCode, kind: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

fn text(status: StatusCode, body: impl Into<Body>) -> Response {
    typed(status, "text/plain; charset=utf-8", body)
}

fn problem(status: StatusCode, title: &str, detail: Option<&str>) -> Response {
    let mut json = json!({ "type": "about:blank", "title": title, "status": status.as_u16() });
    if let Some(detail) = detail {
        json["detail"] = detail.into();
    }
    typed(status, "application/problem+json", json.to_string())
}

fn number(digits: &str, limit: usize) -> Option<usize> {
    let well_formed = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|number| well_formed && *number <= limit)
}

fn status(code: &str) -> Option<Response> {
    let status = StatusCode::from_bytes(code.as_bytes()).ok()?;
    let bodiless = matches!(status.as_u16(), 204 | 205 | 304);
    let body = if bodiless { String::new() } else { code.to_owned() };
    (200..600).contains(&status.as_u16()).then(|| text(status, body))
}

fn cookies(n: usize) -> Option<Response> {
    let mut response = Response::new(Body::empty());
    for i in 0..n {
        let attributes = if i % 2 == 0 { "Path=/" } else { "Path=/; HttpOnly" };
        response.headers_mut().append(SET_COOKIE, HeaderValue::try_from(format!("c{i}={i}; {attributes}")).ok()?);
    }
    for value in ["a", "b"] {
        response.headers_mut().append(HeaderName::from_static("x-multi"), HeaderValue::from_static(value));
    }
    Some(response)
}

fn redirect(query: Option<&str>) -> Option<Response> {
    let to = query?.split('&').find_map(|pair| pair.strip_prefix("to="))?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::FOUND;
    response.headers_mut().insert(LOCATION, HeaderValue::try_from(to).ok()?);
    Some(response)
}

fn events<P: Platform>(n: usize, platform: P) -> Response {
    let events = stream::unfold(0, move |i| {
        let platform = platform.clone();
        async move {
            if i == n {
                return None;
            }
            if i > 0 {
                platform.sleep(Duration::from_millis(50)).await;
            }
            Some((Ok::<_, std::convert::Infallible>(format!("data: {i}\n\n")), i + 1))
        }
    });
    typed(StatusCode::OK, "text/event-stream", Body::from_stream(events))
}

/// `http::Uri` holds bytes above 7F, which no URI can: they are percent-encoded.
fn escaped(part: &str) -> String {
    part.bytes().map(|byte| if byte < 0x80 { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

async fn mirror(parts: &Parts, body: Body) -> Option<Response> {
    let Ok(bytes) = to_bytes(body, BYTES).await else {
        return Some(problem(StatusCode::PAYLOAD_TOO_LARGE, "Payload Too Large", None));
    };
    let mut response = typed(StatusCode::OK, "application/octet-stream", bytes);
    if let Some(kind) = parts.headers.get(CONTENT_TYPE) {
        response.headers_mut().insert(CONTENT_TYPE, kind.clone());
    }
    Some(response)
}

async fn echo<P: Platform>(platform: &P, parts: &Parts, body: Body) -> Option<Response> {
    let Ok(body) = to_bytes(body, BYTES).await else {
        return Some(problem(StatusCode::PAYLOAD_TOO_LARGE, "Payload Too Large", None));
    };
    let shown = |value: &HeaderValue| match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => text.to_owned(),
        Err(_) => value.as_bytes().iter().map(|byte| char::from(*byte)).collect(),
    };
    let headers: Vec<_> = parts.headers.iter().map(|(name, value)| (name.as_str(), shown(value))).collect();
    let told = json!({
        "method": parts.method.as_str(),
        "url": escaped(&platform.url(parts)),
        "path": escaped(parts.uri.path()),
        "query": parts.uri.query().map(escaped),
        "headers": headers,
        "body": STANDARD.encode(body),
        "context": platform.context(parts),
    });
    Some(typed(StatusCode::OK, "application/json", told.to_string()))
}
