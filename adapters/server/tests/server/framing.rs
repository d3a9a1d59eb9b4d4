//! Answers whose headers say something of the connection.

use anyfn_core::{Body, Error};

use crate::common::{On, Running, start};

/// A server that answers `/whole` with a whole body and these headers, and all else with a stream and them.
async fn with(headers: &'static [(&str, &str)]) -> Running {
    start(On(move |request: http::Request<Body>, _| {
        let mut answer = http::Response::builder();
        for (name, value) in headers {
            answer = answer.header(*name, *value);
        }
        let stream = request.uri().path() == "/stream";
        let body = if stream { Body::new(http_body_util::StreamBody::new(Two(2))) } else { Body::from("12345") };
        std::future::ready(answer.body(body).map_err(Error::internal))
    }))
    .await
}

/// Twice two bytes, whose sum nobody announces.
struct Two(usize);

impl futures_core::Stream for Two {
    type Item = Result<hyper::body::Frame<hyper::body::Bytes>, std::io::Error>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        let left = self.0.checked_sub(1);
        self.0 = left.unwrap_or(0);
        std::task::Poll::Ready(left.map(|_| Ok(hyper::body::Frame::data("ab".into()))))
    }
}

/// Two answers over one connection, which shows that the first one ended where it says.
async fn twice(headers: &'static [(&str, &str)], path: &str, body: &str) {
    let server = with(headers).await;
    let mut client = server.connect().await;
    for _ in 0..2 {
        client.send(format!("GET {path} HTTP/1.1\r\nhost: h\r\n\r\n")).await;
        let answer = client.answer().await;
        assert_eq!((answer.status, answer.text()), (200, body), "{headers:?}: {}", answer.head);
    }
}

#[tokio::test]
async fn a_length_that_is_not_the_bodys_is_mended() {
    twice(&[("content-length", "3")], "/whole", "12345").await;
    twice(&[("content-length", "9")], "/whole", "12345").await;
    twice(&[("content-length", "5"), ("content-length", "6")], "/whole", "12345").await;
    twice(&[("content-length", "five")], "/stream", "abab").await;
    twice(&[("content-length", "4")], "/stream", "abab").await;
}

#[tokio::test]
async fn another_connections_headers_are_left_out() {
    let theirs = &[
        ("transfer-encoding", "chunked"),
        ("connection", "keep-alive, x-other"),
        ("keep-alive", "timeout=5"),
        ("upgrade", "h2"),
        ("proxy-connection", "keep-alive"),
    ];
    twice(theirs, "/whole", "12345").await;
    twice(theirs, "/stream", "abab").await;
    let head = with(theirs).await.ask("GET /whole HTTP/1.1\r\nhost: h\r\n\r\n").await.head;
    for (name, _) in theirs {
        assert!(!head.contains(name), "{head}");
    }
}

#[tokio::test]
async fn a_stream_shorter_than_its_length_is_no_whole_answer() {
    let server = with(&[("content-length", "5")]).await;
    let mut client = server.connect().await;
    let request = "GET /stream HTTP/1.1\r\nhost: h\r\n\r\n";
    client.send(request.repeat(2)).await;
    // What was not sent when it broke off may be missing, and what follows does not come.
    let rest = client.rest().await;
    assert!(rest.is_empty() || rest.ends_with("\r\n\r\nabab"), "{rest}");
}

#[tokio::test]
async fn a_handler_may_close_the_connection() {
    let server = with(&[("connection", "Close")]).await;
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.1\r\nhost: h\r\n\r\n").await;
    assert_eq!(client.answer().await.header("connection"), Some("close"));
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn the_length_of_a_head_is_the_handlers() {
    let server = with(&[("content-length", "1000000")]).await;
    let mut client = server.connect().await;
    for _ in 0..2 {
        client.send("HEAD /stream HTTP/1.1\r\nhost: h\r\n\r\n").await;
        assert!(client.until("\r\n\r\n").await.contains("content-length: 1000000\r\n"));
    }
}
