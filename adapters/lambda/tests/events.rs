//! Events of AWS' services: what becomes of them, and what Lambda is told.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use anyfn_core::Names;
use anyfn_core::test::{Memory, block_on, send};
use anyfn_core::{
    App, ChangeKind, Custom, Error, Event, Item, Json, ObjectAction, ObjectEvent, Order, Payload, Response, Schedule,
};
use anyfn_lambda::events::{Decoded, Reply, Source, decode};
use bytes::Bytes;
use serde_json::json;

/// Where `aws_lambda_events` has its samples, in its package.
static SAMPLES: LazyLock<PathBuf> = LazyLock::new(|| {
    let version = stdout(Command::new("rustc").arg("-vV"));
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    // Without the host, the packages of all platforms would have to be here.
    let metadata = ["metadata", "--format-version", "1", "--filter-platform", host];
    let metadata = stdout(Command::new(env!("CARGO")).args(metadata).current_dir(env!("CARGO_MANIFEST_DIR")));
    let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
    let package =
        metadata["packages"].as_array().unwrap().iter().find(|package| package["name"] == "aws_lambda_events");
    let manifest = Path::new(package.unwrap()["manifest_path"].as_str().unwrap());
    manifest.parent().unwrap().join("src/fixtures")
});

fn sample(name: &str) -> Bytes {
    let path = SAMPLES.join(format!("example-{name}.json"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).into()
}

/// The samples' names: `sqs-event.json` and so on.
fn samples() -> Vec<String> {
    let files = std::fs::read_dir(&*SAMPLES).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    files.filter_map(|name| name.strip_prefix("example-").map(str::to_owned)).collect()
}

fn stdout(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn of(source: Source, event: impl Into<Bytes>) -> Decoded {
    decode(source, &event.into(), &Names::default()).unwrap()
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn text(payload: &Payload) -> &str {
    std::str::from_utf8(&payload.0).unwrap()
}

#[test]
fn a_queues_messages_keep_identifier_count_and_body() {
    let Event::Queue(batch) = of(Source::Sqs, sample("sqs-event")).event else { panic!() };
    assert_eq!((&*batch.source, batch.order, batch.items.len()), ("SQSQueue", Order::Unordered, 1));
    let item = &batch.items[0];
    assert_eq!((&*item.receipt, item.attempts, text(&item.payload)), ("MessageID_1", Some(2), "Message Body"));
}

#[test]
fn a_fifo_queue_keeps_order_within_its_groups() {
    let event = r#"{"Records":[{"messageId":"1","body":"a\nb","eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:r:1:q.fifo",
                    "attributes":{"MessageGroupId":"g","ApproximateReceiveCount":"1"}}]}"#;
    let Event::Queue(batch) = of(Source::Sqs, event).event else { panic!() };
    assert_eq!((batch.order, batch.items[0].group.as_deref()), (Order::PerGroup, Some("g")));
    assert_eq!(text(&batch.items[0].payload), "a\nb");
}

#[test]
fn a_streams_records_are_decoded_and_in_order() {
    for name in ["kinesis-event", "kinesis-event-encrypted"] {
        let Event::Queue(batch) = of(Source::Kinesis, sample(name)).event else { panic!() };
        assert_eq!((batch.order, &*batch.source), (Order::Total, "simple-stream"));
        assert_eq!(&batch.items[0].payload.0[..], b"Hello World");
        assert!(batch.items[0].receipt.starts_with("495681673"));
    }
}

#[test]
fn messages_of_two_kafka_topics_come_to_neither_handler() {
    let of = |topic: &str, offset: u8| json!({ "topic": topic, "partition": 0, "offset": offset, "value": "aGk=" });
    let event = |second: &str| json!({ "records": { "a-0": [of("a", 0), of("a", 1)], "x-0": [of(second, 0)] } });
    let text = |event: serde_json::Value| Bytes::from(event.to_string());
    let one = decode(Source::Kafka, &text(event("a")), &Names::default()).expect("partitions of one topic");
    let Event::Queue(batch) = one.event else { panic!() };
    assert_eq!((&*batch.source, batch.items.len()), ("a", 3));
    let refused = decode(Source::Kafka, &text(event("b")), &Names::default()).expect_err("two topics");
    let why = refused.to_string();
    assert!(why.contains("`a` and `b`") && why.contains("one for each"), "{why}");
}

#[test]
fn kafkas_partitions_are_groups() {
    let Event::Queue(batch) = of(Source::Kafka, sample("kafka-event")).event else { panic!() };
    let item = &batch.items[0];
    assert_eq!((&*batch.source, batch.order), ("AWSKafkaTopic", Order::PerGroup));
    assert_eq!((&*item.receipt, item.group.as_deref()), ("AWSKafkaTopic-0:0", Some("AWSKafkaTopic-0")));
    assert_eq!(text(&item.payload), "8d5596b4-1813-4238-b24b-6dad8e3d1c0c");
}

#[test]
fn an_objects_key_is_decoded() {
    let Event::Object(batch) = of(Source::S3, sample("s3-event")).event else { panic!() };
    let object = &batch.items[0].payload;
    assert_eq!(
        (object.action, &*object.bucket, &*object.key),
        (ObjectAction::Created, "sourcebucket", "Happy Face.jpg")
    );
    assert_eq!((object.size, object.etag.as_deref()), (Some(1024), Some("d41d8cd98f00b204e9800998ecf8427e")));
    assert_eq!(object.at, Some(SystemTime::UNIX_EPOCH + Duration::from_millis(123)));
    of(Source::S3, sample("s3-event-with-decoded"));
}

const S3: &str = r#"{"Records":[{"eventSource":"aws:s3","eventName":"ObjectRemoved:Delete","s3":{"bucket":{"name":"b"},"object":{"key":"a+b%2B"}}},
                     {"eventSource":"aws:s3","eventName":"ObjectCreated:Copy","s3":{"bucket":{"name":"b"},"object":{"key":"c","size":1}}}]}"#;
const BRIDGED: &str = r#"{"version":"0","id":"1","source":"aws.s3","detail-type":"Object Created","time":"1970-01-01T00:00:01Z",
                          "detail":{"bucket":{"name":"b"},"object":{"key":"a+b","size":1,"etag":"e"}}}"#;

fn queued(bodies: &[&str]) -> String {
    let records: Vec<_> = bodies
        .iter()
        .enumerate()
        .map(|(n, body)| {
            serde_json::json!({ "messageId": format!("m{n}"), "body": body, "eventSource": "aws:sqs",
                                "eventSourceARN": "arn:aws:sqs:r:1:jobs" })
        })
        .collect();
    serde_json::json!({ "Records": records }).to_string()
}

fn enveloped(message: &str) -> String {
    serde_json::json!({ "Type": "Notification", "TopicArn": "arn:aws:sns:r:1:t", "MessageId": "1", "Message": message })
        .to_string()
}

fn keys(event: &Event) -> Vec<&str> {
    let Event::Object(batch) = event else { panic!("{event:?}") };
    batch.items.iter().map(|item| &*item.payload.key).collect()
}

#[test]
fn objects_are_told_through_every_envelope() {
    assert_eq!(keys(&of(Source::EventBridge, BRIDGED).event), ["a+b"]);
    assert_eq!(keys(&of(Source::Sqs, queued(&[S3, BRIDGED])).event), ["a b+", "c", "a+b"]);
    assert_eq!(keys(&of(Source::Sqs, queued(&[&enveloped(S3)])).event), ["a b+", "c"]);
    let topic = serde_json::json!({ "Records": [{ "EventSource": "aws:sns", "Sns": {
        "MessageId": "1", "TopicArn": "arn:aws:sns:r:1:t", "Message": S3 } }] });
    assert_eq!(keys(&of(Source::Sns, topic.to_string()).event), ["a b+", "c"]);
    let test = r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"}"#;
    assert_eq!(keys(&of(Source::Sqs, queued(&[test, S3])).event), ["a b+", "c"]);
    // Messages of somebody else's stay messages.
    for body in ["{}", "[1]", "text", r#"{"Records":[]}"#, r#"{"Records":[{"a":1}]}"#, &enveloped("text")] {
        assert!(matches!(of(Source::Sqs, queued(&[S3, body])).event, Event::Queue(_)), "{body}");
    }
}

#[test]
fn a_message_is_done_when_all_its_objects_are() {
    async fn stored(Item(object): Item<ObjectEvent>) -> Result<(), Error> {
        if object.key == "c" { Err(Error::internal("told to")) } else { Ok(()) }
    }
    let app = App::builder().object_created("b", stored).build();
    let Decoded { event, reply, .. } =
        of(Source::Sqs, queued(&[BRIDGED, &S3.replace("Removed:Delete", "Created:Put")]));
    let answer = reply.encode(block_on(send(&app, event, &Memory::default()))).unwrap();
    assert_eq!(answer, r#"{"batchItemFailures":[{"itemIdentifier":"m1"}]}"#);
}

#[test]
fn objects_of_two_buckets_in_one_queue_reach_the_handler_of_each() {
    async fn mine(Item(object): Item<ObjectEvent>) -> Result<(), Error> {
        if object.bucket == "b" { Ok(()) } else { Err(Error::internal("another bucket's")) }
    }
    async fn other(Item(object): Item<ObjectEvent>) -> Result<(), Error> {
        if object.bucket == "stack-c-1" { Ok(()) } else { Err(Error::internal("another bucket's")) }
    }
    let app = App::builder().object_created("b", mine).object_created("c", other).build();
    let bodies = [BRIDGED.to_owned(), BRIDGED.replace(r#""name":"b""#, r#""name":"stack-c-1""#)];
    let event = queued(&[&bodies[0], &bodies[1]]);
    let memory = Memory::default().env(Names::VARIABLE, r#"{"stack-c-1":"c"}"#);
    let Decoded { event, reply, .. } = of(Source::Sqs, event);
    let answer = reply.encode(block_on(send(&app, event, &memory))).unwrap();
    assert_eq!(answer, r#"{"batchItemFailures":[]}"#, "{:?}", memory.log_lines());
}

#[test]
fn attribute_values_become_plain_json() {
    let row = r#"{"Records":[{"eventName":"MODIFY","eventSource":"aws:dynamodb",
        "eventSourceARN":"arn:aws:dynamodb:r:1:table/orders/stream/2026-11-23T00:00:00.000",
        "dynamodb":{"ApproximateCreationDateTime":1480642020,"SequenceNumber":"11","Keys":{"id":{"N":"1"}},
        "OldImage":{"id":{"N":"1"}},
        "NewImage":{"id":{"N":"12345678901234567890123456789.0123456789"},"e":{"N":"-1E-130"},"s":{"S":"a\"b\u0000ü"},"b":{"B":"AAE="},
          "t":{"BOOL":true},"n":{"NULL":true},"l":{"L":[{"S":"x"},{"L":[]},{"M":{"k":{"N":"2"}}}]},"m":{"M":{}},
          "ss":{"SS":["a","b"]},"ns":{"NS":["1.50","2"]},"bs":{"BS":["AA=="]}}}}]}"#;
    let Event::Change(batch) = of(Source::DynamoDb, row).event else { panic!() };
    let change = &batch.items[0].payload;
    assert_eq!((&*batch.source, batch.order, change.kind), ("orders", Order::Total, ChangeKind::Update));
    assert_eq!((text(&change.keys), change.at), (r#"{"id":1}"#, Some(at(1_480_642_020))));
    assert_eq!(
        text(change.new.as_ref().unwrap()),
        r#"{"id":12345678901234567890123456789.0123456789,"e":-1E-130,"s":"a\"b\u0000ü","b":"AAE=","t":true,"n":null,"l":["x",[],{"k":2}],"m":{},"ss":["a","b"],"ns":[1.50,2],"bs":["AA=="]}"#
    );
}

#[test]
fn every_sample_of_a_tables_stream_decodes() {
    for name in ["dynamodb-event", "dynamodb-event-null-items"] {
        let Decoded { event: Event::Change(batch), reply: Reply::Items(receipts), .. } =
            of(Source::DynamoDb, sample(name))
        else {
            panic!()
        };
        assert_eq!(batch.source, "Example-Table");
        assert!(receipts.iter().all(|receipt| receipt.items.is_some()), "{name}: {receipts:?}");
    }
    let record = String::from_utf8(sample("dynamodb-event-record-with-optional-fields").to_vec()).unwrap();
    let Event::Change(batch) = of(Source::DynamoDb, format!(r#"{{"Records":[{record}]}}"#)).event else { panic!() };
    assert_eq!(batch.source, "examples");
}

#[test]
fn a_record_that_cannot_be_read_fails_and_holds_up_its_shard() {
    let row = |n: &str, image: &str| {
        format!(
            r#"{{"eventName":"INSERT","eventSourceARN":"arn:aws:dynamodb:r:1:table/t/stream/x","dynamodb":{{"SequenceNumber":"{n}","NewImage":{image}}}}}"#
        )
    };
    for bad in [
        r#"{"a":{"N":"x"}}"#,
        r#"{"a":{"N":"true"}}"#,
        r#"{"a":{"Z":"1"}}"#,
        r#"{"a":{}}"#,
        r#"{"a":{"S":"1","N":"1"}}"#,
        "7",
    ] {
        let rows = [row("1", "{}"), row("2", bad), row("3", "{}")].join(",");
        let Decoded { event, reply, .. } = of(Source::DynamoDb, format!(r#"{{"Records":[{rows}]}}"#));
        let Event::Change(batch) = &event else { panic!() };
        assert_eq!(batch.items.len(), 1, "{bad}");
        let answer = reply.encode(block_on(send(&App::builder().change("t", done).build(), event, &Memory::default())));
        assert_eq!(
            answer.unwrap(),
            r#"{"batchItemFailures":[{"itemIdentifier":"2"},{"itemIdentifier":"3"}]}"#,
            "{bad}"
        );
    }
    let datum = |n: &str, data: &str| {
        format!(
            r#"{{"eventSourceARN":"arn:x:stream/s","kinesis":{{"partitionKey":"p","sequenceNumber":"{n}","data":"{data}"}}}}"#
        )
    };
    let data = [datum("1", "aGk="), datum("2", "%"), datum("3", "aGk=")].join(",");
    let Decoded { event, reply, .. } = of(Source::Kinesis, format!(r#"{{"Records":[{data}]}}"#));
    let answer = reply.encode(block_on(send(&App::builder().queue("s", raw).build(), event, &Memory::default())));
    assert_eq!(answer.unwrap(), r#"{"batchItemFailures":[{"itemIdentifier":"2"},{"itemIdentifier":"3"}]}"#);
}

async fn done(Item(_): Item<anyfn_core::Change<serde_json::Value>>) {}

async fn raw(Item(payload): Item<Payload>) {
    assert_eq!(&payload.0[..], b"hi");
}

#[test]
fn a_published_message_brings_its_attributes() {
    for name in ["sns-event", "sns-event-obj", "sns-event-pascal-case", "cloudwatch-alarm-sns-payload-single-metric"] {
        let Event::Message(batch) = of(Source::Sns, sample(name)).event else { panic!("{name}") };
        assert_eq!(batch.items.len(), 1, "{name}");
    }
    let Event::Message(batch) = of(Source::Sns, sample("sns-event")).event else { panic!() };
    let message = &batch.items[0].payload;
    assert_eq!((&*message.topic, message.subject.as_deref()), ("snsNetTest", Some("Greetings")));
    assert_eq!(text(&message.body), "Hello\r\nworld!");
    let event = r#"{"Records":[{"Sns":{"MessageId":"1","TopicArn":"arn:aws:sns:r:1:t","Subject":null,"Message":"{}",
                    "MessageAttributes":{"kind":{"Type":"String","Value":"paid"}}}}]}"#;
    let Event::Message(batch) = of(Source::Sns, event).event else { panic!() };
    assert_eq!(batch.items[0].payload.attributes["kind"], "paid");
}

#[test]
fn a_rule_and_a_scheduler_tick() {
    let Event::Schedule(tick) = of(Source::EventBridge, sample("eventbridge-schedule")).event else { panic!() };
    assert_eq!(tick, Schedule::new("my-scheduled-rule", at(1_444_323_186)));
    let scheduler = r#"{"version":"0","id":"1","detail-type":"Scheduled Event","source":"aws.scheduler","account":"1",
        "time":"2026-11-23T03:00:00Z","region":"r","resources":["arn:aws:scheduler:r:1:schedule/default/nightly"],"detail":"{}"}"#;
    let names = Names::from_json(r#"{"nightly":"0 3 * * *"}"#).unwrap();
    let decoded = decode(Source::EventBridge, &Bytes::from(scheduler), &names).unwrap();
    let Event::Schedule(tick) = decoded.event else { panic!() };
    assert_eq!(tick.name, "0 3 * * *");
}

#[test]
fn other_services_events_are_cloudevents() {
    let Event::Custom(custom) = of(Source::EventBridge, sample("eventbridge-event-obj")).event else { panic!() };
    assert_eq!(custom.source.as_deref(), Some("aws.ec2"));
    assert_eq!(custom.kind.as_deref(), Some("EC2 Instance State-change Notification"));
    assert_eq!((custom.time, text(&custom.data).contains("pending")), (Some(at(1_636_666_194)), true));
    let acl = r#"{"source":"aws.s3","detail-type":"Object ACL Updated","detail":{"bucket":{"name":"b"},"object":{"key":"k"}}}"#;
    assert!(matches!(of(Source::EventBridge, acl).event, Event::Custom(_)));
}

#[test]
fn a_direct_invocation_is_answered_with_json() {
    async fn received(custom: Custom) -> Json<serde_json::Value> {
        Json(serde_json::json!({ "received": custom.data.json::<serde_json::Value>().unwrap() }))
    }
    let Decoded { event, reply, .. } = of(Source::Direct, r#"{"a": 1}"#);
    let answer = reply.encode(block_on(send(&App::builder().custom(received).build(), event, &Memory::default())));
    assert_eq!(answer.unwrap(), r#"{"received":{"a":1}}"#);
}

#[test]
fn a_batch_of_ten_with_a_bad_a_failing_and_a_panicking_item_loses_nothing() {
    async fn job(Item(job): Item<serde_json::Value>) -> Result<(), Error> {
        assert_ne!(job["panic"], true, "told to");
        if job["fail"] == true { Err(Error::internal("told to")) } else { Ok(()) }
    }
    let bodies = ["{}", "no JSON", "{}", r#"{"fail":true}"#, "{}", "{}", r#"{"panic":true}"#, "{}", "{}", "{}"];
    let Decoded { event, reply, .. } = of(Source::Sqs, queued(&bodies));
    let answer = reply.encode(block_on(send(&App::builder().queue("jobs", job).build(), event, &Memory::default())));
    assert_eq!(
        answer.unwrap(),
        r#"{"batchItemFailures":[{"itemIdentifier":"m1"},{"itemIdentifier":"m3"},{"itemIdentifier":"m6"}]}"#
    );
}

#[test]
fn what_nobody_can_report_item_by_item_fails_as_a_whole() {
    async fn fails(Item(_): Item<ObjectEvent>) -> Result<(), Error> {
        Err(Error::internal("told to"))
    }
    let Decoded { event, reply, .. } = of(Source::S3, S3.replace("Removed:Delete", "Created:Put"));
    let answer =
        reply.encode(block_on(send(&App::builder().object_created("b", fails).build(), event, &Memory::default())));
    assert!(answer.unwrap_err().to_string().contains("2 of 2 items failed"));
    assert_eq!(Reply::Whole.encode(Ok(Response::Done)).unwrap(), "null");
}

#[test]
fn what_a_source_never_sends_is_an_error_that_names_it() {
    for (source, name) in [
        (Source::Sqs, "SQS"),
        (Source::Kinesis, "Kinesis"),
        (Source::Kafka, "Kafka"),
        (Source::DynamoDb, "DynamoDB"),
        (Source::S3, "S3"),
        (Source::Sns, "SNS"),
        (Source::EventBridge, "EventBridge"),
    ] {
        for event in ["", "null", "[]", "{}", r#"{"Records":7}"#, r#"{"Records":[7]}"#, "\u{0}"] {
            let error = decode(source, &Bytes::from(event), &Names::default()).unwrap_err();
            assert!(error.to_string().contains(name), "{event}: {error}");
        }
    }
}

#[test]
fn every_sample_of_these_services_is_told_and_decoded() {
    let mut seen = 0;
    for (prefix, source) in [
        ("sqs-event", Source::Sqs),
        ("kinesis-event", Source::Kinesis),
        ("kafka-event", Source::Kafka),
        ("dynamodb-event.", Source::DynamoDb),
        ("dynamodb-event-null-items", Source::DynamoDb),
        ("s3-event", Source::S3),
        ("sns-event", Source::Sns),
        ("cloudwatch-alarm-sns-payload", Source::Sns),
        ("eventbridge-", Source::EventBridge),
    ] {
        for name in samples().into_iter().filter(|name| name.starts_with(prefix)) {
            let event = sample(name.strip_suffix(".json").unwrap());
            match anyfn_lambda::decode(&event).unwrap() {
                anyfn_lambda::Received::Event(told) => assert_eq!(told, source, "{name}"),
                other => panic!("{name}: {other:?}"),
            }
            decode(source, &event, &Names::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
            seen += 1;
        }
    }
    assert!(seen >= 15, "only {seen} samples were found");
}
