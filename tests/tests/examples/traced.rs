//! `examples/traced`: what it says is in each platform's own log, with the request that it belongs to.

use std::time::{Duration, Instant};

use anyfn_xtask::build::Target;
use anyfn_xtask::local::events::Event;
use serde_json::{Value, json};

use crate::program::{self, Program, with};

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// The lines of `tracing` so far.
fn lines(program: &Program) -> Vec<Value> {
    let json = |line: &String| serde_json::from_str::<Value>(&line[line.find('{')?..]).ok();
    program.logs().iter().filter_map(json).filter(|line| line.get("target").is_some()).collect()
}

/// Waits for the line after the first `before` with this message.
fn said(program: &Program, before: usize, message: &str) -> Value {
    let start = Instant::now();
    loop {
        if let Some(line) = lines(program).into_iter().skip(before).find(|line| line["message"] == message) {
            return line;
        }
        assert!(start.elapsed() < Duration::from_secs(5), "{message}: {:?}", program.logs());
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn take(program: &Program, parcel: &Value, headers: &[(&'static str, &str)]) -> (u16, String) {
    let reply = program.ask(&with(program::json("POST", "http://fn.example/parcels?key=secret", parcel), headers));
    (reply.status, String::from_utf8(reply.body).unwrap())
}

fn lines_belong_to_their_request(target: Target) {
    let program = Program::start("traced", target, None, &[]);
    assert_eq!(
        take(&program, &json!({ "id": 1, "grams": 500 }), &[("traceparent", PARENT), ("tracestate", "a=b")]),
        (200, PARENT.to_owned())
    );
    let weighed = said(&program, 0, "weighed");
    let id = weighed["requestId"].as_str().unwrap_or_else(|| panic!("{weighed}"));
    assert_eq!(
        (&weighed["level"], &weighed["target"], &weighed["trigger"], &weighed["coldStart"], &weighed["traceId"]),
        (&json!("INFO"), &json!("traced"), &json!("http"), &json!(true), &json!("0af7651916cd43dd8448eb211c80319c"))
    );
    assert_eq!(weighed["fields"], json!({ "grams": 500, "id": 1 }));
    assert!(weighed["timestamp"].as_str().unwrap().starts_with("20"), "{weighed}");
    for line in [said(&program, 0, "labelled"), said(&program, 0, "answered")] {
        assert_eq!(line["requestId"], id, "{line}");
    }
    let answered = said(&program, 0, "answered");
    assert_eq!(
        (
            &answered["target"],
            &answered["fields"]["method"],
            &answered["fields"]["path"],
            &answered["fields"]["status"]
        ),
        (&json!("anyfn"), &json!("POST"), &json!("/parcels"), &json!(200))
    );
    assert!(answered["fields"]["duration_ms"].is_number(), "{answered}");

    let before = lines(&program).len();
    let (status, _) = take(&program, &json!({ "id": 2, "grams": 31_000 }), &[("traceparent", "00-invalid")]);
    assert_eq!(status, 400);
    let heavy = said(&program, before, "too heavy");
    assert_eq!((&heavy["level"], &heavy["coldStart"], heavy.get("traceId")), (&json!("WARN"), &json!(false), None));
    assert_ne!(heavy["requestId"], id);
    assert_eq!(said(&program, before, "answered")["fields"]["status"], 400);

    let before = lines(&program).len();
    program
        .tell(&Event::Queue { name: "parcels".to_owned(), bodies: vec![json!({ "id": 3, "grams": 1 }).to_string()] });
    let sent = said(&program, before, "sent");
    assert_eq!((&sent["trigger"], &sent["fields"]), (&json!("queue"), &json!({ "id": 3 })));
    let done = said(&program, before, "done");
    assert_eq!((&done["fields"]["items"], &done["fields"]["failed"]), (&json!(1), &json!(0)));
    let before = lines(&program).len();
    program
        .tell(&Event::Queue { name: "parcels".to_owned(), bodies: vec![json!({ "id": 4, "grams": 0 }).to_string()] });
    assert_eq!(said(&program, before, "done")["fields"]["failed"], 1);

    let all = program.logs().join("\n");
    assert!(!all.contains("looked at") && !all.contains("secret"), "{all}");
}

fn which_lines_is_a_setting(target: Target) {
    let program = Program::start("traced", target, None, &[("RUST_LOG", "traced=debug")]);
    let (status, answer) = take(&program, &json!({ "id": 1, "grams": 500 }), &[]);
    assert_eq!((status, &answer[..]), (200, "no trace"));
    let looked = said(&program, 0, "looked at");
    assert_eq!((&looked["level"], &looked["fields"]), (&json!("DEBUG"), &json!({ "grams": 500 })));
    assert!(looked["requestId"].is_string(), "{looked}");
    said(&program, 0, "labelled");
    assert!(lines(&program).iter().all(|line| line["target"] == "traced"), "{:?}", program.logs());
}

#[test]
fn the_server_logs_with_the_request() {
    lines_belong_to_their_request(Target::Server);
    which_lines_is_a_setting(Target::Server);
}

#[test]
fn workers_log_with_the_request() {
    lines_belong_to_their_request(Target::Cloudflare);
    which_lines_is_a_setting(Target::Cloudflare);
}

#[test]
fn vercel_logs_with_the_request() {
    lines_belong_to_their_request(Target::Vercel);
    which_lines_is_a_setting(Target::Vercel);
}

#[test]
fn lambda_logs_with_the_request() {
    lines_belong_to_their_request(Target::Lambda);
    which_lines_is_a_setting(Target::Lambda);
}
