//! What a day comes to.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::macros::format_description;

use crate::orders::Order;

/// As in `2026-11-23`.
pub(crate) type Day = String;

/// The day of a time, UTC.
pub(crate) fn day(at: SystemTime) -> Day {
    OffsetDateTime::from(at).format(format_description!("[year]-[month]-[day]")).unwrap_or_default()
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) orders: u64,
    pub(crate) cents: u64,
    pub(crate) by_country: BTreeMap<String, u64>,
}

impl Report {
    pub(crate) fn of(orders: &[Order]) -> Self {
        orders.iter().fold(Self::default(), |mut report, order| {
            report.orders += 1;
            report.cents = report.cents.saturating_add(order.cents);
            let cents = report.by_country.entry(order.country.clone()).or_default();
            *cents = cents.saturating_add(order.cents);
            report
        })
    }
}
