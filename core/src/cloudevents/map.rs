//! What an event is, by its type.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    Batch, Change, ChangeKind, Custom, Entry, Error, ErrorKind, Event, Message, ObjectAction, ObjectEvent, Order,
    Payload, Schedule,
};

/// The event that a CloudEvent stands for.
///
/// # Errors
/// Its type is a known one, and its data are not what that type carries.
pub fn event(custom: Custom) -> Result<Event, Error> {
    let kind = custom.kind.as_deref().unwrap_or_default();
    Ok(match kind {
        "dev.anyfn.schedule" | "dev.knative.sources.ping" => {
            let due = custom.time.ok_or_else(|| unfit(&custom, "it has no `time`"))?;
            Event::Schedule(Schedule::new(name(&custom), due))
        }
        "dev.anyfn.queue.message" | "dev.knative.kafka.event" => {
            let group = ["key", "partitionkey"].into_iter().find_map(|name| custom.extensions.get(name)).cloned();
            let (name, mut entry) = (name(&custom), entry(&custom, custom.data.clone()));
            entry.group = group;
            Event::Queue(Batch::new(name, Order::Unordered, [entry]))
        }
        "dev.anyfn.object.created" => object(&custom, ObjectAction::Created)?,
        "dev.anyfn.object.removed" => object(&custom, ObjectAction::Removed)?,
        "google.cloud.storage.object.v1.finalized" => object(&custom, ObjectAction::Created)?,
        "google.cloud.storage.object.v1.deleted" => object(&custom, ObjectAction::Removed)?,
        "dev.anyfn.change.insert" => change(&custom, ChangeKind::Insert)?,
        "dev.anyfn.change.update" => change(&custom, ChangeKind::Update)?,
        "dev.anyfn.change.remove" => change(&custom, ChangeKind::Remove)?,
        "dev.anyfn.message" => {
            let mut message = Message::new(name(&custom), custom.data.clone());
            message.subject.clone_from(&custom.subject);
            message.attributes.clone_from(&custom.extensions);
            message.attributes.remove(NAME);
            one(&custom, message, Event::Message)
        }
        "com.amazonaws.sns.Notification" => notification(&custom)?,
        "google.cloud.pubsub.topic.v1.messagePublished" => published(&custom)?,
        _ if kind.starts_with("com.amazonaws.s3.") => stored(&custom, &kind["com.amazonaws.s3.".len()..])?,
        _ if kind.starts_with("io.debezium.") && custom.extensions.contains_key("iodebeziumop") => debezium(&custom)?,
        _ => Event::Custom(custom),
    })
}

/// The extension that says how the program calls it.
const NAME: &str = "anyfnname";

/// That extension, or the last part of the source: `/apis/v1/namespaces/x/kafkasources/y#jobs` is `jobs`.
fn name(custom: &Custom) -> String {
    let source = custom.source.as_deref().unwrap_or_default();
    let last = source.trim_end_matches('/').rsplit(['/', '#', ':']).next().unwrap_or_default();
    custom.extensions.get(NAME).map_or(last, String::as_str).to_owned()
}

fn entry<T>(custom: &Custom, payload: T) -> Entry<T> {
    Entry::new(custom.id.clone().unwrap_or_default(), payload)
}

fn one<T>(custom: &Custom, payload: T, event: fn(Batch<T>) -> Event) -> Event {
    event(Batch::new(name(custom), Order::Unordered, [entry(custom, payload)]))
}

fn data<'a, T: Deserialize<'a>>(custom: &'a Custom) -> Result<T, Error> {
    serde_json::from_slice(&custom.data.0).map_err(|error| unfit(custom, &format!("its data cannot be read: {error}")))
}

fn unfit(custom: &Custom, why: &str) -> Error {
    let kind = custom.kind.as_deref().unwrap_or_default();
    Error::of(ErrorKind::Unprocessable).detail(format!("an event of type `{kind}` that is none: {why}"))
}

fn payload(raw: &RawValue) -> Payload {
    Payload::from(raw.get().to_owned())
}

/// `size` is a number here and a string at Google.
#[derive(Deserialize)]
struct Object<'a> {
    bucket: String,
    #[serde(alias = "name")]
    key: String,
    #[serde(borrow)]
    size: Option<&'a RawValue>,
    etag: Option<String>,
}

fn object(custom: &Custom, action: ObjectAction) -> Result<Event, Error> {
    let Object { bucket, key, size, etag } = data(custom)?;
    let size = size.and_then(|size| size.get().trim_matches('"').parse().ok());
    let name = custom.extensions.get(NAME).unwrap_or(&bucket).clone();
    let mut object = ObjectEvent::new(action, bucket, key);
    (object.size, object.etag, object.at) = (size, etag, custom.time);
    Ok(Event::Object(Batch::new(name, Order::Unordered, [entry(custom, object)])))
}

/// S3's own record, or one of a store that speaks S3's notifications (the specification's adapter for S3).
fn stored(custom: &Custom, what: &str) -> Result<Event, Error> {
    #[derive(Deserialize)]
    struct Record {
        s3: S3,
    }
    #[derive(Deserialize)]
    struct S3 {
        bucket: Bucket,
        object: Stored,
    }
    #[derive(Deserialize)]
    struct Bucket {
        name: String,
    }
    #[derive(Deserialize)]
    struct Stored {
        key: String,
        size: Option<u64>,
        #[serde(rename = "eTag")]
        etag: Option<String>,
    }
    let what = what.strip_prefix("s3:").unwrap_or(what);
    let action = match what.split(':').next().unwrap_or_default() {
        action if action.eq_ignore_ascii_case("ObjectCreated") => ObjectAction::Created,
        action if action.eq_ignore_ascii_case("ObjectRemoved") => ObjectAction::Removed,
        _ => return Ok(Event::Custom(custom.clone())),
    };
    let Record { s3: S3 { bucket: Bucket { name: bucket }, object: Stored { key, size, etag } } } = data(custom)?;
    // Notifications carry the key as a form would.
    let spaced = key.replace('+', " ");
    let key = percent_decode_str(&spaced).decode_utf8().map_or(key, Cow::into_owned);
    let name = custom.extensions.get(NAME).unwrap_or(&bucket).clone();
    let mut object = ObjectEvent::new(action, bucket, key);
    (object.size, object.etag, object.at) = (size, etag, custom.time);
    Ok(Event::Object(Batch::new(name, Order::Unordered, [entry(custom, object)])))
}

fn change(custom: &Custom, kind: ChangeKind) -> Result<Event, Error> {
    #[derive(Deserialize)]
    struct Row<'a> {
        #[serde(borrow)]
        keys: &'a RawValue,
        #[serde(borrow, default)]
        old: Option<&'a RawValue>,
        #[serde(borrow, default)]
        new: Option<&'a RawValue>,
    }
    let Row { keys, old, new } = data(custom)?;
    let mut change = Change::new(kind, payload(keys), old.map(payload), new.map(payload));
    change.at = custom.time;
    Ok(one(custom, change, Event::Change))
}

/// Debezium's rows, with or without their schema; a snapshot's are new. It sends no key apart from the row.
fn debezium(custom: &Custom) -> Result<Event, Error> {
    #[derive(Deserialize)]
    struct Envelope<'a> {
        #[serde(borrow, default)]
        payload: Option<&'a RawValue>,
        #[serde(borrow, default)]
        before: Option<&'a RawValue>,
        #[serde(borrow, default)]
        after: Option<&'a RawValue>,
    }
    let kind = match custom.extensions.get("iodebeziumop").map_or("", String::as_str) {
        "c" | "r" => ChangeKind::Insert,
        "u" => ChangeKind::Update,
        "d" => ChangeKind::Remove,
        other => return Err(unfit(custom, &format!("the operation `{other}` is unknown"))),
    };
    let mut envelope: Envelope<'_> = data(custom)?;
    if let Some(inner) = envelope.payload {
        envelope = serde_json::from_str(inner.get()).map_err(|error| unfit(custom, &error.to_string()))?;
    }
    let mut change = Change::new(kind, Payload::from("{}"), envelope.before.map(payload), envelope.after.map(payload));
    change.at = custom.time;
    let table = [NAME, "iodebeziumtable"].into_iter().find_map(|name| custom.extensions.get(name)).cloned();
    let table = table.unwrap_or_else(|| name(custom));
    Ok(Event::Change(Batch::new(table, Order::Unordered, [entry(custom, change)])))
}

/// SNS' own HTTP payload (the specification's adapter for SNS).
fn notification(custom: &Custom) -> Result<Event, Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Notification {
        topic_arn: Option<String>,
        subject: Option<String>,
        message: String,
        #[serde(default)]
        message_attributes: BTreeMap<String, Attribute>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Attribute {
        value: String,
    }
    let Notification { topic_arn, subject, message, message_attributes } = data(custom)?;
    let topic = topic_arn.as_deref().and_then(|arn| arn.rsplit(':').next()).map_or_else(|| name(custom), str::to_owned);
    let mut message = Message::new(topic, Payload::from(message));
    message.subject = subject.or_else(|| custom.subject.clone());
    message.attributes = message_attributes.into_iter().map(|(name, Attribute { value })| (name, value)).collect();
    let topic = custom.extensions.get(NAME).unwrap_or(&message.topic).clone();
    Ok(Event::Message(Batch::new(topic, Order::Unordered, [entry(custom, message)])))
}

/// A Pub/Sub message, as Eventarc delivers it.
fn published(custom: &Custom) -> Result<Event, Error> {
    #[derive(Deserialize)]
    struct Published {
        message: Inner,
    }
    #[derive(Deserialize)]
    struct Inner {
        #[serde(default)]
        data: String,
        #[serde(default)]
        attributes: BTreeMap<String, String>,
    }
    let Published { message: Inner { data: encoded, attributes } } = data(custom)?;
    let body = STANDARD.decode(encoded).map_err(|error| unfit(custom, &format!("its data are no base64: {error}")))?;
    let mut message = Message::new(name(custom), Payload::from(body));
    message.attributes = attributes;
    Ok(one(custom, message, Event::Message))
}
