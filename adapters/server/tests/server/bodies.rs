//! Streams, in both directions.

use std::pin::Pin;
use std::sync::{Arc, Mutex};

use anyfn_core::Body;
use tokio::sync::mpsc;

use crate::common::{On, Running, mirror, ok, start, within};

type Item = std::io::Result<&'static str>;

/// A server whose one answer a test feeds.
async fn fed() -> (Running, mpsc::UnboundedSender<Item>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let body = Arc::new(Mutex::new(Some(Body::new(Chunks(receiver)))));
    let server = start(On(move |_, _| {
        let body = body.lock().unwrap().take().unwrap();
        async { ok(body) }
    }))
    .await;
    (server, sender)
}

struct Chunks(mpsc::UnboundedReceiver<Item>);

impl hyper::body::Body for Chunks {
    type Data = hyper::body::Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Self::Data>, Self::Error>>> {
        self.0.poll_recv(cx).map(|next| next.map(|item| item.map(|text| hyper::body::Frame::data(text.into()))))
    }
}

#[tokio::test]
async fn an_answer_is_sent_chunk_by_chunk() {
    let (server, sender) = fed().await;
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.1\r\nhost: h\r\n\r\n").await;
    for text in ["one", "three"] {
        sender.send(Ok(text)).unwrap();
        // The next one is not even there yet.
        client.until(&format!("{:X}\r\n{text}\r\n", text.len())).await;
    }
    drop(sender);
    client.until("0\r\n\r\n").await;
}

#[tokio::test]
async fn a_body_goes_out_while_it_still_comes_in() {
    let server = start(On(async |request: http::Request<Body>, _| ok(request.into_body()))).await;
    let mut client = server.connect().await;
    client.send("POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n").await;
    for text in ["first", "second", "third"] {
        let chunk = format!("{:X}\r\n{text}\r\n", text.len());
        client.send(&chunk).await;
        client.until(&chunk).await;
    }
    client.send("0\r\n\r\n").await;
    client.until("0\r\n\r\n").await;
    client.send("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 2\r\n\r\nok").await;
    assert_eq!(client.answer().await.text(), "ok");
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_no_whole_one() {
    let (server, sender) = fed().await;
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.1\r\nhost: h\r\n\r\n").await;
    sender.send(Ok("part")).unwrap();
    client.until("4\r\npart\r\n").await;
    sender.send(Err(std::io::Error::other("broken"))).unwrap();
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn a_stream_that_panics_breaks_off_alone() {
    let server = start(On(async |request: http::Request<Body>, _| {
        if request.uri().path() == "/" {
            return ok("fine");
        }
        ok(Body::new(Panics))
    }))
    .await;
    let mut client = server.connect().await;
    client.send("GET /panics HTTP/1.1\r\nhost: h\r\n\r\n").await;
    assert!(!client.rest().await.contains("0\r\n\r\n"));
    assert_eq!(server.ask("GET / HTTP/1.1\r\nhost: h\r\n\r\n").await.text(), "fine");
}

pub(crate) struct Panics;

impl hyper::body::Body for Panics {
    type Data = hyper::body::Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Self::Data>, Self::Error>>> {
        panic!("in the stream")
    }
}

#[tokio::test]
async fn a_large_body_arrives_whole() {
    let server = start(On(mirror)).await;
    let mut client = server.connect().await;
    client.send(format!("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: {}\r\n\r\n", 16 << 20)).await;
    client.send(vec![7; 16 << 20]).await;
    assert_eq!(client.answer().await.json()["length"], 16 << 20);
}

#[tokio::test]
async fn work_after_the_answer_may_still_read_the_body() {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let server = start(On(move |request: http::Request<Body>, cx: anyfn_core::Context| {
        let sender = sender.clone();
        async move {
            cx.wait_until(async move {
                let _ = sender.send(request.into_body().collect(100).await.unwrap());
            });
            ok("later")
        }
    }))
    .await;
    let mut client = server.connect().await;
    client.send("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 10\r\n\r\nhello").await;
    assert_eq!(client.answer().await.text(), "later");
    client.send("world").await;
    assert_eq!(within(receiver.recv()).await.unwrap(), "helloworld");
}
