//! DynamoDB's stream: attribute values become plain JSON.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use anyfn_core::{Batch, Change, ChangeKind, Entry, Error, Event, Order, Payload};
use bytes::Bytes;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::records::records;
use super::reply::Gather;
use super::{Decoded, Names};

/// "Using Lambda with DynamoDB", Lambda developer guide: the batch is of one shard.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    #[serde(borrow)]
    event_name: Cow<'a, str>,
    #[serde(borrow, default, rename = "eventSourceARN")]
    arn: Cow<'a, str>,
    #[serde(borrow, default, rename = "tableName")]
    table: Option<Cow<'a, str>>,
    #[serde(borrow)]
    dynamodb: Row<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Row<'a> {
    #[serde(default)]
    approximate_creation_date_time: Option<f64>,
    #[serde(borrow, default)]
    keys: Option<&'a RawValue>,
    #[serde(borrow, default)]
    new_image: Option<&'a RawValue>,
    #[serde(borrow, default)]
    old_image: Option<&'a RawValue>,
    #[serde(borrow, default)]
    sequence_number: Cow<'a, str>,
}

#[derive(Deserialize)]
struct RecordId<'a> {
    #[serde(borrow)]
    dynamodb: RowId<'a>,
}

#[derive(Deserialize)]
struct RowId<'a> {
    #[serde(borrow, rename = "SequenceNumber")]
    id: Cow<'a, str>,
}

pub(super) fn decode(event: &Bytes, names: &Names) -> Result<Decoded, Error> {
    let records = records(event, "DynamoDB", |RecordId { dynamodb }| dynamodb.id.into_owned())?;
    let table = records.iter().flatten().next().map_or("", |record: &Record<'_>| match &record.table {
        Some(table) => table,
        // arn:aws:dynamodb:REGION:ACCOUNT:table/NAME/stream/TIME
        None => record.arn.split('/').nth(1).unwrap_or_default(),
    });
    let source = names.of(table);
    let mut gather = Gather::new(true);
    for record in records {
        gather.record(record, |record| {
            let id = record.dynamodb.sequence_number.to_string();
            let entry = change(&record).map(|change| vec![Entry::new(id.as_str(), change)]);
            (id, entry)
        });
    }
    let reply = gather.reply();
    Ok(Decoded { event: Event::Change(Batch::new(source, Order::Total, gather.items)), reply })
}

fn change(Record { event_name, dynamodb: row, .. }: &Record<'_>) -> Result<Change<Payload>, Error> {
    let kind = match &**event_name {
        "INSERT" => ChangeKind::Insert,
        "MODIFY" => ChangeKind::Update,
        "REMOVE" => ChangeKind::Remove,
        other => return Err(Error::bad_request(format!("the change `{other}` is unknown"))),
    };
    let image = |image: Option<&RawValue>| image.map(plain).transpose();
    let keys = image(row.keys)?.unwrap_or_else(|| Payload::from("{}"));
    let mut change = Change::new(kind, keys, image(row.old_image)?, image(row.new_image)?);
    change.at = row
        .approximate_creation_date_time
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since));
    Ok(change)
}

/// `{"id":{"N":"1"},"tags":{"SS":["a"]}}` as `{"id":1,"tags":["a"]}`. A number keeps its digits, binary is base64, and a
/// set is a list.
fn plain(image: &RawValue) -> Result<Payload, Error> {
    let mut json = String::with_capacity(image.get().len());
    let mut reader = serde_json::Deserializer::from_str(image.get());
    reader
        .deserialize_map(Fields(&mut json))
        .map_err(|error| Error::bad_request(format!("an image is none of DynamoDB's: {error}")))?;
    Ok(Payload::from(json))
}

/// Writes a map of attribute values.
struct Fields<'a>(&'a mut String);

impl<'de> Visitor<'de> for Fields<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a map of attribute values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.0.push('{');
        let mut first = true;
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            if !std::mem::take(&mut first) {
                self.0.push(',');
            }
            push_text(self.0, &name);
            self.0.push(':');
            map.next_value_seed(Seed(Attribute(&mut *self.0)))?;
        }
        self.0.push('}');
        Ok(())
    }
}

/// Writes one attribute value: a map of its type to it.
struct Attribute<'a>(&'a mut String);

impl<'de> Visitor<'de> for Attribute<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an attribute value such as {\"S\":\"text\"}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let out = self.0;
        let kind = map.next_key::<Cow<'de, str>>()?.ok_or_else(|| A::Error::custom("an attribute value is empty"))?;
        match &*kind {
            "S" | "B" => push_text(out, &map.next_value::<Cow<'de, str>>()?),
            "N" => push_number(out, &map.next_value::<Cow<'de, str>>()?).map_err(A::Error::custom)?,
            "BOOL" => out.push_str(if map.next_value()? { "true" } else { "false" }),
            "NULL" => {
                map.next_value::<bool>()?;
                out.push_str("null");
            }
            "M" => map.next_value_seed(Seed(Fields(out)))?,
            "L" | "SS" | "NS" | "BS" => map.next_value_seed(Seed(Elements { out, of: &kind }))?,
            other => return Err(A::Error::custom(format!("the type `{other}` is unknown"))),
        }
        match map.next_key::<Cow<'de, str>>()? {
            None => Ok(()),
            Some(_) => Err(A::Error::custom("an attribute value has two types")),
        }
    }
}

struct Elements<'a, 'b> {
    out: &'a mut String,
    of: &'b str,
}

impl<'de> Visitor<'de> for Elements<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of values")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let Self { out, of } = self;
        out.push('[');
        let mut first = true;
        loop {
            let before = out.len();
            if !first {
                out.push(',');
            }
            let more = if of == "L" {
                elements.next_element_seed(Seed(Attribute(&mut *out)))?.is_some()
            } else {
                let text = elements.next_element::<Cow<'de, str>>()?;
                match (&text, of) {
                    (Some(number), "NS") => push_number(out, number).map_err(A::Error::custom)?,
                    (Some(text), _) => push_text(out, text),
                    (None, _) => {}
                }
                text.is_some()
            };
            if !more {
                out.truncate(before);
                break;
            }
            first = false;
        }
        out.push(']');
        Ok(())
    }
}

/// A visitor as a seed, so that the value is written where it stands.
struct Seed<V>(V);

impl<'de> serde::de::DeserializeSeed<'de> for Seed<Fields<'_>> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self.0)
    }
}

impl<'de> serde::de::DeserializeSeed<'de> for Seed<Attribute<'_>> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self.0)
    }
}

impl<'de> serde::de::DeserializeSeed<'de> for Seed<Elements<'_, '_>> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self.0)
    }
}

fn push_text(out: &mut String, text: &str) {
    out.push_str(&serde_json::to_string(text).unwrap_or_default());
}

/// DynamoDB writes numbers as JSON does; anything else would break the object around it.
fn push_number(out: &mut String, number: &str) -> Result<(), String> {
    match serde_json::from_str::<&RawValue>(number) {
        Ok(raw) if raw.get().starts_with(|c: char| c == '-' || c.is_ascii_digit()) => {
            out.push_str(raw.get());
            Ok(())
        }
        _ => Err(format!("`{number}` is no number")),
    }
}
