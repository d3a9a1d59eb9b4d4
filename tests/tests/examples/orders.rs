//! `examples/orders`: changes come as each platform brings them, and the view is the same everywhere.

use anyfn_xtask::build::Target;
use anyfn_xtask::local::events::{Event, Told};
use serde_json::{Value, json};

use crate::program::{Program, get};

fn order(id: &str, version: u64, status: &str, currency: &str) -> Value {
    json!({ "id": id, "version": version, "customer": "ada", "status": status, "cents": 1000, "currency": currency })
}

fn change(kind: &str, order: Value) -> Event {
    let (old, new) = if kind == "remove" { (Some(order), None) } else { (None, Some(order)) };
    Event::Change { table: "orders".to_owned(), kind: kind.to_owned(), old, new }
}

fn start(target: Target) -> Program {
    Program::start("orders", target, None, &[("RATES", "USD=0.5")])
}

fn ada(program: &Program) -> Value {
    let reply = program.ask(&get("http://fn.example/customers/ada"));
    assert_eq!(reply.status, 200, "{:?}", program.logs());
    serde_json::from_slice(&reply.body).unwrap()
}

fn changes_become_a_view(target: Target) {
    let program = start(target);
    let (done, again) = (Told::Again(vec![]), Told::Again(vec![0]));
    for (event, told) in [
        (change("insert", order("1", 1, "placed", "EUR")), &done),
        (change("insert", order("2", 1, "placed", "USD")), &done),
        (change("update", order("2", 2, "paid", "USD")), &done),
        (change("update", order("1", 2, "paid", "XYZ")), &again),
        (change("insert", json!({ "id": "3", "version": "one" })), &again),
        // Twice, and late.
        (change("update", order("2", 2, "paid", "USD")), &done),
        (change("insert", order("2", 1, "placed", "USD")), &done),
        (change("insert", order("4", 1, "shipped", "EUR")), &done),
        (change("remove", order("4", 1, "shipped", "EUR")), &done),
        (change("insert", order("4", 1, "shipped", "EUR")), &done),
    ] {
        assert_eq!(program.tell(&event), *told, "{event:?} {:?}", program.logs());
    }
    program.logged(0, &["no rate for XYZ"]);
    assert_eq!(ada(&program), json!({ "euro_cents": 500, "orders": { "1": "placed", "2": "paid" } }));
}

#[test]
fn the_server_makes_a_view_of_changes() {
    changes_become_a_view(Target::Server);
}

#[test]
fn workers_make_a_view_of_changes() {
    changes_become_a_view(Target::Cloudflare);
}

#[test]
fn vercel_makes_a_view_of_changes() {
    changes_become_a_view(Target::Vercel);
}

#[test]
fn lambda_makes_a_view_of_changes() {
    changes_become_a_view(Target::Lambda);
}

/// "Using Lambda with Amazon DynamoDB", Lambda developer guide: the lowest number that is reported is where the shard goes
/// on, so that all behind it comes again, done or not.
#[test]
fn a_shard_goes_on_at_its_first_failure_and_other_rows_have_gone_on_before() {
    let program = start(Target::Lambda);
    let record = |number: u32, event: &str, id: &str, version: u32, status: &str, currency: &str| {
        let image = json!({
            "id": { "S": id }, "version": { "N": version.to_string() }, "customer": { "S": "ada" },
            "status": { "S": status }, "cents": { "N": "1000" }, "currency": { "S": currency },
        });
        json!({
            "eventID": number.to_string(), "eventName": event, "eventVersion": "1.1", "eventSource": "aws:dynamodb",
            "awsRegion": "eu-west-1", "dynamodb": {
                "Keys": { "id": { "S": id } }, "NewImage": image, "SequenceNumber": number.to_string(),
                "StreamViewType": "NEW_AND_OLD_IMAGES" },
            "eventSourceARN": "arn:aws:dynamodb:eu-west-1:000000000000:table/orders/stream/2026-01-01T00:00:00.000",
        })
    };
    let batch = |currency: &str| {
        json!({ "Records": [
            record(100, "INSERT", "1", 1, "placed", "EUR"),
            record(101, "MODIFY", "1", 2, "paid", currency),
            record(102, "INSERT", "2", 1, "placed", "EUR"),
            record(103, "MODIFY", "1", 3, "shipped", "EUR"),
            record(104, "MODIFY", "2", 2, "paid", "EUR"),
        ] })
    };
    let failures = |json: Value| -> Value { program.invoke(&json.to_string()).parse().unwrap() };
    let failed = json!({ "batchItemFailures": [{ "itemIdentifier": "101" }, { "itemIdentifier": "103" }] });
    assert_eq!(failures(batch("XYZ")), failed);
    assert_eq!(ada(&program), json!({ "euro_cents": 1000, "orders": { "1": "placed", "2": "paid" } }));
    // What Lambda sends next: all from 101 on, which somebody has made readable meanwhile.
    let mut rest = batch("USD");
    rest["Records"].as_array_mut().unwrap().remove(0);
    assert_eq!(failures(rest), json!({ "batchItemFailures": [] }));
    assert_eq!(ada(&program), json!({ "euro_cents": 2000, "orders": { "1": "shipped", "2": "paid" } }));
}
