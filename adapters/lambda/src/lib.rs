//! anyfn adapter: AWS Lambda, as a custom runtime (`provided.al2023`).
//!
//! The loop is AWS' own, `lambda_runtime`'s; a layer of ours takes each invocation as the bytes that it is, decodes it in one
//! pass, and posts the answer. HTTP comes from API Gateway (REST and HTTP APIs), Function URLs, load balancers and VPC Lattice;
//! the other events from SQS, Kinesis, Kafka, DynamoDB, S3, SNS and EventBridge. Anything else is a direct invocation, which is
//! answered with JSON.
//!
//! Answers are buffered unless the variable `ANYFN_LAMBDA_STREAMING` is `1`: set it where the Function URL's invoke mode is
//! `RESPONSE_STREAM` (`streaming = true` in `[package.metadata.anyfn.lambda]` does both).

mod decode;
mod encode;
pub mod events;
mod json;

#[cfg(feature = "runtime")]
mod background;
#[cfg(feature = "runtime")]
mod context;
#[cfg(feature = "runtime")]
mod logs;
#[cfg(feature = "runtime")]
mod post;
#[cfg(feature = "runtime")]
mod serve;
#[cfg(feature = "runtime")]
mod shutdown;

pub use decode::{Http, Received, Shape, decode};
pub use encode::{MAX_ALB_ANSWER, MAX_ANSWER, encode, prelude};
#[cfg(feature = "runtime")]
pub use {
    context::Raw,
    serve::{detected, run},
};

use anyfn_core::{Capabilities, Trigger};

/// What Lambda can do. The limits are those of the JSON around a body, in which bytes that are no text take a third more.
pub const CAPABILITIES: Capabilities = Capabilities::http_only("lambda")
    .with_wait_until()
    .with_deadline()
    .with_limits(Some(MAX_ANSWER as u64), Some(MAX_ANSWER as u64))
    .with_triggers(&[
        Trigger::Http,
        Trigger::Schedule,
        Trigger::Queue,
        Trigger::Object,
        Trigger::Change,
        Trigger::Message,
        Trigger::Custom,
    ]);
