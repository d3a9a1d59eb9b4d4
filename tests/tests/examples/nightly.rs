//! `examples/nightly`: a tick has it ask another service, over each platform's own way out.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyfn_xtask::build::Target;
use anyfn_xtask::local::events::{Event, Told};
use serde_json::{Value, json};

use crate::program::{Program, get};

const ORDERS: &str = r#"[{"cents":500,"country":"PT"},{"cents":250,"country":"AT"}]"#;
/// 2026-11-23, three in the morning.
const TICK: u64 = 1_795_402_800;

/// The service and whoever is told; its first answer is that it is down.
struct Service {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Service {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let kept = Arc::clone(&asked);
        std::thread::spawn(move || {
            for socket in listener.incoming() {
                let mut socket = socket.unwrap();
                // A connection that is opened ahead and never used ends here.
                let Some(request) = request(&mut socket) else { continue };
                let mut kept = kept.lock().unwrap();
                let down = kept.is_empty();
                kept.push(request);
                drop(kept);
                let (status, body) = if down { ("503 Service Unavailable", "") } else { ("200 OK", ORDERS) };
                let length = body.len();
                let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}");
                let _ = write!(socket, "{head}\r\nconnection: close\r\n\r\n{body}");
            }
        });
        Self { url, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// A request with its body.
fn request(socket: &mut TcpStream) -> Option<String> {
    let (mut bytes, mut some) = (Vec::new(), [0; 4096]);
    socket.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    loop {
        let length = socket.read(&mut some).ok().filter(|length| *length > 0)?;
        bytes.extend_from_slice(&some[..length]);
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let head = head.to_ascii_lowercase();
        let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
        if body.len() >= length.unwrap_or(0) {
            return Some(text.into_owned());
        }
    }
}

fn a_night(target: Target) {
    let service = Service::start();
    let tell = format!("{}/news", service.url);
    let program = Program::start("nightly", target, None, &[("ORDERS_API", &service.url), ("TELL", &tell)]);
    let tick = || program.tell(&Event::Schedule { cron: "0 3 * * *".to_owned(), at: TICK });
    let done = Told::Again(vec![]);
    let failed = tick();
    assert_ne!(failed, done, "{:?}", program.logs());
    let report = || program.ask(&get("http://fn.example/reports/2026-11-22"));
    assert_eq!(report().status, 404);
    for _ in 0..2 {
        assert_eq!(tick(), done, "{:?}", program.logs());
    }
    let reply = report();
    assert_eq!(
        serde_json::from_slice::<Value>(&reply.body).unwrap(),
        json!({ "orders": 2, "cents": 750, "by_country": { "AT": 250, "PT": 500 } })
    );
    program.logged(0, &["2026-11-22 has its report"]);
    let start = Instant::now();
    while service.asked().len() < 3 {
        assert!(start.elapsed() < Duration::from_secs(5), "{:?} {:?}", service.asked(), program.logs());
        std::thread::sleep(Duration::from_millis(10));
    }
    let asked = service.asked();
    assert_eq!(asked.len(), 3, "{asked:?}");
    for one in &asked[..2] {
        assert!(one.starts_with("GET /orders?day=2026-11-22 HTTP/1.1\r\n"), "{one}");
    }
    assert!(asked[2].starts_with("POST /news "), "{asked:?}");
    assert!(asked[2].ends_with(r#"{"text":"2026-11-22: 2 orders, 750 cents"}"#), "{asked:?}");
}

#[test]
fn the_server_reports_each_night() {
    a_night(Target::Server);
}

#[test]
fn workers_report_each_night() {
    a_night(Target::Cloudflare);
}

#[test]
fn vercel_reports_each_night() {
    a_night(Target::Vercel);
}

#[test]
fn lambda_reports_each_night() {
    a_night(Target::Lambda);
}
