//! Events that are no HTTP requests: a schedule's tick, and a queue's batch.

use std::time::{Duration, SystemTime};

use anyfn_core::{Batch, Entry, Event, Names, ObjectAction, ObjectEvent, Order, Payload, Schedule, cloudevents};
use serde::Deserialize;

/// A message of a queue, as Workers delivers it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Delivered {
    /// The message's identifier.
    pub id: String,
    /// How often it was delivered, this time included.
    pub attempts: u32,
    /// Its body: text and bytes as they were sent, anything else as JSON.
    pub body: Vec<u8>,
}

impl Delivered {
    /// A message.
    pub fn new(id: String, attempts: u32, body: Vec<u8>) -> Self {
        Self { id, attempts, body }
    }
}

/// An event, and the messages that its items came in, in the items' order.
#[derive(Debug)]
#[non_exhaustive]
pub struct Part {
    /// The portable event.
    pub event: Event,
    /// The places of its messages in what was delivered.
    pub messages: Vec<usize>,
}

/// The tick of a schedule; `at` is in milliseconds since 1970.
pub fn tick(cron: &str, at: f64, names: &Names) -> Event {
    let since = Duration::try_from_secs_f64(at / 1000.0).unwrap_or_default();
    let at = SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH);
    Event::Schedule(Schedule::new(names.of(cron), at))
}

/// What the messages of a queue are: notifications of R2 are objects' events, CloudEvents in JSON what their type says, and
/// everything else a message of the queue.
///
/// A message that says it is one of the former and is not stays a message of the queue: nothing is lost, and its handler
/// says what is wrong with it.
pub fn delivered(queue: &str, messages: Vec<Delivered>, names: &Names) -> Vec<Part> {
    let (mut plain, mut objects, mut parts) = (Vec::new(), Vec::new(), Vec::new());
    for (place, Delivered { id, attempts, body }) in messages.into_iter().enumerate() {
        if let Some(object) = notification(&body) {
            objects.push((place, Entry::new(id, object).attempts(attempts)));
        } else if let Some(event) = envelope(&body) {
            parts.push(Part { event, messages: vec![place] });
        } else {
            plain.push((place, Entry::new(id, Payload::from(body)).attempts(attempts)));
        }
    }
    if !plain.is_empty() {
        let (messages, items): (_, Vec<_>) = plain.into_iter().unzip();
        parts.push(Part { event: Event::Queue(Batch::new(names.of(queue), Order::Unordered, items)), messages });
    }
    // Several buckets may fill one queue, and each happening has a handler of its own.
    let same = |one: &ObjectEvent, other: &ObjectEvent| one.bucket == other.bucket && one.action == other.action;
    while let Some(first) = objects.first().map(|(_, entry)| entry.payload.clone()) {
        let (this, rest): (Vec<_>, Vec<_>) = objects.into_iter().partition(|(_, entry)| same(&entry.payload, &first));
        let (messages, items): (_, Vec<_>) = this.into_iter().unzip();
        let source = names.of(&first.bucket);
        parts.push(Part { event: Event::Object(Batch::new(source, Order::Unordered, items)), messages });
        objects = rest;
    }
    parts
}

/// "Event notifications", R2 documentation.
fn notification(body: &[u8]) -> Option<ObjectEvent> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Notification {
        action: String,
        bucket: String,
        object: Object,
        event_time: String,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Object {
        key: String,
        size: Option<u64>,
        #[serde(rename = "eTag")]
        etag: Option<String>,
    }
    let Notification { action, bucket, object: Object { key, size, etag }, event_time } =
        serde_json::from_slice(body).ok()?;
    let action = match &*action {
        "PutObject" | "CopyObject" | "CompleteMultipartUpload" => ObjectAction::Created,
        "DeleteObject" | "LifecycleDeletion" => ObjectAction::Removed,
        _ => return None,
    };
    let mut object = ObjectEvent::new(action, bucket, key);
    (object.size, object.etag, object.at) = (size, etag, cloudevents::time(&event_time));
    Some(object)
}

fn envelope(body: &[u8]) -> Option<Event> {
    // Not every queue's JSON is looked at as a whole.
    const SIGN: &[u8] = b"\"specversion\"";
    body.windows(SIGN.len()).any(|window| window == SIGN).then_some(())?;
    let custom = cloudevents::structured(body).ok()?;
    match cloudevents::event(custom) {
        Ok(Event::Custom(_)) | Err(_) => None,
        Ok(event) => Some(event),
    }
}
