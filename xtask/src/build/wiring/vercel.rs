//! Crons of `config.json`, and a function of its own for each queue.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::Result;
use serde_json::{Value, json};

use super::Wiring;
use crate::build::cron;

/// What triggers add to the output.
#[derive(Debug, Default)]
pub(crate) struct Wired {
    /// `crons` of `config.json`.
    pub(crate) crons: Vec<Value>,
    /// Functions beside the public one: their path and their `experimentalTriggers`.
    pub(crate) functions: Vec<(String, Value)>,
    pub(crate) names: BTreeMap<String, String>,
    /// Variables that must be set for events to be let in.
    pub(crate) by_hand: Vec<String>,
}

pub(crate) fn wire(wiring: &Wiring<'_>) -> Result<Wired> {
    let mut wired = Wired::default();
    for (at, (text, schedule)) in wiring.schedules()?.into_iter().enumerate() {
        let path = format!("/_anyfn/cron/{at}");
        wired.crons.push(json!({ "path": path, "schedule": cron::vercel(&schedule)? }));
        wired.names.insert(path, text.to_owned());
    }
    if !wired.crons.is_empty() {
        wired.by_hand.push("npx vercel env add CRON_SECRET production   # no tick is let in without it".to_owned());
    }
    for name in wiring.names(&["queue"]) {
        let topic = wiring.bind(name).topic.unwrap_or_else(|| name.to_owned());
        if topic != name {
            wired.names.insert(topic.clone(), name.to_owned());
        }
        let path = format!("_anyfn/queue/{}", topic.replace(|c: char| !c.is_ascii_alphanumeric() && c != '-', "-"));
        let trigger = json!([{ "type": "queue/v2beta", "topic": topic, "consumer": consumer(&path) }]);
        wired.functions.push((path, trigger));
    }
    if !wired.functions.is_empty() {
        wired
            .by_hand
            .push("the project's OIDC federation, switched on: a queue is told with its token what is done".to_owned());
    }
    let buckets = wiring.names(&["object_created", "object_removed"]);
    if let [bucket] = buckets[..] {
        // A store has an id of the platform's own; one store needs none.
        wired.names.insert("blob".to_owned(), bucket.to_owned());
    }
    if !buckets.is_empty() {
        wired.by_hand.push(
            "a Blob store connected to the project, and /_anyfn/blob as the `callbackUrl` of its client uploads"
                .to_owned(),
        );
    }
    if !wiring.names(&["change", "message"]).is_empty() {
        wired
            .by_hand
            .push("npx vercel env add ANYFN_EVENT_TOKEN production   # for CloudEvents to /_anyfn/events".to_owned());
    }
    Ok(wired)
}

/// A consumer's name, as Vercel's build makes it of the function's path.
fn consumer(path: &str) -> String {
    let mut name = String::new();
    for c in path.chars() {
        match c {
            '_' => name.push_str("__"),
            '/' => name.push_str("_S"),
            '.' => name.push_str("_D"),
            c if c.is_ascii_alphanumeric() || c == '-' => name.push(c),
            c => {
                let _ = write!(name, "_{:02X}", u32::from(c));
            }
        }
    }
    name
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_consumers_name_is_the_one_that_vercels_build_makes() {
        assert_eq!(super::consumer("_anyfn/queue/a-b.c"), "__anyfn_Squeue_Sa-b_Dc");
    }
}
