//! CloudEvents as somebody else's library sends them: the specification's own for JavaScript.

use anyfn_xtask::build::Target;
use anyfn_xtask::local::{Options, start};
use anyfn_xtask::tools;

use crate::built::built;

/// Sends each event in binary and in structured mode, and prints the statuses as JSON.
const SENDER: &str = r#"
import { CloudEvent, HTTP } from "cloudevents";
const [url, token] = process.argv.slice(-2);
const events = [
  { type: "dev.anyfn.schedule", source: "/cron", time: "2026-11-23T03:00:00.000Z", anyfnname: "0 3 * * *" },
  { type: "dev.anyfn.queue.message", source: "/queues/echo", datacontenttype: "application/json", data: { text: "grüße" } },
  { type: "dev.anyfn.queue.message", source: "/queues/echo", datacontenttype: "application/json", data: { fail: true } },
  { type: "com.example.made", source: "https://example.com/a?b=c", subject: "grüße", data: { any: ["thing", 1] } },
  { type: "dev.anyfn.message", source: "/topics/echo", datacontenttype: "text/plain", data: "plain text" },
];
const statuses = [];
for (const event of events) {
  for (const mode of [HTTP.binary, HTTP.structured]) {
    const { headers, body } = mode(new CloudEvent(event));
    const answer = await fetch(url, { method: "POST", headers: { ...headers, authorization: `Bearer ${token}` }, body });
    statuses.push([answer.status, await answer.text()]);
  }
}
console.log(JSON.stringify(statuses));
"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_server_takes_what_the_specifications_own_library_sends() {
    let built = tokio::task::spawn_blocking(|| built(Target::Server, "echo")).await.unwrap();
    let options = Options::new().env("ANYFN_EVENT_TOKEN", "swordfish");
    let running = start(Target::Server, &built, None, &options).await.unwrap();
    let url = format!("http://{}/_anyfn/events", running.addr());
    let sent = tokio::task::spawn_blocking(move || {
        let tools = tools::npm().unwrap();
        let mut node = tools.node();
        node.current_dir(&tools.dir).args(["--input-type=module", "--eval", SENDER, &url, "swordfish"]);
        node.output().unwrap()
    });
    let sent = sent.await.unwrap();
    let said = String::from_utf8_lossy(&sent.stdout).into_owned();
    let answers: Vec<(u16, String)> = serde_json::from_str(&said)
        .unwrap_or_else(|error| panic!("{error}: {said}{}", String::from_utf8_lossy(&sent.stderr)));
    let statuses: Vec<u16> = answers.iter().map(|(status, _)| *status).collect();
    let logs = running.logs();
    assert_eq!(statuses, [204, 204, 204, 204, 503, 503, 200, 200, 204, 204], "{answers:?}\n{}", logs.join("\n"));
    assert_eq!(answers[6].1, r#"{"received":{"any":["thing",1]}}"#);
    let told = |text: &str| logs.iter().filter(|line| line.starts_with("event ") && line.contains(text)).count();
    for text in [
        r#""scheduled_at":1795402800000"#,
        r#""text":"grüße""#,
        r#""source":"https://example.com/a?b=c""#,
        r#""body":"plain text""#,
    ] {
        assert_eq!(told(text), 2, "{text}\n{}", logs.join("\n"));
    }
    running.stop().await;
}
