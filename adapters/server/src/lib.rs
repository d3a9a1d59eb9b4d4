//! anyfn adapter: a plain HTTP server on hyper, the embedded default of `cargo run`, and what runs in containers.
#![doc = include_str!("../docs/server.md")]

use anyfn_core::{Capabilities, Trigger};

mod decode;
mod proxies;
mod settings;

#[cfg(feature = "runtime")]
mod answer;
#[cfg(feature = "runtime")]
mod background;
#[cfg(feature = "runtime")]
mod body;
#[cfg(feature = "runtime")]
mod clock;
#[cfg(feature = "runtime")]
mod connection;
#[cfg(feature = "runtime")]
mod context;
#[cfg(feature = "runtime")]
mod encode;
#[cfg(feature = "runtime")]
mod serve;
#[cfg(feature = "runtime")]
mod wire;

pub use decode::{Received, decode};
pub use proxies::Proxies;
#[cfg(feature = "runtime")]
pub use serve::{run, serve};
pub use settings::Settings;

/// What the plain server can do.
pub const CAPABILITIES: Capabilities = Capabilities::http_only("server")
    .with_streams(true, true)
    .with_wait_until()
    .with_limits(Some(MAX_BODY), None)
    .with_triggers(&[
        Trigger::Http,
        Trigger::Schedule,
        Trigger::Queue,
        Trigger::Object,
        Trigger::Change,
        Trigger::Message,
        Trigger::Custom,
    ]);

/// The largest request body where `ANYFN_MAX_BODY` says no other, in bytes: 16 MiB.
pub const MAX_BODY: u64 = 16 * 1024 * 1024;
