//! The examples over the wire, on every platform's own local runtime: `cargo test -p anyfn-conformance --test examples`.

mod orders;
mod program;
mod webhooks;
