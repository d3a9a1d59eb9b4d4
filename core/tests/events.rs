//! Events in memory: what handlers see, and what becomes of each item.

use std::time::SystemTime;

use anyfn_core::{
    App, Batch, Change, ChangeKind, Context, Custom, Entry, Error, Event, Item, Json, Message, ObjectAction,
    ObjectEvent, Order, Payload, Response, Schedule, State, test,
};
use serde_json::{Value, json};

#[test]
fn a_tick_is_done_or_fails() {
    async fn tick(tick: Schedule) -> Result<(), Error> {
        if tick.name == "0 3 * * *" { Ok(()) } else { Err(Error::internal("another")) }
    }
    test::block_on(async {
        assert!(test::schedule("0 3 * * *", SystemTime::UNIX_EPOCH).send(tick).await.is_done());
        let failed = test::schedule("0 4 * * *", SystemTime::UNIX_EPOCH).send(tick).await;
        assert!(!failed.is_done());
        assert!(failed.error().unwrap().to_string().contains("another"));
        assert_eq!(failed.log_lines().len(), 1);
    });
}

#[test]
fn a_batch_settles_item_by_item() {
    async fn all(batch: Batch<Value>) -> Result<(), Error> {
        batch.done(&batch.items[0]);
        batch.retry(&batch.items[1], None, Error::internal("later"));
        batch.discard(&batch.items[2], Error::internal("never"));
        Err(Error::internal("the rest"))
    }
    test::block_on(async {
        let outcome = test::queue("q", ["1", "2", "3", "4", "no JSON"]).send(all).await;
        assert_eq!(outcome.failed(), [1, 3, 4]);
    });
}

#[test]
fn a_stream_stops_at_its_first_failure() {
    async fn changed(Item(row): Item<Change<Value>>) -> Result<(), Error> {
        if row.new.unwrap_or_default()["fail"] == true { Err(Error::internal("told to")) } else { Ok(()) }
    }
    test::block_on(async {
        let fine = test::change("t", ChangeKind::Insert, "{}", None, Some("{}")).send(changed).await;
        assert!(fine.is_done());
        let fails = test::change("t", ChangeKind::Insert, "{}", None, Some(r#"{"fail":true}"#)).send(changed).await;
        assert_eq!(fails.failed(), [0]);
    });
}

#[test]
fn a_batch_ends_before_what_cannot_be_read_as_far_as_order_holds() {
    async fn seen(cx: Context, batch: Batch<u32>) {
        batch.items.iter().for_each(|item| cx.log(item.payload.to_string()));
    }
    let app = App::builder().queue("q", seen).build();
    let items = [("a", "1"), ("a", "no number"), ("b", "2"), ("a", "3"), ("b", "4")];
    for (order, reaches, again) in [
        (Order::Unordered, vec!["1", "2", "3", "4"], [false, true, false, false, false]),
        (Order::PerGroup, vec!["1", "2", "4"], [false, true, false, true, false]),
        (Order::Total, vec!["1"], [false, true, true, true, true]),
    ] {
        let entries =
            items.iter().zip('0'..).map(|((group, body), n)| Entry::new(n, Payload::from(*body)).group(*group));
        let memory = test::Memory::default();
        let event = Event::Queue(Batch::new("q", order, entries));
        let Ok(Response::Batch(outcomes)) = test::block_on(test::send(&app, event, &memory)) else {
            panic!("{order:?}")
        };
        let unsettled: Vec<bool> = outcomes.iter().map(|outcome| !outcome.is_settled()).collect();
        assert_eq!((memory.log_lines(), &*unsettled), (reaches.into_iter().map(String::from).collect(), &again[..]));
    }
}

#[test]
fn objects_messages_and_direct_calls_reach_their_handlers() {
    async fn stored(Item(object): Item<ObjectEvent>) {
        assert_eq!((&*object.bucket, &*object.key), ("uploads", "a b"));
    }
    async fn paid(Item(message): Item<Message<Value>>) {
        assert_eq!(message.body["order"], 7);
    }
    async fn invoked(State(greeting): State<String>, event: Custom) -> Json<Value> {
        Json(json!({ "said": greeting, "got": event.data.json::<Value>().unwrap() }))
    }
    let app = App::builder()
        .state(|_| async { Ok::<_, Error>("hi".to_owned()) })
        .object_created("uploads", stored)
        .message("payments", paid)
        .custom(invoked)
        .build();
    test::block_on(async {
        assert!(test::object_created("uploads", "a b").send_to(&app).await.is_done());
        assert!(test::message("payments", r#"{"order":7}"#).send_to(&app).await.is_done());
        assert_eq!(test::message("payments", r#"{"order":8}"#).send_to(&app).await.failed(), [0]);
        assert_eq!(test::custom("[1]").send_to(&app).await.json::<Value>(), json!({ "said": "hi", "got": [1] }));
        // Removed is another trigger than stored.
        assert_eq!(test::object_removed("uploads", "a b").send_to(&app).await.failed(), [0]);
    });
}

#[test]
fn objects_stored_and_removed_in_one_batch_reach_the_handler_of_each() {
    async fn stored(cx: Context, Item(object): Item<ObjectEvent>) -> Result<(), Error> {
        cx.log(format!("stored {}", object.key));
        if object.key == "bad" { Err(Error::internal("told to")) } else { Ok(()) }
    }
    async fn gone(cx: Context, Item(object): Item<ObjectEvent>) {
        assert_ne!(object.key, "panics");
        cx.log(format!("gone {}", object.key));
    }
    let app = App::builder().object_created("b", stored).object_removed("b", gone).build();
    let entry = |action, key: &str| Entry::new(key, ObjectEvent::new(action, "b", key));
    let (created, removed) = (ObjectAction::Created, ObjectAction::Removed);
    let items = [
        entry(removed, "one"),
        entry(created, "bad"),
        entry(removed, "panics"),
        entry(created, "two"),
        entry(removed, "x"),
    ];
    let memory = test::Memory::default();
    let event = Event::Object(Batch::new("b", Order::Unordered, items));
    let Ok(Response::Batch(outcomes)) = test::block_on(test::send(&app, event, &memory)) else { panic!() };
    let again: Vec<bool> = outcomes.iter().map(|outcome| !outcome.is_settled()).collect();
    assert_eq!(again, [false, true, true, false, false], "{:?}", memory.log_lines());
    for line in ["stored bad", "stored two", "gone one", "gone x"] {
        assert!(memory.log_lines().iter().any(|logged| logged == line), "{line}");
    }
}

/// A batch of these buckets' and actions' objects, answered by `app`: which come again.
fn again(app: &App, order: Order, items: &[(ObjectAction, &str, &str)], memory: &test::Memory) -> Vec<bool> {
    let entry = |&(action, bucket, key): &(_, &str, &str)| Entry::new(key, ObjectEvent::new(action, bucket, key));
    let event = Event::Object(Batch::new("first", order, items.iter().map(entry)));
    let Ok(Response::Batch(outcomes)) = test::block_on(test::send(app, event, memory)) else { panic!() };
    outcomes.iter().map(|outcome| !outcome.is_settled()).collect()
}

/// Takes all but the object `bad`, and says where it came from.
async fn kept(cx: Context, batch: Batch<ObjectEvent>) {
    for item in &batch.items {
        cx.log(format!("{} {}", batch.source, item.payload.key));
        if item.payload.key == "bad" {
            batch.retry(item, None, Error::internal("told to"));
        }
    }
}

#[test]
fn objects_of_several_buckets_in_one_batch_reach_the_handler_of_each() {
    async fn second(cx: Context, batch: Batch<ObjectEvent>) -> Result<(), Error> {
        assert_eq!(batch.source, "second");
        kept(cx, batch).await;
        Ok(())
    }
    let created = ObjectAction::Created;
    let items = [
        (created, "stack-first-1x2y", "a"),
        (created, "stack-second-3z", "b"),
        (created, "nobodys", "c"),
        (created, "stack-second-3z", "bad"),
        (created, "stack-first-1x2y", "d"),
    ];
    let memory = test::Memory::default().env("ANYFN_NAMES", r#"{"stack-second-3z":"second"}"#);
    let app = App::builder().object_created("first", kept).object_created("second", second).build();
    assert_eq!(again(&app, Order::Unordered, &items, &memory), [false, false, true, true, false]);
    let mut logged = memory.log_lines();
    let wrong = logged.iter().position(|line| line.contains("`nobodys`")).expect("a line on the third bucket");
    logged.remove(wrong);
    assert_eq!(logged, ["first a", "first d", "second b", "second bad"]);
}

#[test]
fn what_is_stored_and_removed_in_order_stays_in_order() {
    let (created, removed) = (ObjectAction::Created, ObjectAction::Removed);
    let app = App::builder().object_created("first", kept).object_removed("first", kept).build();
    let items =
        [(created, "b", "1"), (removed, "b", "2"), (removed, "b", "3"), (created, "b", "bad"), (removed, "b", "4")];
    let memory = test::Memory::default();
    assert_eq!(again(&app, Order::PerGroup, &items, &memory), [false, false, false, true, true]);
    assert_eq!(memory.log_lines(), ["first 1", "first 2", "first 3", "first bad"]);
}
