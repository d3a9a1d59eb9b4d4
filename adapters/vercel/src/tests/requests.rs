//! What comes to the handler, and what goes back.

use std::sync::Arc;

use anyfn_core::{Body, Context, Error, Event, FromEvent};
use futures_util::stream;
use http::Response;
use tokio::sync::Barrier;

use super::{Does, Platform, SHORT, says};
use crate::{CAPABILITIES, InvocationId};

#[tokio::test]
async fn internal_headers_stay_out_and_the_token_cannot_be_forged() {
    let mut platform = Platform::start(Does(async |request: http::Request<Body>, cx: Context| {
        let id = cx.raw::<InvocationId>().unwrap().request;
        let names = request.headers().keys().map(http::HeaderName::as_str).collect::<Vec<_>>().join(",");
        says(&format!("{id} {names} {:?}", request.headers().get("x-vercel-oidc-token")))
    }))
    .await;
    let forged = ["x-vercel-oidc-token: forged", "x-vercel-internal-trace-id: 1", "x-vercel-internal-any: 2"];
    let answer = platform.send("GET /", &forged, b"").await.answer().await;
    assert_eq!(String::from_utf8_lossy(&answer.body), "1 host None");
    let given = ["x-vercel-oidc-token: forged", "x-vercel-internal-oidc-token: real"];
    let answer = platform.send("GET /", &given, b"").await.answer().await;
    let body = String::from_utf8_lossy(&answer.body).into_owned();
    assert!(body.contains("real") && !body.contains("forged"), "{body}");
}

#[tokio::test]
async fn an_errors_cause_stays_inside_and_the_answer_is_json() {
    let mut platform = Platform::start(Does(async |_, _| Err(Error::internal("boom \"quoted\"")))).await;
    let answer = platform.ask("GET /").await;
    assert_eq!((answer.status, answer.json()["title"].as_str()), (500, Some("Internal Server Error")));
    assert!(!String::from_utf8_lossy(&answer.body).contains("boom"));
}

#[tokio::test]
async fn a_request_streams_in_and_an_answer_of_any_type_streams_out() {
    let mut platform = Platform::start(Does(async |request: http::Request<Body>, _| {
        Ok(Response::builder().header("content-type", "application/x-any").body(request.into_body()).unwrap())
    }))
    .await;
    let mut client = platform.send("POST /", &["transfer-encoding: chunked"], b"").await;
    client.write(b"3\r\none\r\n").await;
    client.head().await;
    assert_eq!(client.chunk().await, b"one", "before the second is sent");
    client.write(b"3\r\ntwo\r\n0\r\n\r\n").await;
    assert_eq!(client.chunk().await, b"two");
    assert_eq!(client.chunk().await, b"");
    platform.ends(1).await;
}

#[tokio::test]
async fn a_body_that_is_not_read_costs_no_connection() {
    let mut platform = Platform::start(Does(async |_, _| says("no"))).await;
    let mut client = platform.send("POST /", &[], &vec![0; 2_000_000]).await;
    assert_eq!(client.answer().await.body, b"no");
    platform.send_on(&mut client, "GET /", &[], b"").await;
    assert_eq!(client.answer().await.body, b"no", "on the same connection");
}

#[tokio::test]
async fn bodies_beyond_the_limits_are_refused_with_words() {
    let mut platform = Platform::start(Does(async |request: http::Request<Body>, cx: Context| {
        if request.uri().path() == "/large" {
            return Ok(Response::new(Body::from(vec![0; 4_500_001])));
        }
        let body = <bytes::Bytes as FromEvent<(), _>>::from_event(Event::Http(request), &cx, &()).await?;
        says(&body.len().to_string())
    }))
    .await;
    assert_eq!(CAPABILITIES.max_request_body, Some(4_500_000));
    let declared = platform.send("POST /", &["content-length: 4500001"], b"").await.answer().await;
    assert_eq!(declared.status, 413, "{declared:?}");
    platform.message().await;
    platform.ends(1).await;
    let mut chunked = platform.send("POST /", &["transfer-encoding: chunked"], b"").await;
    let size = 4_500_001;
    chunked.write(format!("{size:x}\r\n").as_bytes()).await;
    chunked.write(&vec![0; size]).await;
    chunked.write(b"\r\n0\r\n\r\n").await;
    assert_eq!(chunked.answer().await.status, 413);
    platform.ends(2).await;
    let whole = platform.send("POST /", &[], &vec![0; 4_500_000]).await.answer().await;
    assert_eq!(whole.body, b"4500000");
    platform.ends(3).await;
    assert_eq!(platform.ask("GET /large").await.status, 500);
    let logged = super::logs::line(&platform.message().await);
    assert!(logged.contains("4500001 bytes") && logged.contains("Body::from_stream"), "{logged}");
}

#[tokio::test]
async fn a_ping_is_no_invocation() {
    let mut platform = Platform::start(Does(async |_, _| says("handler"))).await;
    let answer = platform.ask("GET /_vercel/ping").await;
    assert_eq!((answer.status, &*answer.body), (200, &b"OK"[..]));
    platform.silence().await;
}

#[tokio::test]
async fn requests_are_served_at_once_and_one_is_the_cold_start() {
    const COUNT: usize = 50;
    let barrier = Arc::new(Barrier::new(COUNT));
    let mut platform = Platform::start(Does(move |_, cx: Context| {
        let barrier = Arc::clone(&barrier);
        async move {
            barrier.wait().await;
            says(if cx.cold_start() { "cold" } else { "warm" })
        }
    }))
    .await;
    let mut clients = Vec::new();
    for _ in 0..COUNT {
        clients.push(platform.send("GET /", &[], b"").await);
    }
    let mut cold = 0;
    for client in &mut clients {
        cold += usize::from(client.answer().await.body == b"cold");
    }
    assert_eq!(cold, 1);
    let mut ended: Vec<_> = Vec::new();
    for _ in 0..COUNT {
        ended.push(platform.message().await["payload"]["context"]["requestId"].as_u64().unwrap());
    }
    ended.sort_unstable();
    assert_eq!(ended, (1..=COUNT as u64).collect::<Vec<_>>(), "one end each");
}

#[tokio::test]
async fn an_answer_streams_beyond_the_limit_of_whole_ones() {
    let mut platform = Platform::start(Does(async |_, _| {
        let pieces = stream::iter((0..10).map(|_| Ok::<_, std::convert::Infallible>(vec![0; 1_000_000])));
        Ok(Response::new(Body::from_stream(pieces)))
    }))
    .await;
    assert_eq!(platform.ask("GET /").await.body.len(), 10_000_000);
    tokio::time::timeout(SHORT * 10, platform.ends(1)).await.unwrap();
}

#[tokio::test]
async fn an_answer_is_framed_as_it_is_whatever_its_headers_say() {
    const HANDED_ON: &[(&str, &str)] = &[
        ("content-length", "3"),
        ("content-length", "50"),
        ("content-length", "five"),
        ("transfer-encoding", "gzip"),
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("keep-alive", "timeout=5"),
    ];
    let mut platform = Platform::start(Does(async |request: http::Request<Body>, _| {
        let at: usize = request.uri().query().unwrap().parse().unwrap();
        let answer = Response::builder().header(HANDED_ON[at].0, HANDED_ON[at].1).header("x-kept", "1");
        let pieces = stream::iter(["hel", "lo"].map(Ok::<_, std::convert::Infallible>));
        let streamed = request.uri().path() == "/stream" && HANDED_ON[at].0 != "content-length";
        Ok(answer.body(if streamed { Body::from_stream(pieces) } else { Body::from("hello") }).unwrap())
    }))
    .await;
    let mut client = platform.send("GET /?0", &[], b"").await;
    assert_eq!(client.answer().await.body, b"hello");
    for (at, handed_on) in HANDED_ON.iter().enumerate() {
        for path in ["/", "/stream"] {
            platform.send_on(&mut client, &format!("GET {path}?{at}"), &[], b"").await;
            let answer = client.answer().await;
            assert_eq!((answer.status, &*answer.body), (200, &b"hello"[..]), "{handed_on:?}");
            let (name, value) = handed_on;
            assert!(!answer.head.contains(&format!("{name}: {value}")), "{}", answer.head);
            assert!(answer.head.contains("x-kept"), "{}", answer.head);
        }
        platform.send_on(&mut client, &format!("HEAD /?{at}"), &[], b"").await;
        assert_eq!(client.head().await.0, 200, "on the same connection");
    }
}

#[tokio::test]
async fn many_headers_are_taken_beside_the_platforms_own() {
    let mut platform =
        Platform::start(Does(async |request: http::Request<Body>, _| says(&request.headers().len().to_string()))).await;
    let headers: Vec<String> = (0..500).map(|number| format!("x-{number}: 1")).collect();
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    assert_eq!(platform.send("GET /", &headers, b"").await.answer().await.body, b"501");
    platform.ends(1).await;
}
