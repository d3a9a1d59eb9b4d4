//! Events as Miniflare takes them, and what workerd says of them.

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::{Event, Told, cloudevents};

pub(super) fn event(event: &Event) -> Result<Value> {
    let (name, bodies) = match event {
        Event::Schedule { cron, at } => {
            return Ok(json!({ "scheduled": { "cron": cron, "scheduledTime": at * 1_000 } }));
        }
        // What is JSON is sent as JSON, the rest as text.
        Event::Queue { name, bodies } => {
            (name.as_str(), bodies.iter().map(|body| serde_json::from_str(body).unwrap_or(json!(body))).collect())
        }
        Event::Object { created, bucket, key, size } => (
            "local",
            vec![json!({
                "account": "local", "bucket": bucket, "action": if *created { "PutObject" } else { "DeleteObject" },
                "eventTime": "2026-01-01T00:00:00.000Z", "object": { "key": key, "size": size, "eTag": "local" },
            })],
        ),
        // Workers has none of these: they come through a queue.
        Event::Change { .. } | Event::Message { .. } => ("local", cloudevents::structured(event)),
        Event::Custom(_) => bail!("Workers has no direct invocation: send a request, or a message of a queue"),
    };
    let message = |(n, body): (usize, Value)| json!({ "id": n.to_string(), "body": body, "attempts": 1 });
    Ok(
        json!({ "queue": { "name": name, "messages": bodies.into_iter().enumerate().map(message).collect::<Vec<_>>() } }),
    )
}

pub(super) fn told(answered: Result<String>) -> Told {
    let answer: Value = match answered {
        Ok(text) => serde_json::from_str(&text).unwrap_or_default(),
        Err(error) => return Told::Failed(format!("{error:#}")),
    };
    if answer["outcome"] != "ok" {
        return Told::Failed(format!("workerd says {answer}"));
    }
    let again = answer["retryMessages"].as_array().cloned().unwrap_or_default();
    let place = |message: &Value| message["msgId"].as_str().and_then(|id| id.parse().ok());
    let mut again: Vec<usize> = again.iter().filter_map(place).collect();
    again.sort_unstable();
    Told::Again(again)
}
