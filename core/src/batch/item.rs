//! One item of a batch as a handler reads it.

use serde::de::DeserializeOwned;

use crate::{Change, Error, ErrorKind, Message, ObjectEvent, Payload};

/// One item of a batch, as the last argument of a function that runs once for each.
///
/// ```
/// use anyfn_core::{Error, Item};
///
/// #[derive(serde::Deserialize)]
/// struct Job { id: u64 }
///
/// async fn thumbnail(Item(job): Item<Job>) -> Result<(), Error> {
///     println!("job {}", job.id);
///     Ok(())
/// }
/// # let _ = anyfn_core::App::builder().queue("thumbnails", thumbnail).build();
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Item<T>(pub T);

/// What an item can carry, before a handler's own type is made of it.
#[derive(Debug)]
#[non_exhaustive]
pub enum RawItem {
    /// A queue's.
    Queue(Payload),
    /// A bucket's.
    Object(ObjectEvent),
    /// A table's.
    Change(Change<Payload>),
    /// A topic's.
    Message(Message<Payload>),
}

impl RawItem {
    pub(crate) fn decode<T: FromItem>(self) -> Result<T, Error> {
        T::from_item(self)
    }

    fn mismatch(&self, wanted: &str) -> Error {
        let item = match self {
            Self::Queue(_) => "a message of a queue",
            Self::Object(_) => "an object's event",
            Self::Change(_) => "a change",
            Self::Message(_) => "a published message",
        };
        Error::of(ErrorKind::Mismatch).source(format!("the handler reads {wanted}, the item is {item}"))
    }
}

/// What a handler can make of an item: a type that `serde` reads from a queue's JSON, an [`ObjectEvent`], a [`Change`] or
/// a [`Message`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be made of an item",
    note = "an item is a type that derives `serde::Deserialize` (queues), `ObjectEvent`, `Change<T>` or `Message<T>`"
)]
pub trait FromItem: Sized {
    /// Makes it.
    ///
    /// # Errors
    /// The item does not carry what the handler reads; it fails alone.
    fn from_item(raw: RawItem) -> Result<Self, Error>;
}

impl<T: DeserializeOwned> FromItem for T {
    fn from_item(raw: RawItem) -> Result<Self, Error> {
        match raw {
            RawItem::Queue(payload) => payload.json(),
            RawItem::Message(message) => message.body.json(),
            other => Err(other.mismatch("a queue's JSON")),
        }
    }
}

impl FromItem for Payload {
    fn from_item(raw: RawItem) -> Result<Self, Error> {
        match raw {
            RawItem::Queue(payload) => Ok(payload),
            other => Err(other.mismatch("a queue's payload")),
        }
    }
}

impl FromItem for ObjectEvent {
    fn from_item(raw: RawItem) -> Result<Self, Error> {
        match raw {
            RawItem::Object(object) => Ok(object),
            other => Err(other.mismatch("an object event")),
        }
    }
}

impl<T: DeserializeOwned> FromItem for Change<T> {
    fn from_item(raw: RawItem) -> Result<Self, Error> {
        let RawItem::Change(change) = raw else { return Err(raw.mismatch("a change")) };
        let read = |image: Option<Payload>| image.map(|image| image.json()).transpose();
        Ok(Self { kind: change.kind, keys: change.keys, old: read(change.old)?, new: read(change.new)?, at: change.at })
    }
}

impl<T: DeserializeOwned> FromItem for Message<T> {
    fn from_item(raw: RawItem) -> Result<Self, Error> {
        let RawItem::Message(message) = raw else { return Err(raw.mismatch("a message")) };
        let Message { topic, subject, attributes, body } = message;
        Ok(Self { topic, subject, attributes, body: body.json()? })
    }
}
