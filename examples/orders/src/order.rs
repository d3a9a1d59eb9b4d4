//! A row of the table, and what it is worth.

use std::collections::BTreeMap;
use std::str::FromStr;

use anyfn::Error;
use serde::{Deserialize, Serialize};

/// A row. Whoever writes one adds 1 to its version, and no id is used twice.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Order {
    pub(crate) id: String,
    pub(crate) version: u64,
    pub(crate) customer: String,
    pub(crate) status: Status,
    pub(crate) cents: u64,
    pub(crate) currency: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    Placed,
    Paid,
    Shipped,
}

/// What one unit of each currency is worth in euros.
#[derive(Debug, Default)]
pub(crate) struct Rates(BTreeMap<String, f64>);

impl Rates {
    /// An amount in euro cents. What has no rate yet fails, and comes again until somebody has entered one.
    pub(crate) fn euro_cents(&self, order: &Order) -> Result<u64, Error> {
        if order.currency == "EUR" {
            return Ok(order.cents);
        }
        let unknown = || Error::internal(format!("no rate for {}: add it to the variable RATES", order.currency));
        let rate = self.0.get(&order.currency).ok_or_else(unknown)?;
        Ok((order.cents as f64 * rate).round() as u64)
    }
}

/// `GBP=1.15,USD=0.92`
impl FromStr for Rates {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = |part: &str| Error::internal(format!("RATES: `{part}` is not like USD=0.92"));
        let rate = |part: &str| {
            let (currency, rate) = part.split_once('=')?;
            let rate = rate.trim().parse().ok().filter(|rate: &f64| rate.is_finite() && *rate > 0.0)?;
            Some((currency.trim().to_owned(), rate))
        };
        let parts = text.split(',').filter(|part| !part.trim().is_empty());
        parts.map(|part| rate(part).ok_or_else(|| wrong(part))).collect::<Result<_, _>>().map(Self)
    }
}
