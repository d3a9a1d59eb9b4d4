//! SQS, Kinesis and Kafka: batches of payloads.

use std::borrow::Cow;
use std::collections::BTreeMap;

use anyfn_core::{Batch, Entry, Error, Event, Order, Payload};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::records::records;
use super::reply::Gather;
use super::{Decoded, Names, Reply, last, objects, read};

/// "Using Lambda with Amazon SQS", Lambda developer guide.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sqs<'a> {
    #[serde(borrow)]
    message_id: Cow<'a, str>,
    #[serde(borrow)]
    body: Cow<'a, str>,
    #[serde(borrow, rename = "eventSourceARN")]
    arn: Cow<'a, str>,
    #[serde(borrow, default)]
    attributes: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
}

#[derive(Deserialize)]
struct SqsId<'a> {
    #[serde(borrow, rename = "messageId")]
    id: Cow<'a, str>,
}

pub(super) fn sqs(event: &Bytes, names: &Names) -> Result<Decoded, Error> {
    let records = records(event, "SQS", |SqsId { id }| id.into_owned())?;
    let arn = records.iter().flatten().next().map_or("", |record: &Sqs<'_>| &record.arn);
    let order = if arn.ends_with(".fifo") { Order::PerGroup } else { Order::Unordered };
    let source = names.of(last(arn));
    // S3's notifications keep their meaning in the queue that they pass through.
    let notified = records.iter().map(|record| match record {
        Ok(record) => objects::notification(&record.body),
        Err(_) => Some(Ok(Vec::new())),
    });
    let notified: Option<Vec<_>> = notified.collect();
    if let Some(notified) = notified.filter(|_| records.iter().any(Result::is_ok)) {
        let mut gather = Gather::new(false);
        for (record, objects) in records.into_iter().zip(notified) {
            gather.record(record, |Sqs { message_id, .. }| {
                let objects = objects.map(|objects| objects.into_iter().map(|object| (&*message_id, object)));
                let entries = objects.map(objects::entries);
                (message_id.into_owned(), entries)
            });
        }
        let (reply, bucket) = (gather.reply(), objects::bucket(&gather.items));
        return Ok(Decoded { event: Event::Object(Batch::new(names.of(&bucket), order, gather.items)), reply });
    }
    let mut gather = Gather::new(false);
    for record in records {
        gather.record(record, |Sqs { message_id, body, attributes, .. }| {
            let mut entry = Entry::new(message_id.as_ref(), Payload::from(body.into_owned()));
            entry.group = attributes.get("MessageGroupId").map(|group| group.to_string());
            entry.attempts = attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok());
            (message_id.into_owned(), Ok(vec![entry]))
        });
    }
    let reply = gather.reply();
    Ok(Decoded { event: Event::Queue(Batch::new(source, order, gather.items)), reply })
}

/// "Using Lambda to process records from Amazon Kinesis Data Streams", Lambda developer guide: the batch is of one shard.
#[derive(Deserialize)]
struct Kinesis<'a> {
    #[serde(borrow)]
    kinesis: Datum<'a>,
    #[serde(borrow, rename = "eventSourceARN")]
    arn: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Datum<'a> {
    #[serde(borrow)]
    partition_key: Cow<'a, str>,
    #[serde(borrow)]
    sequence_number: Cow<'a, str>,
    #[serde(borrow)]
    data: Cow<'a, str>,
}

#[derive(Deserialize)]
struct KinesisId<'a> {
    #[serde(borrow)]
    kinesis: DatumId<'a>,
}

#[derive(Deserialize)]
struct DatumId<'a> {
    #[serde(borrow, rename = "sequenceNumber")]
    id: Cow<'a, str>,
}

pub(super) fn kinesis(event: &Bytes, names: &Names) -> Result<Decoded, Error> {
    let records = records(event, "Kinesis", |KinesisId { kinesis }| kinesis.id.into_owned())?;
    let source = names.of(last(records.iter().flatten().next().map_or("", |record: &Kinesis<'_>| &record.arn)));
    let mut gather = Gather::new(true);
    for record in records {
        gather.record(record, |Kinesis { kinesis: Datum { partition_key, sequence_number, data }, .. }| {
            let entry =
                bytes(&data).map(|payload| vec![Entry::new(sequence_number.as_ref(), payload).group(partition_key)]);
            (sequence_number.into_owned(), entry)
        });
    }
    let reply = gather.reply();
    Ok(Decoded { event: Event::Queue(Batch::new(source, Order::Total, gather.items)), reply })
}

/// "Using Lambda with Amazon MSK", Lambda developer guide. A failure fails the batch, which comes again from its start.
#[derive(Deserialize)]
struct Kafka<'a> {
    #[serde(borrow)]
    records: BTreeMap<Cow<'a, str>, Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
struct Kept<'a> {
    #[serde(borrow)]
    topic: Cow<'a, str>,
    offset: i64,
    #[serde(borrow, default)]
    value: Option<Cow<'a, str>>,
}

pub(super) fn kafka(event: &Bytes, names: &Names) -> Result<Decoded, Error> {
    let Kafka { records } = read(event, "Kafka")?;
    let (mut topic, mut items) = (None, Vec::new());
    for (partition, records) in &records {
        for record in records {
            let Kept { topic: of, offset, value } = read(record.get().as_bytes(), "Kafka")?;
            let payload = value.map_or_else(|| Ok(Payload::default()), |value| bytes(&value))?;
            items.push(Entry::new(format!("{partition}:{offset}"), payload).group(partition.as_ref()));
            one_topic(topic.get_or_insert_with(|| of.clone()), &of)?;
        }
    }
    let batch = Batch::new(names.of(&topic.unwrap_or_default()), Order::PerGroup, items);
    Ok(Decoded { event: Event::Queue(batch), reply: Reply::Whole })
}

/// A mapping has one topic (`Topics`, "CreateEventSourceMapping", Lambda API reference), by which the handler is chosen: what
/// brings two is no event of Lambda's, and neither's messages may come to the other's handler.
fn one_topic(first: &str, other: &str) -> Result<(), Error> {
    if first == other {
        return Ok(());
    }
    Err(Error::bad_request(format!(
        "a Kafka event with messages of two topics, `{first}` and `{other}`: send one for each, as an event source mapping does"
    )))
}

fn bytes(text: &str) -> Result<Payload, Error> {
    STANDARD.decode(text).map(Payload::from).map_err(|error| Error::bad_request(format!("no base64: {error}")))
}
