//! Events that are no HTTP requests, as portable ones, and what Lambda is told about them.
//!
//! The fields are read by structs of our own: a record that `aws_lambda_events`' types do not fit would fail its whole
//! batch, and a number of DynamoDB's must keep its digits. Their types read what `Context::raw` gives.

mod bridge;
mod changes;
mod objects;
mod queues;
mod records;
mod reply;

use anyfn_core::{Custom, Error, Event};
use bytes::Bytes;
use serde::Deserialize;

pub use anyfn_core::Names;
pub use reply::Reply;

/// The service that an event came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// A queue of SQS.
    Sqs,
    /// A shard of a Kinesis stream.
    Kinesis,
    /// Topics of Kafka, managed or not.
    Kafka,
    /// A shard of a DynamoDB table's stream.
    DynamoDb,
    /// S3's own notifications.
    S3,
    /// A topic of SNS.
    Sns,
    /// EventBridge: rules, schedules, and the events of services.
    EventBridge,
    /// Any other JSON: somebody invoked the function.
    Direct,
}

/// An event, and how its outcome is reported.
#[derive(Debug)]
#[non_exhaustive]
pub struct Decoded {
    /// The portable event.
    pub event: Event,
    /// What Lambda is told.
    pub reply: Reply,
}

/// Reads an event of this source.
///
/// # Errors
/// The event as a whole is not what that source sends. A single record that is not fails alone.
pub fn decode(source: Source, event: &Bytes, names: &Names) -> Result<Decoded, Error> {
    match source {
        Source::Sqs => queues::sqs(event, names),
        Source::Kinesis => queues::kinesis(event, names),
        Source::Kafka => queues::kafka(event, names),
        Source::DynamoDb => changes::decode(event, names),
        Source::S3 => objects::decode(event, names),
        Source::Sns => bridge::sns(event, names),
        Source::EventBridge => bridge::bridge(event, names),
        Source::Direct => Ok(Decoded { event: Event::Custom(Custom::json(event.clone())), reply: Reply::Value }),
    }
}

fn read<'a, T: Deserialize<'a>>(text: &'a [u8], what: &str) -> Result<T, Error> {
    serde_json::from_slice(text).map_err(|error| Error::bad_request(format!("the event is none of {what}: {error}")))
}

/// The last part of an ARN or a path: the name of what it stands for.
fn last(arn: &str) -> &str {
    arn.rsplit([':', '/']).next().unwrap_or_default()
}
