//! Each event as the platforms send it, and what they are told of it in their own words.

use std::io;
use std::net::SocketAddr;

use anyfn_conformance::{Happening, Told, client};
use anyfn_conformance::{Payload, Request};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

/// The token that senders of CloudEvents know here.
pub(crate) const TOKEN: (&str, &str) = ("ANYFN_EVENT_TOKEN", "swordfish");
/// What the deployed configuration says of names.
pub(crate) const NAMES: (&str, &str) = ("ANYFN_NAMES", r#"{"rule-of-echo":"0 3 * * *"}"#);

fn parsed(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("the row is no JSON: {error}: {json}"))
}

/// The time as RFC 3339 has it; the table's are whole minutes of one day.
fn rfc3339(at: u64) -> String {
    let midnight = 1_795_392_000;
    let minutes = (at - midnight) / 60;
    format!("2026-11-23T{:02}:{:02}:00Z", minutes / 60, minutes % 60)
}

/// The event as AWS' services send it.
pub(crate) fn lambda(event: &Happening) -> Value {
    match *event {
        Happening::Schedule { at, .. } => json!({
            "version": "0", "id": "1", "detail-type": "Scheduled Event", "source": "aws.events", "account": "1",
            "time": rfc3339(at), "region": "us-east-1",
            "resources": ["arn:aws:events:us-east-1:1:rule/rule-of-echo"], "detail": {},
        }),
        Happening::Queue { bodies } => {
            let record = |(n, body): (usize, &&str)| {
                json!({ "messageId": n.to_string(), "receiptHandle": "r", "body": body, "md5OfBody": "x",
                        "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:us-east-1:1:echo", "awsRegion": "us-east-1",
                        "attributes": { "ApproximateReceiveCount": "1" }, "messageAttributes": {} })
            };
            json!({ "Records": bodies.iter().enumerate().map(record).collect::<Vec<_>>() })
        }
        Happening::Object { created, key, size } => json!({ "Records": [{
            "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1",
            "eventTime": "2026-11-23T03:00:00.000Z",
            "eventName": if created { "ObjectCreated:Put" } else { "ObjectRemoved:Delete" },
            "s3": { "bucket": { "name": "echo" }, "object": { "key": form(key), "size": size, "eTag": "e" } },
        }] }),
        Happening::Change { kind, old, new } => {
            let image = |image: Option<&str>| image.map(|image| attributes(&parsed(image)));
            let id = parsed(new.or(old).unwrap_or_default())["id"].clone();
            let name = match kind {
                "insert" => "INSERT",
                "update" => "MODIFY",
                _ => "REMOVE",
            };
            let mut row = json!({ "Keys": { "id": attribute(&id) }, "SequenceNumber": "0",
                                  "ApproximateCreationDateTime": 1_795_402_800.0 });
            if let Some(image) = image(old) {
                row["OldImage"] = image;
            }
            if let Some(image) = image(new) {
                row["NewImage"] = image;
            }
            json!({ "Records": [{ "eventID": "1", "eventName": name, "eventSource": "aws:dynamodb", "dynamodb": row,
                "eventSourceARN": "arn:aws:dynamodb:us-east-1:1:table/echo/stream/2026-11-23T00:00:00.000" }] })
        }
        Happening::Message { attribute: (name, value), body } => json!({ "Records": [{
            "EventVersion": "1.0", "EventSource": "aws:sns", "EventSubscriptionArn": "arn:aws:sns:us-east-1:1:echo:x",
            "Sns": { "Type": "Notification", "MessageId": "0", "TopicArn": "arn:aws:sns:us-east-1:1:echo", "Message": body,
                     "Timestamp": "2026-11-23T03:00:00.000Z",
                     "MessageAttributes": { name: { "Type": "String", "Value": value } } },
        }] }),
        Happening::Custom { json } => parsed(json),
        ref other => panic!("no event of Lambda's is known for {other:?}"),
    }
}

/// What Lambda answered, in portable words.
pub(crate) fn lambda_told(event: &Happening, answer: Result<String, String>) -> Told {
    let answer = match answer {
        Ok(answer) => answer,
        Err(why) => return Told::Failed(why),
    };
    match event {
        Happening::Custom { .. } => Told::Json(answer),
        Happening::Queue { .. } | Happening::Change { .. } => {
            let failures = parsed(&answer)["batchItemFailures"].as_array().cloned().unwrap_or_default();
            let place = |failure: &Value| failure["itemIdentifier"].as_str().and_then(|id| id.parse().ok());
            Told::Again(failures.iter().filter_map(place).collect())
        }
        _ => Told::Again(Vec::new()),
    }
}

/// A key as S3 writes it.
fn form(key: &str) -> String {
    key.bytes()
        .map(|byte| match byte {
            b' ' => "+".to_owned(),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

fn attributes(row: &Value) -> Value {
    let row = row.as_object().map_or_else(Map::new, |row| row.iter().map(|(k, v)| (k.clone(), attribute(v))).collect());
    Value::Object(row)
}

/// A value as DynamoDB writes it.
fn attribute(value: &Value) -> Value {
    match value {
        Value::Null => json!({ "NULL": true }),
        Value::Bool(value) => json!({ "BOOL": value }),
        Value::Number(number) => json!({ "N": number.to_string() }),
        Value::String(text) => json!({ "S": text }),
        Value::Array(values) => json!({ "L": values.iter().map(attribute).collect::<Vec<_>>() }),
        Value::Object(_) => json!({ "M": attributes(value) }),
    }
}

/// The event as Miniflare takes it: changes and published messages come through the queue, as CloudEvents.
pub(crate) fn workers(event: &Happening) -> Result<Value, String> {
    let bodies: Vec<Value> = match *event {
        Happening::Schedule { cron, at } => {
            return Ok(json!({ "scheduled": { "cron": cron, "scheduledTime": at * 1000 } }));
        }
        // What is JSON is sent as JSON, the rest as text.
        Happening::Queue { bodies } => {
            bodies.iter().map(|body| serde_json::from_str(body).unwrap_or(json!(body))).collect()
        }
        Happening::Object { created, key, size } => vec![json!({
            "account": "1", "bucket": "echo", "action": if created { "PutObject" } else { "DeleteObject" },
            "eventTime": "2026-11-23T03:00:00.000Z", "object": { "key": key, "size": size, "eTag": "e" },
        })],
        Happening::Change { .. } | Happening::Message { .. } => vec![structured(event)],
        _ => return Err("Workers has no event of that kind".to_owned()),
    };
    let message = |(n, body): (usize, Value)| json!({ "id": n.to_string(), "body": body, "attempts": 1 });
    let messages: Vec<_> = bodies.into_iter().enumerate().map(message).collect();
    Ok(json!({ "queue": { "name": "echo", "messages": messages } }))
}

/// What workerd says of it, in portable words.
pub(crate) fn workers_told(answer: Result<String, String>) -> Told {
    let answer = match answer {
        Ok(answer) => parsed(&answer),
        Err(why) => return Told::Failed(why),
    };
    if answer["outcome"] != "ok" {
        return Told::Failed(answer.to_string());
    }
    let again = answer["retryMessages"].as_array().cloned().unwrap_or_default();
    let mut again: Vec<usize> =
        again.iter().filter_map(|message| message["msgId"].as_str().and_then(|id| id.parse().ok())).collect();
    again.sort_unstable();
    Told::Again(again)
}

/// The event in CloudEvents' JSON.
fn structured(event: &Happening) -> Value {
    let mut json = json!({ "specversion": "1.0", "id": "1", "source": "/here/echo", "time": "2026-11-23T03:00:00Z" });
    let (kind, data) = match *event {
        Happening::Schedule { cron, at } => {
            json["time"] = json!(rfc3339(at));
            json["anyfnname"] = json!(cron);
            ("dev.anyfn.schedule".to_owned(), Value::Null)
        }
        Happening::Object { created, key, size } => {
            let kind = if created { "dev.anyfn.object.created" } else { "dev.anyfn.object.removed" };
            (kind.to_owned(), json!({ "bucket": "echo", "key": key, "size": size, "etag": "e" }))
        }
        Happening::Change { kind, old, new } => {
            let keys = json!({ "id": parsed(new.or(old).unwrap_or_default())["id"] });
            let data = json!({ "keys": keys, "old": old.map(parsed), "new": new.map(parsed) });
            (format!("dev.anyfn.change.{kind}"), data)
        }
        Happening::Message { attribute: (name, value), body } => {
            json[name] = json!(value);
            // Text that is no JSON goes as bytes.
            match serde_json::from_str(body) {
                Ok(body) => ("dev.anyfn.message".to_owned(), body),
                Err(_) => {
                    json["data_base64"] = json!(STANDARD.encode(body));
                    ("dev.anyfn.message".to_owned(), Value::Null)
                }
            }
        }
        Happening::Custom { json } => ("com.example.made".to_owned(), parsed(json)),
        ref other => panic!("no CloudEvent is known for {other:?}"),
    };
    json["type"] = json!(kind);
    if !data.is_null() {
        json["data"] = data;
    }
    json
}

/// Sends the event to a server as CloudEvents, one for each item, and gathers what it answers.
pub(crate) fn cloudevents(addr: SocketAddr, event: &Happening) -> io::Result<Told> {
    const HEADERS: &[(&str, &[u8])] =
        &[("authorization", b"Bearer swordfish"), ("content-type", b"application/cloudevents+json")];
    const BINARY: &[(&str, &[u8])] = &[
        ("authorization", b"Bearer swordfish"),
        ("ce-specversion", b"1.0"),
        ("ce-id", b"1"),
        ("ce-source", b"/queues/echo"),
        ("ce-type", b"dev.anyfn.queue.message"),
    ];
    let post = |headers, body: &'static str| {
        let request =
            Request { method: "POST", target: "/_anyfn/events", headers, body: Payload::Bytes(body.as_bytes()) };
        client::send(addr, &request)
    };
    // The table's requests are constants, and these are made while it runs.
    let leaked = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    let mut again = Vec::new();
    let replies = match *event {
        Happening::Queue { bodies } => bodies.iter().map(|body| post(BINARY, body)).collect::<io::Result<Vec<_>>>()?,
        _ => vec![post(HEADERS, leaked(structured(event).to_string()))?],
    };
    for (place, reply) in replies.iter().enumerate() {
        match reply.status {
            204 => {}
            200 => return Ok(Told::Json(String::from_utf8_lossy(&reply.body).into_owned())),
            503 => again.push(place),
            status => return Ok(Told::Failed(format!("{status}: {}", String::from_utf8_lossy(&reply.body)))),
        }
    }
    Ok(Told::Again(again))
}
