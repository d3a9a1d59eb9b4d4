//! `examples/todo-axum`: the same router and the same layers on every platform, and its events as they happen.

use std::thread;
use std::time::Duration;

use anyfn_conformance::client::Reply;
use anyfn_xtask::build::Target;
use anyfn_xtask::local::lambda::{Lambda, Shape};
use serde_json::{Value, json};

use crate::browser::visit;
use crate::program::{self, Program, get, with};

const TODOS: &str = "http://fn.example/api/todos";
const EVENTS: &str = "http://fn.example/api/events";
/// How long a stream of events stays open here.
const OPEN: Duration = Duration::from_secs(2);

fn start(target: Target, lambda: Option<&Lambda>) -> Program {
    let variables = [("EVENTS_SECONDS", "2"), ("ANSWER_SECONDS", "1"), ("ALLOWED_ORIGINS", "https://a.example")];
    Program::start("todo-axum", target, lambda, &variables)
}

fn add(program: &Program, title: &str) -> Reply {
    program.ask(&program::json("POST", TODOS, &json!({ "title": title })))
}

fn text(reply: &Reply) -> &str {
    std::str::from_utf8(&reply.body).unwrap()
}

fn routes_and_layers(program: &Program) {
    let added = add(program, "buy tea");
    assert_eq!((added.status, added.header("location")), (201, vec![&b"/api/todos/1"[..]]), "{:?}", program.logs());
    let patch = |id: u32| program::json("PATCH", &format!("{TODOS}/{id}"), &json!({ "done": true }));
    assert_eq!(text(&program.ask(&patch(1))), r#"{"id":1,"title":"buy tea","done":true}"#);
    let unknown = program.ask(&patch(7));
    assert_eq!((unknown.status, unknown.header("content-type")), (404, vec![&b"application/problem+json"[..]]));
    assert_eq!(program.ask(&program::json("DELETE", &format!("{TODOS}/1"), &json!({}))).status, 204);

    let before = program.logs().len();
    let named = program.ask(&with(get(TODOS), &[("x-request-id", "mine"), ("origin", "https://a.example")]));
    assert_eq!((named.status, text(&named)), (200, "[]"));
    assert_eq!(named.header("x-request-id"), [b"mine"]);
    assert_eq!(named.header("access-control-allow-origin"), [b"https://a.example"]);
    program.logged(before, &["GET /api/todos 200 in ", "request mine"]);
    let id = program.ask(&get(TODOS)).header("x-request-id").concat();
    assert!(!id.is_empty(), "the platform names its requests");

    let asked = [("origin", "https://a.example"), ("access-control-request-method", "PATCH")];
    let mut preflight = with(get(TODOS), &asked);
    *preflight.method_mut() = http::Method::OPTIONS;
    let allowed = program.ask(&preflight).header("access-control-allow-methods").concat();
    assert!(String::from_utf8_lossy(&allowed).contains("PATCH"), "{allowed:?}");

    let document = get("http://fn.example/openapi.json");
    let (plain, zipped) = (program.ask(&document), program.ask(&with(document, &[("accept-encoding", "gzip")])));
    let described: Value = serde_json::from_slice(&plain.body).unwrap();
    assert!(described["paths"]["/api/todos/{id}"]["patch"].is_object(), "{described}");
    assert_eq!(zipped.header("content-encoding"), [b"gzip"]);
    assert!(zipped.body.starts_with(&[0x1f, 0x8b]) && zipped.body.len() < plain.body.len(), "{:?}", zipped.body);
    assert!(text(&program.ask(&get("http://fn.example/"))).contains("<title>Todo</title>"));
}

/// What is added while a stream is open comes through it.
fn live(program: &Program) {
    let reply = thread::scope(|scope| {
        let listening = scope.spawn(|| program.ask(&get(EVENTS)));
        thread::sleep(OPEN / 4);
        assert_eq!(add(program, "live").status, 201);
        listening.join().unwrap()
    });
    let events = text(&reply);
    assert_eq!(reply.header("content-type"), [b"text/event-stream"]);
    assert_eq!(events.matches("event: todos").count(), 2, "{events}");
    assert!(!events.split("\n\n").next().unwrap().contains("live") && events.contains(r#""title":"live""#), "{events}");
    streamed(&reply);
}

/// The first event came when the stream had long to go.
fn streamed(reply: &Reply) {
    assert!(reply.took >= OPEN && reply.pieces[0] < OPEN / 2, "{:?} of {:?}", reply.pieces, reply.took);
}

/// A body that never ends is waited for no longer than an answer may take. Only the server sees half a request: whatever
/// stands before the function elsewhere, here at least, waits for the rest.
fn gives_up(program: &Program) {
    let answer = program.raw(
        "POST /api/todos HTTP/1.1\r\nhost: fn.example\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\
         connection: close\r\n\r\n{\"title\":",
    );
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("that took too long"), "{answer}");
}

/// A page that only listens sees what is added, done and removed by clicks in it: everything comes through the events.
const CLICKING: &str = "
    const item = title => [...document.querySelectorAll('li')].find(item => item.textContent.includes(title))
    await until(() => document.querySelector('#state').textContent == 'live')
    document.querySelector('form input').value = 'by hand'
    document.querySelector('form button').click()
    const box = await until(() => item('by hand')?.querySelector('input'))
    box.click()
    await until(() => item('by hand').querySelector('.done'))
    // The stream ends meanwhile, and the browser connects again.
    const connections = () => performance.getEntriesByType('resource').filter(entry => entry.name.includes('/api/events')).length
    await until(() => connections() > 1)
    item('by hand').querySelector('button').click()
    await until(() => !item('by hand'))
    return 'gone'
";

fn page(program: &Program) {
    if let Some(told) = visit(program, "/", CLICKING, None) {
        assert_eq!(told, "gone");
    }
}

#[test]
fn the_server_serves_todos() {
    let program = start(Target::Server, None);
    routes_and_layers(&program);
    live(&program);
    page(&program);
    gives_up(&program);
}

#[test]
fn workers_serve_todos() {
    let program = start(Target::Cloudflare, None);
    routes_and_layers(&program);
    live(&program);
    page(&program);
}

#[test]
fn vercel_serves_todos() {
    let program = start(Target::Vercel, None);
    routes_and_layers(&program);
    live(&program);
    page(&program);
}

/// One instance serves one request at a time, and what is in its memory no other one sees: so the change comes first.
#[test]
fn lambda_behind_a_streaming_url_serves_todos() {
    let program = start(Target::Lambda, None);
    routes_and_layers(&program);
    add(&program, "before");
    let reply = program.ask(&get(&format!("{EVENTS}?revision=0")));
    assert!(text(&reply).contains(r#""title":"before""#), "{}", text(&reply));
    streamed(&reply);
}

/// An HTTP API hands on no answer before its end: the events are all there, and late.
#[test]
fn lambda_behind_an_http_api_serves_todos() {
    let program = start(Target::Lambda, Some(&Lambda::emulator(Shape::V2)));
    routes_and_layers(&program);
    add(&program, "before");
    let reply = program.ask(&get(&format!("{EVENTS}?revision=0")));
    assert!(text(&reply).contains(r#""title":"before""#) && reply.took >= OPEN, "{}", text(&reply));
}
