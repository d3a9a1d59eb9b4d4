//! Items, each of which is a piece of work of its own.

use std::collections::HashMap;
use std::panic::resume_unwind;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

use anyfn_core::batch::{CONCURRENCY, Outcomes};
use anyfn_core::{
    Batch, Context, Entry, Error, ErrorKind, Event, Handler, Level, MaybeSend, MaybeSync, Order, Outcome, Response,
};
use futures_util::future::join_all;
use futures_util::stream::{FuturesUnordered, StreamExt as _};

use crate::guard::{Guarded, busy, caught};
use crate::{Begun, Held, Work};

/// What is to be made of one item.
enum Fate {
    /// It is run; with a key it is this invocation's.
    Run(Option<Held>),
    /// It is done.
    Done,
    /// It is the same work as the item at this place.
    As(usize),
    /// Not in this invocation.
    Later(Option<Duration>, Error),
    /// It waits behind one that comes later.
    Waits,
}

impl<H: Handler> Guarded<H> {
    pub(crate) async fn batch<T: MaybeSend + MaybeSync>(
        &self,
        batch: Batch<T>,
        cx: Context,
        event: fn(Batch<T>) -> Event,
        work: for<'a> fn(&'a str, &'a Entry<T>) -> Work<'a>,
    ) -> Result<Response, Error> {
        let all = batch.outcomes();
        let Batch { source, order, items, .. } = batch;
        let keys: Vec<_> = items.iter().map(|item| self.key(&work(&source, item))).collect();
        let groups: Vec<_> = items.iter().map(|item| item.group.clone()).collect();
        let fates = if order == Order::Unordered {
            self.all_at_once(&cx, keys).await
        } else {
            self.in_order(&cx, keys, order, &groups).await
        };

        let (mut places, mut held, mut own) = (Vec::new(), Vec::new(), Vec::new());
        let (mut done, mut followers) = (Vec::new(), Vec::new());
        for ((place, item), fate) in items.into_iter().enumerate().zip(fates) {
            match fate {
                Fate::Run(taken) => {
                    places.push(place);
                    held.push(taken);
                    own.push(item);
                }
                Fate::Done => {
                    done.push(place);
                    all.record(place, Outcome::Done);
                }
                Fate::As(first) => followers.push((place, first)),
                Fate::Later(after, error) => {
                    self.log(
                        &cx,
                        Level::Warn,
                        &format!("item {} of {source} comes again later: {error}", item.receipt),
                    );
                    all.record(place, Outcome::Retry { after, error });
                }
                Fate::Waits => {}
            }
        }
        if !own.is_empty() {
            let part = Batch::new(source, order, own);
            done.extend(self.part(part, &places, &held, &all, &cx, event).await);
        }
        for (place, first) in followers {
            if done.contains(&first) {
                all.record(place, Outcome::Done);
            }
        }
        Ok(Response::Batch(all.take()))
    }

    /// Runs the handler for the items that are begun, and gives the places of those that are done.
    async fn part<T: MaybeSend>(
        &self,
        part: Batch<T>,
        places: &[usize],
        held: &[Option<Held>],
        all: &Outcomes,
        cx: &Context,
        event: fn(Batch<T>) -> Event,
    ) -> Vec<usize> {
        let outcomes = part.outcomes();
        let ended = Arc::<Ended>::default();
        outcomes.watch({
            let ended = Arc::clone(&ended);
            move |item, outcome| {
                if matches!(outcome, Outcome::Done) {
                    ended.push(item);
                }
            }
        });
        let mut call = pin!(caught(self.handler.call(event(part), cx.clone())));
        let mut finishing = FuturesUnordered::new();
        let mut finished = vec![false; places.len()];
        let mut result = None;
        // At once: what is done by a deadline must not come again.
        std::future::poll_fn(|task| {
            ended.wake_by(task.waker());
            if result.is_none()
                && let Poll::Ready(ready) = call.as_mut().poll(task)
            {
                result = Some(ready);
            }
            for item in ended.take() {
                finishing.push(self.end(cx, item, &held[item], true));
            }
            while let Poll::Ready(Some(item)) = finishing.poll_next_unpin(task) {
                finished[item] = true;
                all.record(places[item], Outcome::Done);
            }
            if result.is_some() && finishing.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        let panicked = match result {
            Some(Err(panic)) => Some(panic),
            Some(Ok(result)) => {
                let settled = settle(&outcomes, result);
                let open = settled.iter().enumerate().filter(|(item, _)| finished.get(*item) == Some(&false));
                join_all(open.map(|(item, outcome)| self.end(cx, item, &held[item], outcome.is_settled()))).await;
                let mut done = Vec::new();
                for (outcome, place) in settled.into_iter().zip(places) {
                    if outcome.is_settled() {
                        done.push(*place);
                    }
                    all.record(*place, outcome);
                }
                return done;
            }
            None => None,
        };
        let open = finished.iter().enumerate().filter(|(_, finished)| !**finished);
        join_all(open.map(|(item, _)| self.end(cx, item, &held[item], false))).await;
        match panicked {
            Some(panic) => resume_unwind(panic),
            None => Vec::new(),
        }
    }

    /// Tells the store what became of an item.
    async fn end(&self, cx: &Context, item: usize, held: &Option<Held>, settled: bool) -> usize {
        match held {
            Some(held) if settled => self.finish(cx, held, None).await,
            Some(held) => self.release(cx, held).await,
            None => {}
        }
        item
    }

    async fn all_at_once(&self, cx: &Context, keys: Vec<Result<Option<String>, Error>>) -> Vec<Fate> {
        let mut seen = Seen::default();
        let mut fates = Vec::with_capacity(keys.len());
        let mut keys = keys.into_iter().enumerate().peekable();
        while keys.peek().is_some() {
            let some = keys.by_ref().take(CONCURRENCY).map(|(place, key)| {
                let first = seen.place(&key, place);
                self.fate(cx, key, first)
            });
            let some: Vec<_> = some.collect();
            fates.extend(join_all(some).await);
        }
        fates
    }

    /// One after the other, so that nobody gets what is behind an item that comes later.
    async fn in_order(
        &self,
        cx: &Context,
        keys: Vec<Result<Option<String>, Error>>,
        order: Order,
        groups: &[Option<String>],
    ) -> Vec<Fate> {
        let (mut seen, mut held_up, mut fates) = (Seen::default(), Vec::new(), Vec::with_capacity(keys.len()));
        for (place, key) in keys.into_iter().enumerate() {
            let group = &groups[place];
            let waits = match order {
                Order::PerGroup => held_up.contains(&group),
                _ => !held_up.is_empty(),
            };
            if waits {
                fates.push(Fate::Waits);
                continue;
            }
            let first = seen.place(&key, place);
            let fate = match first {
                // It cannot wait for another group, and what is behind it must not overtake it.
                Some(first) if order == Order::PerGroup && groups[first] != *group => Fate::Later(None, busy()),
                first => self.fate(cx, key, first).await,
            };
            if matches!(fate, Fate::Later(..)) {
                held_up.push(group);
            }
            fates.push(fate);
        }
        fates
    }

    async fn fate(&self, cx: &Context, key: Result<Option<String>, Error>, first: Option<usize>) -> Fate {
        let key = match (key, first) {
            (Err(error), _) => return Fate::Later(None, error),
            (Ok(None), _) => return Fate::Run(None),
            (Ok(Some(_)), Some(first)) => return Fate::As(first),
            (Ok(Some(key)), None) => key,
        };
        match self.once.store.begin(cx, &self.claim(cx, key)).await {
            Ok(Begun::Started(held)) => Fate::Run(Some(held)),
            Ok(Begun::Done { .. }) => Fate::Done,
            Ok(Begun::InProgress { until, .. }) => {
                let left = until.duration_since(cx.now()).unwrap_or_default();
                Fate::Later(Some(left), busy())
            }
            Err(error) => Fate::Later(None, error),
        }
    }
}

/// The keys of a batch so far, with the place of each.
#[derive(Default)]
struct Seen(HashMap<String, usize>);

impl Seen {
    /// Where the same key stood before.
    fn place(&mut self, key: &Result<Option<String>, Error>, place: usize) -> Option<usize> {
        let Ok(Some(key)) = key else { return None };
        match self.0.get(key) {
            Some(first) => Some(*first),
            None => {
                self.0.insert(key.clone(), place);
                None
            }
        }
    }
}

/// The items that are done and not told to the store yet. Whoever settles them may do so on another thread.
#[derive(Default)]
struct Ended(Mutex<(Vec<usize>, Option<Waker>)>);

impl Ended {
    fn push(&self, item: usize) {
        let (items, waker) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        items.push(item);
        if let Some(waker) = waker.take() {
            waker.wake();
        }
    }

    fn take(&self) -> Vec<usize> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner).0)
    }

    fn wake_by(&self, waker: &Waker) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1 = Some(waker.clone());
    }
}

/// The outcomes of a batch whose handler came back with `result`, as core has it: what it left open is done, or failed with it.
fn settle(outcomes: &Outcomes, result: Result<Response, Error>) -> Vec<Outcome> {
    let failure = match result {
        Ok(Response::Batch(all)) => return all,
        Ok(Response::Done) => None,
        Ok(_) => {
            Some(Error::of(ErrorKind::Mismatch).source("a handler of a batch answered with no outcomes").to_string())
        }
        Err(error) => Some(error.to_string()),
    };
    let open = || match &failure {
        None => Outcome::Done,
        Some(text) => Outcome::Retry { after: None, error: Error::internal(text.clone()) },
    };
    let all = outcomes.take().into_iter();
    all.map(|outcome| if matches!(outcome, Outcome::NotProcessed) { open() } else { outcome }).collect()
}
