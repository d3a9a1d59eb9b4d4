//! Events that are no requests, and what a platform is told of them.

/// Something that happens, in portable words; each driver says it as its platform does.
///
/// Queue, bucket, table and topic are called `echo`.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Happening {
    /// A schedule is due.
    Schedule {
        /// Its expression in code.
        cron: &'static str,
        /// When, in seconds since 1970.
        at: u64,
    },
    /// Messages wait in a queue.
    Queue {
        /// The messages' bodies, as text.
        bodies: &'static [&'static str],
    },
    /// An object was stored or removed.
    Object {
        /// Stored; otherwise removed.
        created: bool,
        /// Its key, as it is.
        key: &'static str,
        /// Its size in bytes; none where it was removed.
        size: Option<u64>,
    },
    /// A row was inserted, updated or removed.
    Change {
        /// `insert`, `update` or `remove`.
        kind: &'static str,
        /// The row before, as a JSON object with a number `id`.
        old: Option<&'static str>,
        /// The row after.
        new: Option<&'static str>,
    },
    /// A message was published.
    Message {
        /// Its one attribute.
        attribute: (&'static str, &'static str),
        /// Its body, as text.
        body: &'static str,
    },
    /// Somebody invokes the function with JSON.
    Custom {
        /// The JSON.
        json: &'static str,
    },
}

/// What the platform was told.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Told {
    /// The items that failed and come again, by their places; none where all is done.
    Again(Vec<usize>),
    /// The event failed as a whole.
    Failed(String),
    /// It was answered with this JSON.
    Json(String),
    /// Such an event never comes here, for this reason.
    Never(String),
}
