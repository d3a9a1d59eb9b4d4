//! The whole program in memory.

use std::sync::Arc;
use std::time::Duration;

use anyfn::BoxFuture;
use anyfn::test::{Memory, TestRequest, TestResponse, block_on, get, post, request};
use axum::Router;
use axum::http::Method;
use serde_json::{Value, json};

use crate::Shared;
use crate::layers::Limits;
use crate::todos::{InMemory, List, Patch, Store, Todo};

fn limits() -> Limits {
    Limits {
        answer: Duration::from_secs(5),
        events: Duration::ZERO,
        origins: "https://a.example, https://b.example".into(),
    }
}

fn program() -> Router {
    crate::program(Shared { todos: Arc::new(InMemory::default()), limits: limits() })
}

fn send(program: &Router, request: TestRequest) -> TestResponse {
    block_on(request.within(&Memory::default().request_id("r-1")).send(program.clone()))
}

fn add(program: &Router, title: &str) -> TestResponse {
    send(program, post("/api/todos").json(&json!({ "title": title })))
}

fn all(program: &Router) -> Value {
    send(program, get("/api/todos")).json()
}

#[test]
fn what_is_added_is_listed_changed_and_removed() {
    let program = program();
    let added = add(&program, " buy tea ");
    assert_eq!((added.status(), &added.headers()["location"]), (201, &"/api/todos/1".parse().unwrap()));
    assert_eq!(added.json::<Value>(), json!({ "id": 1, "title": "buy tea", "done": false }));
    add(&program, "drink it");
    let patched = send(&program, request(Method::PATCH, "/api/todos/1").json(&json!({ "done": true })));
    assert_eq!(patched.json::<Value>(), json!({ "id": 1, "title": "buy tea", "done": true }));
    assert_eq!(send(&program, get("/api/todos?done=true")).json::<Value>().as_array().map(Vec::len), Some(1));
    assert_eq!(send(&program, request(Method::DELETE, "/api/todos/1")).status(), 204);
    assert_eq!(all(&program), json!([{ "id": 2, "title": "drink it", "done": false }]));
}

#[test]
fn what_makes_no_sense_is_refused_with_problem_details() {
    let program = program();
    for (request, status) in [
        (post("/api/todos").json(&json!({ "title": "  " })), 422),
        (post("/api/todos").json(&json!({ "title": "x".repeat(201) })), 422),
        (request(Method::PATCH, "/api/todos/7").json(&json!({ "done": true })), 404),
        (request(Method::DELETE, "/api/todos/7"), 404),
    ] {
        let answer = send(&program, request);
        assert_eq!(
            (answer.status(), &answer.headers()["content-type"]),
            (status, &"application/problem+json".parse().unwrap())
        );
        assert_eq!(answer.json::<Value>()["status"], status);
    }
    assert_eq!(send(&program, post("/api/todos").body("{}")).status(), 415);
    assert_eq!(send(&program, get("/api/nothing")).status(), 404);
    assert_eq!(all(&program), json!([]));
}

#[test]
fn a_request_has_an_id_and_a_line_in_the_log() {
    let answer = send(&program(), get("/api/todos"));
    assert_eq!(answer.headers()["x-request-id"], "r-1");
    assert!(answer.log_lines()[0].starts_with("GET /api/todos 200 in "), "{:?}", answer.log_lines());
    let own = send(&program(), get("/api/todos").header("x-request-id", "mine"));
    assert_eq!(own.headers()["x-request-id"], "mine");
    assert!(own.log_lines()[0].ends_with("request mine"), "{:?}", own.log_lines());
}

#[test]
fn pages_of_known_origins_may_call() {
    let preflight = |origin: &'static str| {
        let asked = request(Method::OPTIONS, "/api/todos").header("origin", origin);
        send(&program(), asked.header("access-control-request-method", "POST"))
    };
    let known = preflight("https://b.example");
    assert_eq!(known.headers()["access-control-allow-origin"], "https://b.example");
    assert!(known.headers()["access-control-allow-methods"].to_str().unwrap().contains("PATCH"));
    assert!(!preflight("https://c.example").headers().contains_key("access-control-allow-origin"));
}

#[test]
fn long_answers_are_compressed() {
    let program = program();
    (0..20).for_each(|_| drop(add(&program, "buy more tea")));
    let (plain, zipped) = (get("/api/todos"), get("/api/todos").header("accept-encoding", "gzip"));
    let (plain, zipped) = (send(&program, plain), send(&program, zipped));
    assert!(!plain.headers().contains_key("content-encoding"));
    assert_eq!(zipped.headers()["content-encoding"], "gzip");
    assert!(zipped.bytes().starts_with(&[0x1f, 0x8b]) && zipped.bytes().len() * 2 < plain.bytes().len());
}

#[test]
fn events_bring_the_list_once_for_each_revision() {
    let program = program();
    let events = |request: TestRequest| send(&program, request).text().to_owned();
    assert_eq!(events(get("/api/events")), "event: todos\nid: 0\ndata: []\n\nretry: 200\n: until soon\n\n");
    add(&program, "buy tea");
    let list = r#"[{"id":1,"title":"buy tea","done":false}]"#;
    let news = format!("event: todos\nid: 1\ndata: {list}\n\nretry: 200\n: until soon\n\n");
    assert_eq!(events(get("/api/events?revision=0")), news);
    assert_eq!(events(get("/api/events").header("last-event-id", "0")), news);
    assert_eq!(events(get("/api/events?revision=0").header("last-event-id", "1")), "retry: 200\n: until soon\n\n");
}

#[test]
fn the_document_describes_what_is_served() {
    let program = program();
    let document: Value = send(&program, get("/openapi.json")).json();
    let paths = document["paths"].as_object().unwrap();
    let mut described = 0;
    for (path, methods) in paths {
        for method in methods.as_object().unwrap().keys() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let answer = send(&program, request(method.clone(), &path.replace("{id}", "1")));
            let found =
                answer.status() != 405 && (answer.status() != 404 || answer.text().contains("there is no todo"));
            assert!(found, "{method} {path}: {}", answer.status());
            described += 1;
        }
    }
    assert_eq!((paths.len(), described), (3, 5));
    assert_eq!(document["components"]["schemas"]["Todo"]["required"], json!(["id", "title", "done"]));
    assert!(send(&program, get("/")).text().contains("new EventSource('/api/events')"));
}

#[test]
fn every_page_may_call_where_that_is_said() {
    let allowed = |origins: &str| {
        let limits = Limits { origins: origins.into(), ..limits() };
        let program = crate::program(Shared { todos: Arc::new(InMemory::default()), limits });
        let answer = send(&program, get("/api/todos").header("origin", "https://c.example"));
        answer.headers().get("access-control-allow-origin").map(|value| value.to_str().unwrap().to_owned())
    };
    assert_eq!(allowed("*").as_deref(), Some("*"));
    assert_eq!(allowed("https://a.example, *").as_deref(), Some("*"));
    assert_eq!(allowed("https://c.example,,\n").as_deref(), Some("https://c.example"));
    assert_eq!([allowed("https://a.example"), allowed(""), allowed("\u{7f}")], [None, None, None]);
}

/// A database that does not answer.
struct Stuck;

impl Store for Stuck {
    fn list(&self) -> BoxFuture<List> {
        Box::pin(std::future::pending())
    }

    fn add(&self, _: String) -> BoxFuture<Todo> {
        Box::pin(std::future::pending())
    }

    fn change(&self, _: u64, _: Patch) -> BoxFuture<Option<Todo>> {
        Box::pin(std::future::pending())
    }

    fn remove(&self, _: u64) -> BoxFuture<bool> {
        Box::pin(std::future::pending())
    }
}

#[test]
fn what_takes_too_long_is_given_up() {
    let limits = Limits { answer: Duration::from_millis(10), ..limits() };
    let answer = send(&crate::program(Shared { todos: Arc::new(Stuck), limits }), get("/api/todos"));
    assert_eq!((answer.status(), &*answer.json::<Value>()["detail"].to_string()), (503, "\"that took too long\""));
}
