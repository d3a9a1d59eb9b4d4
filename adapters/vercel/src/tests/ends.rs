//! When an invocation is over.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use anyfn_core::Body;
use futures_util::stream;
use http::Response;
use tokio::sync::{Mutex, Notify, mpsc};
use tokio::time::{sleep, timeout};

use super::{Does, Dropped, LONG, Platform, SHORT, says};

/// Answers with a body that the test feeds.
fn fed() -> (mpsc::UnboundedSender<Result<&'static str, io::Error>>, impl anyfn_core::Handler) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let receiver = Mutex::new(Some(receiver));
    let handler = Does(move |_, _| {
        let receiver = receiver.try_lock().unwrap().take().unwrap();
        async move {
            let pieces = stream::unfold(receiver, async |mut receiver: mpsc::UnboundedReceiver<_>| {
                let piece: Result<&str, io::Error> = receiver.recv().await?;
                assert!(!matches!(piece, Ok("panic")), "asked to");
                Some((piece, receiver))
            });
            Ok(Response::new(Body::from_stream(pieces)))
        }
    });
    (sender, handler)
}

#[tokio::test]
async fn an_invocation_ends_after_the_last_byte_of_a_stream() {
    let (pieces, handler) = fed();
    let mut platform = Platform::start(handler).await;
    let mut client = platform.send("GET /", &[], b"").await;
    client.head().await;
    pieces.send(Ok("one")).unwrap();
    assert_eq!(client.chunk().await, b"one", "a piece is sent when it is there");
    platform.silence().await;
    drop(pieces);
    assert_eq!(client.chunk().await, b"");
    platform.ends(1).await;
}

#[tokio::test]
async fn an_invocation_does_not_end_while_the_client_has_not_taken_its_answer() {
    const LENGTH: usize = 200_000_000;
    let mut platform = Platform::start(Does(async |_, _| {
        // Larger than what the system holds for a connection.
        let pieces = stream::unfold(0, async |sent| {
            (sent < LENGTH).then(|| (Ok::<_, Infallible>(vec![0; 1_000_000]), sent + 1_000_000))
        });
        Ok(Response::new(Body::from_stream(pieces)))
    }))
    .await;
    let mut client = platform.send("GET /", &[], b"").await;
    client.head().await;
    platform.silence().await;
    let mut taken = 0;
    loop {
        match client.chunk().await.len() {
            0 => break,
            length => taken += length,
        }
    }
    assert_eq!(taken, LENGTH);
    platform.ends(1).await;
}

#[tokio::test]
async fn an_invocation_ends_after_its_work_after_the_answer() {
    let done = Arc::new(Notify::new());
    let work = Arc::clone(&done);
    let mut platform = Platform::start(Does(move |_, cx: anyfn_core::Context| {
        let work = Arc::clone(&work);
        async move {
            cx.wait_until({
                let cx = cx.clone();
                async move {
                    // Work may leave work behind.
                    cx.wait_until(async move { work.notified().await });
                }
            });
            says("sent")
        }
    }))
    .await;
    assert_eq!(platform.ask("GET /").await.body, b"sent");
    platform.silence().await;
    done.notify_one();
    platform.ends(1).await;
}

#[tokio::test]
async fn a_context_that_is_kept_keeps_no_invocation_from_ending() {
    let kept = Arc::new(Mutex::new(None));
    let keeper = Arc::clone(&kept);
    let mut platform = Platform::start(Does(move |_, cx| {
        *keeper.try_lock().unwrap() = Some(cx);
        async { says("kept") }
    }))
    .await;
    platform.ask("GET /").await;
    platform.ends(1).await;
    assert!(kept.lock().await.is_some());
}

#[tokio::test]
async fn a_panic_costs_one_answer_and_its_invocation_ends() {
    let mut platform = Platform::start(Does(async |request: http::Request<Body>, _| {
        assert_ne!(request.uri().path(), "/panic", "asked to");
        says("fine")
    }))
    .await;
    let mut client = platform.send("GET /panic", &[], b"").await;
    let answer = client.answer().await;
    assert_eq!((answer.status, &answer.json()["status"]), (500, &500.into()), "{answer:?}");
    assert!(answer.head.contains("application/problem+json"));
    while platform.message().await["type"] == "log" {}
    platform.send_on(&mut client, "GET /", &[], b"").await;
    assert_eq!(client.answer().await.body, b"fine", "on the same connection");
    platform.ends(2).await;
}

#[tokio::test]
async fn a_stream_that_fails_or_panics_breaks_off_and_its_invocation_ends() {
    for piece in [Err(io::Error::other("no more")), Ok("panic")] {
        let (pieces, handler) = fed();
        let mut platform = Platform::start(handler).await;
        let mut client = platform.send("GET /", &[], b"").await;
        client.head().await;
        pieces.send(piece).unwrap();
        assert_eq!(client.line().await, "", "the connection ends, not the body");
        let mut message = platform.message().await;
        assert!(super::logs::line(&message).contains("stream failed"), "{message}");
        while message["type"] == "log" {
            message = platform.message().await;
        }
        assert_eq!(message["type"], "end");
    }
}

#[tokio::test]
async fn a_handler_is_dropped_when_its_client_is_gone_and_its_invocation_ends() {
    let (begun, gone) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (begin, going) = (Arc::clone(&begun), Arc::clone(&gone));
    let mut platform = Platform::start(Does(move |_, _| {
        let dropped = Dropped(Arc::clone(&going));
        begin.notify_one();
        async move {
            let _dropped = dropped;
            std::future::pending().await
        }
    }))
    .await;
    let client = platform.send("GET /", &[], b"").await;
    timeout(LONG, begun.notified()).await.unwrap();
    drop(client);
    timeout(LONG, gone.notified()).await.expect("the handler is dropped");
    platform.ends(1).await;
}

#[tokio::test]
async fn a_stop_waits_for_requests_streams_and_work() {
    let mut platform = Platform::start(Does(async |request: http::Request<Body>, cx: anyfn_core::Context| {
        match request.uri().path() {
            "/slow" => sleep(SHORT * 2).await,
            "/stream" => {
                let pieces = stream::unfold(0, async |sent| {
                    sleep(SHORT).await;
                    (sent < 3).then_some((Ok::<_, Infallible>("piece"), sent + 1))
                });
                return Ok(Response::new(Body::from_stream(pieces)));
            }
            _ => {
                let done = cx.clone();
                cx.wait_until(async move {
                    sleep(SHORT * 3).await;
                    done.log("worked");
                });
            }
        }
        says("whole")
    }))
    .await;
    let mut slow = platform.send("GET /slow", &[], b"").await;
    let mut stream = platform.send("GET /stream", &[], b"").await;
    stream.head().await;
    platform.ask("GET /work").await;
    // Connected, and silent: nothing to wait for.
    let _silent = tokio::net::TcpStream::connect(("127.0.0.1", platform.port)).await.unwrap();
    sleep(Duration::from_millis(20)).await;
    platform.stop();
    assert_eq!(slow.answer().await.body, b"whole");
    let mut pieces = 0;
    while !stream.chunk().await.is_empty() {
        pieces += 1;
    }
    assert_eq!(pieces, 3);
    let messages = platform.rest().await;
    let count = |kind: &str| messages.iter().filter(|message| message["type"] == kind).count();
    assert_eq!((count("end"), count("log")), (3, 1), "{messages:?}");
}

#[tokio::test]
async fn a_request_that_http_does_not_allow_is_a_400_and_its_invocation_ends() {
    let mut platform = Platform::start(Does(async |_, _| says("never"))).await;
    assert_eq!(platform.ask("GET /<").await.status, 400);
    platform.ends(1).await;
    assert_eq!(platform.ask("GET /fine").await.body, b"never");
    platform.ends(2).await;
}
