//! Cron triggers and queue consumers of `wrangler.jsonc`.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::Wiring;
use crate::build::cron;

/// What triggers add to the configuration.
#[derive(Debug, Default)]
pub(crate) struct Wired {
    pub(crate) crons: Vec<String>,
    pub(crate) consumers: Vec<Value>,
    pub(crate) names: BTreeMap<String, String>,
    /// Commands to be given by hand, before the deployment.
    pub(crate) by_hand: Vec<String>,
}

pub(crate) fn wire(wiring: &Wiring<'_>) -> Result<Wired> {
    let mut wired = Wired::default();
    for (text, schedule) in wiring.schedules()? {
        let cron = cron::cloudflare(&schedule);
        if cron != text {
            wired.names.insert(cron.clone(), text.to_owned());
        }
        wired.crons.push(cron);
    }
    for name in wiring.names(&["queue"]) {
        let queue = wiring.bind(name).queue.unwrap_or_else(|| name.to_owned());
        if queue != name {
            wired.names.insert(queue.clone(), name.to_owned());
        }
        consume(wiring, name, &queue, &mut wired);
    }
    // These come through a queue: R2's notifications, and CloudEvents that somebody sends into it.
    for name in wiring.names(&["object_created", "object_removed"]) {
        let queue = wiring.bind(name).queue.unwrap_or_else(|| format!("{}-{name}-objects", wiring.package));
        let bucket = wiring.bind(name).bucket.unwrap_or_else(|| name.to_owned());
        if bucket != name {
            wired.names.insert(bucket.clone(), name.to_owned());
        }
        consume(wiring, name, &queue, &mut wired);
        for (kind, happening) in [("object_created", "object-create"), ("object_removed", "object-delete")] {
            if wiring.has(kind, name) {
                wired.by_hand.push(format!(
                    "npx wrangler r2 bucket notification create {bucket} --event-type {happening} --queue {queue}"
                ));
            }
        }
    }
    for name in wiring.names(&["change", "message"]) {
        let queue = wiring.bind(name).queue.unwrap_or_else(|| format!("{}-{name}", wiring.package));
        consume(wiring, name, &queue, &mut wired);
    }
    Ok(wired)
}

fn consume(wiring: &Wiring<'_>, name: &str, queue: &str, wired: &mut Wired) {
    if wired.consumers.iter().any(|consumer| consumer["queue"] == queue) {
        return;
    }
    let bind = wiring.bind(name);
    let mut consumer = Map::new();
    consumer.insert("queue".to_owned(), json!(queue));
    for (key, value) in [("max_batch_size", bind.batch_size), ("max_retries", bind.retries)] {
        if let Some(value) = value {
            consumer.insert(key.to_owned(), json!(value));
        }
    }
    wired.consumers.push(Value::Object(consumer));
    // Before what uses it.
    let first = wired.by_hand.iter().position(|line| line.contains(" r2 ")).unwrap_or(wired.by_hand.len());
    wired.by_hand.insert(first, format!("npx wrangler queues create {queue}"));
}
