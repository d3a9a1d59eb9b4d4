//! The table's events for the local runtimes, and what they tell in the table's words.

use std::io;

use anyfn_conformance::{Happening, Told};
use anyfn_xtask::local::events::{self, Event};
use serde_json::Value;

/// The token that senders of CloudEvents know here.
pub(crate) const TOKEN: &str = "swordfish";

/// The variables that the echo function is started with, besides those of its contract.
pub(crate) fn variables() -> [(String, String); 2] {
    [("ANYFN_EVENT_TOKEN".to_owned(), TOKEN.to_owned()), ("ANYFN_NAMES".to_owned(), events::names(["0 3 * * *"]))]
}

/// The event with the names of `examples/echo`.
pub(crate) fn event(happening: &Happening) -> io::Result<Event> {
    let name = || "echo".to_owned();
    let row = |row: Option<&str>| row.map(serde_json::from_str::<Value>).transpose();
    Ok(match *happening {
        Happening::Schedule { cron, at } => Event::Schedule { cron: cron.to_owned(), at },
        Happening::Queue { bodies } => {
            Event::Queue { name: name(), bodies: bodies.iter().map(ToString::to_string).collect() }
        }
        Happening::Object { created, key, size } => {
            Event::Object { created, bucket: name(), key: key.to_owned(), size }
        }
        Happening::Change { kind, old, new } => {
            Event::Change { table: name(), kind: kind.to_owned(), old: row(old)?, new: row(new)? }
        }
        Happening::Message { attribute: (attribute, value), body } => Event::Message {
            topic: name(),
            attributes: vec![(attribute.to_owned(), value.to_owned())],
            body: body.to_owned(),
        },
        Happening::Custom { json } => Event::Custom(serde_json::from_str(json)?),
        ref other => return Err(io::Error::other(format!("no platform's event is known for {other:?}"))),
    })
}

/// What became of it.
pub(crate) fn told(answered: anyhow::Result<events::Told>) -> io::Result<Told> {
    Ok(match answered.map_err(|error| io::Error::other(format!("{error:#}")))? {
        events::Told::Again(items) => Told::Again(items),
        events::Told::Json(json) => Told::Json(json),
        events::Told::Failed(why) => Told::Failed(why),
        other => return Err(io::Error::other(format!("{other:?} is unknown to the table"))),
    })
}
