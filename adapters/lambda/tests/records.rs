//! Records that lack what their service always sends.

use anyfn_core::test::{Memory, block_on, send};
use anyfn_core::{App, Change, Error, Item, Names, ObjectEvent, Payload};
use anyfn_lambda::events::{Decoded, Source, decode};
use bytes::Bytes;

const BRIDGED: &str =
    r#"{"source":"aws.s3","detail-type":"Object Created","detail":{"bucket":{"name":"b"},"object":{"key":"a"}}}"#;

async fn done(Item(_): Item<Change<serde_json::Value>>) {}

async fn raw(Item(payload): Item<Payload>) {
    assert_eq!(&payload.0[..], b"hi");
}

/// What Lambda is told of a batch of three records.
fn answered(source: Source, app: &App, records: [&str; 3]) -> String {
    let event = format!(r#"{{"Records":[{}]}}"#, records.join(","));
    let Decoded { event, reply, .. } = decode(source, &event.into(), &Names::default()).unwrap();
    let answer = reply.encode(block_on(send(app, event, &Memory::default()))).unwrap();
    String::from_utf8(answer.to_vec()).unwrap()
}

#[test]
fn a_record_that_lacks_a_member_fails_alone() {
    let jobs = App::builder().queue("jobs", raw).build();
    let good = |n| format!(r#"{{"messageId":"m{n}","body":"hi","eventSourceARN":"arn:aws:sqs:r:1:jobs"}}"#);
    for bad in [
        r#"{"messageId":"m1","eventSourceARN":"arn:aws:sqs:r:1:jobs"}"#,
        r#"{"messageId":"m1","body":"hi"}"#,
        r#"{"messageId":"m1","body":7,"eventSourceARN":"arn:aws:sqs:r:1:jobs"}"#,
        r#"{"messageId":"m1","body":"hi","body":"hi","eventSourceARN":"arn:aws:sqs:r:1:jobs"}"#,
        r#"{"messageId":"m1","body":"hi","attributes":{"a":{}},"eventSourceARN":"arn:aws:sqs:r:1:jobs"}"#,
    ] {
        let answer = answered(Source::Sqs, &jobs, [bad, &good(2), &good(3)]);
        assert_eq!(answer, r#"{"batchItemFailures":[{"itemIdentifier":"m1"}]}"#, "{bad}");
        let answer = answered(Source::Sqs, &jobs, [bad, bad, bad]);
        assert_eq!(answer, r#"{"batchItemFailures":[{"itemIdentifier":"m1"}]}"#, "{bad}");
        let error =
            decode(Source::Sqs, &Bytes::from(format!(r#"{{"Records":[{},{{}}]}}"#, good(1))), &Names::default());
        assert!(error.unwrap_err().to_string().contains("messageId"));
    }
    // Notifications of S3's stay that beside it.
    async fn stored(Item(_): Item<ObjectEvent>) {}
    let app = App::builder().object_created("b", stored).build();
    let bridged = serde_json::json!({ "messageId": "m2", "body": BRIDGED, "eventSourceARN": "arn:aws:sqs:r:1:jobs" });
    let answer = answered(Source::Sqs, &app, [r#"{"messageId":"m1"}"#, &bridged.to_string(), &bridged.to_string()]);
    assert_eq!(answer, r#"{"batchItemFailures":[{"itemIdentifier":"m1"}]}"#);
}

#[test]
fn a_record_of_a_shard_that_lacks_a_member_fails_with_what_follows_it() {
    const FAILED: &str = r#"{"batchItemFailures":[{"itemIdentifier":"2"},{"itemIdentifier":"3"}]}"#;
    let datum = |n: u8, data: &str| {
        format!(
            r#"{{"eventSourceARN":"arn:x:stream/s","kinesis":{{"partitionKey":"p",{data}"sequenceNumber":"{n}"}}}}"#
        )
    };
    let app = App::builder().queue("s", raw).build();
    let (one, two, three) = (datum(1, r#""data":"aGk=","#), datum(2, ""), datum(3, r#""data":"aGk=","#));
    assert_eq!(answered(Source::Kinesis, &app, [&one, &two, &three]), FAILED);
    let row = |n: u8, name: &str| {
        format!(
            r#"{{{name}"eventSourceARN":"arn:aws:dynamodb:r:1:table/t/stream/x","dynamodb":{{"SequenceNumber":"{n}"}}}}"#
        )
    };
    let app = App::builder().change("t", done).build();
    let named = r#""eventName":"INSERT","#;
    assert_eq!(answered(Source::DynamoDb, &app, [&row(1, named), &row(2, ""), &row(3, named)]), FAILED);
}

/// Without a sequence number a failure cannot be named; "Lambda treats a batch as a complete failure" if it is told of an
/// empty one ("Configuring partial batch response with DynamoDB and Lambda", Lambda developer guide).
#[test]
fn a_row_without_its_number_fails_its_batch() {
    async fn fails(Item(_): Item<Change<serde_json::Value>>) -> Result<(), Error> {
        Err(Error::internal("told to"))
    }
    const ROW: &str =
        r#"{"eventName":"INSERT","eventSourceARN":"arn:aws:dynamodb:r:1:table/t/stream/x","dynamodb":{}}"#;
    let answer = answered(Source::DynamoDb, &App::builder().change("t", fails).build(), [ROW, ROW, ROW]);
    assert_eq!(answer, r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#);
    let answer = answered(Source::DynamoDb, &App::builder().change("t", done).build(), [ROW, ROW, ROW]);
    assert_eq!(answer, r#"{"batchItemFailures":[]}"#);
}
