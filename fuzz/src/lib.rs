//! Hostile input for every decoder, as functions of bytes: `cargo fuzz` runs each as a target, and `cargo test` replays the
//! corpus through them without it.
//!
//! A function panics where a decoder panics, or where what it decoded is not what was encoded.
#![forbid(unsafe_code)]

mod cloudevents;
mod gateways;
mod input;
mod lambda_answers;
mod lambda_events;
mod lambda_http;
mod tools;
mod webhooks;

#[cfg(test)]
mod replay;

pub use cloudevents::cloudevents;
pub use gateways::gateways;
pub use lambda_events::lambda_events;
pub use lambda_http::lambda_http;
pub use tools::tools;
pub use webhooks::webhooks;
