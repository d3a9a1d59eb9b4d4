//! The echo function: it answers with what it was asked, and misbehaves when told to.
//!
//! Every runtime must answer its paths alike; `anyfn-conformance` holds them to it.

mod answers;
mod faults;
mod triggers;
mod web;

pub use triggers::{changed, custom, object, published, queued, tick};
pub use web::web;

anyfn::app! {
    http => web,
    schedule("0 3 * * *") => tick,
    queue("echo") => queued,
    object_created("echo") => object,
    object_removed("echo") => object,
    change("echo") => changed,
    message("echo") => published,
    custom => custom,
}

/// The largest numbers that a path may name.
mod limits {
    /// Bytes of a body, in or out.
    pub(crate) const BYTES: usize = 10_000_000;
    /// Cookies, or events of a stream.
    pub(crate) const ITEMS: usize = 1_000;
    /// Milliseconds of `/slow`.
    pub(crate) const MILLISECONDS: usize = 60_000;
}
