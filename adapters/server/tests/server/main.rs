//! The server over real sockets.
#![cfg(feature = "runtime")]

mod common;

mod bodies;
mod drain;
mod events;
mod framing;
mod gone;
mod http1;
mod http2;
mod limits;
mod proxies;
mod refusals;
#[cfg(unix)]
mod shutdown;
mod signals;
mod start;
mod times;
