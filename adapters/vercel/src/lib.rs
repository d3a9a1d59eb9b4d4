//! anyfn adapter: Vercel.
//!
//! An executable on Vercel is an HTTP server that tells the platform over a unix socket when it has started, what it
//! logs, and when each invocation has ended. This crate speaks that protocol itself, on hyper: an invocation ends once its
//! answer is sent to the last byte and its work after the answer is done, however the handler fares.
//!
//! Crons, queues, uploads and CloudEvents are requests too, below `/_anyfn/`: they reach the handler as events, and
//! only once who sent them has proved it.
//!
//! Without the platform's socket, as under `vercel dev`, it is a plain server on `VERCEL_DEV_PORT`.

use anyfn_core::{Capabilities, Trigger};

mod decode;
mod encode;

#[cfg(feature = "runtime")]
mod answer;
#[cfg(feature = "runtime")]
mod background;
#[cfg(feature = "runtime")]
mod body;
#[cfg(feature = "runtime")]
mod connection;
#[cfg(feature = "runtime")]
mod context;
#[cfg(feature = "runtime")]
mod current;
#[cfg(feature = "runtime")]
mod events;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(feature = "runtime")]
mod ipc;
#[cfg(feature = "runtime")]
mod printed;
#[cfg(feature = "runtime")]
mod serve;
#[cfg(all(test, feature = "runtime"))]
mod tests;
#[cfg(feature = "runtime")]
mod wire;

pub use decode::{InvocationId, Received, decode, invocation};
pub use encode::encode;
#[cfg(feature = "runtime")]
pub use serve::{detected, run, run_http};

/// What Vercel can do. An invocation's deadline is not told.
pub const CAPABILITIES: Capabilities = Capabilities::http_only("vercel")
    .with_streams(true, true)
    .with_wait_until()
    .with_limits(Some(MAX_BODY), Some(MAX_BODY))
    .with_triggers(TRIGGERS);

/// The latter three come as CloudEvents over HTTP.
const TRIGGERS: &[Trigger] = &[
    Trigger::Http,
    Trigger::Schedule,
    Trigger::Queue,
    Trigger::Object,
    Trigger::Change,
    Trigger::Message,
    Trigger::Custom,
];

/// The largest request body, and the largest answer that is not streamed, in bytes: 4.5 MB (Vercel, "Functions limits").
pub const MAX_BODY: u64 = 4_500_000;
