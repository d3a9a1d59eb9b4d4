//! S3's notifications, as they are and inside of a queue's or a topic's message.

use std::borrow::Cow;

use anyfn_core::{Batch, Entry, Error, Event, ObjectAction, ObjectEvent, Order, cloudevents};
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use serde::Deserialize;

use super::records::Records;
use super::{Decoded, Names, Reply, read};

/// "Event message structure", Amazon S3 user guide.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    #[serde(borrow)]
    event_name: Cow<'a, str>,
    #[serde(borrow, default)]
    event_time: Option<Cow<'a, str>>,
    #[serde(borrow)]
    s3: S3<'a>,
}

#[derive(Deserialize)]
struct S3<'a> {
    #[serde(borrow)]
    bucket: Bucket<'a>,
    #[serde(borrow)]
    object: Object<'a>,
}

#[derive(Deserialize)]
struct Bucket<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Object<'a> {
    #[serde(borrow)]
    key: Cow<'a, str>,
    #[serde(default)]
    size: Option<u64>,
    #[serde(borrow, default, rename = "eTag")]
    etag: Option<Cow<'a, str>>,
}

pub(super) fn decode(event: &Bytes, names: &Names) -> Result<Decoded, Error> {
    let objects = objects(event)?;
    let items = entries(objects.into_iter().map(|object| ("", object)));
    let source = names.of(&bucket(&items));
    Ok(Decoded { event: Event::Object(Batch::new(source, Order::Unordered, items)), reply: Reply::Whole })
}

fn objects(text: &[u8]) -> Result<Vec<ObjectEvent>, Error> {
    read::<Records<Record<'_>>>(text, "S3")?.records.into_iter().map(object).collect()
}

fn object(record: Record<'_>) -> Result<ObjectEvent, Error> {
    let Record { event_name, event_time, s3: S3 { bucket, object: Object { key, size, etag } } } = record;
    let name = event_name.strip_prefix("s3:").unwrap_or(&event_name);
    let action = match name.split(':').next() {
        Some("ObjectCreated") => ObjectAction::Created,
        Some("ObjectRemoved" | "LifecycleExpiration") => ObjectAction::Removed,
        _ => {
            return Err(Error::bad_request(format!(
                "an object's event `{event_name}` is neither of storing nor of removing it"
            )));
        }
    };
    // The key is encoded as in a form (the same guide).
    let spaced = key.replace('+', " ");
    let key = percent_decode_str(&spaced).decode_utf8().map_or_else(|_| key.into_owned(), Cow::into_owned);
    let mut object = ObjectEvent::new(action, bucket.name, key);
    (object.size, object.etag) = (size, etag.map(Cow::into_owned));
    object.at = event_time.as_deref().and_then(cloudevents::time);
    Ok(object)
}

/// The objects that a message is about, if it is a notification of S3's: as it is, from EventBridge, or in an envelope of
/// SNS. The one with which S3 tries a new configuration is about none.
pub(super) fn notification(body: &str) -> Option<Result<Vec<ObjectEvent>, Error>> {
    #[derive(Deserialize)]
    struct Sniff<'a> {
        #[serde(borrow, default, rename = "Records")]
        records: Vec<From<'a>>,
        #[serde(borrow, default, rename = "Event")]
        event: Option<Cow<'a, str>>,
        #[serde(borrow, default, rename = "TopicArn")]
        topic: Option<Cow<'a, str>>,
        #[serde(borrow, default, rename = "Message")]
        message: Option<Cow<'a, str>>,
        #[serde(borrow, default)]
        source: Option<Cow<'a, str>>,
        #[serde(borrow, default, rename = "detail-type")]
        detail_type: Option<Cow<'a, str>>,
    }
    #[derive(Deserialize)]
    struct From<'a> {
        #[serde(borrow, default, rename = "eventSource")]
        source: Option<Cow<'a, str>>,
    }
    if !body.trim_start().starts_with('{') {
        return None;
    }
    let sniff: Sniff<'_> = serde_json::from_str(body).ok()?;
    if sniff.event.as_deref() == Some("s3:TestEvent") {
        return Some(Ok(Vec::new()));
    }
    if sniff.source.as_deref() == Some("aws.s3") && sniff.detail_type.is_some() {
        return Some(bridged(body.as_bytes()).and_then(|object| object.map(|object| vec![object]).ok_or_else(neither)));
    }
    if let (Some(_), Some(message)) = (&sniff.topic, &sniff.message) {
        return notification(message);
    }
    sniff
        .records
        .first()
        .is_some_and(|record| record.source.as_deref() == Some("aws:s3"))
        .then(|| objects(body.as_bytes()))
}

fn neither() -> Error {
    Error::bad_request("an object's event is neither of storing nor of removing it")
}

/// S3's event as EventBridge delivers it, where the key is as it is ("EventBridge event message structure", the same
/// guide); `None` for one that is neither of storing nor of removing an object.
pub(super) fn bridged(text: &[u8]) -> Result<Option<ObjectEvent>, Error> {
    #[derive(Deserialize)]
    struct Bridged<'a> {
        #[serde(borrow, rename = "detail-type")]
        detail_type: Cow<'a, str>,
        #[serde(borrow, default)]
        time: Option<Cow<'a, str>>,
        #[serde(borrow)]
        detail: Detail<'a>,
    }
    #[derive(Deserialize)]
    struct Detail<'a> {
        #[serde(borrow)]
        bucket: Bucket<'a>,
        #[serde(borrow)]
        object: Named<'a>,
    }
    #[derive(Deserialize)]
    struct Named<'a> {
        #[serde(borrow)]
        key: Cow<'a, str>,
        #[serde(default)]
        size: Option<u64>,
        #[serde(borrow, default)]
        etag: Option<Cow<'a, str>>,
    }
    let Bridged { detail_type, time, detail: Detail { bucket, object: Named { key, size, etag } } } =
        read(text, "S3 through EventBridge")?;
    let action = match &*detail_type {
        "Object Created" => ObjectAction::Created,
        "Object Deleted" => ObjectAction::Removed,
        _ => return Ok(None),
    };
    let mut object = ObjectEvent::new(action, bucket.name, key);
    (object.size, object.etag) = (size, etag.map(Cow::into_owned));
    object.at = time.as_deref().and_then(cloudevents::time);
    Ok(Some(object))
}

pub(super) fn entries<'a>(objects: impl Iterator<Item = (&'a str, ObjectEvent)>) -> Vec<Entry<ObjectEvent>> {
    objects
        .map(|(receipt, object)| {
            let receipt =
                if receipt.is_empty() { format!("{}/{}", object.bucket, object.key) } else { receipt.to_owned() };
            Entry::new(receipt, object)
        })
        .collect()
}

pub(super) fn bucket(items: &[Entry<ObjectEvent>]) -> String {
    items.first().map(|item| item.payload.bucket.clone()).unwrap_or_default()
}
