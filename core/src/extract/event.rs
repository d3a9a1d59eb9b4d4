//! Extractors of events that are no HTTP requests.

use super::{FromEvent, FromEventRef};
use crate::batch::{FromItem, Raw};
use crate::{Batch, Context, Custom, Error, ErrorKind, Event, MaybeSend, MaybeSync, Schedule};

impl<S: MaybeSync> FromEventRef<S> for Schedule {
    async fn from_event_ref(event: &mut Event, _: &Context, _: &S) -> Result<Self, Error> {
        match event {
            Event::Schedule(tick) => Ok(tick.clone()),
            other => Err(mismatch("a schedule's tick", other)),
        }
    }
}

impl<S: MaybeSync> FromEvent<S> for Custom {
    async fn from_event(event: Event, _: &Context, _: &S) -> Result<Self, Error> {
        match event {
            Event::Custom(custom) => Ok(custom),
            other => Err(mismatch("a custom event", &other)),
        }
    }
}

impl<S: MaybeSync> FromEvent<S> for Event {
    async fn from_event(event: Event, _: &Context, _: &S) -> Result<Self, Error> {
        Ok(event)
    }
}

/// The items that fit `T`; the function never sees one that does not, which fails alone, or with those behind it where order
/// holds.
impl<S: MaybeSync, T: FromItem + MaybeSend> FromEvent<S> for Batch<T> {
    async fn from_event(event: Event, _: &Context, _: &S) -> Result<Self, Error> {
        Raw::split(event).map(Raw::decode)
    }
}

fn mismatch(wanted: &str, event: &Event) -> Error {
    Error::of(ErrorKind::Mismatch).source(format!("the handler reads {wanted}, and a {} event came", event.trigger()))
}
