//! The echo function in memory: what it answers and what it logs, with no platform.

use std::time::{Duration, UNIX_EPOCH};

use anyfn::test::{Memory, block_on, get, post, send};
use anyfn::{
    Batch, Change, ChangeKind, Custom, Entry, Event, Message, ObjectAction, ObjectEvent, Order, Outcome, Payload,
    Response, Schedule,
};
use serde_json::{Value, json};

/// The `event` lines that were logged.
fn events(memory: &Memory) -> Vec<Value> {
    let lines = memory.log_lines();
    lines.iter().filter_map(|line| serde_json::from_str(line.strip_prefix("event ")?).ok()).collect()
}

fn outcomes(event: Event, memory: &Memory) -> Vec<Outcome> {
    match block_on(send(&echo::app(), event, memory)) {
        Ok(Response::Batch(outcomes)) => outcomes,
        other => panic!("{other:?}"),
    }
}

#[test]
fn echo_tells_what_it_was_asked() {
    let answer =
        block_on(post("/echo/a%2Fb?q=1&q=2").header("x-many", "1").header("x-many", "2").body("hi").send(echo::web));
    assert_eq!(answer.status(), 200);
    let echo: Value = answer.json();
    assert_eq!(echo["method"], "POST");
    assert_eq!(echo["url"], "http://localhost/echo/a%2Fb?q=1&q=2");
    assert_eq!((&echo["path"], &echo["query"]), (&json!("/echo/a%2Fb"), &json!("q=1&q=2")));
    assert_eq!(echo["headers"], json!([["x-many", "1"], ["x-many", "2"]]));
    assert_eq!(echo["body"], "aGk=");
    assert_eq!(echo["context"]["platform"], "memory");
}

#[test]
fn limits_are_exact() {
    for (target, status) in [
        ("/bytes/10000000", 200),
        ("/bytes/10000001", 404),
        ("/text/10000000", 200),
        ("/text/10000001", 404),
        ("/cookies/1000", 200),
        ("/cookies/1001", 404),
        ("/stream/1001", 404),
        ("/slow/60001", 404),
        ("/status/200", 200),
        ("/status/599", 599),
        ("/status/199", 404),
        ("/status/600", 404),
        ("/status/0200", 404),
        ("/bytes/+1", 404),
        ("/bytes/%31", 404),
        ("/bytes/", 404),
    ] {
        assert_eq!(block_on(get(target).send(echo::web)).status(), status, "{target}");
    }
}

#[test]
fn env_gives_only_its_own_variables_away() {
    let memory = Memory::default().env("ECHO_NAME", "Ada").env("SECRET", "hunter2").env("XECHO_", "x");
    let ask = |target| block_on(get(target).within(&memory).send(echo::web));
    assert_eq!(ask("/env/ECHO_NAME").text(), "Ada");
    for target in ["/env/SECRET", "/env/XECHO_", "/env/ECHO_OTHER", "/env/"] {
        let answer = ask(target);
        assert_eq!(answer.status(), 404, "{target}");
        assert!(!answer.text().contains("hunter2"));
    }
}

#[test]
fn a_tick_is_logged_and_fails_on_demand() {
    let tick = || Event::Schedule(Schedule::new("*/5 * * * *", UNIX_EPOCH + Duration::from_millis(1500)));
    let memory = Memory::default();
    assert!(matches!(block_on(send(&echo::app(), tick(), &memory)), Ok(Response::Done)));
    assert_eq!(events(&memory), [json!({ "trigger": "schedule", "name": "*/5 * * * *", "scheduled_at": 1500 })]);
    let failing = Memory::default().env("ECHO_FAIL", "1");
    assert!(block_on(send(&echo::app(), tick(), &failing)).is_err());
}

#[test]
fn items_of_a_queue_fail_alone() {
    let bodies = [r#"{"n":1}"#, r#"{"fail":true}"#, "no json", r#"{"panic":true}"#, r#"{"n":2}"#];
    let items = bodies.iter().enumerate().map(|(at, body)| Entry::new(at.to_string(), Payload::from(*body)));
    let memory = Memory::default();
    let outcomes = outcomes(Event::Queue(Batch::new("echo", Order::Unordered, items)), &memory);
    let settled: Vec<bool> = outcomes.iter().map(Outcome::is_settled).collect();
    assert_eq!(settled, [true, false, false, false, true]);
    assert!(outcomes.iter().all(|outcome| !matches!(outcome, Outcome::NotProcessed)));
    assert!(events(&memory).contains(&json!({ "trigger": "queue", "body": "no json" })));
    assert_eq!(events(&memory).len(), 5);
}

#[test]
fn objects_are_logged() {
    let memory = Memory::default();
    let object = ObjectEvent::new(ObjectAction::Created, "echo", "a b/ü.txt");
    let batch = Batch::new("echo", Order::Unordered, [Entry::new("1", object)]);
    assert!(matches!(outcomes(Event::Object(batch), &memory)[..], [Outcome::Done]));
    assert_eq!(events(&memory)[0]["key"], "a b/ü.txt");
    assert_eq!(events(&memory)[0]["action"], "created");
}

#[test]
fn a_change_fails_when_its_new_image_says_so() {
    let change = |new: &'static str| {
        Entry::new("1", Change::new(ChangeKind::Update, r#"{"id":1}"#.into(), None, Some(Payload::from(new))))
    };
    let batch = Batch::new("echo", Order::Unordered, [change(r#"{"fail":true}"#), change(r#"{"fail":false}"#)]);
    let memory = Memory::default();
    assert!(matches!(outcomes(Event::Change(batch), &memory)[..], [Outcome::Retry { .. }, Outcome::Done]));
    assert_eq!(events(&memory)[0]["keys"], json!({ "id": 1 }));
}

#[test]
fn messages_are_done_json_or_not() {
    let message = |body: &'static str| Entry::new("1", Message::new("echo", Payload::from(body)));
    let batch = Batch::new("echo", Order::Unordered, [message("plain"), message(r#"{"a":1}"#)]);
    let memory = Memory::default();
    assert!(matches!(outcomes(Event::Message(batch), &memory)[..], [Outcome::Done, Outcome::Done]));
    let bodies: Vec<Value> = events(&memory).into_iter().map(|event| event["body"].clone()).collect();
    assert_eq!(bodies, [json!("plain"), json!({ "a": 1 })]);
}

#[test]
fn other_json_is_answered_with_itself() {
    let memory = Memory::default();
    match block_on(send(&echo::app(), Event::Custom(Custom::json(r#"{"any":["thing"]}"#)), &memory)) {
        Ok(Response::Json(json)) => assert_eq!(json, r#"{"received":{"any":["thing"]}}"#),
        other => panic!("{other:?}"),
    }
    assert_eq!(events(&memory)[0]["data"], json!({ "any": ["thing"] }));
}
