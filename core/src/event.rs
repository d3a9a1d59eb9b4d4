//! The events, as plain portable fields.

use std::collections::BTreeMap;
use std::time::SystemTime;

use bytes::Bytes;
use serde::de::DeserializeOwned;

use crate::batch::Outcomes;
use crate::capabilities::Trigger;
use crate::{Batch, Body, Error};

/// Why the function runs.
///
/// The vendor's own event stays reachable through [`Context::raw`](crate::Context::raw).
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// An HTTP request. Its URI is the public one, absolute where the platform says the host.
    Http(http::Request<Body>),
    /// A tick of a schedule.
    Schedule(Schedule),
    /// Messages of a queue or a stream.
    Queue(Batch<Payload>),
    /// Objects stored or removed.
    Object(Batch<ObjectEvent>),
    /// Rows of a database inserted, updated or removed.
    Change(Batch<Change<Payload>>),
    /// Published messages.
    Message(Batch<Message<Payload>>),
    /// Anything else: a CloudEvents 1.0 event, or JSON that somebody invoked the function with.
    Custom(Custom),
}

impl Event {
    /// Which trigger it came from.
    pub fn trigger(&self) -> Trigger {
        match self {
            Self::Http(_) => Trigger::Http,
            Self::Schedule(_) => Trigger::Schedule,
            Self::Queue(_) => Trigger::Queue,
            Self::Object(_) => Trigger::Object,
            Self::Change(_) => Trigger::Change,
            Self::Message(_) => Trigger::Message,
            Self::Custom(_) => Trigger::Custom,
        }
    }

    /// Where the outcomes of its items are recorded, if it brings any.
    pub fn outcomes(&self) -> Option<Outcomes> {
        match self {
            Self::Queue(batch) => Some(batch.outcomes()),
            Self::Object(batch) => Some(batch.outcomes()),
            Self::Change(batch) => Some(batch.outcomes()),
            Self::Message(batch) => Some(batch.outcomes()),
            Self::Http(_) | Self::Schedule(_) | Self::Custom(_) => None,
        }
    }
}

/// Bytes that a queue or topic carried; JSON as a rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Payload(pub Bytes);

impl Payload {
    /// The bytes read as JSON.
    ///
    /// # Errors
    /// A 422-like error that names the place in the text where it does not fit.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.0).map_err(|source| {
            Error::of(crate::ErrorKind::Unprocessable)
                .detail("the payload is not the JSON that the handler reads")
                .source(source)
        })
    }
}

impl<T: Into<Bytes>> From<T> for Payload {
    fn from(bytes: T) -> Self {
        Self(bytes.into())
    }
}

/// A tick of a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Schedule {
    /// The platform's name of the schedule, or its expression, as the platform says it.
    pub name: String,
    /// When it was due, UTC; retries keep it.
    pub scheduled_at: SystemTime,
}

impl Schedule {
    /// A tick of the schedule `name`, due at `scheduled_at`.
    pub fn new(name: impl Into<String>, scheduled_at: SystemTime) -> Self {
        Self { name: name.into(), scheduled_at }
    }
}

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ObjectAction {
    /// It was written: new, over an old one, or copied.
    Created,
    /// It was removed.
    Removed,
}

/// An object stored in or removed from a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ObjectEvent {
    /// What happened.
    pub action: ObjectAction,
    /// The bucket.
    pub bucket: String,
    /// The key, decoded.
    pub key: String,
    /// The size in bytes, where the platform says it.
    pub size: Option<u64>,
    /// The entity tag, without quotes.
    pub etag: Option<String>,
    /// When it happened.
    pub at: Option<SystemTime>,
}

impl ObjectEvent {
    /// An event of the object `key` in `bucket`; the other fields are unknown.
    pub fn new(action: ObjectAction, bucket: impl Into<String>, key: impl Into<String>) -> Self {
        Self { action, bucket: bucket.into(), key: key.into(), size: None, etag: None, at: None }
    }
}

/// What happened to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is new.
    Insert,
    /// It was changed.
    Update,
    /// It is gone.
    Remove,
}

/// A change of one row of a database table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change<T> {
    /// What happened.
    pub kind: ChangeKind,
    /// The row's key, a JSON object.
    pub keys: Payload,
    /// The row before, where the stream carries it.
    pub old: Option<T>,
    /// The row after, where the stream carries it.
    pub new: Option<T>,
    /// When it happened.
    pub at: Option<SystemTime>,
}

impl<T> Change<T> {
    /// A change; the time is unknown.
    pub fn new(kind: ChangeKind, keys: Payload, old: Option<T>, new: Option<T>) -> Self {
        Self { kind, keys, old, new, at: None }
    }
}

/// A message published to a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message<T> {
    /// The topic.
    pub topic: String,
    /// The subject line, if there is one.
    pub subject: Option<String>,
    /// The attributes that came with it, as text.
    pub attributes: BTreeMap<String, String>,
    /// What was published.
    pub body: T,
}

impl<T> Message<T> {
    /// A message with neither subject nor attributes.
    pub fn new(topic: impl Into<String>, body: T) -> Self {
        Self { topic: topic.into(), subject: None, attributes: BTreeMap::new(), body }
    }
}

/// A CloudEvents 1.0 event, or plain JSON without any envelope (then only `data` is there).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Custom {
    /// CloudEvents `id`.
    pub id: Option<String>,
    /// CloudEvents `source`.
    pub source: Option<String>,
    /// CloudEvents `type`.
    pub kind: Option<String>,
    /// CloudEvents `subject`.
    pub subject: Option<String>,
    /// CloudEvents `time`.
    pub time: Option<SystemTime>,
    /// CloudEvents `datacontenttype`.
    pub content_type: Option<String>,
    /// CloudEvents extensions, and `dataschema`.
    pub extensions: BTreeMap<String, String>,
    /// The data; JSON unless the sender said otherwise.
    pub data: Payload,
}

impl Custom {
    /// JSON without an envelope.
    pub fn json(data: impl Into<Bytes>) -> Self {
        Self { data: Payload(data.into()), ..Self::default() }
    }
}
