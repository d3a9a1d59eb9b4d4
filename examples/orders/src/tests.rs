//! The whole program in memory.

use anyfn::test::{self, Memory, block_on};
use anyfn::{App, Batch, Change, ChangeKind, Entry, Event, Order, Payload, Response};
use serde_json::{Value, json};

use ChangeKind::{Insert, Remove, Update};

fn memory() -> Memory {
    Memory::default().env("RATES", "USD=0.5")
}

fn order(id: &str, version: u64, status: &str, currency: &str) -> Value {
    json!({ "id": id, "version": version, "customer": "ada", "status": status, "cents": 1000, "currency": currency })
}

fn change(kind: ChangeKind, order: &Value) -> Change<Payload> {
    let (keys, row) = (json!({ "id": order["id"] }).to_string().into(), Some(order.to_string().into()));
    match kind {
        Remove => Change::new(kind, keys, row, None),
        Insert | Update => Change::new(kind, keys, None, row),
    }
}

/// The places of those that come again, and the log.
fn send(app: &App, changes: Vec<Change<Payload>>) -> (Vec<usize>, Vec<String>) {
    let (memory, entries) = (memory(), changes.into_iter().zip(0..));
    let entries = entries.map(|(change, place): (_, u8)| Entry::new(place.to_string(), change));
    let event = Event::Change(Batch::new("orders", Order::Total, entries));
    let Ok(Response::Batch(outcomes)) = block_on(test::send(app, event, &memory)) else { panic!("no outcomes") };
    let again = outcomes.iter().enumerate().filter(|(_, outcome)| !outcome.is_settled());
    (again.map(|(place, _)| place).collect(), memory.log_lines())
}

fn ada(app: &App) -> Value {
    block_on(test::get("/customers/ada").within(&memory()).send_to(app)).json()
}

#[test]
fn changes_become_what_a_customer_sees() {
    let app = crate::app();
    let changes = vec![
        change(Insert, &order("1", 1, "placed", "EUR")),
        change(Insert, &order("2", 1, "placed", "USD")),
        change(Update, &order("2", 2, "paid", "USD")),
        change(Insert, &order("3", 1, "placed", "EUR")),
        change(Remove, &order("3", 1, "placed", "EUR")),
    ];
    assert!(send(&app, changes).0.is_empty());
    assert_eq!(ada(&app), json!({ "euro_cents": 500, "orders": { "1": "placed", "2": "paid" } }));
}

#[test]
fn a_change_that_fails_holds_back_its_row_alone() {
    let app = crate::app();
    let changes = vec![
        change(Insert, &order("1", 1, "placed", "EUR")),
        change(Update, &order("1", 2, "paid", "XYZ")),
        change(Insert, &order("2", 1, "placed", "EUR")),
        change(Update, &order("1", 3, "shipped", "EUR")),
        change(Update, &order("2", 2, "paid", "EUR")),
    ];
    let (again, log) = send(&app, changes);
    assert_eq!(again, [1, 3]);
    assert!(
        log.iter().any(|line| line.contains("change 1 comes again") && line.contains("no rate for XYZ")),
        "{log:?}"
    );
    assert_eq!(ada(&app), json!({ "euro_cents": 1000, "orders": { "1": "placed", "2": "paid" } }));
}

#[test]
fn a_row_that_cannot_be_read_holds_back_all_behind_it() {
    let app = crate::app();
    let changes = vec![
        change(Insert, &order("1", 1, "placed", "EUR")),
        change(Insert, &json!({ "id": "2", "version": "one" })),
        change(Insert, &order("3", 1, "placed", "EUR")),
    ];
    assert_eq!(send(&app, changes).0, [1, 2]);
    assert_eq!(ada(&app)["orders"], json!({ "1": "placed" }));
}

#[test]
fn what_comes_twice_or_late_changes_nothing() {
    let app = crate::app();
    let all = || {
        vec![
            change(Insert, &order("1", 1, "placed", "EUR")),
            change(Update, &order("1", 2, "paid", "EUR")),
            change(Remove, &order("1", 2, "paid", "EUR")),
        ]
    };
    assert!(send(&app, all()).0.is_empty());
    let (again, log) = send(&app, all());
    assert!(again.is_empty());
    assert_eq!(log, ["order 1 has been placed", "order 1 has been paid", "order 1 has been removed"]);
    assert_eq!(ada(&app), json!({ "euro_cents": 0, "orders": {} }));
}

#[test]
fn a_change_without_its_row_comes_again() {
    let (again, log) = send(&crate::app(), vec![Change::new(Insert, "{}".into(), None, None)]);
    assert_eq!((again, log.len()), (vec![0], 1));
}

#[test]
fn rates_are_read_or_refused() {
    for text in ["", "USD=0.92", " USD = 0.92 , GBP=1.15,"] {
        assert!(text.parse::<crate::order::Rates>().is_ok(), "{text}");
    }
    for text in ["USD", "USD=", "USD=x", "USD=-1", "USD=NaN", "USD=0.92;GBP=1"] {
        assert!(text.parse::<crate::order::Rates>().is_err(), "{text}");
    }
}
