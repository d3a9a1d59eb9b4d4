//! Events that are no requests, in portable words, as each platform sends them.

mod cloudevents;
mod lambda;
mod workers;

use std::net::SocketAddr;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::asking;
use crate::build::Target;

/// Something that happens, other than a request. Names are those in the program's code.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// A schedule is due.
    Schedule {
        /// Its expression in code.
        cron: String,
        /// When, in seconds since 1970.
        at: u64,
    },
    /// Messages wait in a queue.
    Queue {
        /// The queue.
        name: String,
        /// The messages' bodies, as text.
        bodies: Vec<String>,
    },
    /// An object was stored or removed.
    Object {
        /// Stored; otherwise removed.
        created: bool,
        /// The bucket.
        bucket: String,
        /// The key, as it is.
        key: String,
        /// Its size in bytes; none where it was removed.
        size: Option<u64>,
    },
    /// A row was inserted, updated or removed.
    Change {
        /// The table.
        table: String,
        /// `insert`, `update` or `remove`.
        kind: String,
        /// The row before, a JSON object with an `id`.
        old: Option<Value>,
        /// The row after.
        new: Option<Value>,
    },
    /// A message was published.
    Message {
        /// The topic.
        topic: String,
        /// Its attributes.
        attributes: Vec<(String, String)>,
        /// Its body, as text.
        body: String,
    },
    /// Somebody invokes the function with JSON.
    Custom(Value),
}

impl Event {
    /// How many items it has.
    pub(crate) fn items(&self) -> usize {
        if let Self::Queue { bodies, .. } = self { bodies.len() } else { 1 }
    }
}

/// What the platform was told of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Told {
    /// These items failed and come again, by their places; none: all is done.
    Again(Vec<usize>),
    /// The event failed as a whole.
    Failed(String),
    /// It was answered with this JSON.
    Json(String),
}

/// Where a running function takes its events.
#[derive(Debug, Clone)]
pub struct Receiver {
    /// The platform.
    pub target: Target,
    /// Where it answers HTTP.
    pub http: SocketAddr,
    /// Where its platform takes events that do not come over HTTP.
    pub events: Option<SocketAddr>,
    /// The token of CloudEvents' senders.
    pub token: String,
}

impl Receiver {
    /// Sends an event as the platform does, and tells what the platform was told.
    ///
    /// # Errors
    /// The platform has no such event, or nothing came back.
    pub async fn send(&self, event: &Event) -> Result<Told> {
        match self.target {
            Target::Lambda => {
                let answered = self.raw(&lambda::event(event).to_string()).await;
                Ok(lambda::told(event, answered))
            }
            Target::Cloudflare => {
                let json = workers::event(event)?;
                Ok(workers::told(self.raw(&json.to_string()).await))
            }
            Target::Vercel | Target::Server => cloudevents::send(self, event).await,
        }
    }

    /// Sends an event in the platform's own JSON (for those of HTTP, one CloudEvent in JSON).
    ///
    /// # Errors
    /// It failed as a whole; the error says why.
    pub async fn raw(&self, json: &str) -> Result<String> {
        let Some(addr) = self.events else {
            let answered = cloudevents::post(self, json).await?;
            let text = String::from_utf8_lossy(&answered.body).into_owned();
            if answered.status < 300 {
                return Ok(text);
            }
            bail!("{} {text}", answered.status);
        };
        let answered = asking::post(addr, "/", &[], json).await.context("the function is not running any more")?;
        let text = String::from_utf8_lossy(&answered.body).into_owned();
        if answered.status == 200 { Ok(text) } else { bail!(text) }
    }
}

/// The variable `ANYFN_NAMES` for a local run: what the schedules of these expressions are called there.
#[must_use]
pub fn names<'a>(crons: impl IntoIterator<Item = &'a str>) -> String {
    let names: serde_json::Map<_, _> = crons.into_iter().map(|cron| (lambda::rule(cron), Value::from(cron))).collect();
    Value::Object(names).to_string()
}

/// The key of a row.
fn keys(old: Option<&Value>, new: Option<&Value>) -> Value {
    serde_json::json!({ "id": new.or(old).map_or(&Value::Null, |row| &row["id"]) })
}

/// A time as RFC 3339 has it, in UTC; seconds since 1970.
fn rfc3339(at: u64) -> String {
    let (days, seconds) = (at / 86_400, at % 86_400);
    // Counted in years that begin with March, so that the leap day is the last; 1970-01-01 is day 719,468 of year 0.
    let day = (days + 719_468) % 146_097;
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let in_year = day - (365 * year + year / 4 - year / 100);
    let march = (5 * in_year + 2) / 153;
    let month = if march < 10 { march + 3 } else { march - 9 };
    let year = year + (days + 719_468) / 146_097 * 400 + u64::from(month < 3);
    format!(
        "{year:04}-{month:02}-{:02}T{:02}:{:02}:{:02}Z",
        in_year - (153 * march + 2) / 5 + 1,
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn times_are_rfc_3339() {
        for (at, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_795_402_800, "2026-11-23T03:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(super::rfc3339(at), text);
        }
    }
}
