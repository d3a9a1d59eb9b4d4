//! What a Worker's instance does when a panic ends it under other requests, on workerd itself.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use anyfn_conformance::client::{Reply, send};
use anyfn_conformance::{Payload, Request};
use anyfn_xtask::build::{Artefacts, BuildOptions, Target, build};
use anyfn_xtask::local::{Options, Running, cloudflare};
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
