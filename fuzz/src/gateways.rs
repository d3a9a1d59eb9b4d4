//! Requests as Workers, Vercel and the server bring them, and what extractors read of them.

use anyfn_core::http::{StatusCode, Uri};
use anyfn_core::test::block_on;
use anyfn_core::{App, Body, Context, Error, Event, Form, Handler, Json, Path, Query, Response};
use anyfn_server::{Proxies, Settings};
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;

use crate::input::{Message, decoder, pairs, unescaped};

/// The first byte says what the message that follows comes to: Workers' wire (`0`), bytes that may be that wire's or not (`1`),
/// an answer on it (`2`), Vercel (`3`), its events (`4`), its deliveries of queues with what their API answers (`5`), a head that
/// hyper has refused (`6`), the server (`7`), extractors (`8`, `9`), `wasm-bindgen`'s glue (`:`).
pub fn gateways(data: &[u8]) {
    let Some((kind, rest)) = decoder(data, 16) else { return };
    match kind % 16 {
        0 => workers(&Message::read(rest)),
        1 => wire(String::from_utf8_lossy(rest).into_owned()),
        2 => answered(&Message::read(rest)),
        3 => vercel(&Message::read(rest)),
        4 => vercel_events(&Message::read(rest), &Message::read(b"")),
        5 => {
            let both = String::from_utf8_lossy(rest);
            let (request, api) = both.split_once("\n\n\n").unwrap_or((&both, ""));
            vercel_events(&Message::read(request.as_bytes()), &Message::read(api.as_bytes()));
        }
        6 => drop(anyfn_vercel::fuzzing::refused(rest)),
        7 => server(&Message::read(rest)),
        8 => extracted(rest),
        9 => sent(&Message::read(rest)),
        10 => glue(&String::from_utf8_lossy(rest)),
        _ => {}
    }
}

/// Any request that crosses to a Worker is the same on the other side.
fn workers(message: &Message) {
    let (method, target) = message.first.split_once(' ').unwrap_or((&message.first, "/"));
    let url = format!("https://a.example{target}");
    let headers: Vec<_> =
        message.headers.iter().filter(|(name, value)| !format!("{name}{value}").contains('\n')).collect();
    let mut head = format!("{method}\n{url}");
    for (name, value) in &headers {
        head = format!("{head}\n{name}\n{value}");
    }
    let body = Body::from(message.body.clone());
    let received = match anyfn_cloudflare::decode(head, body) {
        Ok(received) => received,
        Err(error) => return assert_eq!(error.status(), StatusCode::BAD_REQUEST),
    };
    let request = &received.request;
    assert_eq!(request.method().as_str(), method);
    assert_eq!(request.body().whole().map(|body| &body[..]), Some(&message.body[..]));
    // `?`, `/` and `#` may not be the path's first: they end the host, or are none that a URL has.
    if target.starts_with('/') {
        assert_eq!(request.uri().host(), Some("a.example"));
        match &received.raw_target {
            Some(raw) => {
                assert_eq!(raw, target);
                let held = request.uri().path_and_query().map_or("", |held| held.as_str());
                assert_eq!(unescaped(held), unescaped(target));
            }
            None if target.starts_with("/?") || !target.contains('?') || target.len() > 1 => {
                assert_eq!(request.uri().to_string(), url);
            }
            None => {}
        }
    }
    let seen: Vec<_> = request.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    assert_eq!(seen.len(), headers.len(), "each header is there");
    for (name, value) in &headers {
        assert!(seen.contains(&(name.to_ascii_lowercase().as_str(), value.as_bytes())));
    }
    in_order(request.headers(), headers.into_iter().map(|(name, value)| (name.as_str(), value.as_str())));
}

/// The values of each name are those that were sent, in order.
fn in_order<'a>(headers: &http::HeaderMap, sent: impl Iterator<Item = (&'a str, &'a str)> + Clone) {
    for name in headers.keys() {
        let seen: Vec<&[u8]> = headers.get_all(name).iter().map(http::HeaderValue::as_bytes).collect();
        let sent = sent.clone().filter(|(sent, _)| sent.eq_ignore_ascii_case(name.as_str()));
        assert_eq!(seen, sent.map(|(_, value)| value.as_bytes()).collect::<Vec<_>>(), "{name}");
    }
}

fn wire(head: String) {
    match anyfn_cloudflare::decode(head, Body::empty()) {
        Ok(received) => valid(received.request.uri()),
        Err(error) => assert_eq!(error.status(), StatusCode::BAD_REQUEST),
    }
}

/// It is the same when it is written and read.
fn valid(uri: &Uri) {
    assert_eq!(&uri.to_string().parse::<Uri>().unwrap_or_else(|error| panic!("{error}: {uri:?}")), uri);
}

/// An answer's head in lines is that head.
fn answered(message: &Message) {
    let (mut parts, ()) = http::Response::new(()).into_parts();
    parts.headers = message.known();
    let head = anyfn_cloudflare::encode(&parts);
    let mut lines = head.headers.split_terminator('\n');
    let mut headers = http::HeaderMap::new();
    while let (Some(name), Some(value)) = (lines.next(), lines.next()) {
        headers.append(http::HeaderName::try_from(name).expect("a name"), value.parse().expect("a value"));
    }
    for name in ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"] {
        parts.headers.remove(name);
    }
    assert_eq!(headers, parts.headers);
}

fn vercel(message: &Message) {
    let Some(request) = message.request(()) else { return };
    let (sent, known) = (request.uri().clone(), message.known());
    let received = match anyfn_vercel::decode(request) {
        Ok(received) => received,
        Err(error) => {
            let status = error.status().as_u16();
            return assert!([400, 413, 501].contains(&status), "{status}");
        }
    };
    let uri = received.request.uri();
    valid(uri);
    if sent.path() != "*" && !sent.path().is_empty() {
        assert_eq!((uri.path(), uri.query()), (sent.path(), sent.query()));
    }
    let headers = received.request.headers();
    assert!(
        !headers.keys().any(|name| name.as_str().starts_with("x-vercel-internal-")),
        "internal headers stay inside"
    );
    for name in known.keys().filter(|name| !name.as_str().starts_with("x-vercel-")) {
        assert!(headers.get_all(name).iter().eq(known.get_all(name)), "{name}");
    }
}

/// Reads the items of anything.
struct Does;

impl Handler for Does {
    async fn call(&self, event: Event, _: Context) -> Result<Response, Error> {
        Ok(event.outcomes().map_or(Response::Done, |outcomes| Response::Batch(outcomes.take())))
    }
}

/// Vercel's crons, queues and uploads; none is let in that is not signed, and what is wrong is answered with a 4xx.
fn vercel_events(message: &Message, api: &Message) {
    const TOKEN: &str = "vercel_blob_rw_store_secret";
    fn variable(name: &str) -> Option<String> {
        let value = match name {
            "CRON_SECRET" | "ANYFN_EVENT_TOKEN" | "VERCEL_QUEUE_TOKEN" => "t",
            "BLOB_READ_WRITE_TOKEN" => TOKEN,
            "ANYFN_NAMES" => r#"{"/_anyfn/cron/0":"0 3 * * *","store":"uploads"}"#,
            "ANYFN_QUEUE" => "1",
            _ => return None,
        };
        Some(value.to_owned())
    }
    let Some(mut request) = message.request(Body::from(message.body.clone())) else { return };
    if request.headers().contains_key("x-sign") {
        let mac = Hmac::<sha2::Sha256>::new_from_slice(TOKEN.as_bytes()).expect("any key");
        let signed = mac.chain_update(&message.body).finalize().into_bytes();
        let digits: String = signed.iter().map(|byte| format!("{byte:02x}")).collect();
        request.headers_mut().insert("x-vercel-signature", digits.parse().expect("digits"));
    }
    let mut answer = http::Response::new(Bytes::from(api.body.clone()));
    *answer.status_mut() = StatusCode::from_bytes(api.first.as_bytes()).unwrap_or_default();
    *answer.headers_mut() = api.known();
    let failing = !answer.status().is_success() || !api.first.is_empty();
    // Time stands still but for what waits for it: a retry's pause takes none.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let event = anyfn_vercel::fuzzing::event(Does, request, variable, answer);
    let status = runtime.expect("a runtime").block_on(event).status().as_u16();
    // Items that nobody has handled come again: 500. The queues' API may fail: 503.
    assert!(status < 501 || status == 503, "{status}");
    assert!(failing || status < 501 || status == 503, "{status}");
}

fn server(message: &Message) {
    for proxies in ["0", "1", "2,host", "1,forwarded"] {
        let Some(request) = message.request(()) else { return };
        let sent = request.uri().clone();
        let mut settings = Settings::default();
        settings.proxies = proxies.parse::<Proxies>().expect("proxies");
        match anyfn_server::decode(request, [203, 0, 113, 7].into(), &settings) {
            Ok(received) => {
                let uri = received.request.uri();
                valid(uri);
                assert!(uri.host().is_some_and(|host| !host.is_empty()), "{uri}");
                if sent.path() != "*" && !sent.path().is_empty() {
                    assert_eq!((uri.path(), uri.query()), (sent.path(), sent.query()));
                }
                if settings.proxies.count == 0 {
                    assert_eq!(received.client_ip, Some([203, 0, 113, 7].into()), "nobody else is believed");
                }
            }
            Err(error) => assert!([400, 431, 501].contains(&error.status().as_u16()), "{error}"),
        }
    }
}

#[derive(serde::Deserialize)]
struct Fields {
    #[serde(default)]
    tag: Vec<String>,
    page: Option<u32>,
    #[serde(default)]
    on: bool,
}

async fn fields(Query(Fields { tag, page, on }): Query<Fields>, Form(form): Form<Vec<(String, String)>>) -> String {
    format!("{tag:?}{page:?}{on}{form:?}")
}

async fn typed(Path((name, number)): Path<(String, i16)>, Json(json): Json<Value>) -> Json<Value> {
    Json(serde_json::json!([name, number, json]))
}

async fn pair(query: Query<Vec<(String, String)>>, Form(form): Form<Vec<(String, String)>>) -> Json<Value> {
    Json(serde_json::json!([query.0, form]))
}

async fn named(Path(name): Path<String>) -> String {
    name
}

/// Names and values that are written as a query, a form or a path are read as what they were.
fn extracted(rest: &[u8]) {
    const ALL: &percent_encoding::AsciiSet = percent_encoding::NON_ALPHANUMERIC;
    let text = String::from_utf8_lossy(rest);
    let written = |text: &str| percent_encoding::utf8_percent_encode(text, ALL).to_string();
    let sent = pairs(&text);
    let query =
        sent.iter().map(|(name, value)| format!("{}={}", written(name), written(value))).collect::<Vec<_>>().join("&");
    let request =
        http::Request::post(format!("http://a/?{query}")).header("content-type", "application/x-www-form-urlencoded");
    let Ok(request) = request.body(Bytes::from(query)) else { return };
    let answer = block_on(anyfn_core::test::TestRequest::from(request).send(pair));
    assert_eq!(answer.status(), 200, "{}", answer.text());
    assert_eq!(answer.json::<Value>(), serde_json::json!([sent, sent]));
    if !text.is_empty()
        && let Ok(request) = http::Request::get(format!("http://a/by/{}", written(&text))).body(Bytes::new())
    {
        let app = App::builder().http_at("/by/{name}", named).build();
        let answer = block_on(anyfn_core::test::TestRequest::from(request).send_to(&app));
        assert_eq!((answer.status(), answer.text()), (200, &*text));
    }
}

/// Any request to extractors: what does not fit is a 4xx.
fn sent(message: &Message) {
    let Some(request) = message.request(Bytes::from(message.body.clone())) else { return };
    let app = App::builder().http_at("/by/{name}/{number}", typed).http_at("/{*rest}", fields).build();
    let answer = block_on(anyfn_core::test::TestRequest::from(request).send_to(&app));
    assert!(answer.status() == 200 || (400..500).contains(&answer.status()), "{}", answer.status());
}

fn glue(text: &str) {
    if let Ok(module) = anyfn_cloudflare::instances(text) {
        assert_eq!(
            module.matches("export function instantiate() {").count()
                - text.matches("export function instantiate() {").count(),
            1
        );
    }
}
