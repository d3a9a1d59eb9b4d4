//! anyfn adapter: a plain HTTP server on hyper, the embedded default of `cargo run`.
//!
//! `HOST` (default `127.0.0.1`) and `PORT` (default 3000) say where it listens. SIGTERM and Ctrl-C let requests in flight
//! finish, for at most ten seconds.

use anyfn_core::Capabilities;

#[cfg(feature = "runtime")]
mod context;
#[cfg(feature = "runtime")]
mod decode;
#[cfg(feature = "runtime")]
mod serve;

#[cfg(feature = "runtime")]
pub use serve::{run, serve};

/// What the plain server can do.
pub const CAPABILITIES: Capabilities =
    Capabilities::http_only("server").with_streams(true, true).with_wait_until().with_limits(Some(MAX_BODY), None);

/// The largest request body, in bytes: 16 MiB.
pub const MAX_BODY: u64 = 16 * 1024 * 1024;
