//! The examples that a reader meets first: `hello`, `axum-router` and `shop`, on every platform.

use anyfn_xtask::build::Target;
use anyfn_xtask::local::events::{self, Event, Told};
use anyfn_xtask::local::lambda::{Lambda, Shape};
use serde_json::{Value, json};

use crate::program::{Program, get, json as sending};

fn text(program: &Program, target: &str) -> String {
    let reply = program.ask(&get(&format!("http://fn.example{target}")));
    assert_eq!(reply.status, 200, "{target} {:?}", program.logs());
    String::from_utf8(reply.body).unwrap()
}

#[test]
fn hello_greets_on_every_platform() {
    for target in Target::ALL {
        let program = Program::start("hello", target, None, &[]);
        assert_eq!(text(&program, "/?name=Ada"), r#"{"message":"Hello, Ada!"}"#, "{target:?}");
    }
}

#[test]
fn a_router_routes_on_every_platform() {
    for target in Target::ALL {
        let program = Program::start("axum-router", target, None, &[("SHOP_NAME", "Ada's")]);
        assert_eq!(text(&program, "/hello/Bob?formal=true"), "Good day, Bob, from Ada's!", "{target:?}");
        let place: Value = text(&program, "/where").parse().unwrap();
        assert_eq!((place["platform"].as_str(), &place["cold_start"]), (Some(target.name()), &json!(false)));
        let order = |count: u32| {
            let body = json!({ "item": "tea", "count": count });
            program.ask(&sending("POST", "http://fn.example/orders", &body)).status
        };
        assert_eq!([order(1), order(0)], [201, 422], "{target:?}");
    }
}

#[test]
fn the_shop_hears_every_trigger_on_every_platform() {
    let (name, order) = (|name: &str| name.to_owned(), json!({ "id": 7, "cents": 100 }));
    for target in Target::ALL {
        let names = events::names(["0 3 * * *"]);
        let program = Program::start("shop", target, None, &[("CURRENCY", "NOK"), ("ANYFN_NAMES", &names)]);
        assert_eq!(text(&program, "/price/1995"), r#""19.95 NOK""#, "{target:?}");
        let bodies = [r#"{"id":1,"cents":995}"#, r#"{"id":2,"cents":0}"#, r#"{"id":3,"cents":5}"#].map(String::from);
        let queue = Event::Queue { name: name("orders-to-ship"), bodies: bodies.to_vec() };
        assert_eq!(program.tell(&queue), Told::Again(vec![1]), "{target:?} {:?}", program.logs());
        for (event, line) in [
            (Event::Schedule { cron: name("0 3 * * *"), at: 1_767_236_400 }, "shipped 2 by"),
            (
                Event::Object { created: true, bucket: name("pictures"), key: name("a b.png"), size: Some(12) },
                "a b.png has 12 bytes",
            ),
            (
                Event::Change { table: name("orders"), kind: name("insert"), old: None, new: Some(order.clone()) },
                "order 7 came in",
            ),
            (
                Event::Message { topic: name("payments"), attributes: vec![], body: order.to_string() },
                "order 7 is paid",
            ),
        ] {
            assert_eq!(program.tell(&event), Told::Again(vec![]), "{target:?} {event:?} {:?}", program.logs());
            program.logged(0, &[line]);
        }
    }
}

#[test]
fn the_shop_closes_where_the_platform_says_that_it_ends() {
    let one = [r#"{"id":1,"cents":995}"#.to_owned()];
    let runtime_api = Lambda::own(Shape::V2, 1);
    let programs = [(Target::Lambda, Some(&runtime_api))].into_iter().chain(Target::ALL.map(|target| (target, None)));
    for (target, lambda) in programs {
        let names = events::names(["0 3 * * *"]);
        let program = Program::start("shop", target, lambda, &[("ANYFN_NAMES", &names)]);
        assert_eq!(text(&program, "/price/5"), r#""0.05 EUR""#);
        let queue = Event::Queue { name: "orders-to-ship".to_owned(), bodies: one.to_vec() };
        assert_eq!(program.tell(&queue), Told::Again(vec![]), "{target:?} {:?}", program.logs());
        let log = program.end();
        let closed = log.iter().filter(|line| line.contains("closed after 1 orders")).count();
        // An isolate of Workers goes without a word.
        assert_eq!(closed, usize::from(target != Target::Cloudflare), "{target:?} {lambda:?} {log:?}");
    }
}
