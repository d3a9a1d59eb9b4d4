//! Clients that go away.

use std::sync::{Arc, Mutex};

use anyfn_core::{Body, Context};
use tokio::sync::oneshot;

use crate::common::{Ends, On, Running, ok, start, within};

/// A handler that never answers: tells when it begins and when it is dropped.
async fn endless() -> (Running, oneshot::Receiver<()>, oneshot::Receiver<()>) {
    let (begins, begun) = oneshot::channel();
    let (ends, ended) = oneshot::channel();
    let signals = Arc::new(Mutex::new(Some((begins, Ends(Some(ends))))));
    let server = start(On(move |request: http::Request<Body>, _| {
        let signals = signals.lock().unwrap().take().unwrap();
        async move {
            let (begins, _ends) = signals;
            let _body = request.into_body().collect(1000).await;
            begins.send(()).unwrap();
            std::future::pending().await
        }
    }))
    .await;
    (server, begun, ended)
}

#[tokio::test]
async fn a_handler_stops_when_its_client_is_gone() {
    for request in ["GET / HTTP/1.1\r\nhost: h\r\n\r\n", "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 5\r\n\r\nhello"]
    {
        let (server, begun, ended) = endless().await;
        let mut client = server.connect().await;
        client.send(request).await;
        within(begun).await.unwrap();
        drop(client);
        within(ended).await.unwrap();
    }
}

#[tokio::test]
async fn a_stream_stops_when_its_client_is_gone() {
    let (ends, ended) = oneshot::channel();
    let ends = Arc::new(Mutex::new(Some(Ends(Some(ends)))));
    let server = start(On(move |_, _| {
        let ends = ends.lock().unwrap().take();
        async move { ok(Body::new(Once(Some("begun"), ends))) }
    }))
    .await;
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.1\r\nhost: h\r\n\r\n").await;
    client.until("begun").await;
    drop(client);
    within(ended).await.unwrap();
}

/// One chunk, and then nothing for ever.
struct Once(Option<&'static str>, #[allow(dead_code, reason = "its drop tells")] Option<Ends>);

impl hyper::body::Body for Once {
    type Data = hyper::body::Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Self::Data>, Self::Error>>> {
        match self.0.take() {
            Some(text) => std::task::Poll::Ready(Some(Ok(hyper::body::Frame::data(text.into())))),
            None => std::task::Poll::Pending,
        }
    }
}

#[tokio::test]
async fn a_body_whose_client_is_gone_is_an_error_and_never_a_whole_one() {
    let (tell, told) = oneshot::channel();
    let tell = Arc::new(Mutex::new(Some(tell)));
    let server = start(On(move |request: http::Request<Body>, cx: Context| {
        let tell = tell.lock().unwrap().take().unwrap();
        async move {
            // Outlives the request, which ends with its client.
            cx.wait_until(async move {
                let _ = tell.send(request.into_body().collect(1000).await.is_err());
            });
            std::future::pending().await
        }
    }))
    .await;
    let mut client = server.connect().await;
    client.send("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 10\r\n\r\nhello").await;
    drop(client);
    assert!(within(told).await.unwrap());
}

#[tokio::test]
async fn work_after_the_answer_goes_on_without_the_client() {
    let (begins, begun) = oneshot::channel();
    let (go, going) = oneshot::channel::<()>();
    let (tell, told) = oneshot::channel();
    let signals = Arc::new(Mutex::new(Some((begins, going, tell))));
    let server = start(On(move |_, cx: Context| {
        let (begins, going, tell) = signals.lock().unwrap().take().unwrap();
        async move {
            cx.wait_until(async move {
                going.await.unwrap();
                tell.send("done").unwrap();
            });
            begins.send(()).unwrap();
            std::future::pending().await
        }
    }))
    .await;
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.1\r\nhost: h\r\n\r\n").await;
    within(begun).await.unwrap();
    drop(client);
    go.send(()).unwrap();
    assert_eq!(within(told).await.unwrap(), "done");
}
