//! The other triggers: each event is one line of the log, and fails when its content says so.

use std::time::{SystemTime, UNIX_EPOCH};

use anyfn::{Change, Context, Custom, Error, Event, Item, Json, Message, ObjectEvent, Payload, Schedule};
use serde_json::{Value, json};

/// A schedule's tick: fails while `ECHO_FAIL` is `1`.
pub async fn tick(cx: Context, tick: Schedule) -> Result<(), Error> {
    log(&cx, &json!({ "trigger": "schedule", "name": tick.name, "scheduled_at": milliseconds(tick.scheduled_at) }));
    if cx.env("ECHO_FAIL").as_deref() == Some("1") {
        return Err(Error::internal("ECHO_FAIL is 1"));
    }
    Ok(())
}

/// A queue's item: fails or panics when its JSON asks for it, and fails when it is no JSON.
pub async fn queued(cx: Context, Item(payload): Item<Payload>) -> Result<(), Error> {
    let body = payload.json::<Value>();
    let shown = body.as_ref().map_or_else(|_| String::from_utf8_lossy(&payload.0).into(), Value::clone);
    log(&cx, &json!({ "trigger": "queue", "body": shown }));
    let body = body?;
    if body["panic"] == true {
        panic!("echo panics when it is asked to");
    }
    fails(&body)
}

/// An object that was stored or removed.
pub async fn object(cx: Context, Item(object): Item<ObjectEvent>) {
    let ObjectEvent { action, bucket, key, size, etag, at, .. } = object;
    log(
        &cx,
        &json!({
            "trigger": "object",
            "action": format!("{action:?}").to_lowercase(),
            "bucket": bucket,
            "key": key,
            "size": size,
            "etag": etag,
            "at": at.map(milliseconds),
        }),
    );
}

/// A row that changed: fails when its new image says so.
pub async fn changed(cx: Context, Item(change): Item<Change<Value>>) -> Result<(), Error> {
    let Change { kind, keys, old, new, at, .. } = change;
    log(
        &cx,
        &json!({
            "trigger": "change",
            "kind": format!("{kind:?}").to_lowercase(),
            "keys": keys.json::<Value>().ok(),
            "old": old,
            "new": new,
            "at": at.map(milliseconds),
        }),
    );
    fails(&new.unwrap_or_default())
}

/// Published messages, JSON or not.
pub async fn published(cx: Context, event: Event) -> Result<(), Error> {
    let Event::Message(batch) = event else {
        return Err(Error::internal(format!("a {} event came as a message", event.trigger())));
    };
    for item in batch.items {
        let Message { topic, subject, attributes, body, .. } = item.payload;
        let body = body.json::<Value>().unwrap_or_else(|_| String::from_utf8_lossy(&body.0).into());
        log(
            &cx,
            &json!({ "trigger": "message", "topic": topic, "subject": subject, "attributes": attributes, "body": body }),
        );
    }
    Ok(())
}

/// Any other JSON: it is answered with itself.
pub async fn custom(cx: Context, event: Custom) -> Result<Json<Value>, Error> {
    let data: Value = event.data.json()?;
    log(&cx, &json!({ "trigger": "custom", "source": event.source, "type": event.kind, "data": data }));
    Ok(Json(json!({ "received": data })))
}

fn fails(body: &Value) -> Result<(), Error> {
    if body["fail"] == true { Err(Error::internal("the item asks to fail")) } else { Ok(()) }
}

fn log(cx: &Context, event: &Value) {
    cx.log(format!("event {event}"));
}

/// Since 1970, as JSON has no time of its own.
fn milliseconds(time: SystemTime) -> u64 {
    u64::try_from(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
}
