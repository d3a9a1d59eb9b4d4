//! A Lambda function behind SQS, S3 and DynamoDB, as moto answers their APIs: what fails comes again, and nothing else.

use std::path::Path;
use std::process::Command;

use anyfn_xtask::build::Target;
use anyfn_xtask::local::{Options, start};
use anyfn_xtask::tools;
use serde_json::{Value, json};

use crate::built::built;

/// Lambda's event sources, which moto has not.
const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/acceptance/aws_apis.py");

fn python(url: &str) -> Value {
    let folders = [tools::moto().unwrap(), tools::sam().unwrap()];
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", std::env::join_paths(folders).unwrap()).env("PYTHONDONTWRITEBYTECODE", "1");
    let output = python.arg(Path::new(SOURCES)).arg(url).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The events of this trigger that the function told of, in order.
fn seen(logs: &[String], trigger: &str) -> Vec<Value> {
    let events = logs.iter().filter_map(|line| line.split_once("event ")).map(|(_, json)| json);
    let events = events.filter_map(|json| serde_json::from_str::<Value>(json).ok());
    events.filter(|event| event["trigger"] == trigger).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_behind_awss_apis_comes_again_and_nothing_is_lost() {
    let built = tokio::task::spawn_blocking(|| built(Target::Lambda, "echo")).await.unwrap();
    let running = start(Target::Lambda, &built, None, &Options::new()).await.unwrap();
    let url = format!("http://{}/", running.receiver(Target::Lambda, "").events.unwrap());
    let told = tokio::task::spawn_blocking(move || python(&url)).await.unwrap();
    running.stop().await;
    let logs = running.logs();

    let bad = ["no JSON", r#"{"fail":true}"#, r#"{"panic":true}"#];
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for message in told["sqs"]["invocations"].as_array().unwrap().iter().flat_map(|all| all.as_array().unwrap()) {
        let (body, well) = (message[0].as_str().unwrap(), message[2].as_bool().unwrap());
        if well { done.push(body) } else { failed.push((body, message[1].as_u64().unwrap())) }
    }
    done.sort_unstable();
    failed.sort_unstable();
    assert_eq!(done, [0, 2, 4, 5, 7, 8, 9].map(|n| format!(r#"{{"n":{n}}}"#)), "{told}");
    let mut thrice: Vec<_> = bad.iter().flat_map(|body| [1, 2, 3].map(|attempt| (*body, attempt))).collect();
    thrice.sort_unstable();
    assert_eq!(failed, thrice, "{told}");
    let mut dead: Vec<_> =
        told["sqs"]["failed"].as_array().unwrap().iter().map(|body| body.as_str().unwrap()).collect();
    dead.sort_unstable();
    assert_eq!(dead, ["no JSON", r#"{"fail":true}"#, r#"{"panic":true}"#], "{told}");

    // The group of the one that fails waits behind it, in order; the other group is done.
    let (fail, two) = (r#"{"fail":true}"#, r#"{"n":2}"#);
    let first = json!([[r#"{"n":0}"#, 1, true], [fail, 1, false], [r#"{"n":1}"#, 1, true], [two, 1, false]]);
    assert_eq!(told["fifo"]["invocations"], json!([first, [[fail, 2, false], [two, 2, false]]]), "{told}");
    let others = seen(&logs, "queue").iter().filter(|event| event["body"] == json!({ "n": 2 })).count();
    assert_eq!(others, 1, "only the standard queue's: {logs:#?}");

    // S3 sends a message that tries each configuration, and says keys as forms do.
    let done = told["s3"]["invocations"].as_array().unwrap().iter().flat_map(|all| all.as_array().unwrap());
    assert_eq!(done.filter(|done| **done == true).count(), 5, "{told}");
    assert!(!told["s3"].to_string().contains("false"), "{told}");
    let objects = seen(&logs, "object");
    let mut objects: Vec<String> =
        objects.iter().map(|seen| format!("{} {} {}", seen["action"], seen["bucket"], seen["key"])).collect();
    objects.sort_unstable();
    let key = "a b+c/ü%2F.png";
    let expected = [
        r#""created" "another" "k""#.to_owned(),
        format!(r#""created" "echo" "{key}""#),
        format!(r#""removed" "echo" "{key}""#),
    ];
    assert_eq!(objects, expected, "{logs:#?}");

    // Five changes; the third fails, comes again with what follows, and is given up.
    assert_eq!(told["dynamodb"]["invocations"], json!([[5, 2], [3, 0], [2, null]]), "{told}");
    let changes = seen(&logs, "change");
    let order: Vec<String> = changes.iter().map(|seen| format!("{} {}", seen["kind"], seen["keys"])).collect();
    let expected = [
        r#""insert" {"id":1}"#,
        r#""update" {"id":1}"#,
        r#""insert" {"id":2}"#,
        r#""insert" {"id":2}"#,
        r#""insert" {"id":3}"#,
        r#""remove" {"id":1}"#,
    ];
    assert_eq!(order, expected, "{logs:#?}");
    let rows = json!([changes[0]["new"]["bytes"], changes[0]["new"]["set"], changes[1]["new"]["deep"]]);
    assert_eq!(rows, json!(["AAE=", ["x"], { "list": [null, false] }]));
}
