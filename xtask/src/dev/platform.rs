//! Events in a platform's own JSON: what they are, what became of them, and the part of one that failed.

use serde_json::Value;

use super::record::Outcome;
use crate::local::events::Told;

/// The kind of an event, its trigger's name, and how many items it has, as far as they can be told.
pub(super) fn recognised(json: &str) -> (String, String, usize) {
    let event: Value = serde_json::from_str(json).unwrap_or_default();
    let last = |arn: &Value| arn.as_str().and_then(|arn| arn.rsplit([':', '/']).next()).unwrap_or_default().to_owned();
    // CloudEvents.
    if let Some(kind) = event["type"].as_str().and_then(|kind| kind.strip_prefix("dev.anyfn.")) {
        let kind = match kind.split_once('.') {
            Some(("object", what)) => format!("object_{what}"),
            Some((kind, _)) => kind.to_owned(),
            None => kind.to_owned(),
        };
        return (kind, event["anyfnname"].as_str().unwrap_or_default().to_owned(), 1);
    }
    // Miniflare.
    if let Some(cron) = event["scheduled"]["cron"].as_str() {
        return ("schedule".to_owned(), cron.to_owned(), 1);
    }
    if let Some(messages) = event["queue"]["messages"].as_array() {
        return ("queue".to_owned(), event["queue"]["name"].as_str().unwrap_or_default().to_owned(), messages.len());
    }
    // AWS.
    if event["detail-type"] == "Scheduled Event" {
        return ("schedule".to_owned(), last(&event["resources"][0]), 1);
    }
    let Some(records) = event["Records"].as_array() else { return ("event".to_owned(), String::new(), 1) };
    let first = &event["Records"][0];
    let source = first["eventSource"].as_str().or(first["EventSource"].as_str()).unwrap_or_default();
    let (kind, name) = match source {
        "aws:sqs" => ("queue", last(&first["eventSourceARN"])),
        "aws:s3" if first["eventName"].as_str().is_some_and(|name| name.starts_with("ObjectRemoved")) => {
            ("object_removed", last(&first["s3"]["bucket"]["arn"]))
        }
        "aws:s3" => ("object_created", last(&first["s3"]["bucket"]["arn"])),
        "aws:dynamodb" => {
            let arn = first["eventSourceARN"].as_str().unwrap_or_default();
            ("change", arn.split('/').nth(1).unwrap_or_default().to_owned())
        }
        "aws:sns" => ("message", last(&first["Sns"]["TopicArn"])),
        _ => ("event", String::new()),
    };
    (kind.to_owned(), name, records.len())
}

/// By what name the platform calls an item.
type Name = fn(&Value) -> Option<&str>;

/// The list of an event's items, and what they are called.
fn items(event: &mut Value) -> Option<(&mut Vec<Value>, Name)> {
    fn record(record: &Value) -> Option<&str> {
        let names = ["/messageId", "/dynamodb/SequenceNumber", "/kinesis/sequenceNumber"];
        names.iter().find_map(|name| record.pointer(name)?.as_str())
    }
    fn message(message: &Value) -> Option<&str> {
        message["id"].as_str()
    }
    if event.get("Records").is_some() {
        return Some((event["Records"].as_array_mut()?, record));
    }
    Some((event.pointer_mut("/queue/messages")?.as_array_mut()?, message))
}

/// What became of an event, by its platform's answer: the places are those of the items that come again.
pub(super) fn outcome(event: &str, answer: &str) -> (Outcome, Vec<usize>) {
    let (mut event, answer): (Value, Value) =
        (serde_json::from_str(event).unwrap_or_default(), serde_json::from_str(answer).unwrap_or_default());
    // Miniflare tells so of an exception.
    let is_workers = event["queue"].is_object() || event["scheduled"].is_object();
    if is_workers && answer["outcome"] != "ok" {
        return (Outcome::Failed, Vec::new());
    }
    let Some((items, name)) = items(&mut event) else { return (Outcome::Done, Vec::new()) };
    let list =
        if is_workers { (&answer["retryMessages"], "msgId") } else { (&answer["batchItemFailures"], "itemIdentifier") };
    let again: Vec<_> = list.0.as_array().into_iter().flatten().map(|item| item[list.1].as_str()).collect();
    // Of a name that no item has Lambda makes that all of them failed.
    let unknown = again.iter().any(|id| id.is_none() || !items.iter().any(|item| name(item) == *id));
    let failed = |item: &Value| unknown || name(item).is_some_and(|name| again.contains(&Some(name)));
    let failed: Vec<_> = items.iter().enumerate().filter(|(_, item)| failed(item)).map(|(place, _)| place).collect();
    (if failed.is_empty() { Outcome::Done } else { Outcome::Again }, failed)
}

/// What became of an event by its platform's answer, and how many items it has.
pub(crate) fn told(event: &str, answer: String) -> (Told, usize) {
    let told = match outcome(event, &answer) {
        (Outcome::Failed, _) => Told::Failed(answer),
        (Outcome::Again, places) => Told::Again(places),
        (Outcome::Done | Outcome::Running, _) => Told::Json(answer),
    };
    (told, recognised(event).2)
}

/// The event with no items but those at these places; `None` where it has no list of them.
pub(super) fn only(event: &str, places: &[usize]) -> Option<String> {
    let mut event: Value = serde_json::from_str(event).ok()?;
    let (items, _) = items(&mut event)?;
    let mut place = 0..;
    items.retain(|_| place.next().is_some_and(|place| places.contains(&place)));
    Some(event.to_string())
}

#[cfg(test)]
mod tests {
    use super::{only, outcome, recognised};
    use crate::dev::record::Outcome::{Again, Done, Failed};

    #[test]
    fn events_of_each_platform_are_recognised() {
        for (json, kind, name, items) in [
            (r#"{"type":"dev.anyfn.queue.message","anyfnname":"jobs"}"#, "queue", "jobs", 1),
            (r#"{"type":"dev.anyfn.object.removed","anyfnname":"b"}"#, "object_removed", "b", 1),
            (r#"{"type":"dev.anyfn.schedule","anyfnname":"0 3 * * *"}"#, "schedule", "0 3 * * *", 1),
            (r#"{"queue":{"name":"jobs","messages":[1,2]}}"#, "queue", "jobs", 2),
            (r#"{"scheduled":{"cron":"* * * * *"}}"#, "schedule", "* * * * *", 1),
            (r#"{"Records":[{"eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:a:b:jobs"}]}"#, "queue", "jobs", 1),
            (r#"{"Records":[{"eventSource":"aws:dynamodb","eventSourceARN":"a:table/t/stream/x"}]}"#, "change", "t", 1),
            (r#"{"Records":[]}"#, "event", "", 0),
            ("no JSON", "event", "", 1),
        ] {
            assert_eq!(recognised(json), (kind.to_owned(), name.to_owned(), items), "{json}");
        }
    }

    /// Queues of AWS' own name their messages by UUIDs, streams their records by large numbers.
    #[test]
    fn what_comes_again_is_found_by_the_platforms_own_names() {
        let sqs = r#"{"Records":[{"messageId":"a-1"},{"messageId":"a-2"},{"messageId":"0"}]}"#;
        let stream = r#"{"Records":[{"dynamodb":{"SequenceNumber":"100"}},{"kinesis":{"sequenceNumber":"101"}}]}"#;
        let queue = r#"{"queue":{"name":"jobs","messages":[{"id":"x"},{"id":"y"}]}}"#;
        for (event, answer, result) in [
            (sqs, r#"{"batchItemFailures":[{"itemIdentifier":"a-2"}]}"#, (Again, vec![1])),
            (sqs, r#"{"batchItemFailures":[{"itemIdentifier":"0"},{"itemIdentifier":"a-1"}]}"#, (Again, vec![0, 2])),
            (sqs, r#"{"batchItemFailures":[]}"#, (Done, vec![])),
            (sqs, r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#, (Again, vec![0, 1, 2])),
            (sqs, "null", (Done, vec![])),
            (stream, r#"{"batchItemFailures":[{"itemIdentifier":"101"}]}"#, (Again, vec![1])),
            (queue, r#"{"outcome":"ok","retryMessages":[{"msgId":"y"}]}"#, (Again, vec![1])),
            (queue, r#"{"outcome":"ok","retryMessages":[]}"#, (Done, vec![])),
            (queue, r#"{"outcome":"exception"}"#, (Failed, vec![])),
            (r#"{"scheduled":{"cron":"* * * * *"}}"#, r#"{"outcome":"exception"}"#, (Failed, vec![])),
            (r#"{"id":1}"#, r#"{"outcome":"mixed"}"#, (Done, vec![])),
            ("no JSON", "neither", (Done, vec![])),
        ] {
            assert_eq!(outcome(event, answer), result, "{event} {answer}");
        }
    }

    #[test]
    fn a_part_of_an_event_keeps_all_else() {
        assert_eq!(only(r#"{"Records":[1,2,3],"a":0}"#, &[0, 2]).unwrap(), r#"{"Records":[1,3],"a":0}"#);
        let queue = r#"{"queue":{"messages":[{"id":"x"},{"id":"y"}],"name":"jobs"}}"#;
        assert_eq!(only(queue, &[1]).unwrap(), r#"{"queue":{"messages":[{"id":"y"}],"name":"jobs"}}"#);
        assert_eq!([only("{}", &[0]), only("no JSON", &[0])], [None, None]);
    }
}
