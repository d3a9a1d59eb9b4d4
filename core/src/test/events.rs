//! Events that are no requests, for tests.

use std::time::SystemTime;

use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::Memory;
use crate::state::StateCell;
use crate::{
    Batch, Change, ChangeKind, Custom, Entry, Error, Event, Handler, IntoHandler, Message, ObjectAction, ObjectEvent,
    Order, Outcome, Payload, Response, Schedule, dispatch,
};

/// An event to be sent to a handler.
///
/// ```
/// use anyfn_core::{Error, Item, test};
///
/// #[derive(serde::Deserialize)]
/// struct Job { id: u64 }
///
/// async fn thumbnail(Item(job): Item<Job>) -> Result<(), Error> {
///     if job.id == 0 { return Err(Error::internal("no such image")) }
///     Ok(())
/// }
///
/// # test::block_on(async {
/// let outcome = test::queue("thumbnails", [r#"{"id":1}"#, r#"{"id":0}"#, "no JSON"]).send(thumbnail).await;
/// assert_eq!(outcome.failed(), [1, 2]);
/// # });
/// ```
#[derive(Debug)]
pub struct TestEvent {
    event: Event,
    memory: Memory,
}

fn of(event: Event) -> TestEvent {
    TestEvent { event, memory: Memory::default() }
}

fn one<T>(source: &str, order: Order, payload: T) -> Batch<T> {
    Batch::new(source, order, [Entry::new("0", payload)])
}

/// A tick of the schedule with this expression, due at `scheduled_at`.
pub fn schedule(cron: &str, scheduled_at: SystemTime) -> TestEvent {
    of(Event::Schedule(Schedule::new(cron, scheduled_at)))
}

/// Messages of a queue.
pub fn queue<B: Into<Bytes>>(name: &str, bodies: impl IntoIterator<Item = B>) -> TestEvent {
    let entries = bodies.into_iter().enumerate().map(|(n, body)| Entry::new(n.to_string(), Payload(body.into())));
    of(Event::Queue(Batch::new(name, Order::Unordered, entries)))
}

/// An object was stored.
pub fn object_created(bucket: &str, key: &str) -> TestEvent {
    object(ObjectEvent::new(ObjectAction::Created, bucket, key))
}

/// An object was removed.
pub fn object_removed(bucket: &str, key: &str) -> TestEvent {
    object(ObjectEvent::new(ObjectAction::Removed, bucket, key))
}

/// An event of an object, with all that it says.
pub fn object(object: ObjectEvent) -> TestEvent {
    let bucket = object.bucket.clone();
    of(Event::Object(one(&bucket, Order::Unordered, object)))
}

/// A row changed: the rows before and after are JSON.
pub fn change(table: &str, kind: ChangeKind, keys: &str, old: Option<&str>, new: Option<&str>) -> TestEvent {
    let json = |text: &str| Payload::from(text.to_owned());
    let change = Change::new(kind, json(keys), old.map(json), new.map(json));
    of(Event::Change(one(table, Order::Total, change)))
}

/// A message was published.
pub fn message(topic: &str, body: impl Into<Bytes>) -> TestEvent {
    of(Event::Message(one(topic, Order::Unordered, Message::new(topic, Payload(body.into())))))
}

/// Somebody invokes the program with JSON.
pub fn custom(json: impl Into<Bytes>) -> TestEvent {
    of(Event::Custom(Custom::json(json)))
}

impl TestEvent {
    /// Sends it within this invocation: its environment, deadline and so on.
    #[must_use]
    pub fn within(mut self, memory: &Memory) -> Self {
        self.memory = memory.clone();
        self
    }

    /// Sends it; work that the handler left behind is finished too.
    pub async fn send<M, H: IntoHandler<M>>(self, handler: H) -> TestOutcome {
        self.send_to(&handler.into_handler(StateCell::unit())).await
    }

    /// Sends it to a handler that is kept, as an [`App`](crate::App) is.
    pub async fn send_to<H: Handler>(self, handler: &H) -> TestOutcome {
        let result = dispatch(handler, self.event, self.memory.context()).await;
        self.memory.finish().await;
        TestOutcome { result, memory: self.memory }
    }
}

/// What became of an event.
#[derive(Debug)]
pub struct TestOutcome {
    result: Result<Response, Error>,
    memory: Memory,
}

impl TestOutcome {
    /// Whether nothing of it failed.
    pub fn is_done(&self) -> bool {
        self.result.is_ok() && self.failed().is_empty()
    }

    /// The places of the items that failed or were not reached, and come again.
    pub fn failed(&self) -> Vec<usize> {
        let outcomes = self.items().iter().enumerate();
        outcomes.filter(|(_, outcome)| !outcome.is_settled()).map(|(place, _)| place).collect()
    }

    /// What became of each item.
    pub fn items(&self) -> &[Outcome] {
        match &self.result {
            Ok(Response::Batch(outcomes)) => outcomes,
            _ => &[],
        }
    }

    /// The answer of a direct invocation.
    ///
    /// # Panics
    /// Where there is none, or it is not that JSON.
    pub fn json<T: DeserializeOwned>(&self) -> T {
        match &self.result {
            Ok(Response::Json(json)) => {
                serde_json::from_slice(json).expect("the answer is the JSON that the test reads")
            }
            other => panic!("the event was not answered with JSON: {other:?}"),
        }
    }

    /// Why the event failed as a whole.
    pub fn error(&self) -> Option<&Error> {
        self.result.as_ref().err()
    }

    /// The log.
    pub fn log_lines(&self) -> Vec<String> {
        self.memory.log_lines()
    }
}
