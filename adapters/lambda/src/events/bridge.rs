//! SNS and EventBridge.

use std::borrow::Cow;
use std::collections::BTreeMap;

use anyfn_core::{Batch, Custom, Entry, Error, Event, Message, Order, Payload, Schedule, cloudevents};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::records::Records;
use super::{Decoded, Names, Reply, last, objects, read};

/// "Invoking Lambda functions with Amazon SNS notifications", Lambda developer guide.
#[derive(Deserialize)]
struct Published<'a> {
    #[serde(borrow, rename = "Sns")]
    sns: Sns<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Sns<'a> {
    #[serde(borrow)]
    message_id: Cow<'a, str>,
    #[serde(borrow)]
    topic_arn: Cow<'a, str>,
    #[serde(borrow, default)]
    subject: Option<Cow<'a, str>>,
    #[serde(borrow)]
    message: Cow<'a, str>,
    #[serde(borrow, default)]
    message_attributes: Option<BTreeMap<Cow<'a, str>, Attribute<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attribute<'a> {
    #[serde(borrow)]
    value: Cow<'a, str>,
}

pub(super) fn sns(event: &Bytes, names: &Names) -> Result<Decoded, Error> {
    let Records { records } = read::<Records<Published<'_>>>(event, "SNS")?;
    let notified: Option<Vec<_>> = records.iter().map(|record| objects::notification(&record.sns.message)).collect();
    if let Some(notified) = notified.filter(|notified| !notified.is_empty()) {
        let objects: Vec<_> = notified.into_iter().collect::<Result<Vec<_>, Error>>()?.into_iter().flatten().collect();
        let items = objects::entries(objects.into_iter().map(|object| ("", object)));
        let source = names.of(&objects::bucket(&items));
        return Ok(Decoded { event: Event::Object(Batch::new(source, Order::Unordered, items)), reply: Reply::Whole });
    }
    let source = names.of(last(records.first().map_or("", |record| &record.sns.topic_arn)));
    let items: Vec<_> = records
        .into_iter()
        .map(|Published { sns: Sns { message_id, subject, message, message_attributes, .. } }| {
            let mut published = Message::new(source.clone(), Payload::from(message.into_owned()));
            published.subject = subject.map(Cow::into_owned);
            published.attributes = message_attributes
                .into_iter()
                .flatten()
                .map(|(name, attribute)| (name.into_owned(), attribute.value.into_owned()))
                .collect();
            Entry::new(message_id, published)
        })
        .collect();
    Ok(Decoded { event: Event::Message(Batch::new(source, Order::Unordered, items)), reply: Reply::Whole })
}

/// "Events in Amazon EventBridge", EventBridge user guide.
#[derive(Deserialize)]
struct Bridge<'a> {
    #[serde(borrow, default)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "detail-type")]
    detail_type: Cow<'a, str>,
    #[serde(borrow)]
    source: Cow<'a, str>,
    #[serde(borrow, default)]
    time: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    resources: Vec<Cow<'a, str>>,
    #[serde(borrow, default)]
    detail: Option<&'a RawValue>,
}

pub(super) fn bridge(event: &Bytes, names: &Names) -> Result<Decoded, Error> {
    let Bridge { id, detail_type, source, time, resources, detail } = read(event, "EventBridge")?;
    let time = time.as_deref().and_then(cloudevents::time);
    let resource = resources.first().map(|arn| last(arn));
    if detail_type == "Scheduled Event" && matches!(&*source, "aws.events" | "aws.scheduler") {
        let due = time.ok_or_else(|| Error::bad_request("a scheduled event says no time"))?;
        let tick = Schedule::new(names.of(resource.unwrap_or_default()), due);
        return Ok(Decoded { event: Event::Schedule(tick), reply: Reply::Value });
    }
    if source == "aws.s3"
        && let Some(object) = objects::bridged(event)?
    {
        let items = objects::entries(std::iter::once(("", object)));
        let source = names.of(&objects::bucket(&items));
        return Ok(Decoded { event: Event::Object(Batch::new(source, Order::Unordered, items)), reply: Reply::Whole });
    }
    // EventBridge's fields are CloudEvents' under other names.
    let mut custom = Custom::json(detail.map_or("", RawValue::get).to_owned());
    (custom.id, custom.source) = (id.map(Cow::into_owned), Some(source.into_owned()));
    (custom.kind, custom.time) = (Some(detail_type.into_owned()), time);
    custom.subject = resources.into_iter().next().map(Cow::into_owned);
    custom.content_type = Some("application/json".to_owned());
    Ok(Decoded { event: Event::Custom(custom), reply: Reply::Value })
}
