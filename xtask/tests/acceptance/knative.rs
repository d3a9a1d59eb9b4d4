//! The `service.yaml` of a server build is what a cluster with Knative takes, and the server takes what Knative sends.

use std::path::Path;
use std::process::Output;

use anyfn_xtask::build::Target;
use anyfn_xtask::local::events::{Event, Told};
use anyfn_xtask::local::{Options, start};
use anyfn_xtask::tools;
use serde_json::Value;

use crate::built::built;

/// Reads the documents, has Knative's own schemas check each, and writes them down as TypeScript, whose compiler knows
/// of members that are not theirs.
const CHECK: &str = r#"
import { readFileSync, writeFileSync } from "node:fs";
import { loadAll } from "js-yaml";
const [from, to] = process.argv.slice(-2);
let typed = "";
for (const [at, object] of loadAll(readFileSync(from, "utf8")).entries()) {
  const kinds = await import(`@kubernetes-models/knative/${object.apiVersion}`);
  new kinds[object.kind](object).validate();
  typed += `import type { I${object.kind} as T${at} } from "@kubernetes-models/knative/${object.apiVersion}";\n`;
  typed += `export const o${at}: T${at} = ${JSON.stringify(object)};\n`;
  console.log(JSON.stringify(object));
}
writeFileSync(to, typed);
"#;

fn service_yaml(package: &'static str) -> String {
    std::fs::read_to_string(built(Target::Server, package).server.unwrap().service).unwrap()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The objects of a `service.yaml`, or what is wrong with them.
fn checked(yaml: &str, name: &str) -> Result<Vec<Value>, String> {
    let tools = tools::npm().unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("acceptance-knative").join(name);
    std::fs::create_dir_all(&folder).unwrap();
    let (written, typed) = (folder.join("service.yaml"), folder.join("service.mts"));
    std::fs::write(&written, yaml).unwrap();
    // Where the compiler looks for packages.
    let modules = folder.join("node_modules");
    if !modules.exists() {
        std::os::unix::fs::symlink(tools.dir.join("node_modules"), &modules).unwrap();
    }
    let mut node = tools.node();
    node.current_dir(&folder).args(["--input-type=module", "--eval", CHECK]).args([&written, &typed]);
    let valid = node.output().unwrap();
    if !valid.status.success() {
        return Err(text(&valid));
    }
    let mut tsc = tools.node();
    tsc.current_dir(&folder).arg(tools.dir.join("node_modules/typescript/bin/tsc"));
    tsc.args(["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext"]).arg(&typed);
    let compiled = tsc.output().unwrap();
    if !compiled.status.success() {
        return Err(text(&compiled));
    }
    let lines = String::from_utf8(valid.stdout).unwrap();
    Ok(lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

#[test]
fn knatives_schemas_take_the_service_and_what_brings_events_to_it() {
    let count = |objects: &[Value], kind: &str| objects.iter().filter(|object| object["kind"] == kind).count();
    let hello = checked(&service_yaml("hello"), "hello").unwrap_or_else(|wrong| panic!("{wrong}"));
    assert_eq!((hello.len(), count(&hello, "Service")), (1, 1), "{hello:?}");
    let echo = checked(&service_yaml("echo"), "echo").unwrap_or_else(|wrong| panic!("{wrong}"));
    assert_eq!((count(&echo, "Service"), count(&echo, "PingSource"), count(&echo, "Trigger")), (2, 1, 6), "{echo:?}");
    let inside: Vec<&Value> = echo
        .iter()
        .filter(|object| object["metadata"]["labels"]["networking.knative.dev/visibility"] == "cluster-local")
        .collect();
    let takes_from_anyone = |object: &&Value| object.to_string().contains(r#""ANYFN_EVENT_SENDERS""#);
    assert!(inside.len() == 1 && inside.iter().all(takes_from_anyone), "{echo:?}");
    assert_eq!(
        echo.iter().filter(takes_from_anyone).count(),
        1,
        "the public service takes events from anyone: {echo:?}"
    );
}

#[test]
fn a_service_with_a_mistake_does_not_pass() {
    let yaml = service_yaml("echo");
    for (right, wrong, says) in [
        ("containerPort: 8080", "containerPort: \"8080\"", "containerPort"),
        ("retry: ", "retries: ", "retries"),
        ("suffix:", "sufix:", "sufix"),
        ("  schedule: ", "  schedul: ", "schedul"),
        ("subscriber:", "subscribers:", "subscriber"),
        ("\"PingSource\"", "\"PongSource\"", "not a constructor"),
    ] {
        let at = yaml.find(right).unwrap_or_else(|| panic!("no {right} in\n{yaml}"));
        let changed = format!("{}{wrong}{}", &yaml[..at], &yaml[at + right.len()..]);
        let found =
            checked(&changed, &format!("wrong-{}", says.replace(' ', "-"))).expect_err(&format!("{wrong} passes"));
        assert!(found.contains(says), "{wrong}: {found}");
    }
}

/// Sends what Knative 1.20's `PingSource`, broker and `KafkaSource` send, in binary mode, and what somebody else puts into
/// the broker, in structured mode; no token.
const SENDER: &str = r#"
const url = process.argv.at(-1);
const send = async (headers, body) =>
  (await fetch(url, { method: "POST", headers: { "ce-specversion": "1.0", "ce-id": "1", ...headers }, body })).status;
const json = "application/json";
console.log(JSON.stringify([
  await send({ "ce-type": "dev.knative.sources.ping", "ce-source": "/apis/v1/namespaces/default/pingsources/echo-schedule-0",
    "ce-time": "2026-11-23T03:00:00.000134Z", "ce-anyfnname": "0%203%20*%20*%20*" }),
  await send({ "ce-type": "dev.knative.kafka.event", "ce-source": "/apis/v1/namespaces/default/kafkasources/jobs#echo",
    "ce-key": "k", "content-type": json, "ce-knativearrivaltime": "2026-11-23T03:00:00Z" }, '{"n":1}'),
  await send({ "ce-type": "dev.anyfn.queue.message", "ce-source": "/queues/echo", "content-type": json }, '{"fail":true}'),
  (await fetch(url, { method: "POST", headers: { "content-type": "application/cloudevents+json" }, body: JSON.stringify({
    specversion: "1.0", id: "2", type: "dev.anyfn.object.created", source: "/buckets/echo", data: { bucket: "echo", key: "k" },
  }) })).status,
]));
"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_server_inside_the_cluster_takes_what_knative_sends() {
    let built = tokio::task::spawn_blocking(|| built(Target::Server, "echo")).await.unwrap();
    let options = Options::new().env("ANYFN_EVENT_SENDERS", "anyone");
    let running = start(Target::Server, &built, None, &options).await.unwrap();
    let url = format!("http://{}/_anyfn/events", running.addr());
    let sent = tokio::task::spawn_blocking(move || {
        let mut node = tools::npm().unwrap().node();
        node.args(["--input-type=module", "--eval", SENDER, &url]).output().unwrap()
    });
    let sent = sent.await.unwrap();
    assert_eq!(String::from_utf8_lossy(&sent.stdout).trim(), "[204,204,503,204]", "{}", text(&sent));
    let logs = running.logs().join("\n");
    assert!(logs.contains(r#""name":"0 3 * * *","scheduled_at":1795402800000"#), "{logs}");
    assert!(logs.contains(r#"{"body":{"n":1},"trigger":"queue"}"#), "{logs}");
    assert!(logs.contains(r#""trigger":"object""#) && logs.contains(r#""key":"k""#), "{logs}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_public_service_takes_nothing_that_comes_without_the_token() {
    let built = tokio::task::spawn_blocking(|| built(Target::Server, "echo")).await.unwrap();
    let running = start(Target::Server, &built, None, &Options::new().env("ANYFN_EVENT_TOKEN", "swordfish")).await;
    let running = running.unwrap();
    let event = Event::Queue { name: "echo".to_owned(), bodies: vec!["{}".to_owned()] };
    let told = running.receiver(Target::Server, "another").send(&event).await.unwrap();
    assert!(matches!(&told, Told::Failed(why) if why.starts_with("401")), "{told:?}");
    assert_eq!(running.receiver(Target::Server, "swordfish").send(&event).await.unwrap(), Told::Again(vec![]));
    running.stop().await;
}
