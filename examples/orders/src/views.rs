//! The view: what is kept of each order, and what a customer sees of it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use anyfn::{BoxFuture, Error};
use serde::Serialize;

use crate::order::Status;

/// Which state of a row is later: that of the higher number, and its removal after everything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    pub(crate) number: u64,
    pub(crate) removed: bool,
}

/// What is kept of an order. A removed one is kept too, so that no late change brings it back.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) version: Version,
    pub(crate) customer: String,
    pub(crate) status: Status,
    pub(crate) euro_cents: u64,
}

/// A database, as far as this program needs one. Behind it stands the client of the one that you have.
pub(crate) trait Views: Send + Sync {
    /// Keeps a row in one step, unless this version of it or a later one is kept already: then it is `false`.
    fn put(&self, row: Row) -> BoxFuture<Result<bool, Error>>;

    /// A customer's rows.
    fn of(&self, customer: String) -> BoxFuture<Result<Vec<Row>, Error>>;
}

/// Rows that end with the instance: for tests, and to see something.
#[derive(Default)]
pub(crate) struct InMemory(Mutex<BTreeMap<String, Row>>);

impl Views for InMemory {
    fn put(&self, row: Row) -> BoxFuture<Result<bool, Error>> {
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let newer = rows.get(&row.id).is_none_or(|kept| kept.version < row.version);
        if newer {
            rows.insert(row.id.clone(), row);
        }
        Box::pin(async move { Ok(newer) })
    }

    fn of(&self, customer: String) -> BoxFuture<Result<Vec<Row>, Error>> {
        let rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = rows.values().filter(|row| row.customer == customer).cloned().collect();
        Box::pin(async move { Ok(own) })
    }
}

/// What a customer sees.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Summary {
    /// Paid for so far.
    euro_cents: u64,
    orders: BTreeMap<String, Status>,
}

impl Summary {
    pub(crate) fn of(rows: Vec<Row>) -> Self {
        let mut summary = Self::default();
        for row in rows.into_iter().filter(|row| !row.version.removed) {
            if row.status != Status::Placed {
                summary.euro_cents = summary.euro_cents.saturating_add(row.euro_cents);
            }
            summary.orders.insert(row.id, row.status);
        }
        summary
    }
}
