//! Events that bring several items, each of which succeeds or fails alone.

mod item;

use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

pub use self::item::{FromItem, Item, RawItem};
use crate::panics::catch;
use crate::response::Response;
use crate::{Context, Error, ErrorKind, Event, Level};

/// How many items of an unordered batch run at the same time.
pub const CONCURRENCY: usize = 10;

/// What order the platform promises, and so what a failure stops.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// None: items are independent and may run at the same time.
    #[default]
    Unordered,
    /// Within a group (an SQS FIFO queue): a failure leaves the rest of its group unprocessed.
    PerGroup,
    /// Of the whole batch (a stream's shard): a failure leaves all that follows unprocessed.
    Total,
}

/// What became of one item.
#[derive(Debug, Default)]
#[non_exhaustive]
pub enum Outcome {
    /// Nothing: it was not reached, and comes again.
    #[default]
    NotProcessed,
    /// It is done and does not come again.
    Done,
    /// It failed and comes again.
    Retry {
        /// Not before this time, where the platform can wait.
        after: Option<Duration>,
        /// Why.
        error: Error,
    },
    /// It failed and must not come again.
    Drop {
        /// Why.
        error: Error,
    },
}

impl Outcome {
    /// Whether the platform may forget the item.
    pub const fn is_settled(&self) -> bool {
        matches!(self, Self::Done | Self::Drop { .. })
    }
}

/// One [`Outcome`] for each item, shared by the running handler and the adapter, so that a deadline loses nothing that
/// was done.
#[derive(Clone, Default)]
pub struct Outcomes(Arc<Mutex<Recorded>>);

#[derive(Default)]
struct Recorded {
    slots: Vec<Outcome>,
    watcher: Option<Watcher>,
}

type Watcher = Box<dyn Fn(usize, &Outcome) + Send>;

impl Outcomes {
    fn of(items: usize) -> Self {
        let slots = std::iter::repeat_with(Outcome::default).take(items).collect();
        Self(Arc::new(Mutex::new(Recorded { slots, watcher: None })))
    }

    /// Calls `watcher` with each outcome as it is recorded: for an adapter whose platform is told item by item, and may end
    /// the program before the last.
    pub fn watch(&self, watcher: impl Fn(usize, &Outcome) + Send + 'static) {
        self.lock().watcher = Some(Box::new(watcher));
    }

    /// Records what became of the item at this place; the first word on an item stands.
    pub fn record(&self, index: usize, outcome: Outcome) {
        let Recorded { slots, watcher } = &mut *self.lock();
        if let Some(slot) = slots.get_mut(index).filter(|slot| matches!(slot, Outcome::NotProcessed)) {
            *slot = outcome;
            if let Some(watcher) = watcher {
                watcher(index, slot);
            }
        }
    }

    /// Takes what is known, in the items' order.
    pub fn take(&self) -> Vec<Outcome> {
        std::mem::take(&mut self.lock().slots)
    }

    fn fill(&self, mut outcome: impl FnMut() -> Outcome) {
        let count = self.lock().slots.len();
        (0..count).for_each(|index| self.record(index, outcome()));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Recorded> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Outcomes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lock().slots.fmt(f)
    }
}

/// One item of a [`Batch`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Entry<T> {
    /// The platform's own identifier, by which its outcome is reported.
    pub receipt: String,
    /// The group within which order is kept.
    pub group: Option<String>,
    /// How often it was delivered, this time included.
    pub attempts: Option<u32>,
    /// What it carries.
    pub payload: T,
    index: usize,
}

impl<T> Entry<T> {
    /// An item without group or count.
    pub fn new(receipt: impl Into<String>, payload: T) -> Self {
        Self { receipt: receipt.into(), group: None, attempts: None, payload, index: 0 }
    }

    /// The same in this group.
    #[must_use]
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.group = Some(group.into());
        self
    }

    /// The same, delivered this often.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = Some(attempts);
        self
    }

    fn map<U>(self, f: impl FnOnce(T) -> U) -> Entry<U> {
        let Self { receipt, group, attempts, payload, index } = self;
        Entry { receipt, group, attempts, payload: f(payload), index }
    }
}

/// Several items of one source.
///
/// A handler that takes a whole `Batch<T>` settles items one by one with [`done`](Self::done), [`retry`](Self::retry) and
/// [`discard`](Self::discard); what it leaves open is done if it returns well, and comes again if it fails.
#[derive(Debug)]
#[non_exhaustive]
pub struct Batch<T> {
    /// The queue, stream, bucket, table or topic, by the name that the platform says.
    pub source: String,
    /// What order holds.
    pub order: Order,
    /// The items, in the platform's order.
    pub items: Vec<Entry<T>>,
    outcomes: Outcomes,
}

impl<T> Batch<T> {
    /// A batch of these items.
    pub fn new(source: impl Into<String>, order: Order, items: impl IntoIterator<Item = Entry<T>>) -> Self {
        let mut items: Vec<_> = items.into_iter().collect();
        for (index, item) in items.iter_mut().enumerate() {
            item.index = index;
        }
        let outcomes = Outcomes::of(items.len());
        Self { source: source.into(), order, items, outcomes }
    }

    /// Where the outcomes are recorded.
    pub fn outcomes(&self) -> Outcomes {
        self.outcomes.clone()
    }

    /// This item is done.
    pub fn done(&self, entry: &Entry<T>) {
        self.outcomes.record(entry.index, Outcome::Done);
    }

    /// This item failed and comes again, not before `after`.
    pub fn retry(&self, entry: &Entry<T>, after: Option<Duration>, error: impl Into<Error>) {
        self.outcomes.record(entry.index, Outcome::Retry { after, error: error.into() });
    }

    /// This item failed and must not come again.
    pub fn discard(&self, entry: &Entry<T>, error: impl Into<Error>) {
        self.outcomes.record(entry.index, Outcome::Drop { error: error.into() });
    }
}

/// A batch of any kind, its items apart from its event.
pub(crate) struct Raw {
    source: String,
    order: Order,
    items: Vec<Entry<RawItem>>,
    outcomes: Outcomes,
    empty: fn(String) -> Event,
}

fn none<T>(source: String) -> Batch<T> {
    Batch::new(source, Order::Unordered, [])
}

impl Raw {
    fn of<T>(batch: Batch<T>, raw: fn(T) -> RawItem, empty: fn(String) -> Event) -> Self {
        let Batch { source, order, items, outcomes } = batch;
        Self { source, order, items: items.into_iter().map(|item| item.map(raw)).collect(), outcomes, empty }
    }

    pub(crate) fn split(event: Event) -> Result<Self, Error> {
        Ok(match event {
            Event::Queue(batch) => Self::of(batch, RawItem::Queue, |source| Event::Queue(none(source))),
            Event::Object(batch) => Self::of(batch, RawItem::Object, |source| Event::Object(none(source))),
            Event::Change(batch) => Self::of(batch, RawItem::Change, |source| Event::Change(none(source))),
            Event::Message(batch) => Self::of(batch, RawItem::Message, |source| Event::Message(none(source))),
            other => {
                return Err(Error::of(ErrorKind::Mismatch)
                    .source(format!("a {} event brings no items, and the handler takes an `Item`", other.trigger())));
            }
        })
    }

    /// The items as the handler's type; one that does not fit fails, with those that it holds up.
    pub(crate) fn decode<T: FromItem>(self) -> Batch<T> {
        let Self { source, order, items, outcomes, .. } = self;
        let mut held = Held::of(order);
        let items = items
            .into_iter()
            .filter_map(|Entry { receipt, group, attempts, payload, index }| {
                let payload = match held.holds(group.as_ref()) {
                    false => payload.decode(),
                    true => Err(Error::internal("an item before it could not be read")),
                };
                match payload {
                    Ok(payload) => Some(Entry { receipt, group, attempts, payload, index }),
                    Err(error) => {
                        held.up(group);
                        outcomes.record(index, Outcome::Retry { after: None, error });
                        None
                    }
                }
            })
            .collect();
        Batch { source, order, items, outcomes }
    }

    /// Runs `each` for every item, as its order allows, and records what becomes of it.
    pub(crate) async fn run<F, Fut>(self, cx: &Context, each: F) -> Result<Response, Error>
    where
        F: Fn(Event, RawItem) -> Fut,
        Fut: Future<Output = Result<Response, Error>>,
    {
        let Self { source, order, items, outcomes, empty } = self;
        let run = async |entry: Entry<RawItem>| {
            let outcome = match catch(each(empty(source.clone()), entry.payload)).await {
                Ok(Response::Batch(mut own)) if own.len() == 1 => own.remove(0),
                Ok(Response::Done) => Outcome::Done,
                Ok(other) => Outcome::Retry {
                    after: None,
                    error: Error::of(ErrorKind::Mismatch)
                        .source(format!("a handler of items answered with {}", other.what())),
                },
                Err(error) => Outcome::Retry { after: None, error },
            };
            if let Outcome::Retry { error, .. } | Outcome::Drop { error } = &outcome {
                cx.log_at(Level::Error, format!("item {} of {source} failed: {error}", entry.receipt));
            }
            let failed = !outcome.is_settled();
            outcomes.record(entry.index, outcome);
            failed
        };
        if order == Order::Unordered {
            join(items, CONCURRENCY, run).await;
        } else {
            let mut held = Held::of(order);
            for item in items {
                let group = item.group.clone();
                if !held.holds(group.as_ref()) && run(item).await {
                    held.up(group);
                }
            }
        }
        Ok(Response::Batch(outcomes.take()))
    }
}

/// What the failures so far hold up.
struct Held {
    order: Order,
    groups: Vec<Option<String>>,
}

impl Held {
    fn of(order: Order) -> Self {
        Self { order, groups: Vec::new() }
    }

    fn up(&mut self, group: Option<String>) {
        self.groups.push(group);
    }

    fn holds(&self, group: Option<&String>) -> bool {
        match self.order {
            Order::Unordered => false,
            Order::PerGroup => self.groups.iter().any(|held| held.as_ref() == group),
            Order::Total => !self.groups.is_empty(),
        }
    }
}

/// Runs at most `limit` futures at the same time until all are done.
async fn join<T, Fut: Future>(items: Vec<T>, limit: usize, run: impl Fn(T) -> Fut) {
    let mut waiting = items.into_iter();
    let mut running: Vec<Pin<Box<Fut>>> = waiting.by_ref().take(limit).map(|item| Box::pin(run(item))).collect();
    let all = std::future::poll_fn(|cx| {
        let mut i = 0;
        while i < running.len() {
            match running[i].as_mut().poll(cx) {
                Poll::Pending => i += 1,
                Poll::Ready(_) => match waiting.next() {
                    Some(item) => running[i] = Box::pin(run(item)),
                    None => drop(running.swap_remove(i)),
                },
            }
        }
        if running.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    });
    pin!(all).await;
}

/// The outcomes of a batch whose handler came back with `result`.
pub(crate) fn settle(outcomes: &Outcomes, result: Result<Response, Error>) -> Result<Response, Error> {
    match result {
        Ok(Response::Batch(all)) => Ok(Response::Batch(all)),
        Ok(Response::Done) => {
            outcomes.fill(|| Outcome::Done);
            Ok(Response::Batch(outcomes.take()))
        }
        Ok(other) => settle(
            outcomes,
            Err(Error::of(ErrorKind::Mismatch).source(format!("a handler of a batch answered with {}", other.what()))),
        ),
        Err(error) => {
            let text = error.to_string();
            outcomes.fill(|| Outcome::Retry { after: None, error: Error::internal(text.clone()) });
            Ok(Response::Batch(outcomes.take()))
        }
    }
}

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Raw").field("source", &self.source).field("items", &self.items.len()).finish_non_exhaustive()
    }
}
