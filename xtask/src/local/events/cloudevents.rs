//! Events as CloudEvents over HTTP.

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Event, Receiver, Told, keys, rfc3339};
use crate::local::asking::{self, Answered};

/// The event in CloudEvents' JSON: one for each item.
pub(super) fn structured(event: &Event) -> Vec<Value> {
    let one = |kind: &str, name: &str, data: Option<&Value>| {
        let mut json = json!({ "specversion": "1.0", "id": "0", "source": "/local", "type": kind,
                               "time": "2026-01-01T00:00:00Z", "anyfnname": name });
        if let Some(data) = data {
            json["data"] = data.clone();
        }
        json
    };
    let text = |kind: &str, name: &str, body: &str| match serde_json::from_str(body) {
        Ok(body) => one(kind, name, Some(&body)),
        // Text that is no JSON goes as bytes.
        Err(_) => {
            let mut json = one(kind, name, None);
            json["data_base64"] = json!(STANDARD.encode(body));
            json
        }
    };
    match event {
        Event::Schedule { cron, at } => {
            let mut json = one("dev.anyfn.schedule", cron, None);
            json["time"] = json!(rfc3339(*at));
            vec![json]
        }
        Event::Queue { name, bodies } => {
            bodies.iter().map(|body| text("dev.anyfn.queue.message", name, body)).collect()
        }
        Event::Object { created, bucket, key, size } => {
            let kind = if *created { "dev.anyfn.object.created" } else { "dev.anyfn.object.removed" };
            vec![one(kind, bucket, Some(&json!({ "bucket": bucket, "key": key, "size": size, "etag": "local" })))]
        }
        Event::Change { table, kind, old, new } => {
            let data = json!({ "keys": keys(old.as_ref(), new.as_ref()), "old": old, "new": new });
            vec![one(&format!("dev.anyfn.change.{kind}"), table, Some(&data))]
        }
        Event::Message { topic, attributes, body } => {
            let mut json = text("dev.anyfn.message", topic, body);
            for (name, value) in attributes {
                json[name] = json!(value);
            }
            vec![json]
        }
        Event::Custom(data) => vec![one("dev.anyfn.custom", "", Some(data))],
    }
}

pub(super) async fn send(to: &Receiver, event: &Event) -> Result<Told> {
    let mut again = Vec::new();
    for (place, mut json) in structured(event).into_iter().enumerate() {
        // What the function's log calls an item is what it is called here.
        json["id"] = json!(place.to_string());
        let answered = post(to, &json.to_string()).await?;
        match answered.status {
            204 => {}
            200 => return Ok(Told::Json(String::from_utf8_lossy(&answered.body).into_owned())),
            503 => again.push(place),
            status => return Ok(Told::Failed(format!("{status} {}", String::from_utf8_lossy(&answered.body)))),
        }
    }
    Ok(Told::Again(again))
}

pub(super) async fn post(to: &Receiver, json: &str) -> Result<Answered> {
    let bearer = format!("Bearer {}", to.token);
    let headers = [("content-type", "application/cloudevents+json"), ("authorization", bearer.as_str())];
    asking::post(to.http, "/_anyfn/events", &headers, json).await
}
