//! The examples over the wire, on every platform's own local runtime: `cargo test -p anyfn-conformance --test examples`.

mod browser;
mod cost;
mod first;
mod lesson;
mod nightly;
mod orders;
mod program;
mod spans;
mod thumbnails;
mod todo;
mod traced;
mod webhooks;
