//! The server's end.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyfn_core::Context;
use tokio::sync::oneshot;

use crate::common::{Ends, On, Raw, Running, mirror, ok, refused, start, start_with, within};

/// A server with one request in it, which is answered once the test says so.
async fn held(drain: Duration) -> (Running, Raw, oneshot::Sender<()>, oneshot::Receiver<()>) {
    let (begins, begun) = oneshot::channel();
    let (go, going) = oneshot::channel::<()>();
    let (ends, ended) = oneshot::channel();
    let signals = Arc::new(Mutex::new(Some((begins, going, Ends(Some(ends))))));
    let handler = On(move |_, _| {
        let (begins, going, _ends) = signals.lock().unwrap().take().unwrap();
        async move {
            let _ends = _ends;
            begins.send(()).unwrap();
            going.await.unwrap();
            ok("in the end")
        }
    });
    let server = start_with(handler, |settings| settings.drain = drain).await;
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.1\r\nhost: h\r\n\r\n").await;
    within(begun).await.unwrap();
    (server, client, go, ended)
}

#[tokio::test]
async fn a_request_in_flight_is_answered_and_new_connections_are_refused() {
    let (mut server, mut client, go, _) = held(Duration::from_secs(20)).await;
    server.stop();
    refused(&server).await;
    assert!(!server.has_ended());
    go.send(()).unwrap();
    let answer = client.answer().await;
    assert_eq!((answer.text(), answer.header("connection")), ("in the end", Some("close")));
    assert_eq!(client.rest().await, "");
    server.ended().await;
}

#[tokio::test]
async fn an_idle_connection_is_closed_and_does_not_hold_the_server_up() {
    let mut server = start_with(On(mirror), |settings| settings.drain = Duration::from_secs(3600)).await;
    let mut silent = server.connect().await;
    let mut idle = server.connect().await;
    idle.send("GET / HTTP/1.1\r\nhost: h\r\n\r\n").await;
    assert_eq!(idle.answer().await.status, 200);
    server.stop();
    assert_eq!(idle.rest().await, "");
    assert_eq!(silent.rest().await, "");
    server.ended().await;
}

#[tokio::test]
async fn what_is_not_done_in_time_is_dropped() {
    let (mut server, mut client, _go, ended) = held(Duration::from_millis(50)).await;
    server.stop();
    within(ended).await.unwrap();
    server.ended().await;
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn work_after_the_answer_is_waited_for_with_what_it_begins() {
    let (go, going) = oneshot::channel::<()>();
    let (tell, mut told) = oneshot::channel();
    let signals = Arc::new(Mutex::new(Some((going, tell))));
    let mut server = start(On(move |_, cx: Context| {
        let (going, tell) = signals.lock().unwrap().take().unwrap();
        async move {
            cx.wait_until({
                let cx = cx.clone();
                async move {
                    going.await.unwrap();
                    cx.clone().wait_until(async move {
                        tokio::task::yield_now().await;
                        tell.send("done").unwrap();
                    });
                }
            });
            ok("at once")
        }
    }))
    .await;
    assert_eq!(server.ask("GET / HTTP/1.1\r\nhost: h\r\n\r\n").await.text(), "at once");
    server.stop();
    refused(&server).await;
    assert!(!server.has_ended());
    go.send(()).unwrap();
    server.ended().await;
    assert_eq!(told.try_recv(), Ok("done"));
}

#[tokio::test]
async fn work_after_the_answer_that_panics_harms_nothing() {
    let (tell, mut told) = oneshot::channel();
    let tell = Arc::new(Mutex::new(Some(tell)));
    let mut server = start(On(move |_, cx: Context| {
        if let Some(tell) = tell.lock().unwrap().take() {
            cx.wait_until(async move {
                let _tell = Ends(Some(tell));
                panic!("in the background");
            });
        }
        async { ok("fine") }
    }))
    .await;
    for _ in 0..2 {
        assert_eq!(server.ask("GET / HTTP/1.1\r\nhost: h\r\n\r\n").await.text(), "fine");
    }
    within(&mut told).await.unwrap();
    server.stop();
    server.ended().await;
}
