//! What is logged, and for which request.

use anyfn_core::{Context, Error, Event, Handler, Level, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use super::{Does, Platform, says};

/// A log message's text.
pub(super) fn line(message: &Value) -> String {
    assert_eq!(message["type"], "log", "{message}");
    let text = BASE64_STANDARD.decode(message["payload"]["message"].as_str().unwrap()).unwrap();
    String::from_utf8(text).unwrap()
}

fn said(message: &Value) -> (String, u64, String) {
    let payload = &message["payload"];
    (line(message), payload["context"]["requestId"].as_u64().unwrap(), payload["level"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_line_belongs_to_its_request() {
    let mut platform = Platform::start(Does(async |_, cx: Context| {
        cx.log("ein \"Wort\"\0");
        cx.log_at(Level::Warn, "zwei\nZeilen");
        says("")
    }))
    .await;
    for request in 1..3 {
        platform.ask("GET /").await;
        assert_eq!(said(&platform.message().await), ("ein \"Wort\"\0".to_owned(), request, "info".to_owned()));
        assert_eq!(said(&platform.message().await), ("zwei\nZeilen".to_owned(), request, "warn".to_owned()));
        platform.ends(request).await;
    }
}

#[tokio::test]
async fn a_panic_tells_its_place_in_the_log_of_its_request() {
    crate::current::hook();
    let mut platform = Platform::start(Does(async |request: http::Request<anyfn_core::Body>, cx: Context| {
        if request.uri().path() == "/work" {
            cx.wait_until(async { panic!("at work") });
            return says("");
        }
        panic!("at once")
    }))
    .await;
    platform.ask("GET /").await;
    let (place, request, level) = said(&platform.message().await);
    assert!(place.contains("tests/logs.rs") && place.contains("at once"), "{place}");
    assert_eq!((request, &*level), (1, "error"));
    assert!(line(&platform.message().await).contains("http event failed"));
    platform.ends(1).await;
    platform.ask("GET /work").await;
    assert!(line(&platform.message().await).contains("tests/logs.rs"));
    assert_eq!(said(&platform.message().await).1, 2);
    platform.ends(2).await;
}

#[tokio::test]
async fn a_platform_that_does_not_read_holds_no_request_up() {
    let mut platform = Platform::start(Does(async |_, cx: Context| {
        cx.log("x".repeat(100_000));
        says("answered")
    }))
    .await;
    // Far more than the socket holds.
    for _ in 0..60 {
        assert_eq!(platform.ask("GET /").await.body, b"answered");
    }
    for request in 1..=60 {
        assert_eq!(said(&platform.message().await).1, request);
        platform.ends(request).await;
    }
}

/// Fails to start, and says so.
struct Fails;

impl Handler for Fails {
    async fn call(&self, _: Event, _: Context) -> Result<Response, Error> {
        says("served").map(Response::Http)
    }

    async fn start(&self, cx: Context) -> Result<(), Error> {
        cx.log("starting");
        Err(Error::internal("no database"))
    }
}

#[tokio::test]
async fn a_start_that_fails_is_logged_after_the_platform_knows_of_the_server() {
    let mut platform = Platform::start(Fails).await;
    assert_eq!(said(&platform.message().await), ("starting".to_owned(), 0, "info".to_owned()));
    assert!(line(&platform.message().await).contains("the first request tries again: "));
    assert_eq!(platform.ask("GET /").await.body, b"served");
    platform.ends(1).await;
}
