//! Events of AWS' other services.

use anyfn_core::{Event, Names, Outcome, Response};
use anyfn_lambda::events::{Decoded, Reply, Source, decode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::input::decoder;

/// The first byte says as what the bytes that follow are read: as the event of a service (`0` to `7`), or as the bodies, one
/// a line, of which such an event is made.
pub fn lambda_events(data: &[u8]) {
    let Some((kind, rest)) = decoder(data, 16) else { return };
    // `0` is 48, a multiple of 16.
    match kind % 16 {
        source @ 0..8 => {
            if let Ok(decoded) = decode(SOURCES[usize::from(source)], &Bytes::copy_from_slice(rest), &Names::default())
            {
                reported(&decoded, usize::from(kind));
            }
        }
        8 => sqs(&lines(rest)),
        9 => kinesis(&lines(rest)),
        10 => dynamodb(rest),
        11 => s3(&lines(rest)),
        12 => kafka(&lines(rest)),
        13 => sns(&lines(rest)),
        14 => direct(rest),
        _ => crate::lambda_http::raw(rest),
    }
}

const SOURCES: [Source; 8] = [
    Source::Sqs,
    Source::Kinesis,
    Source::Kafka,
    Source::DynamoDb,
    Source::S3,
    Source::Sns,
    Source::EventBridge,
    Source::Direct,
];

fn lines(rest: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(rest).split('\n').map(str::to_owned).collect()
}

fn of(source: Source, event: &Value) -> Decoded {
    let text = event.to_string();
    decode(source, &text.clone().into(), &Names::default()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Who reads an answer finds every item that failed in it, and no other.
fn reported(decoded: &Decoded, seed: usize) {
    let items = match &decoded.event {
        Event::Queue(batch) => batch.items.len(),
        Event::Object(batch) => batch.items.len(),
        Event::Change(batch) => batch.items.len(),
        Event::Message(batch) => batch.items.len(),
        _ => {
            let json = decoded.reply.encode(Ok(Response::Done)).expect("done");
            return assert_eq!(json, "null");
        }
    };
    let done = |item: usize| !(item + seed).is_multiple_of(3);
    let outcomes = (0..items).map(|item| if done(item) { Outcome::Done } else { Outcome::NotProcessed }).collect();
    let answer = decoded.reply.encode(Ok(Response::Batch(outcomes)));
    let Reply::Items(receipts) = &decoded.reply else {
        return assert_eq!(answer.is_ok(), (0..items).all(done));
    };
    let answer: Value = serde_json::from_slice(&answer.expect("items fail alone")).expect("JSON");
    let told: Vec<&str> = answer["batchItemFailures"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|failure| failure["itemIdentifier"].as_str().expect("an identifier"))
        .collect();
    let mut expected: Vec<&str> = Vec::new();
    let mut next = 0;
    for receipt in receipts {
        if let Some(items) = &receipt.items {
            assert_eq!(items.start, next, "items belong to one record each");
            next = items.end;
        }
        let failed = receipt.items.as_ref().is_none_or(|items| !items.clone().all(done));
        if failed && !expected.contains(&receipt.id.as_str()) {
            expected.push(&receipt.id);
        }
    }
    assert_eq!(next, items);
    assert_eq!(told, expected);
}

/// Messages keep their bytes, or are notifications of S3's, all of them. A line that begins with an exclamation mark is a
/// message without a body, which fails alone.
fn sqs(bodies: &[String]) {
    let records: Vec<Value> = bodies
        .iter()
        .enumerate()
        .map(|(n, body)| {
            let member = if body.starts_with('!') { "none" } else { "body" };
            json!({ "messageId": format!("m{n}"), member: body, "eventSourceARN": "arn:aws:sqs:r:1:jobs" })
        })
        .collect();
    let decoded = of(Source::Sqs, &json!({ "Records": records }));
    reported(&decoded, bodies.len());
    let Reply::Items(receipts) = &decoded.reply else { panic!() };
    assert_eq!(receipts.len(), bodies.len());
    let bodies: Vec<&String> = bodies.iter().filter(|body| !body.starts_with('!')).collect();
    match &decoded.event {
        Event::Queue(batch) => {
            let seen: Vec<_> = batch.items.iter().map(|item| &item.payload.0[..]).collect();
            assert_eq!(seen, bodies.iter().map(|body| body.as_bytes()).collect::<Vec<_>>());
        }
        Event::Object(_) => assert!(bodies.iter().all(|body| body.trim_start().starts_with('{'))),
        other => panic!("{other:?}"),
    }
}

/// A line that begins with an exclamation mark is no base64, and two of them a record without data: it fails, and what follows
/// it in the shard waits.
fn kinesis(bodies: &[String]) {
    let records: Vec<Value> = bodies
        .iter()
        .enumerate()
        .map(|(n, body)| {
            let data = if body.starts_with('!') { body.clone() } else { STANDARD.encode(body) };
            let member = if body.starts_with("!!") { "none" } else { "data" };
            json!({ "eventSourceARN": "arn:aws:kinesis:r:1:stream/s",
                    "kinesis": { "partitionKey": body, "sequenceNumber": n.to_string(), member: data } })
        })
        .collect();
    let decoded = of(Source::Kinesis, &json!({ "Records": records }));
    reported(&decoded, bodies.len());
    let good: Vec<&String> = bodies.iter().take_while(|body| !body.starts_with('!')).collect();
    let Event::Queue(batch) = &decoded.event else { panic!() };
    assert_eq!(batch.items.len(), good.len());
    for (item, body) in batch.items.iter().zip(&good) {
        assert_eq!((&item.payload.0[..], item.group.as_deref()), (body.as_bytes(), Some(body.as_str())));
    }
    let Reply::Items(receipts) = &decoded.reply else { panic!() };
    assert_eq!(receipts.iter().filter(|receipt| receipt.items.is_some()).count(), good.len());
}

fn kafka(bodies: &[String]) {
    let records: Vec<Value> = bodies
        .iter()
        .enumerate()
        .map(|(n, body)| json!({ "topic": "t", "offset": n, "value": STANDARD.encode(body) }))
        .collect();
    let decoded = of(Source::Kafka, &json!({ "records": { "t-0": records } }));
    reported(&decoded, bodies.len());
    let Event::Queue(batch) = &decoded.event else { panic!() };
    let seen: Vec<_> = batch.items.iter().map(|item| &item.payload.0[..]).collect();
    assert_eq!(seen, bodies.iter().map(String::as_bytes).collect::<Vec<_>>());
}

fn sns(bodies: &[String]) {
    let records: Vec<Value> = bodies
        .iter()
        .map(|body| {
            json!({ "Sns": { "MessageId": "m", "TopicArn": "arn:aws:sns:r:1:t", "Subject": body, "Message": body,
                             "MessageAttributes": { body: { "Type": "String", "Value": body } } } })
        })
        .collect();
    let event = json!({ "Records": records });
    // A topic's notifications are taken as a whole.
    let Ok(decoded) = decode(Source::Sns, &event.to_string().into(), &Names::default()) else {
        return assert!(bodies.iter().all(|body| body.trim_start().starts_with('{')), "{event}");
    };
    reported(&decoded, bodies.len());
    let Event::Message(batch) = &decoded.event else { return };
    for (item, body) in batch.items.iter().zip(bodies) {
        assert_eq!(item.payload.body.0, body);
        assert_eq!((item.payload.subject.as_ref(), item.payload.attributes.get(body)), (Some(body), Some(body)));
    }
    assert_eq!(batch.items.len(), bodies.len());
}

/// A key is written as in a form, and means what it meant.
fn s3(keys: &[String]) {
    const KEPT: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC.remove(b' ');
    let records: Vec<Value> = keys
        .iter()
        .map(|key| {
            let written = percent_encoding::utf8_percent_encode(key, KEPT).to_string().replace(' ', "+");
            json!({ "eventName": "ObjectCreated:Put", "s3": { "bucket": { "name": "b" }, "object": { "key": written } } })
        })
        .collect();
    let decoded = of(Source::S3, &json!({ "Records": records }));
    reported(&decoded, keys.len());
    let Event::Object(batch) = &decoded.event else { panic!() };
    assert_eq!(batch.items.iter().map(|item| &item.payload.key).collect::<Vec<_>>(), keys.iter().collect::<Vec<_>>());
}

/// An object as DynamoDB writes it is that object again.
fn dynamodb(text: &[u8]) {
    let Ok(Value::Object(row)) = serde_json::from_slice::<Value>(text) else { return };
    let image: serde_json::Map<_, _> = row.iter().map(|(name, value)| (name.clone(), attribute(value))).collect();
    let record = |n: usize| {
        json!({ "eventName": "MODIFY", "eventSourceARN": "arn:aws:dynamodb:r:1:table/T/stream/x",
                "dynamodb": { "SequenceNumber": n.to_string(), "Keys": {}, "NewImage": image, "OldImage": image } })
    };
    let event = json!({ "Records": [record(0), record(1)] });
    // Twice as deep as the row: what is too deep for the reader fails, and not the event.
    let deep = serde_json::from_str::<Value>(&event.to_string()).is_err();
    let decoded = match decode(Source::DynamoDb, &event.to_string().into(), &Names::default()) {
        Ok(decoded) => decoded,
        Err(error) => return assert!(deep, "{error}: {event}"),
    };
    reported(&decoded, text.len());
    let Event::Change(batch) = &decoded.event else { panic!() };
    if !deep {
        assert_eq!(batch.items.len(), 2, "{event}");
    }
    for item in &batch.items {
        let new = item.payload.new.as_ref().expect("an image");
        assert_eq!(serde_json::from_slice::<Value>(&new.0).expect("JSON"), Value::Object(row.clone()));
        assert_eq!(item.payload.old.as_ref(), Some(new));
    }
}

fn attribute(value: &Value) -> Value {
    match value {
        Value::Null => json!({ "NULL": true }),
        Value::Bool(value) => json!({ "BOOL": value }),
        Value::Number(number) => json!({ "N": number.to_string() }),
        Value::String(text) => json!({ "S": text }),
        Value::Array(list) => json!({ "L": list.iter().map(attribute).collect::<Vec<_>>() }),
        Value::Object(map) => {
            let map: serde_json::Map<_, _> = map.iter().map(|(name, value)| (name.clone(), attribute(value))).collect();
            json!({ "M": map })
        }
    }
}

/// Whatever somebody invokes the function with reaches it as it is.
fn direct(text: &[u8]) {
    let event = Bytes::copy_from_slice(text);
    let decoded = decode(Source::Direct, &event, &Names::default()).expect("no event is refused");
    let Event::Custom(custom) = &decoded.event else { panic!() };
    assert_eq!(custom.data.0, event);
    let json = decoded.reply.encode(Ok(Response::Json(event.clone()))).expect("a value");
    assert_eq!(json, event);
}
