//! `cargo xtask dev`, as a person at a keyboard has it: edit, ask, break, mend, stop.

mod ends;
mod page;
mod served;

use std::thread;
use std::time::{Duration, Instant};

use anyfn_xtask::new::Start;
use serde_json::json;

use self::served::{Dev, processes_in};
use crate::new::{around, project};

/// A function whose answer, delay and end can be asked for.
const SOURCE: &str = r#"use anyfn::{Context, Query, handler};

#[derive(serde::Deserialize)]
struct Params {
    wait: Option<u64>,
    exit: Option<i32>,
}

#[handler]
async fn answer(cx: Context, Query(params): Query<Params>) -> String {
    if let Some(code) = params.exit {
        std::process::exit(code);
    }
    if let Some(seconds) = params.wait {
        cx.sleep(std::time::Duration::from_secs(seconds)).await;
    }
    format!("one")
}
"#;

#[test]
fn an_edit_is_the_next_answer_and_an_error_is_shown_until_it_is_mended() {
    let around = around("dev-edit");
    let folder = project(&around, "dev-edit", Start::Http);
    let source = folder.join("src/main.rs");
    let write = |text: &str| std::fs::write(&source, text).unwrap();
    write(SOURCE);
    let dev = Dev::start(&folder, &[]);
    // Asked before there is anything: it waits for the first build.
    assert_eq!(dev.get("/"), (200, "one".to_owned()));

    // What is under way ends on the old process, while the next request waits for the new one.
    let addr = dev.addr;
    let slow = thread::spawn(move || served::request(addr, "GET", "/?wait=6", &[], ""));
    dev.until_running("GET /?wait=6");
    write(&SOURCE.replace("\"one\"", "\"two\""));
    dev.until_stage("building");
    assert_eq!(dev.get("/"), (200, "two".to_owned()));
    let (status, _, body) = slow.join().unwrap();
    assert_eq!((status, body.as_str()), (200, "one"));

    // Broken: the compiler's words, for people and for programs.
    write(&SOURCE.replace("\"one\"", "\"{nowhere}\""));
    dev.until_stage("building");
    let (status, headers, page) = served::request(addr, "GET", "/", &["accept: text/html"], "");
    assert!(status == 503 && headers.contains("content-type: text/html"), "{status} {headers}");
    assert!(page.contains("<h1>dev-edit does not compile</h1>") && page.contains("nowhere"), "{page}");
    assert!(page.contains("<span class=\"bold r\">error[E0425]</span>"), "{page}");
    let (status, headers, text) = served::request(addr, "GET", "/", &[], "");
    assert!(status == 503 && headers.contains("content-type: text/plain"), "{status} {headers}");
    assert!(text.contains("error[E0425]") && !text.contains('\x1b') && !text.contains('<'), "{text}");
    assert!(dev.said().contains("error[E0425]"), "{}", dev.said());

    write(&SOURCE.replace("\"one\"", "\"three\""));
    dev.until_stage("building");
    assert_eq!(dev.get("/"), (200, "three".to_owned()));

    // A program that ends is started again by the next request.
    assert_eq!(dev.get("/?exit=3").0, 502);
    dev.until_said("ended by itself");
    assert_eq!(dev.get("/"), (200, "three".to_owned()));

    let line = dev.said();
    assert!(line.contains("200 GET /  ") && line.contains(" ms CPU"), "{line}");
    // One address: not the one behind it.
    assert!(!line.contains("anyfn: serving on"), "{line}");
    assert_eq!(dev.stop("INT").code(), Some(0));
    assert_eq!(processes_in(&folder), Vec::<String>::new());
}

#[test]
fn an_end_in_the_middle_of_a_build_leaves_nothing_behind() {
    let around = around("dev-end");
    let folder = project(&around, "dev-end", Start::Http);
    // A build that takes longer than this test.
    std::fs::write(folder.join("build.rs"), "fn main() { std::thread::sleep(std::time::Duration::from_secs(120)) }\n")
        .unwrap();
    let dev = Dev::start(&folder, &[]);
    let begin = Instant::now();
    while !processes_in(&folder).iter().any(|name| name.contains("build-script")) {
        assert!(begin.elapsed() < Duration::from_secs(400), "no build script runs: {}", dev.said());
        thread::sleep(Duration::from_millis(20));
    }
    let port = dev.addr.port().to_string();
    let again = served::command(&folder, &["--port", &port]).output().unwrap();
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(again.status.code() == Some(1) && said.contains("choose another one with --port"), "{said}");
    assert_eq!(dev.stop("TERM").code(), Some(0));
    let begin = Instant::now();
    while !processes_in(&folder).is_empty() {
        assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", processes_in(&folder));
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn events_reach_what_runs_and_their_log_comes_back() {
    let around = around("dev-events");
    let folder = project(&around, "dev-events", Start::Queue);
    let dev = Dev::start(&folder, &["--target", "lambda", "--json"]);
    dev.until_stage("serving");
    let invoke = |data: &[&str]| {
        let data = data.iter().flat_map(|data| ["--data", data]);
        let mut command = served::xtask(&folder, &["invoke", "queue"]);
        let output = command.args(data).output().unwrap();
        (output.status.code(), [output.stdout, output.stderr].concat())
    };
    let (code, said) = invoke(&[r#"{"id": 7}"#]);
    let said = String::from_utf8(said).unwrap();
    assert!(code == Some(0) && said.contains("log job 7 is done"), "{said}");
    let (code, said) = invoke(&[r#"{"id": 7}"#, r#"{"id": 0}"#]);
    let said = String::from_utf8(said).unwrap();
    // The function's log and the command count alike.
    assert!(code == Some(1) && said.contains("1 of 2 items failed: 1\n"), "{said}");
    assert!(said.contains("log item 1 of jobs failed") && said.contains("a job without an id"), "{said}");

    // Where `invoke` sends them, no other site's page does.
    let note = std::fs::read_to_string(folder.join(".anyfn/running/lambda.json")).unwrap();
    let note: serde_json::Value = note.parse().unwrap();
    let events = note["events"].as_str().unwrap().parse().unwrap();
    assert_eq!(served::request(events, "POST", "/", &["origin: http://evil.example"], "{}").0, 403);

    let state = dev.state();
    let last = &state["invocations"][0];
    assert_eq!((&last["title"], &last["failed"]), (&"queue jobs".into(), &vec![1].into()), "{last}");
    // What AWS' emulator says is billed.
    assert!(last["billed"].as_str().unwrap().ends_with(" ms × 256 MB"), "{last}");
    assert!(last["background"].is_number(), "{last}");
    assert!(dev.said().contains(r#""type":"invocation""#), "{}", dev.said());

    // AWS' own names of messages are no places, and what failed can be sent again without the rest.
    let record = |id: &str, body: &str| {
        json!({ "messageId": id, "receiptHandle": "r", "body": body, "attributes": {}, "messageAttributes": {},
                "md5OfBody": "", "eventSource": "aws:sqs", "awsRegion": "eu-west-1",
                "eventSourceARN": "arn:aws:sqs:eu-west-1:000000000000:jobs" })
    };
    let records = [record("059f36b4", r#"{"id": 7}"#), record("2e1424d4", r#"{"id": 0}"#)];
    let (status, _, _) = served::request(events, "POST", "/", &[], &json!({ "Records": records }).to_string());
    let last = dev.state()["invocations"][0].clone();
    assert_eq!((status, &last["outcome"], &last["failed"]), (200, &json!("again"), &json!([1])), "{last}");
    let retry = json!({ "id": last["id"], "failed": true }).to_string();
    let kind = "content-type: application/json";
    let (status, _, again) = served::request(dev.addr, "POST", "/_anyfn/api/retry", &[kind], &retry);
    let again: serde_json::Value = again.parse().unwrap();
    assert_eq!((status, &again["items"], &again["failed"]), (200, &json!(1), &json!([0])), "{again}");
    assert_eq!(dev.stop("INT").code(), Some(0));
    assert_eq!(processes_in(&folder), Vec::<String>::new());
}
