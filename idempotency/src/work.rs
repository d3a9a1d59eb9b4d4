//! One piece of work, and what tells it from all others.

use std::time::{SystemTime, UNIX_EPOCH};

use anyfn_core::{Change, Custom, Entry, Error, Message, ObjectAction, ObjectEvent, Payload, Schedule};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::Method;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use crate::header;

/// One piece of work: what is done once, as the function in [`Once::by`](crate::Once::by) sees it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Work<'a> {
    /// A request, its body read.
    Http(&'a http::Request<Bytes>),
    /// A tick.
    Schedule(&'a Schedule),
    /// A message of the queue or stream with this name.
    Queue(&'a str, &'a Entry<Payload>),
    /// An object in the bucket with this name.
    Object(&'a str, &'a Entry<ObjectEvent>),
    /// A changed row of the table with this name.
    Change(&'a str, &'a Entry<Change<Payload>>),
    /// A message published to the topic with this name.
    Message(&'a str, &'a Entry<Message<Payload>>),
    /// Any other event.
    Custom(&'a Custom),
}

impl Work<'_> {
    /// What it carries, read as JSON: a body, or a row as it is (as it was, if it is removed). `None` where it is no such JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Option<T> {
        let payload = match self {
            Self::Http(request) => request.body(),
            Self::Queue(_, entry) => &entry.payload.0,
            Self::Change(_, entry) => &entry.payload.new.as_ref().or(entry.payload.old.as_ref())?.0,
            Self::Message(_, entry) => &entry.payload.body.0,
            Self::Custom(custom) => &custom.data.0,
            Self::Schedule(_) | Self::Object(..) => return None,
        };
        serde_json::from_slice(payload).ok()
    }

    /// The key that it has by itself; `None` where it has none.
    pub(crate) fn own_key(&self) -> Result<Option<Key>, Error> {
        let key = match self {
            Self::Http(request) => return Ok(header::read(request.headers())?.map(|key| Key::of("http", [&*key]))),
            Self::Schedule(tick) => Key::of("schedule", [&tick.name, &*millis(tick.scheduled_at)]),
            Self::Queue(source, entry) => return Ok(delivered("queue", source, entry)),
            // By what happened, and when: the same happening may be told in two messages with ids of their own.
            // A batch of several buckets goes by the name of its first.
            Self::Object(_, entry) => {
                let ObjectEvent { action, key, etag, at, .. } = &entry.payload;
                let action = if matches!(action, ObjectAction::Created) { "created" } else { "removed" };
                let etag = etag.as_deref().unwrap_or_default();
                let which = at.map_or_else(|| format!("receipt {}", entry.receipt), millis);
                Key::of("object", [&*entry.payload.bucket, key, action, etag, &*which])
            }
            Self::Change(source, entry) => return Ok(delivered("change", source, entry)),
            Self::Message(source, entry) => return Ok(delivered("message", source, entry)),
            Self::Custom(Custom { id: Some(id), source, .. }) => {
                Key::of("custom", [source.as_deref().unwrap_or_default(), &**id])
            }
            Self::Custom(_) => return Ok(None),
        };
        Ok(Some(key))
    }

    /// The key of what a program says it is.
    pub(crate) fn named(&self, name: &str) -> Key {
        Key::of(self.kind(), ["by", name])
    }

    const fn kind(&self) -> &'static str {
        match self {
            Self::Http(_) => "http",
            Self::Schedule(_) => "schedule",
            Self::Queue(..) => "queue",
            Self::Object(..) => "object",
            Self::Change(..) => "change",
            Self::Message(..) => "message",
            Self::Custom(_) => "custom",
        }
    }

    /// What a request asks, in few bytes. Nobody gets the answer to another one: the key may be guessed, or come twice.
    pub(crate) fn fingerprint(&self) -> Bytes {
        let Self::Http(request) = self else { return Bytes::new() };
        let header = |name| request.headers().get(name).map_or(&b""[..], |value| value.as_bytes());
        let target = request.uri().path_and_query().map_or("", |target| target.as_str());
        let parts = [
            request.method().as_str().as_bytes(),
            target.as_bytes(),
            header(http::header::CONTENT_TYPE),
            header(http::header::AUTHORIZATION),
            request.body(),
        ];
        Bytes::copy_from_slice(&digest(parts))
    }
}

/// By the platform's own identifier, which a redelivery keeps.
fn delivered<T>(kind: &str, source: &str, entry: &Entry<T>) -> Option<Key> {
    // A number of Kinesis' is one among those of its group.
    let group = entry.group.as_deref().unwrap_or_default();
    (!entry.receipt.is_empty()).then(|| Key::of(kind, [source, group, &*entry.receipt]))
}

fn millis(time: SystemTime) -> String {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => since.as_millis().to_string(),
        Err(before) => format!("-{}", before.duration().as_millis()),
    }
}

/// Whether a request may change anything.
pub(crate) fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE)
}

/// What tells a piece of work from all others: short, whatever it is made of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key(String);

impl Key {
    fn of<'a>(kind: &'a str, parts: impl IntoIterator<Item = &'a str>) -> Self {
        let parts = std::iter::once(kind).chain(parts).map(str::as_bytes);
        Self(BASE64_URL_SAFE_NO_PAD.encode(digest(parts)))
    }

    /// With the name of what is done.
    pub(crate) fn under(&self, name: &str) -> String {
        format!("{name}/{}", self.0)
    }
}

/// Of the parts and where each ends.
fn digest<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}
