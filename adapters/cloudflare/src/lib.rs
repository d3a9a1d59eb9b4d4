//! anyfn adapter: Cloudflare Workers.
//!
//! A request crosses into WebAssembly in one call and its answer comes back in one; only streams take more. The
//! JavaScript side is [`WORKER_JS`], over the glue that `wasm-bindgen` writes and [`instances`] makes repeatable: a panic
//! (on this target an abort) costs one answer, later requests get a fresh instance, and those in flight are let finish
//! on theirs.
//!
//! The parts that need no Worker, decoding and encoding among them, compile everywhere; the rest is there on
//! `wasm32-unknown-unknown`.

mod decode;
mod encode;
mod events;
mod glue;

pub use decode::{Received, decode};
pub use encode::{Head, encode};
pub use events::{Delivered, Part, delivered, tick};
pub use glue::{GlueError, instances};

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod body;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod context;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod entry;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod host;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod ops;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod table;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod tasks;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub use {
    context::Raw,
    entry::{run, run_http},
};

use anyfn_core::{Capabilities, Trigger};

/// What Workers can do. The limits on bodies depend on the plan and lie above what an instance's 128 MB of memory hold.
pub const CAPABILITIES: Capabilities =
    Capabilities::http_only("cloudflare").with_streams(true, true).with_wait_until().with_triggers(TRIGGERS);

/// Changes and published messages come through a queue, as CloudEvents.
const TRIGGERS: &[Trigger] =
    &[Trigger::Http, Trigger::Schedule, Trigger::Queue, Trigger::Object, Trigger::Change, Trigger::Message];

/// The Worker's main module: it imports `./index.js`, the glue as [`instances`] writes it, and exports the events that
/// Workers sends.
pub const WORKER_JS: &str = include_str!("../js/worker.js");
