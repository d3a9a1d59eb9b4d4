//! CloudEvents over HTTP: how they are read, what they become, and what their senders are told.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use anyfn_core::cloudevents::{PATH, TOKEN, event, read, receive, serve};
use anyfn_core::test::{Memory, block_on};
use anyfn_core::{App, Body, Context, Custom, Error, Event, Item, Json, ObjectAction, ObjectEvent, Schedule};

fn post(headers: &[(&str, &str)], body: &str) -> http::Request<Body> {
    let mut request = http::Request::post(PATH);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(body.to_owned())).unwrap()
}

const BINARY: &[(&str, &str)] = &[("ce-specversion", "1.0"), ("ce-id", "7"), ("ce-source", "/shop/orders")];

fn binary(kind: &str, more: &[(&str, &str)], body: &str) -> http::Request<Body> {
    post(&[BINARY, &[("ce-type", kind)], more].concat(), body)
}

fn structured(json: &str) -> http::Request<Body> {
    post(&[("content-type", "application/cloudevents+json; charset=utf-8")], json)
}

fn one(request: http::Request<Body>) -> Custom {
    let mut events = block_on(read(request)).unwrap();
    assert_eq!(events.len(), 1);
    events.remove(0)
}

fn refusal(request: http::Request<Body>) -> String {
    block_on(read(request)).unwrap_err().to_string()
}

#[test]
fn binary_mode_keeps_the_bodys_bytes_and_decodes_attributes() {
    let custom = one(binary(
        "com.example.made",
        &[
            ("content-type", "text/plain"),
            ("ce-time", "2026-11-23T16:12:40+01:00"),
            ("ce-subject", "Gr%C3%BC%C3%9Fe%20%22you%22"),
            ("ce-traceparent", "\"00-ab\""),
            ("x-other", "not the event's"),
        ],
        "\u{0}raw",
    ));
    assert_eq!(custom.subject.as_deref(), Some("Grüße \"you\""));
    assert_eq!(custom.time, Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_446_760)));
    assert_eq!(custom.content_type.as_deref(), Some("text/plain"));
    assert_eq!(custom.extensions.iter().collect::<Vec<_>>(), [(&"traceparent".to_owned(), &"00-ab".to_owned())]);
    assert_eq!(&custom.data.0[..], b"\0raw");
}

#[test]
fn attributes_that_are_not_encoded_are_read_as_they_come() {
    for bytes in ["grüße".as_bytes(), b"gr\xFC\xDFe"] {
        let mut request = binary("t", &[], "");
        request.headers_mut().insert("ce-subject", http::HeaderValue::from_bytes(bytes).unwrap());
        assert_eq!(one(request).subject.as_deref(), Some("grüße"));
    }
}

#[test]
fn structured_mode_keeps_numbers_as_they_are_written() {
    let custom = one(structured(
        r#"{"specversion":"1.0","id":"7","source":"s","type":"t","n":3,"yes":true,"none":null,"data":{"n": 12345678901234567890.10}}"#,
    ));
    assert_eq!(&custom.data.0[..], br#"{"n": 12345678901234567890.10}"#);
    assert_eq!(custom.content_type.as_deref(), Some("application/json"));
    assert_eq!(custom.extensions["n"], "3");
    assert_eq!(custom.extensions["yes"], "true");
    assert_eq!(custom.extensions.len(), 2);
}

#[test]
fn data_of_another_kind_than_json_is_what_the_string_holds() {
    let text = one(structured(
        r#"{"specversion":"1.0","id":"7","source":"s","type":"t","datacontenttype":"text/xml","data":"<a b=\"c\"/>"}"#,
    ));
    assert_eq!(&text.data.0[..], br#"<a b="c"/>"#);
    let json = one(structured(r#"{"specversion":"1.0","id":"7","source":"s","type":"t","data":"text"}"#));
    assert_eq!(&json.data.0[..], br#""text""#);
    let bytes = one(structured(r#"{"specversion":"1.0","id":"7","source":"s","type":"t","data_base64":"AP8="}"#));
    assert_eq!(&bytes.data.0[..], b"\0\xff");
}

#[test]
fn a_batch_is_several_events() {
    let batch = r#"[{"specversion":"1.0","id":"1","source":"s","type":"t"},
                    {"specversion":"1.0","id":"2","source":"s","type":"t","data":[1]}]"#;
    let batched = |body| post(&[("content-type", "application/cloudevents-batch+json")], body);
    let events = block_on(read(batched(batch))).unwrap();
    assert_eq!(events.iter().map(|event| event.id.as_deref().unwrap()).collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(block_on(read(batched("[]"))).unwrap(), []);
}

#[test]
fn a_malformed_event_is_refused_with_the_attribute_named() {
    for (request, says) in [
        (post(&[], "{}"), "no CloudEvent"),
        (binary("", &[], ""), "`type` is missing"),
        (binary("t", &[("ce-time", "yesterday")], ""), "`time` is no RFC 3339"),
        (binary("t", &[("ce-subject", "%FF")], ""), "`subject` is no text"),
        (post(&[("ce-specversion", "0.3"), ("ce-id", "1")], ""), "`specversion` is `0.3`"),
        (post(&[("ce-specversion", "1.0"), ("ce-source", "s"), ("ce-type", "t")], ""), "`id` is missing"),
        (structured("{"), "the event is no JSON"),
        (structured("[]"), "the event is no JSON"),
        (structured("null"), "the event is no JSON"),
        (structured(r#"{"id":"1"}"#), "`specversion` is missing"),
        (structured(r#"{"specversion":"1.0","id":"1","source":"s","type":"t","x":{}}"#), "`x` is neither"),
        (structured(r#"{"specversion":"1.0","id":"1","source":"s","type":"t","data":1,"data_base64":""}"#), "beside"),
        (structured(r#"{"specversion":"1.0","id":"1","source":"s","type":"t","data_base64":"%"}"#), "no base64"),
        (structured(r#"{"specversion":"1.0","id":"1","source":"s","type":"t","data_base64":7}"#), "no JSON"),
    ] {
        let error = refusal(request);
        assert!(error.contains(says), "{says}: {error}");
    }
}

fn typed(kind: &str, more: &[(&str, &str)], body: &str) -> Event {
    event(one(binary(kind, more, body))).unwrap()
}

#[test]
fn ticks_and_queue_messages_are_told_by_their_type() {
    let ping = typed("dev.knative.sources.ping", &[("ce-time", "1970-01-01T00:01:00Z")], "");
    let Event::Schedule(tick) = ping else { panic!("{ping:?}") };
    assert_eq!(tick, Schedule::new("orders", SystemTime::UNIX_EPOCH + Duration::from_secs(60)));

    let message = typed("dev.knative.kafka.event", &[("ce-key", "k"), ("ce-anyfnname", "jobs")], "{}");
    let Event::Queue(batch) = message else { panic!("{message:?}") };
    assert_eq!((&*batch.source, batch.items[0].group.as_deref(), &*batch.items[0].receipt), ("jobs", Some("k"), "7"));
}

#[test]
fn objects_come_from_any_store() {
    let removed = typed("dev.anyfn.object.removed", &[], r#"{"bucket":"b","key":"a b","size":3,"etag":"e"}"#);
    let Event::Object(batch) = removed else { panic!("{removed:?}") };
    let object = &batch.items[0].payload;
    assert_eq!((object.action, &*object.bucket, &*object.key), (ObjectAction::Removed, "b", "a b"));
    assert_eq!((object.size, object.etag.as_deref()), (Some(3), Some("e")));

    let google = typed("google.cloud.storage.object.v1.finalized", &[], r#"{"bucket":"b","name":"a/b","size":"9"}"#);
    let Event::Object(batch) = google else { panic!("{google:?}") };
    assert_eq!((&*batch.items[0].payload.key, batch.items[0].payload.size), ("a/b", Some(9)));

    let s3 = typed(
        "com.amazonaws.s3.ObjectCreated:Put",
        &[],
        r#"{"s3":{"bucket":{"name":"b"},"object":{"key":"a+b%2Bc%C3%BC","size":5,"eTag":"e"}}}"#,
    );
    let Event::Object(batch) = s3 else { panic!("{s3:?}") };
    assert_eq!((&*batch.source, &*batch.items[0].payload.key), ("b", "a b+cü"));
    assert!(matches!(typed("com.amazonaws.s3.ReducedRedundancyLostObject", &[], "{}"), Event::Custom(_)));
}

#[test]
fn changes_keep_their_rows_bytes() {
    let changed = typed("dev.anyfn.change.update", &[], r#"{"keys":{"id":1},"old":null,"new":{"id":1,"n":1.10}}"#);
    let Event::Change(batch) = changed else { panic!("{changed:?}") };
    let change = &batch.items[0].payload;
    assert_eq!((&change.keys.0[..], change.old.is_none()), (&br#"{"id":1}"#[..], true));
    assert_eq!(&change.new.as_ref().unwrap().0[..], br#"{"id":1,"n":1.10}"#);

    let debezium = typed(
        "io.debezium.connector.postgresql.DataChangeEvent",
        &[("ce-iodebeziumop", "d"), ("ce-iodebeziumtable", "orders")],
        r#"{"schema":{},"payload":{"before":{"id":1},"after":null}}"#,
    );
    let Event::Change(batch) = debezium else { panic!("{debezium:?}") };
    assert_eq!((&*batch.source, batch.items[0].payload.new.is_none()), ("orders", true));
    assert_eq!(&batch.items[0].payload.old.as_ref().unwrap().0[..], br#"{"id":1}"#);
}

#[test]
fn published_messages_bring_their_attributes() {
    let sns = typed(
        "com.amazonaws.sns.Notification",
        &[],
        r#"{"Type":"Notification","TopicArn":"arn:aws:sns:eu-west-1:1:paid","Subject":"s","Message":"{}",
            "MessageAttributes":{"a":{"Type":"String","Value":"b"}}}"#,
    );
    let Event::Message(batch) = sns else { panic!("{sns:?}") };
    let message = &batch.items[0].payload;
    assert_eq!((&*batch.source, &*message.topic, &*message.attributes["a"]), ("paid", "paid", "b"));

    let published = typed(
        "google.cloud.pubsub.topic.v1.messagePublished",
        &[],
        r#"{"message":{"data":"aGk=","attributes":{"a":"b"}},"subscription":"x"}"#,
    );
    let Event::Message(batch) = published else { panic!("{published:?}") };
    assert_eq!(&batch.items[0].payload.body.0[..], b"hi");
}

#[test]
fn data_that_do_not_fit_their_type_are_refused() {
    for (kind, body) in [
        ("dev.anyfn.schedule", ""),
        ("dev.anyfn.object.created", "{}"),
        ("com.amazonaws.s3.ObjectCreated:Put", "[]"),
        ("dev.anyfn.change.insert", "7"),
        ("com.amazonaws.sns.Notification", "not JSON"),
        ("google.cloud.pubsub.topic.v1.messagePublished", r#"{"message":{"data":"%"}}"#),
    ] {
        let error = event(one(binary(kind, &[], body))).unwrap_err();
        assert_eq!(error.status(), 422, "{kind}: {error}");
    }
}

async fn job(Item(job): Item<serde_json::Value>) -> Result<(), Error> {
    match job["fail"].as_bool() {
        Some(true) => Err(Error::internal("told to fail")),
        _ => Ok(()),
    }
}

async fn invoked(custom: Custom) -> Json<serde_json::Value> {
    Json(serde_json::json!({ "received": custom.kind }))
}

async fn object(Item(_): Item<ObjectEvent>) {
    panic!("on purpose")
}

fn answer(request: http::Request<Body>) -> (u16, String, http::HeaderMap) {
    let app = App::builder().queue("jobs", job).object_created("b", object).custom(invoked).build();
    let memory = Memory::default().env(TOKEN, "swordfish");
    block_on(async {
        let (head, body) = serve(&app, request, Context::new(memory)).await.into_parts();
        let body = body.collect(1 << 20).await.unwrap();
        (head.status.as_u16(), String::from_utf8(body.into()).unwrap(), head.headers)
    })
}

const KNOWN: (&str, &str) = ("authorization", "Bearer swordfish");

#[test]
fn an_event_without_the_token_is_refused_and_runs_nothing() {
    let ran = Arc::new(Mutex::new(0));
    let count = ran.clone();
    let app = App::builder()
        .custom(move || {
            *count.lock().unwrap() += 1;
            async {}
        })
        .build();
    for (given, set) in [
        (None, Some("swordfish")),
        (Some("Bearer swordfisH"), Some("swordfish")),
        (Some("Bearer "), Some("swordfish")),
        (Some("Basic swordfish"), Some("swordfish")),
        (Some("swordfish"), Some("swordfish")),
        (Some("Bearer swordfish"), None),
        (Some("Bearer "), Some("")),
    ] {
        let given: Vec<_> = given.into_iter().map(|given| ("authorization", given)).collect();
        let memory = set.map_or_else(Memory::default, |set| Memory::default().env(TOKEN, set));
        let answer = block_on(serve(&app, binary("t", &given, ""), Context::new(memory)));
        assert_eq!(answer.status(), 401, "{given:?} {set:?}");
        assert_eq!(answer.headers()["www-authenticate"], "Bearer");
    }
    assert_eq!(*ran.lock().unwrap(), 0);
}

#[test]
fn what_is_done_is_204_what_failed_comes_again() {
    let queued = |body: &str| binary("dev.anyfn.queue.message", &[KNOWN, ("ce-anyfnname", "jobs")], body);
    assert_eq!(answer(queued("{}")).0, 204);
    assert_eq!(answer(queued(r#"{"fail":true}"#)).0, 503);
    assert_eq!(answer(queued("no JSON")).0, 503);
    let panics = binary("dev.anyfn.object.created", &[KNOWN], r#"{"bucket":"b","key":"k"}"#);
    assert_eq!(answer(panics).0, 503);
}

#[test]
fn a_custom_event_is_answered_with_the_handlers_json() {
    let (status, body, headers) = answer(binary("com.example.made", &[KNOWN], ""));
    assert_eq!((status, &*body), (200, r#"{"received":"com.example.made"}"#));
    assert_eq!(headers["content-type"], "application/json");
}

#[test]
fn events_come_by_post() {
    let mut request = binary("com.example.made", &[KNOWN], "");
    *request.method_mut() = http::Method::GET;
    let (status, _, headers) = answer(request);
    assert_eq!((status, headers["allow"].to_str().unwrap()), (405, "POST"));
}

#[test]
fn what_a_source_calls_otherwise_has_its_name_in_the_program() {
    async fn job(cx: Context, batch: anyfn_core::Batch<serde_json::Value>) {
        cx.log(format!("from {}", batch.source));
    }
    async fn other() -> Result<(), Error> {
        Err(Error::internal("another queue's"))
    }
    let app = App::builder().queue("others", other).queue("jobs", job).build();
    let memory = Memory::default().env("ANYFN_NAMES", r#"{"acme-jobs-prod":"jobs"}"#);
    let source = "/apis/v1/namespaces/n/kafkasources/k#acme-jobs-prod";
    let event = binary("dev.knative.kafka.event", &[("content-type", "application/json")], "{}");
    let (mut head, body) = event.into_parts();
    head.headers.insert("ce-source", http::HeaderValue::from_static(source));
    let answer = block_on(receive(&app, http::Request::from_parts(head, body), memory.context()));
    assert_eq!((answer.status().as_u16(), memory.log_lines()), (204, vec!["from jobs".to_owned()]));
}
