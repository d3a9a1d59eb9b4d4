//! Objects, changes, published messages, ticks and direct invocations.

#[path = "common/clock.rs"]
mod clock;
#[path = "common/diary.rs"]
mod diary;
#[path = "common/outcomes.rs"]
mod outcomes;

use std::future::{Ready, ready};
use std::time::{Duration, SystemTime};

use anyfn_core::test::{Memory as Clock, block_on, schedule};
use anyfn_core::{
    App, Batch, Change, ChangeKind, Context, Custom, Entry, Error, Event, Item, Json, Message, ObjectAction,
    ObjectEvent, Order, Payload, Response, Schedule, dispatch,
};
use anyfn_idempotency::{Memory, once};
use clock::at;
use diary::Diary;
use outcomes::{said, send};

type Job = serde_json::Value;

#[test]
fn objects_changes_and_messages_have_keys_of_their_own() {
    fn write<T, L: Fn(T) -> String>(diary: &Diary, line: L) -> impl Fn(Item<T>) -> Ready<()> + use<T, L> {
        let diary = diary.clone();
        move |Item(item)| {
            diary.write(line(item));
            ready(())
        }
    }
    let (diary, store) = (Diary::default(), Memory::new());
    let app = App::builder()
        .object_created("pics", once("o", store.clone(), write(&diary, |object: ObjectEvent| object.key)))
        .object_removed("pics", once("o", store.clone(), write(&diary, |object: ObjectEvent| object.key)))
        .change("rows", once("c", store.clone(), write(&diary, |row: Change<Job>| format!("{:?}", row.kind))))
        .message("topic", once("m", store, write(&diary, |message: Message<Job>| message.body.to_string())))
        .build();
    let object_of = |batch: &str, action, key: &str, etag: Option<&str>, at: Option<u64>, receipt: &str| {
        let mut object = ObjectEvent::new(action, "pics", key);
        object.etag = etag.map(str::to_owned);
        object.at = at.map(|at| SystemTime::UNIX_EPOCH + Duration::from_secs(at));
        Event::Object(Batch::new(batch, Order::Unordered, [Entry::new(receipt, object)]))
    };
    let object = |action, key: &str, etag, at, receipt: &str| object_of("pics", action, key, etag, at, receipt);
    let (created, removed) = (ObjectAction::Created, ObjectAction::Removed);
    let runs = |event: Event| {
        assert_eq!(said(&send(&app, event, &at(0))), "d");
        diary.take().len()
    };
    // Told twice in two messages: once.
    assert_eq!(runs(object(created, "a", Some("1"), Some(5), "m1")), 1);
    assert_eq!(runs(object(created, "a", Some("1"), Some(5), "m2")), 0);
    // A batch of several buckets goes by the name of its first.
    assert_eq!(runs(object_of("docs", created, "a", Some("1"), Some(5), "m2")), 0);
    assert_eq!(runs(object(created, "a", Some("2"), Some(5), "m3")), 1);
    assert_eq!(runs(object(created, "a", Some("1"), Some(6), "m4")), 1);
    assert_eq!(runs(object(created, "b", Some("1"), Some(5), "m5")), 1);
    assert_eq!(runs(object(removed, "a", Some("1"), Some(5), "m6")), 1);
    // Where nobody says when, it is the message that counts.
    assert_eq!(runs(object(created, "c", None, None, "m7")), 1);
    assert_eq!(runs(object(created, "c", None, None, "m8")), 1);
    assert_eq!(runs(object(created, "c", None, None, "m8")), 0);

    let change = |receipt: &str| {
        let change = Change::new(ChangeKind::Insert, Payload::from("{}"), None, Some(Payload::from("{}")));
        Event::Change(Batch::new("rows", Order::Total, [Entry::new(receipt, change)]))
    };
    assert_eq!([runs(change("1")), runs(change("1")), runs(change("2"))], [1, 0, 1]);
    let message = |receipt: &str| {
        let message = Message::new("topic", Payload::from("7"));
        Event::Message(Batch::new("topic", Order::Unordered, [Entry::new(receipt, message)]))
    };
    assert_eq!([runs(message("1")), runs(message("1")), runs(message("2"))], [1, 0, 1]);
}

#[test]
fn a_tick_runs_once_and_again_where_it_failed() {
    let (diary, store) = (Diary::default(), Memory::new());
    let handler = {
        let diary = diary.clone();
        move |cx: Context, tick: Schedule| {
            diary.write(tick.name);
            async move { if cx.env("FAIL").is_some() { Err(Error::internal("as asked")) } else { Ok(()) } }
        }
    };
    let runs = |name: &str, second, clock: Clock| {
        let tick = schedule(name, SystemTime::UNIX_EPOCH + Duration::from_secs(second)).within(&clock);
        let outcome = block_on(tick.send(once("nightly", store.clone(), handler.clone())));
        (outcome.is_done(), diary.take().len())
    };
    let failing = || at(0).env("FAIL", "1");
    assert_eq!(runs("0 3 * * *", 1, at(0)), (true, 1));
    assert_eq!(runs("0 3 * * *", 1, failing()), (true, 0));
    assert_eq!(runs("0 3 * * *", 2, failing()), (false, 1));
    assert_eq!(runs("0 3 * * *", 2, failing()), (false, 1));
    assert_eq!(runs("0 3 * * *", 2, at(0)), (true, 1));
    assert_eq!(runs("0 4 * * *", 2, at(0)), (true, 1));
    assert_eq!(runs("0 4 * * *", 2, at(0)), (true, 0));
}

#[test]
fn a_direct_invocation_with_an_id_gets_the_first_answer_again() {
    let diary = Diary::default();
    let handler = {
        let diary = diary.clone();
        move |custom: Custom| {
            diary.write("ran");
            async move { Json(custom.subject) }
        }
    };
    let app = App::builder().custom(once("invoked", Memory::new(), handler)).build();
    // The answer tells which of them it is to.
    let ask = |id: Option<&str>, source: &str, subject: &str| {
        let mut custom = Custom::json("1");
        (custom.id, custom.source, custom.subject) = (id.map(Into::into), Some(source.into()), Some(subject.into()));
        match block_on(dispatch(&app, Event::Custom(custom), at(0).context())) {
            Ok(Response::Json(json)) => json,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!([ask(Some("1"), "a", "first"), ask(Some("1"), "a", "second")], ["\"first\"", "\"first\""]);
    assert_eq!([ask(Some("1"), "b", "third"), ask(Some("2"), "a", "fourth")], ["\"third\"", "\"fourth\""]);
    assert_eq!([ask(None, "a", "fifth"), ask(None, "a", "sixth")], ["\"fifth\"", "\"sixth\""]);
    assert_eq!(diary.take().len(), 5);
}
