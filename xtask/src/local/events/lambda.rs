//! Events as AWS' services send them, and what Lambda says of them.

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::{Event, Told, keys, rfc3339};

/// The rule of a schedule. Rules have names of few letters: [`super::names`] says which expression each stands for.
pub(super) fn rule(cron: &str) -> String {
    let letter = |c: char| match c {
        '*' => 'x',
        c if c.is_ascii_alphanumeric() => c,
        _ => '-',
    };
    format!("local-{}", cron.chars().map(letter).collect::<String>())
}

pub(super) fn event(event: &Event) -> Value {
    match event {
        Event::Schedule { cron, at } => json!({
            "version": "0", "id": "1", "detail-type": "Scheduled Event", "source": "aws.events", "account": "000000000000",
            "time": rfc3339(*at), "region": "us-east-1",
            "resources": [format!("arn:aws:events:us-east-1:000000000000:rule/{}", rule(cron))], "detail": {},
        }),
        Event::Queue { name, bodies } => {
            let record = |(n, body): (usize, &String)| {
                json!({
                    "messageId": n.to_string(), "receiptHandle": "local", "body": body, "md5OfBody": "",
                    "attributes": { "ApproximateReceiveCount": "1", "SentTimestamp": "0", "SenderId": "local" },
                    "messageAttributes": {}, "eventSource": "aws:sqs", "awsRegion": "us-east-1",
                    "eventSourceARN": format!("arn:aws:sqs:us-east-1:000000000000:{name}"),
                })
            };
            json!({ "Records": bodies.iter().enumerate().map(record).collect::<Vec<_>>() })
        }
        Event::Object { created, bucket, key, size } => json!({ "Records": [{
            "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1",
            "eventTime": "2026-01-01T00:00:00.000Z",
            "eventName": if *created { "ObjectCreated:Put" } else { "ObjectRemoved:Delete" },
            "s3": { "s3SchemaVersion": "1.0", "bucket": { "name": bucket, "arn": format!("arn:aws:s3:::{bucket}") },
                    "object": { "key": form(key), "size": size, "eTag": "local", "sequencer": "0" } },
        }] }),
        Event::Change { table, kind, old, new } => {
            let mut row = json!({
                "Keys": attributes(&keys(old.as_ref(), new.as_ref())), "SequenceNumber": "0",
                "ApproximateCreationDateTime": 1_767_225_600.0, "StreamViewType": "NEW_AND_OLD_IMAGES",
            });
            for (name, image) in [("OldImage", old), ("NewImage", new)] {
                if let Some(image) = image {
                    row[name] = attributes(image);
                }
            }
            let name = match kind.as_str() {
                "insert" => "INSERT",
                "remove" => "REMOVE",
                _ => "MODIFY",
            };
            json!({ "Records": [{
                "eventID": "0", "eventName": name, "eventVersion": "1.1", "eventSource": "aws:dynamodb", "dynamodb": row,
                "awsRegion": "us-east-1",
                "eventSourceARN": format!("arn:aws:dynamodb:us-east-1:000000000000:table/{table}/stream/2026-01-01T00:00:00.000"),
            }] })
        }
        Event::Message { topic, attributes, body } => {
            let attributes: Map<String, Value> = attributes
                .iter()
                .map(|(name, value)| (name.clone(), json!({ "Type": "String", "Value": value })))
                .collect();
            let topic = format!("arn:aws:sns:us-east-1:000000000000:{topic}");
            json!({ "Records": [{
                "EventVersion": "1.0", "EventSource": "aws:sns", "EventSubscriptionArn": format!("{topic}:local"),
                "Sns": { "Type": "Notification", "MessageId": "0", "TopicArn": topic, "Subject": null, "Message": body,
                         "Timestamp": "2026-01-01T00:00:00.000Z", "MessageAttributes": attributes },
            }] })
        }
        Event::Custom(json) => json.clone(),
    }
}

pub(super) fn told(event: &Event, answered: Result<String>) -> Told {
    let text = match answered {
        Ok(text) => text,
        Err(error) => return Told::Failed(format!("{error:#}")),
    };
    match event {
        Event::Custom(_) => Told::Json(text),
        Event::Queue { .. } | Event::Change { .. } => {
            let answer: Value = serde_json::from_str(&text).unwrap_or_default();
            let failures = answer["batchItemFailures"].as_array().cloned().unwrap_or_default();
            let place =
                |failure: &Value| failure["itemIdentifier"].as_str()?.parse().ok().filter(|at| *at < event.items());
            let named: Option<Vec<usize>> = failures.iter().map(place).collect();
            // Of a name that no item has Lambda makes that all of them failed.
            Told::Again(named.unwrap_or_else(|| (0..event.items()).collect()))
        }
        _ => Told::Again(Vec::new()),
    }
}

/// A key as S3 writes it.
fn form(key: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/.-_".contains(&byte);
    key.bytes()
        .map(|byte| match byte {
            b' ' => "+".to_owned(),
            byte if plain(byte) => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

fn attributes(row: &Value) -> Value {
    let named = |row: &Map<String, Value>| row.iter().map(|(name, value)| (name.clone(), attribute(value))).collect();
    Value::Object(row.as_object().map(named).unwrap_or_default())
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
