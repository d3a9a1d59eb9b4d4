//! HTTP/2 without TLS, by prior knowledge.

use std::sync::{Arc, Mutex};

use anyfn_core::Body;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::bodies::Panics;
use crate::common::{Ends, On, Running, mirror, ok, refused, start, start_with, within};

type Client = SendRequest<Full<Bytes>>;

async fn connect(server: &Running) -> (Client, JoinHandle<hyper::Result<()>>) {
    let stream = TcpStream::connect(server.addr).await.unwrap();
    let (client, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    (client, tokio::spawn(connection))
}

fn get(url: &str) -> http::request::Builder {
    http::Request::get(url)
}

async fn send(client: &mut Client, request: http::Request<Full<Bytes>>) -> (http::response::Parts, Bytes) {
    let (head, body) = within(client.send_request(request)).await.unwrap().into_parts();
    (head, within(body.collect()).await.unwrap().to_bytes())
}

async fn json(client: &mut Client, request: http::Request<Full<Bytes>>) -> Value {
    serde_json::from_slice(&send(client, request).await.1).unwrap()
}

#[tokio::test]
async fn a_request_is_the_same_as_over_http_1() {
    let server = start(On(mirror)).await;
    let (mut client, _connection) = connect(&server).await;
    let request = get("https://fn.example/a?b=c").header("cookie", "a=1").header("cookie", "b=2");
    let seen = json(&mut client, request.body(Full::default()).unwrap()).await;
    assert_eq!(seen["url"], "http://fn.example/a?b=c");
    assert_eq!(seen["headers"], serde_json::json!([["cookie", "a=1; b=2"], ["host", "fn.example"]]));
    let request = http::Request::post("http://fn.example/").body(Full::from(vec![1; 3_000_000])).unwrap();
    assert_eq!(json(&mut client, request).await["length"], 3_000_000);
}

#[tokio::test]
async fn a_host_that_is_not_the_authority_is_refused() {
    let server = start(On(mirror)).await;
    let (mut client, _connection) = connect(&server).await;
    let request = get("http://a.example/").header("host", "b.example").body(Full::default()).unwrap();
    let (head, body) = send(&mut client, request).await;
    assert_eq!(
        (head.status.as_u16(), &head.headers["content-type"]),
        (400, &"application/problem+json".parse().unwrap())
    );
    assert!(String::from_utf8_lossy(&body).contains(":authority"));
    let request = get("http://a.example/").header("host", "A.example").body(Full::default()).unwrap();
    assert_eq!(send(&mut client, request).await.0.status, 200);
}

#[tokio::test]
async fn limits_hold_and_cost_one_stream() {
    let server = start_with(On(mirror), |settings| (settings.max_body, settings.max_headers) = (1000, 4096)).await;
    let (mut client, _connection) = connect(&server).await;
    let large = http::Request::post("http://h/").body(Full::from(vec![1; 1001])).unwrap();
    assert_eq!(send(&mut client, large).await.0.status, 413);
    for (length, words) in [(5000, true), (9000, false)] {
        let head = get("http://h/").header("x-large", "x".repeat(length)).body(Full::default()).unwrap();
        let (head, body) = send(&mut client, head).await;
        assert_eq!((head.status.as_u16(), body.is_empty()), (431, !words));
    }
    let fits = get("http://h/").body(Full::default()).unwrap();
    assert_eq!(send(&mut client, fits).await.0.status, 200);
}

#[tokio::test]
async fn a_handler_stops_when_its_stream_is_reset() {
    let (begins, begun) = oneshot::channel();
    let (ends, ended) = oneshot::channel();
    let signals = Arc::new(Mutex::new(Some((begins, Ends(Some(ends))))));
    let server = start(On(move |request: http::Request<Body>, _| {
        let signals = (request.uri().path() == "/endless").then(|| signals.lock().unwrap().take().unwrap());
        async move {
            if let Some((begins, _ends)) = signals {
                begins.send(()).unwrap();
                std::future::pending::<()>().await;
            }
            ok("fine")
        }
    }))
    .await;
    let (mut client, _connection) = connect(&server).await;
    let asked = tokio::spawn(client.send_request(get("http://h/endless").body(Full::default()).unwrap()));
    within(begun).await.unwrap();
    asked.abort();
    within(ended).await.unwrap();
    let next = get("http://h/").body(Full::default()).unwrap();
    assert_eq!(send(&mut client, next).await.1, "fine");
}

#[tokio::test]
async fn a_drain_lets_streams_finish_and_then_says_goodbye() {
    let (begins, begun) = oneshot::channel();
    let (go, going) = oneshot::channel::<()>();
    let signals = Arc::new(Mutex::new(Some((begins, going))));
    let mut server = start(On(move |_, _| {
        let (begins, going) = signals.lock().unwrap().take().unwrap();
        async move {
            begins.send(()).unwrap();
            going.await.unwrap();
            ok("in the end")
        }
    }))
    .await;
    let (mut client, connection) = connect(&server).await;
    let asked = tokio::spawn(client.send_request(get("http://h/").body(Full::default()).unwrap()));
    within(begun).await.unwrap();
    server.stop();
    refused(&server).await;
    assert!(!server.has_ended());
    go.send(()).unwrap();
    let answer = within(asked).await.unwrap().unwrap();
    assert_eq!(within(answer.into_body().collect()).await.unwrap().to_bytes(), "in the end");
    within(connection).await.unwrap().unwrap();
    server.ended().await;
}

#[tokio::test]
async fn an_idle_connection_ends_in_order() {
    let short = std::time::Duration::from_millis(100);
    let server = start_with(On(mirror), |settings| settings.idle = short).await;
    let (mut client, connection) = connect(&server).await;
    assert_eq!(send(&mut client, get("http://h/").body(Full::default()).unwrap()).await.0.status, 200);
    within(connection).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_stream_that_panics_costs_no_other_one() {
    let server = start(On(
        async |request: http::Request<Body>, _| {
            if request.uri().path() == "/" { ok("fine") } else { ok(Body::new(Panics)) }
        },
    ))
    .await;
    let (mut client, _connection) = connect(&server).await;
    let broken = get("http://h/panics").body(Full::default()).unwrap();
    let whole = match within(client.send_request(broken)).await {
        Ok(answer) => within(answer.into_body().collect()).await.is_ok(),
        Err(_) => false,
    };
    assert!(!whole);
    assert_eq!(send(&mut client, get("http://h/").body(Full::default()).unwrap()).await.1, "fine");
}

#[tokio::test]
async fn a_body_that_nobody_reads_costs_no_other_stream() {
    let server = start(On(async |_, _| ok("seen"))).await;
    let (mut client, _connection) = connect(&server).await;
    for _ in 0..3 {
        let large = http::Request::post("http://h/").body(Full::from(vec![1; 3_000_000])).unwrap();
        let (head, body) = send(&mut client, large).await;
        assert_eq!((head.status.as_u16(), &body[..]), (200, &b"seen"[..]));
    }
}
