//! The HTTP binding: a request as events.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::time;
use crate::{Body, BodyError, Custom, Error, ErrorKind, Payload};

/// The largest body that is read: every sender of events keeps well below it.
const LIMIT: usize = 16 * 1024 * 1024;

/// The events that a request carries, in binary, structured or batched mode.
///
/// # Errors
/// 400 that names the attribute which is missing or wrong; 413; 415 for a body of no kind that carries an event.
pub async fn read(request: http::Request<Body>) -> Result<Vec<Custom>, Error> {
    let (head, body) = request.into_parts();
    let body = body.collect(LIMIT).await.map_err(|error| match error {
        BodyError::TooLarge { .. } => Error::of(ErrorKind::TooLarge).detail("the event is larger than 16 MiB"),
        other => Error::bad_request("the event's body broke off").source(other),
    })?;
    let kind = head.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match &*essence {
        "application/cloudevents-batch+json" => {
            let events: Vec<&RawValue> = json(&body, "the batch")?;
            events.into_iter().map(|event| structured(event.get().as_bytes())).collect()
        }
        "application/cloudevents+json" => Ok(vec![structured(&body)?]),
        _ if head.headers.contains_key("ce-specversion") => Ok(vec![binary(&head.headers, body)?]),
        _ => Err(Error::of(ErrorKind::UnsupportedMediaType).detail(
            "no CloudEvent: send `content-type: application/cloudevents+json`, or the attributes as `ce-` headers",
        )),
    }
}

fn binary(headers: &http::HeaderMap, data: Bytes) -> Result<Custom, Error> {
    let mut attributes = BTreeMap::new();
    for (name, value) in headers {
        let Some(name) = name.as_str().strip_prefix("ce-") else { continue };
        let text = percent_decode_str(unquoted(&text(value))).decode_utf8().map(Cow::into_owned);
        let text = text.map_err(|_| wrong(name, "is no text"))?;
        attributes.insert(name.to_owned(), text);
    }
    let mut event = named(attributes)?;
    event.content_type = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).map(str::to_owned);
    event.data = Payload(data);
    Ok(event)
}

/// What is no ASCII should be percent-encoded (HTTP binding, 3.1.3.2), and comes as it is from some: UTF-8, or Latin-1 as
/// JavaScript's `fetch` writes it.
fn text(value: &http::HeaderValue) -> Cow<'_, str> {
    let bytes = value.as_bytes();
    std::str::from_utf8(bytes)
        .map_or_else(|_| bytes.iter().map(|byte| char::from(*byte)).collect::<String>().into(), Cow::Borrowed)
}

/// A value may stand in quotes (HTTP binding, 3.1.3.2).
fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text)
}

/// An event in JSON, the structured mode's body.
///
/// # Errors
/// 400 that names the attribute which is missing or wrong.
pub fn structured(text: &[u8]) -> Result<Custom, Error> {
    // Raw, so that the data keeps its bytes: numbers above all.
    let mut members: BTreeMap<String, &RawValue> = json(text, "the event")?;
    let data = members.remove("data").filter(|data| data.get() != "null");
    let encoded = members.remove("data_base64");
    let mut attributes = BTreeMap::new();
    for (name, value) in members {
        let text = match serde_json::from_str(value.get()) {
            Ok(serde_json::Value::Null) => continue,
            Ok(serde_json::Value::String(text)) => text,
            Ok(serde_json::Value::Bool(_) | serde_json::Value::Number(_)) => value.get().to_owned(),
            _ => return Err(wrong(&name, "is neither text, number nor boolean")),
        };
        attributes.insert(name, text);
    }
    let content_type = attributes.remove("datacontenttype");
    let mut event = named(attributes)?;
    event.data = match (data, encoded) {
        (Some(_), Some(_)) => return Err(wrong("data", "stands beside `data_base64`")),
        (None, Some(encoded)) => {
            let encoded: String = json(encoded.get().as_bytes(), "`data_base64`")?;
            STANDARD.decode(encoded).map_err(|error| wrong("data_base64", "is no base64").source(error))?.into()
        }
        // Data of another kind than JSON is a string that holds it (JSON format, 3.1.1).
        (Some(data), None) => match serde_json::from_str::<String>(data.get()) {
            Ok(text) if !content_type.as_deref().is_none_or(is_json) => text.into(),
            _ => Bytes::copy_from_slice(data.get().as_bytes()).into(),
        },
        (None, None) => Payload::default(),
    };
    event.content_type = content_type.or_else(|| data.map(|_| "application/json".to_owned()));
    Ok(event)
}

fn is_json(kind: &str) -> bool {
    let essence = kind.split(';').next().unwrap_or_default().trim();
    essence.ends_with("/json") || essence.ends_with("+json")
}

/// The attributes in their places; what has none is an extension.
fn named(mut attributes: BTreeMap<String, String>) -> Result<Custom, Error> {
    match attributes.remove("specversion").as_deref() {
        Some("1.0") => {}
        Some(other) => return Err(wrong("specversion", &format!("is `{other}`: this program reads 1.0"))),
        None => return Err(wrong("specversion", "is missing")),
    }
    let mut needed = |name: &str| {
        attributes.remove(name).filter(|text| !text.is_empty()).ok_or_else(|| wrong(name, "is missing")).map(Some)
    };
    let (id, source, kind) = (needed("id")?, needed("source")?, needed("type")?);
    let at = match attributes.remove("time") {
        Some(text) => Some(time(&text).ok_or_else(|| wrong("time", "is no RFC 3339 time"))?),
        None => None,
    };
    let subject = attributes.remove("subject");
    Ok(Custom {
        id,
        source,
        kind,
        subject,
        time: at,
        content_type: None,
        extensions: attributes,
        data: Payload::default(),
    })
}

fn wrong(attribute: &str, why: &str) -> Error {
    Error::bad_request(format!("the CloudEvent's `{attribute}` {why}"))
}

fn json<'a, T: Deserialize<'a>>(text: &'a [u8], what: &str) -> Result<T, Error> {
    serde_json::from_slice(text).map_err(|error| Error::bad_request(format!("{what} is no JSON of that kind: {error}")))
}
