//! What a Worker's instance does when a panic ends it under other requests, on workerd itself.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use anyfn_conformance::client::{Reply, send};
use anyfn_conformance::{Payload, Request};
use anyfn_xtask::build::{Artefacts, BuildOptions, Target, build};
use anyfn_xtask::local::{Options, Running, cloudflare};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// The echo function on a workerd of its own.
struct Worker {
    running: Option<Running>,
    runtime: Runtime,
}

impl Worker {
    fn start() -> Self {
        static BUILT: OnceLock<Artefacts> = OnceLock::new();
        let built = BUILT.get_or_init(|| build(&BuildOptions::local(&[Target::Cloudflare], Some("echo"))).unwrap());
        let runtime = Runtime::new().unwrap();
        let modules = &built.cloudflare.as_ref().unwrap().modules;
        let running = runtime.block_on(cloudflare::start(modules, &Options::new())).unwrap();
        Self { running: Some(running), runtime }
    }

    fn addr(&self) -> SocketAddr {
        self.running.as_ref().unwrap().addr()
    }

    fn get(&self, target: &'static str) -> Reply {
        send(self.addr(), &Request::get(target)).unwrap()
    }

    fn logs(&self) -> Vec<String> {
        self.running.as_ref().unwrap().logs()
    }

    /// What the platform is told of an event.
    fn event(&self, event: &Value) -> Result<Value, String> {
        let receiver = self.running.as_ref().unwrap().receiver(Target::Cloudflare, "");
        let told = self.runtime.block_on(receiver.raw(&event.to_string()));
        told.map(|told| serde_json::from_str(&told).unwrap()).map_err(|error| format!("{error:#}"))
    }

    /// The portable events that were logged.
    fn events(&self) -> Vec<Value> {
        let lines = self.logs();
        lines
            .iter()
            .filter_map(|line| line.strip_prefix("event "))
            .map(|json| serde_json::from_str(json).unwrap())
            .collect()
    }

    fn is_fresh(&self) -> bool {
        String::from_utf8(self.get("/context").body).unwrap().contains(r#""cold_start":true"#)
    }

    /// Asks for all of these at once, `apart` after one another.
    fn at_once(&self, targets: &[&'static str], apart: Duration) -> Vec<Reply> {
        std::thread::scope(|scope| {
            let asking: Vec<_> = targets
                .iter()
                .map(|target| {
                    let reply = scope.spawn(|| self.get(target));
                    std::thread::sleep(apart);
                    reply
                })
                .collect();
            asking.into_iter().map(|reply| reply.join().unwrap()).collect()
        })
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running.stop());
        }
    }
}

#[test]
fn a_panic_costs_its_own_answer_and_those_in_flight_finish() {
    let worker = Worker::start();
    let replies = worker.at_once(&["/slow/900", "/stream/20", "/panic", "/slow/300"], Duration::from_millis(100));
    let statuses: Vec<_> = replies.iter().map(|reply| reply.status).collect();
    assert_eq!(statuses, [200, 200, 500, 200]);
    assert_eq!(replies[2].header("content-type"), [b"application/problem+json"]);
    assert_eq!(replies[2].body, br#"{"type":"about:blank","title":"Internal Server Error","status":500}"#);
    let events: String = (0..20).map(|i| format!("data: {i}\n\n")).collect();
    assert_eq!(String::from_utf8_lossy(&replies[1].body), events, "the stream was cut off");
    let logs = worker.logs();
    let told: Vec<_> = logs.iter().filter(|line| line.contains("echo panics when it is asked to")).collect();
    assert!(told.len() == 1 && told[0].starts_with("anyfn: the handler panicked at "), "{logs:?}");
}

#[test]
fn a_fresh_instance_serves_what_comes_after_a_panic() {
    let worker = Worker::start();
    assert!(worker.is_fresh());
    assert!(!worker.is_fresh());
    for _ in 0..20 {
        assert_eq!(worker.get("/panic").status, 500);
        assert!(worker.is_fresh());
        assert!(!worker.is_fresh());
    }
}

#[test]
fn work_after_an_answer_goes_on_over_a_panic() {
    let worker = Worker::start();
    assert_eq!(worker.get("/background/kept").status, 202);
    assert_eq!(worker.get("/panic").status, 500);
    let start = Instant::now();
    while !worker.logs().iter().any(|line| line == "background kept done") {
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", worker.logs());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn bodies_too_long_for_one_call_arrive_whole() {
    let worker = Worker::start();
    let request =
        Request { method: "POST", target: "/mirror", body: Payload::Counting(9_999_999), ..Request::get("/mirror") };
    let reply = send(worker.addr(), &request).unwrap();
    assert_eq!((reply.status, reply.body.len()), (200, 9_999_999));
    assert!(reply.body.iter().enumerate().all(|(at, byte)| *byte == (at % 256) as u8));
}

#[test]
fn clients_that_go_away_disturb_nobody() {
    let worker = Worker::start();
    for target in ["/stream/40", "/slow/500", "/bytes/9000000"].into_iter().cycle().take(12) {
        let mut client = TcpStream::connect(worker.addr()).unwrap();
        write!(client, "GET {target} HTTP/1.1\r\nhost: fn.example\r\n\r\n").unwrap();
        if !target.starts_with("/slow") {
            client.read_exact(&mut [0; 64]).unwrap();
        }
    }
    std::thread::sleep(Duration::from_millis(800));
    assert_eq!(worker.get("/text/5").body, b"xxxxx");
    assert!(!worker.is_fresh(), "an instance was given up: {:?}", worker.logs());
}

fn queue(bodies: &[Value]) -> Value {
    let messages: Vec<_> = bodies
        .iter()
        .enumerate()
        .map(|(n, body)| json!({ "id": format!("m{n}"), "body": body, "attempts": 1 }))
        .collect();
    json!({ "queue": { "name": "echo", "messages": messages } })
}

/// The messages that are done, and those that come again.
fn settled(told: &Value) -> (Vec<&str>, Vec<&str>) {
    let mut done: Vec<_> = told["explicitAcks"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
    let mut again: Vec<_> =
        told["retryMessages"].as_array().unwrap().iter().map(|one| one["msgId"].as_str().unwrap()).collect();
    done.sort_unstable();
    again.sort_unstable();
    (done, again)
}

#[test]
fn a_schedule_ticks() {
    let worker = Worker::start();
    let told =
        worker.event(&json!({ "scheduled": { "cron": "0 3 * * *", "scheduledTime": 1_795_446_760_000_u64 } })).unwrap();
    assert_eq!(told["outcome"], "ok");
    let expected = json!({ "trigger": "schedule", "name": "0 3 * * *", "scheduled_at": 1_795_446_760_000_u64 });
    assert_eq!(worker.events(), [expected]);
}

#[test]
fn of_ten_messages_the_bad_the_failing_and_the_panicking_come_again() {
    let worker = Worker::start();
    let mut bodies = vec![json!({}); 10];
    bodies[1] = json!("no JSON");
    bodies[3] = json!({ "fail": true });
    bodies[6] = json!({ "panic": true });
    let told = worker.event(&queue(&bodies)).unwrap();
    let (done, again) = settled(&told);
    assert_eq!(again, ["m1", "m3", "m6"], "{:?}", worker.logs());
    assert_eq!(done, ["m0", "m2", "m4", "m5", "m7", "m8", "m9"]);
    assert!(worker.is_fresh(), "the panicking instance went on");
}

#[test]
fn text_and_json_messages_arrive_as_they_were_sent() {
    let worker = Worker::start();
    let told = worker.event(&queue(&[json!(r#"{"text": 1}"#), json!({ "json": [1.5, null] }), json!(7)])).unwrap();
    assert_eq!(settled(&told).0.len(), 3);
    let mut bodies: Vec<_> = worker.events().into_iter().map(|event| event["body"].to_string()).collect();
    bodies.sort_unstable();
    assert_eq!(bodies, ["7", r#"{"json":[1.5,null]}"#, r#"{"text":1}"#]);
}

#[test]
fn objects_changes_and_published_messages_come_through_the_queue() {
    let worker = Worker::start();
    let put = json!({ "account": "a", "bucket": "echo", "action": "PutObject", "eventTime": "1970-01-01T00:00:01.5Z",
                      "object": { "key": "a b.png", "size": 7, "eTag": "e" } });
    let removed = json!({ "account": "a", "bucket": "echo", "action": "DeleteObject", "eventTime": "1970-01-01T00:00:01Z",
                          "object": { "key": "k" } });
    let change = json!({ "specversion": "1.0", "id": "1", "source": "/db/echo", "type": "dev.anyfn.change.insert",
                         "data": { "keys": { "id": 1 }, "new": { "id": 1, "fail": true } } });
    let message = json!({ "specversion": "1.0", "id": "1", "source": "/topics/echo", "type": "dev.anyfn.message",
                          "data": { "paid": true } });
    let told = worker.event(&queue(&[put, removed, change, message, json!({ "plain": true })])).unwrap();
    assert_eq!(settled(&told), (vec!["m0", "m1", "m3", "m4"], vec!["m2"]), "{:?}", worker.logs());
    let events = worker.events();
    let of = |trigger: &str| -> Vec<&Value> { events.iter().filter(|event| event["trigger"] == trigger).collect() };
    assert_eq!(of("object")[0]["key"], "a b.png");
    assert_eq!((&of("object")[0]["action"], &of("object")[0]["at"]), (&json!("created"), &json!(1_500)));
    assert_eq!(of("object")[1]["action"], "removed");
    assert_eq!(of("change")[0]["new"], json!({ "id": 1, "fail": true }));
    assert_eq!((&of("message")[0]["topic"], &of("message")[0]["body"]), (&json!("echo"), &json!({ "paid": true })));
    assert_eq!(of("queue").len(), 1);
}

#[test]
fn a_message_that_fails_is_delivered_again_by_the_queue_itself() {
    let worker = Worker::start();
    for body in [json!({ "n": 1, "fail": true }), json!({ "n": 2 })] {
        worker.event(&json!({ "send": { "queue": "echo", "body": body } })).unwrap();
    }
    let delivered = |n: u64| worker.events().iter().filter(|event| event["body"]["n"] == n).count();
    let start = Instant::now();
    while delivered(1) < 3 {
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", worker.logs());
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(delivered(2), 1, "what was done came again: {:?}", worker.logs());
}
