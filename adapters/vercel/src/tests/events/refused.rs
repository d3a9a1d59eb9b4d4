//! What an outsider may send, and what comes of it: nothing.

use super::{Notes, platform, set};

const CRON: &str = "GET /_anyfn/cron/0";
const BLOB: &str = "POST /_anyfn/blob";
const EVENTS: &str = "POST /_anyfn/events";
/// Of the body `{"type":"blob.other"}`, with the token `vercel_blob_rw_abc123_secret`.
const OTHERS: &str = "x-vercel-signature: 16b0136660cbbaf447b5b2cfad914c7d783ff9125681eccfc2d07ea8fd259612";

async fn refused(cases: &[(&str, &[&str], &str, u16)]) {
    let handler = Notes::default();
    let mut platform = platform(&handler).await;
    for (line, headers, body, status) in cases {
        let answer = platform.send(line, headers, body.as_bytes()).await.answer().await;
        assert_eq!(answer.status, *status, "{line} {headers:?}: {}", answer.head);
        assert!(answer.head.contains("content-type: application/problem+json"), "{line}: {}", answer.head);
        let said = String::from_utf8(answer.body).unwrap();
        assert!(!said.contains("secret"), "{line}: {said}");
        assert_eq!(handler.take(), [""; 0], "{line} {headers:?}");
    }
}

#[tokio::test]
async fn while_no_secret_is_set_no_event_is_let_in() {
    let own = "authorization: Bearer ";
    refused(&[
        (CRON, &[], "", 401),
        (CRON, &[own], "", 401),
        (CRON, &["authorization: Bearer undefined", "x-vercel-cron-schedule: * * * * *"], "", 401),
        (BLOB, &[OTHERS], r#"{"type":"blob.other"}"#, 401),
        (EVENTS, &[own], "{}", 401),
    ])
    .await;
}

#[tokio::test]
async fn an_empty_secret_is_none() {
    set(&[("CRON_SECRET", ""), ("BLOB_READ_WRITE_TOKEN", ""), ("ANYFN_EVENT_TOKEN", "")]);
    // Of the empty body, with the empty key.
    let empty = "x-vercel-signature: b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad";
    let own = "authorization: Bearer ";
    refused(&[(CRON, &[own], "", 401), (BLOB, &[empty], "", 401), (EVENTS, &[own], "{}", 401)]).await;
}

#[tokio::test]
async fn a_wrong_secret_or_signature_lets_nothing_in() {
    set(&[
        ("CRON_SECRET", "cron-secret"),
        ("BLOB_READ_WRITE_TOKEN", "vercel_blob_rw_abc123_secret"),
        ("ANYFN_EVENT_TOKEN", "event-secret"),
    ]);
    let signed = r#"{"type":"blob.other"}"#;
    refused(&[
        (CRON, &[], "", 401),
        (CRON, &["authorization: Bearer cron-secre"], "", 401),
        (CRON, &["authorization: Bearer event-secret"], "", 401),
        (CRON, &["authorization: Basic cron-secret"], "", 401),
        ("POST /_anyfn/cron/0", &["authorization: Bearer cron-secret"], "", 405),
        // Neither the program nor Vercel has a schedule by that name.
        (CRON, &["authorization: Bearer cron-secret"], "", 404),
        (BLOB, &[], signed, 401),
        (BLOB, &["x-vercel-signature: 00"], signed, 401),
        (BLOB, &["x-vercel-signature: zz"], signed, 401),
        (BLOB, &["x-vercel-signature: 16b0136660cbbaf447b5b2cfad914c7d783ff9125681eccfc2d07ea8fd25961"], signed, 401),
        (BLOB, &[OTHERS], r#"{"type":"blob.Other"}"#, 401),
        (BLOB, &[OTHERS], "", 401),
        (BLOB, &[OTHERS], signed, 422),
        (EVENTS, &["authorization: Bearer cron-secret"], "{}", 401),
    ])
    .await;
}

#[tokio::test]
async fn no_other_path_of_events_is_there_for_anybody() {
    let paths = ["/_anyfn/", "/_anyfn/x", "/_anyfn/blob/", "/_anyfn/events/x", "/_anyfn//queue/x"];
    for path in paths {
        refused(&[(&format!("GET {path}"), &[], "", 404), (&format!("POST {path}"), &[], "x", 404)]).await;
    }
}
