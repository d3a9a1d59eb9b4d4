//! The echo function as an Ohkami: the part that is the same on every runtime of its.
//!
//! It has no route for everything below a path, so a fang answers before any route is asked, as its documentation allows.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ohkami::header::append;
use ohkami::request::RequestHeaders;
use ohkami::sse::DataStream;
use ohkami::{FangAction, IntoResponse as _, Ohkami, Request, Response, Route as _, Status};
use serde_json::{Value, json};

const GZIP: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\x02\xff\xcbH\xcd\xc9\xc9WH\xaf\xca,\0\0\x19j\xd2\xdf\n\0\0\0";
const BYTES: usize = 10_000_000;
const ITEMS: usize = 1_000;
const MILLISECONDS: usize = 60_000;

/// The variable with the names of the headers that `/echo` asks for, with commas between them: a request lists none.
const NAMES: &str = "ECHO_HEADERS";

/// Work that is given away.
pub type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What each runtime has of its own.
pub trait Platform: Clone + Send + Sync + 'static {
    /// What `/context` tells.
    fn context(&self, req: &Request) -> Value;
    /// A variable.
    fn env(&self, req: &Request, name: &str) -> Option<String>;
    /// A timer.
    fn sleep(&self, time: Duration) -> Work;
    /// Work after the answer.
    fn after(&self, req: &Request, work: Work);
    /// A line of the log.
    fn log(&self, line: &str);
}

/// The application.
pub fn app<P: Platform>(platform: P) -> Ohkami {
    Ohkami::new((Echo(platform), "/".GET(|| async { Response::NotFound() })))
}

#[derive(Clone)]
struct Echo<P>(P);

impl<P: Platform> FangAction for Echo<P> {
    async fn fore<'a>(&'a self, req: &'a mut Request) -> Result<(), Response> {
        Err(answer(&self.0, req).await)
    }
}

async fn answer<P: Platform>(platform: &P, req: &Request) -> Response {
    let path = String::from_utf8_lossy(req.path.as_bytes()).into_owned();
    let segments: Vec<&str> = path.strip_prefix('/').unwrap_or(&path).split('/').collect();
    let given = match segments[..] {
        ["echo", ..] => Some(echo(platform, req)),
        ["mirror"] => Some(mirror(req)),
        ["gzip"] => {
            let response = Response::OK().with_payload("text/plain", GZIP);
            Some(response.with_headers(|headers| headers.content_encoding("gzip")))
        }
        ["redirect"] => req.query.iter().find(|(name, _)| name == "to").map(|(_, to)| {
            let to = to.into_owned();
            Response::Found().with_headers(|headers| headers.location(to))
        }),
        ["context"] => Some(Response::OK().with_json(platform.context(req))),
        ["panic"] => panic!("echo panics when it is asked to"),
        ["error"] => {
            platform.log("connection refused by db.internal:5432 for user echo");
            Some(problem(Status::InternalServerError, "Internal Server Error", None))
        }
        ["reject"] => Some(problem(Status::UnprocessableEntity, "Out of cheese", Some("Add cheese and start again."))),
        ["status", code] => number(code, 599).filter(|code| *code >= 200).map(|code| status(code as u16)),
        ["cookies", n] => number(n, ITEMS).map(cookies),
        ["bytes", n] => number(n, BYTES).map(|n| {
            let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(n).collect();
            Response::OK().with_payload("application/octet-stream", bytes)
        }),
        ["text", n] => number(n, BYTES).map(|n| text(Status::OK, "x".repeat(n))),
        ["stream", n] => number(n, ITEMS).map(|n| events(n, platform.clone())),
        ["slow", ms] => match number(ms, MILLISECONDS) {
            Some(ms) => {
                platform.sleep(Duration::from_millis(ms as u64)).await;
                Some(text(Status::OK, format!("{ms} ms")))
            }
            None => None,
        },
        ["background", id] if !id.is_empty() => {
            let (later, line) = (platform.clone(), format!("background {id} done"));
            platform.after(
                req,
                Box::pin(async move {
                    later.sleep(Duration::from_millis(300)).await;
                    later.log(&line);
                }),
            );
            Some(text(Status::Accepted, "accepted".to_owned()))
        }
        ["env", name] if name.starts_with("ECHO_") => platform.env(req, name).map(|value| text(Status::OK, value)),
        _ => None,
    };
    given.unwrap_or_else(|| problem(Status::NotFound, "Not Found", None))
}

/// `with_text` writes the charset in capitals, which means the same; the contract has it in small letters.
fn text(status: Status, text: String) -> Response {
    Response::new(status).with_payload("text/plain; charset=utf-8", text.into_bytes())
}

fn problem(status: Status, title: &str, detail: Option<&str>) -> Response {
    let mut json = json!({ "type": "about:blank", "title": title, "status": status.code() });
    if let Some(detail) = detail {
        json["detail"] = detail.into();
    }
    Response::new(status).with_payload("application/problem+json", json.to_string().into_bytes())
}

fn number(digits: &str, limit: usize) -> Option<usize> {
    let well_formed = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|number| well_formed && *number <= limit)
}

/// `Status` is made from a number by `From` alone, which panics at those that it has no name for.
fn status(code: u16) -> Response {
    let status = Status::from(code);
    if matches!(code, 204 | 205 | 304) { Response::new(status) } else { text(status, code.to_string()) }
}

fn cookies(n: usize) -> Response {
    let mut response = Response::OK();
    for i in 0..n {
        // Its names are constants, and these are not.
        let name: &'static str = format!("c{i}").leak();
        response.headers.set().set_cookie(name, i.to_string(), |cookie| {
            let cookie = cookie.path("/");
            if i % 2 == 0 { cookie } else { cookie.http_only() }
        });
    }
    response.headers.set().x("x-multi", append("a")).x("x-multi", append("b"));
    response
}

/// Each message is what stands behind `data:`; Ohkami writes that, and the lines' ends.
fn events<P: Platform>(n: usize, platform: P) -> Response {
    let events = DataStream::new(move |mut stream| async move {
        for i in 0..n {
            if i > 0 {
                platform.sleep(Duration::from_millis(50)).await;
            }
            stream.send(i.to_string());
        }
    });
    DataStream::<String>::into_response(events)
}

fn mirror(req: &Request) -> Response {
    let bytes = req.payload().unwrap_or_default().to_vec();
    let mut response = Response::OK().with_payload("application/octet-stream", bytes);
    if let Some(kind) = req.headers.content_type() {
        response.headers.set().content_type(kind.to_owned());
    }
    response
}

fn echo<P: Platform>(platform: &P, req: &Request) -> Response {
    // Bytes that no URI can hold are percent-encoded.
    let path = escaped(req.path.as_bytes(), |byte| byte.is_ascii_graphic() && !b"<>`".contains(&byte));
    // There is no query as it came, but its pairs, decoded.
    let pairs: Vec<String> =
        req.query.iter().map(|(name, value)| format!("{}={}", encoded(&name), encoded(&value))).collect();
    let query = (!req.query.is_empty()).then(|| pairs.join("&"));
    let names = platform.env(req, NAMES).unwrap_or_default();
    let headers: Vec<_> =
        names.split(',').filter_map(|name| header(req, name).map(|value| (name.to_owned(), value))).collect();
    // A request has no scheme but what stands in front of it says; nothing does in front of workerd, which is asked without TLS.
    let scheme = header(req, "x-forwarded-proto").unwrap_or_else(|| "http".to_owned());
    let host = req.headers.host().unwrap_or_default();
    let rest = query.as_ref().map_or_else(String::new, |query| format!("?{query}"));
    Response::OK().with_json(json!({
        "method": req.method.to_string(),
        "url": format!("{scheme}://{host}{path}{rest}"),
        "path": path,
        "query": query,
        "headers": headers,
        "body": STANDARD.encode(req.payload().unwrap_or_default()),
        "context": platform.context(req),
    }))
}

/// A header by its name in small letters.
///
/// Each standard header has a method, and the others are for `get`, which finds no standard one in a request that has no others.
fn header(req: &Request, name: &str) -> Option<String> {
    let standard = STANDARD_HEADERS.iter().find(|(method, _)| *method == name.replace('-', "_"));
    let value = match standard {
        Some((_, of)) => of(&req.headers),
        None => req.headers.get(name),
    };
    value.map(str::to_owned)
}

macro_rules! standard {
    ($($method:ident)*) => {
        type Method = fn(&RequestHeaders) -> Option<&str>;
        const STANDARD_HEADERS: &[(&str, Method)] = &[$((stringify!($method), RequestHeaders::$method)),*];
    };
}

standard! {
    accept accept_encoding accept_language access_control_request_headers access_control_request_method authorization
    cache_control connection content_disposition content_encoding content_length content_location content_type cookie date
    expect forwarded from host if_match if_modified_since if_none_match if_range if_unmodified_since link max_forwards origin
    proxy_authorization range referer sec_fetch_dest sec_fetch_mode sec_fetch_site sec_fetch_user te trailer
    transfer_encoding user_agent upgrade upgrade_insecure_requests via
}

fn encoded(text: &str) -> String {
    escaped(text.as_bytes(), |byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

fn escaped(bytes: &[u8], kept: impl Fn(u8) -> bool) -> String {
    bytes.iter().map(|byte| if kept(*byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
