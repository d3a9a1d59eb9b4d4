//! Clients and handlers that take too long.

use std::time::Duration;

use anyfn_core::{Body, Error};
use tokio::time::Instant;

use crate::common::{On, mirror, ok, start_with};

const SHORT: Duration = Duration::from_millis(100);

#[tokio::test]
async fn a_client_that_says_nothing_is_left() {
    let server = start_with(On(mirror), |settings| settings.head = SHORT).await;
    let mut client = server.connect().await;
    assert_eq!(client.rest().await, "");
    // As HTTP/2 begins, and then no further.
    let mut client = server.connect().await;
    client.send("PRI * HT").await;
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn a_client_that_sends_its_head_too_slowly_is_told_so() {
    let server = start_with(On(mirror), |settings| settings.head = Duration::from_millis(300)).await;
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.1\r\nhost: h\r\n\r\n").await;
    assert_eq!(client.answer().await.status, 200);
    client.send("GET / HTTP/1.1\r\n").await;
    // Each byte is in time, the head as a whole is not.
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(200) {
        client.send("x").await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    client.answer().await.assert_problem(408, true);
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn an_idle_connection_is_closed_and_a_busy_one_is_not() {
    let handler = On(async |request: http::Request<Body>, cx: anyfn_core::Context| {
        if request.uri().path() == "/slow" {
            cx.sleep(Duration::from_millis(600)).await;
        }
        ok("here")
    });
    let server = start_with(handler, |settings| (settings.head, settings.idle) = (SHORT, SHORT)).await;
    let mut client = server.connect().await;
    client.send("GET /slow HTTP/1.1\r\nhost: h\r\n\r\n").await;
    assert_eq!(client.answer().await.text(), "here");
    client.send("GET / HTTP/1.1\r\nhost: h\r\n\r\n").await;
    assert_eq!(client.answer().await.text(), "here");
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn a_body_that_stands_still_ends_with_an_error() {
    let server = start_with(On(mirror), |settings| settings.stall = Some(SHORT)).await;
    let mut client = server.connect().await;
    client.send("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 1000000\r\n\r\nhello").await;
    let answer = client.answer().await;
    answer.assert_problem(400, true);
    assert!(answer.text().contains("sent nothing"), "{}", answer.text());
}

#[tokio::test]
async fn a_client_that_does_not_take_its_answer_is_left() {
    // More than the kernel's buffers hold.
    let handler = On(async |_, _| ok(vec![b'x'; 64 << 20]));
    let server = start_with(handler, |settings| (settings.stall, settings.idle) = (Some(SHORT), SHORT)).await;
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.1\r\nhost: h\r\n\r\n").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(client.rest().await.len() < 64 << 20);
}

#[tokio::test]
async fn a_slow_client_gets_all_of_a_large_answer() {
    let handler = On(async |_, _| ok(vec![b'x'; 20 << 20]));
    let server = start_with(handler, |settings| (settings.stall, settings.idle) = (Some(SHORT * 5), SHORT)).await;
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.1\r\nhost: h\r\n\r\n").await;
    client.until("\r\n\r\n").await;
    for _ in 0..20 {
        tokio::time::sleep(SHORT / 2).await;
        assert_eq!(client.exactly(1 << 20).await.len(), 1 << 20);
    }
}

#[tokio::test]
async fn a_handler_past_its_time_is_dropped_and_answered_for() {
    let handler = On(async |_, cx: anyfn_core::Context| {
        assert!(cx.remaining().is_some_and(|left| left <= SHORT));
        std::future::pending::<Result<_, Error>>().await
    });
    let server = start_with(handler, |settings| settings.request = Some(SHORT)).await;
    server.ask("GET / HTTP/1.1\r\nhost: h\r\n\r\n").await.assert_problem(504, false);
}

#[tokio::test]
async fn a_stream_past_its_time_is_cut() {
    let handler = On(async |request: http::Request<Body>, _| ok(request.into_body()));
    let server = start_with(handler, |settings| settings.request = Some(SHORT * 2)).await;
    let mut client = server.connect().await;
    client.send("POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n").await;
    let rest = client.rest().await;
    assert!(rest.ends_with("5\r\nhello\r\n"), "{rest}");
}
