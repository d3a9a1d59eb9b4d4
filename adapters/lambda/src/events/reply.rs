//! What Lambda is told of an event's outcome.

use std::collections::HashSet;

use anyfn_core::{Error, Outcome, Response};
use bytes::Bytes;
use serde::Serialize;

use super::records::Record;

/// How the outcome of an event is reported.
#[derive(Debug)]
#[non_exhaustive]
pub enum Reply {
    /// `batchItemFailures` by these identifiers, one for each record ("Reporting batch item failures", Lambda developer
    /// guide); the event source's `ReportBatchItemFailures` must be on.
    Items(Vec<Receipt>),
    /// The invocation fails as a whole when anything failed: who sent it tries again.
    Whole,
    /// The handler's JSON.
    Value,
}

/// A record of the event, and which item became of it.
#[derive(Debug)]
pub struct Receipt {
    /// The identifier that Lambda knows the record by.
    pub id: String,
    /// The places of its items in the batch; a record that could not be read has none and failed.
    pub items: Option<std::ops::Range<usize>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Failures<'a> {
    batch_item_failures: Vec<Failure<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure<'a> {
    item_identifier: &'a str,
}

impl Reply {
    /// The invocation's answer, JSON.
    ///
    /// # Errors
    /// The invocation failed as a whole.
    pub fn encode(&self, result: Result<Response, Error>) -> Result<Bytes, Error> {
        let response = result?;
        match (self, response) {
            (Self::Items(receipts), Response::Batch(outcomes)) => Ok(failures(receipts, &outcomes)),
            (Self::Items(receipts), Response::Done) => Ok(failures(receipts, &[])),
            (Self::Whole, Response::Batch(outcomes)) => {
                let failed = outcomes.iter().filter(|outcome| !outcome.is_settled()).count();
                if failed == 0 {
                    return Ok(Bytes::from_static(b"null"));
                }
                Err(Error::internal(format!("{failed} of {} items failed: the event comes again", outcomes.len())))
            }
            (_, Response::Json(json)) => Ok(json),
            (_, Response::Done) => Ok(Bytes::from_static(b"null")),
            (_, other) => Err(Error::internal(format!("the event was answered with {other:?}"))),
        }
    }
}

/// A record counts as done when all its items are.
fn failures(receipts: &[Receipt], outcomes: &[Outcome]) -> Bytes {
    let failed = |receipt: &&Receipt| match &receipt.items {
        None => true,
        Some(items) => items.clone().any(|item| outcomes.get(item).is_some_and(|outcome| !outcome.is_settled())),
    };
    let mut seen = HashSet::new();
    let batch_item_failures = receipts
        .iter()
        .filter(failed)
        .filter(|receipt| seen.insert(&receipt.id))
        .map(|receipt| Failure { item_identifier: &receipt.id })
        .collect();
    serde_json::to_vec(&Failures { batch_item_failures }).unwrap_or_default().into()
}

/// Gathers items and the records that they came in.
pub(super) struct Gather<T> {
    pub(super) items: Vec<anyfn_core::Entry<T>>,
    receipts: Vec<Receipt>,
    /// A record that cannot be read holds up what follows it.
    ordered: bool,
    stopped: bool,
}

impl<T> Gather<T> {
    pub(super) fn new(ordered: bool) -> Self {
        Self { items: Vec::new(), receipts: Vec::new(), ordered, stopped: false }
    }

    /// Adds what `entries` makes of a record, its identifier and its items, or notes that it failed.
    pub(super) fn record<R>(
        &mut self,
        record: Record<R>,
        entries: impl FnOnce(R) -> (String, Result<Vec<anyfn_core::Entry<T>>, Error>),
    ) {
        let (id, entries) = match record {
            Ok(record) => entries(record),
            Err((id, error)) => (id, Err(error)),
        };
        let items = match entries {
            Ok(entries) if !self.stopped => {
                let first = self.items.len();
                self.items.extend(entries);
                Some(first..self.items.len())
            }
            Ok(_) => None,
            Err(error) => {
                eprintln!("anyfn: the record {id} cannot be read and comes again: {error}");
                self.stopped = self.ordered;
                None
            }
        };
        self.receipts.push(Receipt { id, items });
    }

    pub(super) fn reply(&mut self) -> Reply {
        Reply::Items(std::mem::take(&mut self.receipts))
    }
}
