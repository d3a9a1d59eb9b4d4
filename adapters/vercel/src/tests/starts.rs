//! How the server begins.

use std::time::Duration;

use anyfn_core::{Context, Error, Event, Handler, Response};
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, UnixListener};
use tokio::time::{Instant, sleep};

use super::{Does, Platform, Socket, says};
use crate::ipc;
use crate::serve::{Outside, Settings, serve};

struct Slow;

impl Handler for Slow {
    async fn call(&self, _: Event, _: Context) -> Result<Response, Error> {
        Err(Error::not_found())
    }

    async fn start(&self, _: Context) -> Result<(), Error> {
        sleep(Duration::from_millis(80)).await;
        Ok(())
    }
}

#[tokio::test]
async fn the_platform_is_told_how_long_the_start_took() {
    let took = |platform: &Platform| platform.started["payload"]["initDuration"].as_u64().unwrap();
    let slow = took(&Platform::start(Slow).await);
    assert!((80..5_000).contains(&slow), "{slow}");
    let quick = took(&Platform::start(Does(async |_, _| says(""))).await);
    assert!((1..80).contains(&quick), "{quick}");
}

#[tokio::test]
async fn a_start_that_panics_is_not_fatal() {
    struct Panics;
    impl Handler for Panics {
        async fn call(&self, _: Event, _: Context) -> Result<Response, Error> {
            says("served").map(Response::Http)
        }
        async fn start(&self, _: Context) -> Result<(), Error> {
            panic!("while starting")
        }
    }
    let mut platform = Platform::start(Panics).await;
    assert_eq!(platform.ask("GET /").await.body, b"served");
}

#[tokio::test]
async fn instances_take_ports_of_their_own() {
    let first = Platform::start(Does(async |_, _| says(""))).await;
    let second = Platform::start(Does(async |_, _| says(""))).await;
    assert_ne!(first.port, second.port);
}

#[tokio::test]
async fn a_port_that_is_taken_is_an_error_that_says_so() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port();
    let settings = Settings { ipc: None, port, prints: false, outside: Outside::default() };
    let served = serve(Does(async |_, _| says("")), settings, Instant::now(), std::future::pending()).await;
    let error = served.unwrap_err().to_string();
    // `vercel dev` looks for these words of the system's.
    assert!(error.contains(&format!("127.0.0.1:{port} (Address already in use")), "{error}");
    assert!(error.contains("set VERCEL_DEV_PORT"), "{error}");
}

#[tokio::test]
async fn a_socket_that_nobody_listens_on_is_an_error() {
    let settings =
        Settings { ipc: Some("/nowhere/anyfn.sock".into()), port: 0, prints: false, outside: Outside::default() };
    let served = serve(Does(async |_, _| says("")), settings, Instant::now(), std::future::pending()).await;
    assert!(served.unwrap_err().to_string().contains("/nowhere/anyfn.sock"));
}

#[tokio::test]
async fn the_platform_is_told_why_there_is_no_server() {
    let socket = Socket::new();
    let listener = UnixListener::bind(&socket.0).unwrap();
    let (ipc, writer) = ipc::connect(&socket.0).await.unwrap();
    ipc.log(None, anyfn_core::Level::Info, "not taken before the start");
    writer.give_up("no \"port\"").await;
    let mut bytes = Vec::new();
    listener.accept().await.unwrap().0.read_to_end(&mut bytes).await.unwrap();
    assert_eq!(
        String::from_utf8(bytes).unwrap(),
        "{\"type\":\"unrecoverable-error\",\"payload\":{\"exitCode\":1,\"message\":\"no \\\"port\\\"\"}}\0"
    );
}

#[tokio::test]
async fn a_stop_while_starting_ends_at_once() {
    struct Hangs;
    impl Handler for Hangs {
        async fn call(&self, _: Event, _: Context) -> Result<Response, Error> {
            Err(Error::not_found())
        }
        async fn start(&self, _: Context) -> Result<(), Error> {
            std::future::pending().await
        }
    }
    let settings = Settings { ipc: None, port: 0, prints: false, outside: Outside::default() };
    let begun = Instant::now();
    serve(Hangs, settings, begun, sleep(Duration::from_millis(20))).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(2));
}
