//! Events that are no requests, sent to a function that also serves HTTP.

use serde_json::json;

use super::bytes;
use crate::Gives::{Json, Refusal};
use crate::{Delivery, Gives};

const CAUSE: &str = "what is no request goes to its own handler, or fails with its cause";
const DIRECT: &str = "any JSON is a direct invocation";
const MANGUM: &str = "mangum #272; echo.md";

const fn row(name: &'static str, event: fn() -> Vec<u8>, gives: &'static [Gives]) -> Delivery {
    Delivery::new(name, event).why(DIRECT, MANGUM).gives(gives)
}

pub(super) const ROWS: &[Delivery] = &[
    row("others/empty-object", || b"{}".to_vec(), &[Json(r#"{"received":{}}"#)]),
    row("others/list", || b"[1, {\"httpMethod\": 5}]".to_vec(), &[Json(r#"{"received":[1,{"httpMethod":5}]}"#)]),
    row("others/text", || b"\"text\"".to_vec(), &[Json(r#"{"received":"text"}"#)]),
    row("others/null", || b"null".to_vec(), &[Json(r#"{"received":null}"#)]),
    row("others/half-a-request", || b"{\"path\":\"/echo\"}".to_vec(), &[Json(r#"{"received":{"path":"/echo"}}"#)]),
    row(
        "others/queue",
        || {
            bytes(&json!({ "Records": [
            { "messageId": "m1", "body": "{\"fail\":true}", "eventSource": "aws:sqs",
              "eventSourceARN": "arn:aws:sqs:eu-west-1:1:echo", "receiptHandle": "r1", "attributes": {} },
            { "messageId": "m2", "body": "{}", "eventSource": "aws:sqs",
              "eventSourceARN": "arn:aws:sqs:eu-west-1:1:echo", "receiptHandle": "r2", "attributes": {} },
        ] }))
        },
        &[Json(r#"{"batchItemFailures":[{"itemIdentifier":"m1"}]}"#)],
    )
    .why(CAUSE, MANGUM),
    row(
        "others/unknown-queue",
        || {
            bytes(&json!({ "Records": [
            { "messageId": "m1", "body": "{}", "eventSource": "aws:sqs",
              "eventSourceARN": "arn:aws:sqs:eu-west-1:1:stranger", "receiptHandle": "r1", "attributes": {} },
        ] }))
        },
        &[Json(r#"{"batchItemFailures":[]}"#)],
    )
    .why(
        "a queue's name on the platform need not be that in code: where one handler alone can be meant, it is",
        MANGUM,
    ),
    row(
        "others/queue-record-without-body",
        || {
            bytes(&json!({ "Records": [
            { "messageId": "m1", "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-west-1:1:echo" },
            { "messageId": "m2", "body": "{}", "eventSource": "aws:sqs",
              "eventSourceARN": "arn:aws:sqs:eu-west-1:1:echo", "receiptHandle": "r2", "attributes": {} },
        ] }))
        },
        &[Json(r#"{"batchItemFailures":[{"itemIdentifier":"m1"}]}"#)],
    )
    .why("a record that cannot be read fails alone", "Lambda developer guide, reporting batch item failures"),
    row("others/no-json", || b"{\"path\":".to_vec(), &[Refusal("JSON")]).why("what is no JSON fails alone", "RFC 8259"),
];
