//! Sample events, by name: what `invoke` and the page of `dev` send.

use std::time::SystemTime;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::local::events::Event;

/// A sample.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    /// What it is called; the first name is its own, the others are the vendors' words.
    pub(crate) names: &'static [&'static str],
    /// The kind of trigger that it is for, as the manifest calls it.
    pub(crate) kind: &'static str,
    /// What it is, for a list.
    pub(crate) what: &'static str,
}

const fn sample(names: &'static [&'static str], kind: &'static str, what: &'static str) -> Sample {
    Sample { names, kind, what }
}

/// All of them.
pub(crate) const SAMPLES: &[Sample] = &[
    sample(&["schedule"], "schedule", "a schedule is due, now"),
    sample(&["queue", "sqs"], "queue", "a queue's message: {\"id\":1}"),
    sample(&["object-created", "s3-put"], "object_created", "the object `sample.txt` of 12 bytes was stored"),
    sample(&["object-removed", "s3-delete"], "object_removed", "the object `sample.txt` was removed"),
    sample(&["change-insert", "change", "dynamodb"], "change", "the row {\"id\":1} was inserted"),
    sample(&["change-update"], "change", "the row {\"id\":1} became {\"id\":1,\"changed\":true}"),
    sample(&["change-remove"], "change", "the row {\"id\":1} was removed"),
    sample(&["message", "sns"], "message", "a message was published: {\"id\":1}"),
    sample(&["custom"], "custom", "somebody invokes the function with {\"id\":1}"),
];

/// The sample of this name.
pub(crate) fn named(name: &str) -> Option<&'static Sample> {
    SAMPLES.iter().find(|sample| sample.names.contains(&name))
}

impl Sample {
    /// What it carries where nothing else is said; none for what carries nothing.
    pub(crate) fn data(&self) -> Option<&'static str> {
        match self.kind {
            "schedule" => None,
            "object_created" | "object_removed" => Some("sample.txt"),
            _ => Some(r#"{"id":1}"#),
        }
    }

    /// The event, for the trigger called `name`, with this in place of the sample's own data.
    ///
    /// # Errors
    /// The data is not what such an event carries.
    pub(crate) fn event(&self, name: String, mut data: Vec<String>) -> Result<Event> {
        if data.len() > 1 && self.kind != "queue" {
            bail!("only a queue's event carries several messages: say --data once");
        }
        if self.data().is_none() && !data.is_empty() {
            bail!("a {}'s event carries nothing: leave out --data", self.kind);
        }
        if data.is_empty() {
            data.extend(self.data().map(str::to_owned));
        }
        let first = data.first().map_or("", String::as_str);
        let json =
            || -> Result<Value> { serde_json::from_str(first).with_context(|| format!("--data is no JSON: {first}")) };
        Ok(match self.kind {
            "schedule" => {
                let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
                Event::Schedule { cron: name, at: now - now % 60 }
            }
            "queue" => Event::Queue { name, bodies: data },
            "object_created" | "object_removed" => {
                let created = self.kind == "object_created";
                Event::Object { created, bucket: name, key: first.to_owned(), size: created.then_some(12) }
            }
            "change" => {
                let row = json()?;
                let mut changed = row.clone();
                if let Value::Object(changed) = &mut changed {
                    changed.insert("changed".to_owned(), json!(true));
                }
                let (kind, old, new) = match self.names[0] {
                    "change-update" => ("update", Some(row), Some(changed)),
                    "change-remove" => ("remove", Some(row), None),
                    _ => ("insert", None, Some(row)),
                };
                Event::Change { table: name, kind: kind.to_owned(), old, new }
            }
            "message" => Event::Message { topic: name, attributes: Vec::new(), body: first.to_owned() },
            _ => Event::Custom(json()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{SAMPLES, named};
    use crate::local::events::Event;

    #[test]
    fn an_update_has_a_row_before_and_after() {
        let data = vec![r#"{"id":3}"#.to_owned()];
        let sent = named("change-update").unwrap().event("orders".to_owned(), data).unwrap();
        let Event::Change { old, new, kind, .. } = sent else { panic!("{sent:?}") };
        assert_eq!((old, kind.as_str()), (Some(json!({ "id": 3 })), "update"));
        assert_eq!(new, Some(json!({ "id": 3, "changed": true })));
    }

    #[test]
    fn every_sample_is_an_event_by_itself_and_has_one_name() {
        for sample in SAMPLES {
            sample.event("x".to_owned(), Vec::new()).unwrap();
            for name in sample.names {
                assert_eq!(named(name).unwrap().names, sample.names);
            }
        }
    }

    /// `run` names a trigger's kind as what to invoke.
    #[test]
    fn every_kind_of_trigger_is_the_name_of_a_sample() {
        for kind in ["schedule", "queue", "object_created", "object_removed", "change", "message", "custom"] {
            assert_eq!(named(&kind.replace('_', "-")).map(|sample| sample.kind), Some(kind));
        }
    }
}
