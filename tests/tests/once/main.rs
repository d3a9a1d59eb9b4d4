//! What is done once, with the stores that others keep: `cargo test -p anyfn-conformance --test once`.

mod dynamodb;
mod moto;
mod wire;
