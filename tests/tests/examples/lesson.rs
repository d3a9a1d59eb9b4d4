//! `examples/hello-lesson`, and the same function as the book has it in each vendor's own signature.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyfn_xtask::build::Target;
use serde_json::{Value, json};

use crate::program::{Program, get, json as sending};

const PAGE: &str = include_str!("../../../docs/book/three-ways.md");
const SOURCE: &str = include_str!("../../../examples/hello-lesson/src/main.rs");
/// Method, target and body.
const REQUESTS: [(&str, &str, Option<&str>); 5] = [
    ("GET", "/?name=Ada", None),
    ("GET", "/", None),
    ("GET", "/?name=Gr%C3%BC%C3%9Fe%20%26%20co", None),
    ("POST", "/", Some(r#"{"name":"Ada"}"#)),
    ("PUT", "/", Some(r#"{"name":"Ada"}"#)),
];

/// What was answered, with the time and the place apart.
fn parted(status: u64, body: &[u8]) -> (Value, Option<String>) {
    let Ok(mut body) = serde_json::from_slice::<Value>(body) else { return (json!({ "status": status }), None) };
    // What is wrong with a request, each says in its own words.
    let Some(time) = body["timestamp"].take().as_str().map(str::to_owned) else {
        return (json!({ "status": status }), None);
    };
    let digits = time.replace(|c: char| c.is_ascii_digit(), "0");
    assert_eq!(digits, "0000-00-00T00:00:00.000Z", "{time}");
    let region = body.as_object_mut().and_then(|body| body.remove("region")).expect("the answer has a region");
    (json!({ "status": status, "body": body }), region.as_str().map(str::to_owned))
}

fn ask(program: &Program) -> (Vec<Value>, Option<String>) {
    let answers = REQUESTS.iter().map(|(method, target, body)| {
        let url = format!("http://fn.example{target}");
        let request = match body {
            None => get(&url),
            Some(body) => sending(method, &url, &body.parse().unwrap()),
        };
        let reply = program.ask(&request);
        parted(reply.status.into(), &reply.body)
    });
    let (answers, regions): (Vec<_>, Vec<_>) = answers.unzip();
    (answers, regions[0].clone())
}

fn expected() -> Vec<Value> {
    let greeting = |status: u16, message: &str, name: &str| json!({ "status": status, "body": { "message": message, "name": name, "timestamp": null } });
    vec![
        greeting(200, "Hello, Ada!", "Ada"),
        greeting(200, "Hello, World!", "World"),
        greeting(200, "Hello, Grüße & co!", "Grüße & co"),
        greeting(201, "Welcome, Ada!", "Ada"),
        json!({ "status": 405 }),
    ]
}

/// Where the platform says where it is; the local one of Workers may be anywhere.
#[test]
fn every_platform_gives_the_lessons_answers() {
    for (target, region) in [
        (Target::Lambda, Some("eu-west-1")),
        (Target::Vercel, Some("fra1")),
        (Target::Server, None),
        (Target::Cloudflare, None),
    ] {
        let program = Program::start("hello-lesson", target, None, &[("VERCEL_REGION", "fra1")]);
        let (answers, said) = ask(&program);
        assert_eq!(answers, expected(), "{target:?} {:?}", program.logs());
        if target != Target::Cloudflare {
            assert_eq!(said.as_deref(), region, "{target:?}");
        }
    }
}

#[test]
fn each_vendors_own_signature_gives_the_lessons_answers() {
    let dir = std::env::temp_dir().join(format!("anyfn-three-ways-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let code = |after: &str| {
        let (_, rest) = PAGE.split_once(after).unwrap_or_else(|| panic!("the page has no {after:?}"));
        rest.split_once("```js\n").unwrap().1.split_once("```").unwrap().0
    };
    let files = [("route", "## Vercel"), ("lambda", "## AWS Lambda"), ("worker", "## Cloudflare Workers")];
    let paths = files.map(|(name, title)| {
        let path = dir.join(name).with_extension("mjs");
        std::fs::write(&path, code(title)).unwrap();
        path
    });
    let requests = REQUESTS.map(|(method, target, body)| json!({ "method": method, "target": target, "body": body }));
    let mut node = Command::new("node")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/examples/three_ways.mjs"))
        .args(paths)
        .envs([("VERCEL_REGION", "fra1"), ("AWS_REGION", "eu-west-1")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Node.js is on this machine");
    node.stdin.take().unwrap().write_all(json!(requests).to_string().as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    std::fs::remove_dir_all(dir).unwrap();
    let answers: Vec<BTreeMap<String, Value>> = serde_json::from_slice(&output.stdout).unwrap();
    for (vendor, region) in [("vercel", Some("fra1")), ("lambda", Some("eu-west-1")), ("workers", None)] {
        let of = |answers: &BTreeMap<String, Value>| {
            let Value::Object(answer) = &answers[vendor] else { panic!("{answers:?}") };
            parted(answer["status"].as_u64().unwrap(), answer["body"].as_str().unwrap().as_bytes())
        };
        let (answers, regions): (Vec<_>, Vec<_>) = answers.iter().map(of).unzip();
        assert_eq!(answers, expected(), "{vendor}");
        assert_eq!(regions[0].as_deref(), region, "{vendor}");
    }
}

#[test]
fn the_book_shows_the_function_as_it_is() {
    let function = SOURCE.split_once("use anyfn::http").unwrap().1.split_once("#[cfg(test)]").unwrap().0;
    assert!(
        PAGE.contains(function.trim_end()),
        "docs/book/three-ways.md shows another function than examples/hello-lesson"
    );
}
