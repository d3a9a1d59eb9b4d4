//! CloudEvents over HTTP, in each of its modes, and in the messages of Workers' queues.

use anyfn_cloudflare::{Delivered, delivered, tick};
use anyfn_core::cloudevents::{PATH, TOKEN, event, read, serve, structured, time};
use anyfn_core::test::{Memory, block_on};
use anyfn_core::{Body, Context, Custom, Error, Event, Handler, Names, Outcome, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::input::{Message, decoder};

/// The first byte says what follows: an HTTP request (`0`), the JSON of one event (`1`) or of several (`2`), attributes and data of
/// which each mode's request is made (`3`), messages of a queue, one a line (`4`), a time (`5`), a cron trigger (`6`).
pub fn cloudevents(data: &[u8]) {
    let Some((kind, rest)) = decoder(data, 8) else { return };
    match kind % 8 {
        0 => request(rest),
        1 => json_body("application/cloudevents+json", rest),
        2 => json_body("application/cloudevents-batch+json", rest),
        3 => modes(&Message::read(rest)),
        4 => queued(rest),
        5 => timed(&String::from_utf8_lossy(rest)),
        6 => ticked(rest),
        _ => drop(structured(rest).and_then(event)),
    }
}

/// Reads anything, and does it.
struct Does;

impl Handler for Does {
    async fn call(&self, event: Event, _: Context) -> Result<Response, Error> {
        Ok(match event.outcomes() {
            Some(outcomes) => {
                let outcomes: Vec<Outcome> = outcomes.take().into_iter().map(|_| Outcome::Done).collect();
                assert!(!outcomes.is_empty(), "an event of no items");
                Response::Batch(outcomes)
            }
            None => Response::Done,
        })
    }
}

fn served(mut request: http::Request<Body>) -> http::StatusCode {
    request.headers_mut().insert("authorization", http::HeaderValue::from_static("Bearer t"));
    let cx = Memory::default().env(TOKEN, "t").context();
    let answer = block_on(serve(&Does, request, cx));
    let status = answer.status();
    assert!(status.is_success() || status.is_client_error(), "{status}");
    status
}

fn request(rest: &[u8]) {
    let message = Message::read(rest);
    let Some(request) = message.request(Body::from(message.body.clone())) else { return };
    let post = request.method() == http::Method::POST;
    assert!(post || served(request) == http::StatusCode::METHOD_NOT_ALLOWED);
    let Some(mut request) = message.request(Body::from(message.body.clone())) else { return };
    *request.method_mut() = http::Method::POST;
    served(request);
}

fn json_body(kind: &'static str, body: &[u8]) {
    let post = || {
        let request = http::Request::post(PATH).header("content-type", kind);
        request.body(Body::from(Bytes::copy_from_slice(body))).expect("a request")
    };
    if let Ok(events) = block_on(read(post())) {
        events.iter().for_each(again);
    }
    served(post());
}

/// An event that was read is written and read as the same.
fn again(custom: &Custom) {
    let json = written(custom);
    let twice = structured(&json).unwrap_or_else(|error| panic!("{error}: {custom:?}"));
    assert_eq!(twice.data, custom.data);
    assert_eq!((&twice.id, &twice.source, &twice.kind), (&custom.id, &custom.source, &custom.kind));
    assert_eq!((&twice.subject, twice.time), (&custom.subject, custom.time));
    assert_eq!((&twice.extensions, &twice.content_type), (&custom.extensions, &custom.content_type));
}

/// In JSON, its data as base64; its time, of which the text is gone, is taken from where it stands.
fn written(custom: &Custom) -> Vec<u8> {
    let mut members: Map<String, Value> =
        custom.extensions.iter().map(|(name, text)| (name.clone(), text.clone().into())).collect();
    members.insert("specversion".to_owned(), "1.0".into());
    let texts = [("id", &custom.id), ("source", &custom.source), ("type", &custom.kind), ("subject", &custom.subject)];
    for (name, text) in texts.into_iter().chain([("datacontenttype", &custom.content_type)]) {
        members.extend(text.as_ref().map(|text| (name.to_owned(), text.clone().into())));
    }
    if let Some(at) = custom.time {
        let at: chrono::DateTime<chrono::Utc> = at.into();
        let text = at.to_rfc3339_opts(chrono::SecondsFormat::Nanos, true);
        members.insert("time".to_owned(), text.into());
    }
    members.insert("data_base64".to_owned(), STANDARD.encode(&custom.data.0).into());
    Value::Object(members).to_string().into_bytes()
}

/// The same attributes and data, in each mode, are the same event. The attributes are headers, the data the body.
fn modes(message: &Message) {
    let mut attributes: Vec<(String, &str)> = Vec::new();
    for (name, value) in &message.headers {
        let name = name.trim().to_ascii_lowercase();
        // The specification's own rules for names; what has a place of its own is no extension.
        let fine = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        let taken = ["specversion", "id", "source", "type", "time", "data", "datacontenttype"].contains(&name.as_str());
        if fine && !taken && !attributes.iter().any(|(known, _)| *known == name) {
            attributes.push((name, value));
        }
    }
    let id = if message.first.is_empty() { "1" } else { &message.first };
    attributes.extend([
        ("id".to_owned(), id),
        ("source".to_owned(), "/s"),
        ("type".to_owned(), "t"),
        ("specversion".to_owned(), "1.0"),
    ]);
    let mut binary = http::Request::post(PATH).header("content-type", "text/plain");
    for (name, value) in &attributes {
        let value = percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC).to_string();
        binary = binary.header(format!("ce-{name}"), value);
    }
    let binary = binary.body(Body::from(message.body.clone())).expect("a request");
    let mut members: Map<String, Value> =
        attributes.iter().map(|(name, value)| (name.clone(), (*value).into())).collect();
    members.insert("datacontenttype".to_owned(), "text/plain".into());
    match std::str::from_utf8(&message.body) {
        Ok(text) => members.insert("data".to_owned(), text.into()),
        Err(_) => members.insert("data_base64".to_owned(), STANDARD.encode(&message.body).into()),
    };
    let member = Value::Object(members);
    let one = structured(member.to_string().as_bytes()).expect("a structured event");
    let batch = http::Request::post(PATH)
        .header("content-type", "application/cloudevents-batch+json; charset=utf-8")
        .body(Body::from(json!([member, member]).to_string()))
        .expect("a request");
    let binary = block_on(read(binary)).expect("a binary event");
    let batch = block_on(read(batch)).expect("a batch");
    assert_eq!((binary.len(), batch.len()), (1, 2));
    for other in binary.iter().chain(&batch) {
        assert_eq!((&other.id, &other.subject, &other.extensions), (&one.id, &one.subject, &one.extensions));
        assert_eq!((&other.data.0[..], &one.data.0[..]), (&message.body[..], &message.body[..]));
    }
    assert_eq!(one.id.as_deref(), Some(id));
    again(&one);
}

/// Each message is in one event, and what is none of the known kinds keeps its bytes.
fn queued(rest: &[u8]) {
    let bodies: Vec<&[u8]> = rest.split(|byte| *byte == b'\n').collect();
    let messages =
        bodies.iter().enumerate().map(|(n, body)| Delivered::new(format!("m{n}"), 1, body.to_vec())).collect();
    let mut seen = vec![0; bodies.len()];
    for part in delivered("jobs", messages, &Names::default()) {
        part.messages.iter().for_each(|place| seen[*place] += 1);
        let items = match &part.event {
            Event::Queue(batch) => {
                // A CloudEvent that says it is a message of a queue brings its own data and identifier.
                let own = |place: &&usize| !bodies[**place].windows(11).any(|word| word == b"specversion");
                for (place, item) in part.messages.iter().zip(&batch.items).filter(|(place, _)| own(place)) {
                    assert_eq!((&item.payload.0[..], &item.receipt), (bodies[*place], &format!("m{place}")));
                }
                batch.items.len()
            }
            Event::Object(batch) => batch.items.len(),
            Event::Change(batch) => batch.items.len(),
            Event::Message(batch) => batch.items.len(),
            _ => 1,
        };
        assert_eq!(items, part.messages.len(), "an item for each message");
    }
    assert!(seen.iter().all(|times| *times == 1), "{seen:?}");
}

/// A time that is read is the one that another reader reads.
fn timed(text: &str) {
    let Some(ours) = time(text) else { return };
    // It takes no leap second, and the other does in its own way.
    if let Ok(theirs) = chrono::DateTime::parse_from_rfc3339(text)
        && !text.contains(":60")
    {
        assert_eq!(ours, std::time::SystemTime::from(theirs), "{text}");
    }
}

fn ticked(rest: &[u8]) {
    let Some((at, cron)) = rest.split_first_chunk::<8>() else { return };
    let cron = String::from_utf8_lossy(cron);
    let Event::Schedule(tick) = tick(&cron, f64::from_le_bytes(*at), &Names::default()) else { panic!() };
    assert_eq!(tick.name, cron);
}
