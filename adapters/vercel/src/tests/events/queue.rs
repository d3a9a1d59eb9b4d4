//! Messages of a queue: proved genuine, acknowledged, or let come again.

use super::api::Api;
use super::{Notes, platform, set};
use crate::tests::Platform;

const LINE: &str = "POST /_anyfn/queue/orders";
const TOKEN: &str = "x-vercel-internal-oidc-token: oidc";
const DELIVERY: &[&str] = &[
    TOKEN,
    "ce-type: com.vercel.queue.v2beta",
    "ce-specversion: 1.0",
    "ce-vqsmessageid: m1",
    "ce-vqsqueuename: orders",
    "ce-vqsconsumergroup: _Sanyfn_Squeue_Sorders",
    "ce-vqsreceipthandle: a/b.c",
    "ce-vqsdeliverycount: 2",
    "ce-vqsregion: iad1",
];
const LEASE: &str = "/api/v3/topic/orders/consumer/_Sanyfn_Squeue_Sorders/lease/a%2Fb%2Ec Bearer oidc";

async fn start() -> (Api, Notes, Platform) {
    let (api, base) = Api::start().await;
    set(&[("VERCEL_QUEUE_BASE_URL", &base), ("ANYFN_NAMES", r#"{"orders":"jobs"}"#)]);
    let handler = Notes::default();
    let platform = platform(&handler).await;
    (api, handler, platform)
}

fn lasts(seconds: u64) -> String {
    format!(r#"PATCH {LEASE} {{"visibilityTimeoutSeconds":{seconds}}}"#)
}

/// A delivery with one header in the place of another.
fn with(name: &str, header: &'static str) -> Vec<&'static str> {
    let others = DELIVERY.iter().copied().filter(|other| !other.starts_with(name));
    others.chain((!header.is_empty()).then_some(header)).collect()
}

#[tokio::test]
async fn a_message_is_acknowledged_once_it_is_done_and_else_comes_again() {
    let (api, handler, mut platform) = start().await;
    let done = format!("DELETE {LEASE}");
    for (payload, status, after) in [
        ("fine", 204, vec![done.clone()]),
        ("poison", 204, vec![done]),
        ("fails", 500, vec![]),
        ("panics", 500, vec![]),
        ("later", 204, vec![lasts(90)]),
    ] {
        let answer = platform.send(LINE, DELIVERY, payload.as_bytes()).await.answer().await;
        assert_eq!(answer.status, status, "{payload}");
        assert_eq!(handler.take(), [format!("jobs m1 Some(2) {payload}")]);
        let calls = [vec![lasts(300)], after].concat();
        assert_eq!(api.calls(), calls, "{payload}");
    }
}

#[tokio::test]
async fn an_acknowledgement_is_tried_again_and_else_the_message_comes_again() {
    let (api, handler, mut platform) = start().await;
    for (statuses, status, calls) in
        [(vec![200, 500, 503], 204, 4), (vec![200, 500, 500, 500], 503, 4), (vec![200, 404], 503, 2)]
    {
        api.answers(&statuses);
        let answer = platform.send(LINE, DELIVERY, b"fine").await.answer().await;
        assert_eq!((answer.status, api.calls().len(), handler.take().len()), (status, calls, 1), "{statuses:?}");
    }
}

#[tokio::test]
async fn a_message_whose_lease_the_queue_does_not_know_never_reaches_the_handler() {
    let (api, handler, mut platform) = start().await;
    for (known, status) in [(404, 401), (409, 401), (400, 401), (401, 503), (500, 503)] {
        api.answers(&[known]);
        let answer = platform.send(LINE, DELIVERY, b"forged").await.answer().await;
        assert_eq!((answer.status, handler.take().len(), api.calls()), (status, 0, vec![lasts(300)]), "{known}");
    }
}

#[tokio::test]
async fn a_delivery_that_is_none_asks_nobody() {
    let (api, handler, mut platform) = start().await;
    for (line, headers, status) in [
        (LINE, with("ce-type", ""), 400),
        (LINE, with("ce-type", "ce-type: com.vercel.queue.v1beta"), 400),
        (LINE, with("ce-vqsmessageid", ""), 400),
        (LINE, with("ce-vqsqueuename", "ce-vqsqueuename: ../../x"), 400),
        (LINE, with("ce-vqsconsumergroup", "ce-vqsconsumergroup: a?b"), 400),
        // An outsider's own token is nobody's.
        (LINE, with(TOKEN, "x-vercel-oidc-token: outsider"), 401),
        ("GET /_anyfn/queue/orders", DELIVERY.to_vec(), 405),
    ] {
        let answer = platform.send(line, &headers, b"forged").await.answer().await;
        assert_eq!((answer.status, handler.take().len(), api.calls().len()), (status, 0, 0), "{line} {headers:?}");
    }
}

#[tokio::test]
async fn a_region_that_is_no_name_gets_no_token() {
    let handler = Notes::default();
    let mut platform = platform(&handler).await;
    for region in [
        "ce-vqsregion: evil.example.com/",
        "ce-vqsregion: iad1.example",
        "ce-vqsregion: x@y",
        "ce-vqsregion: iad123",
        "ce-vqsregion: 1",
        "ce-vqsregion: ",
    ] {
        let answer = platform.send(LINE, &with("ce-vqsregion", region), b"forged").await.answer().await;
        assert_eq!((answer.status, handler.take().len()), (400, 0), "{region}");
    }
}

#[tokio::test]
async fn on_the_platform_a_delivery_elsewhere_is_a_request_like_any_other() {
    let (api, handler, mut platform) = start().await;
    let answer = platform.send("POST /orders", DELIVERY, b"x").await.answer().await;
    assert_eq!((answer.status, handler.take(), api.calls().len()), (200, vec!["http /orders".to_owned()], 0));
    // Only a queue's own function knows of no requests.
    set(&[("ANYFN_QUEUE", "orders")]);
    let answer = platform.send("POST /orders", DELIVERY, b"x").await.answer().await;
    let noted = vec!["jobs m1 Some(2) x".to_owned()];
    assert_eq!((answer.status, handler.take(), api.calls().len()), (204, noted, 2));
}

#[tokio::test]
async fn a_message_that_is_too_large_for_its_delivery_is_fetched() {
    let (api, handler, mut platform) = start().await;
    let consumer = "/api/v3/topic/orders/consumer/_Sanyfn_Squeue_Sorders";
    let headers = with("ce-vqsreceipthandle", "");
    let answer = platform.send(LINE, &headers, b"").await.answer().await;
    assert_eq!((answer.status, handler.take()), (204, vec!["jobs m1 Some(2) large\r\n--one".to_owned()]));
    let calls = [format!("POST {consumer}/id/m1 Bearer oidc"), format!("DELETE {consumer}/lease/r%2F1 Bearer oidc")];
    assert_eq!(api.calls(), calls);
    for (known, status) in [(404, 401), (409, 401), (500, 503), (204, 503)] {
        api.answers(&[known]);
        let answer = platform.send(LINE, &headers, b"forged").await.answer().await;
        assert_eq!((answer.status, handler.take().len(), api.calls().len()), (status, 0, 1), "{known}");
    }
}
