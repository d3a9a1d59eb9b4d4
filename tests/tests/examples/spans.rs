//! `examples/traced`: its invocations are spans at a collector.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use anyfn_xtask::build::Target;
use anyfn_xtask::local::events::Event;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use serde_json::json;

use crate::program::{Program, json, with};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

/// What a collector took, each with the time at which it said so.
#[derive(Clone)]
struct Collector {
    url: String,
    took: Arc<Mutex<Vec<(SystemTime, ExportTraceServiceRequest)>>>,
}

impl Collector {
    /// It takes this long for each request.
    fn start(delay: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let collector = Self { url, took: Arc::default() };
        let kept = collector.clone();
        std::thread::spawn(move || {
            for socket in listener.incoming() {
                let (mut socket, kept) = (socket.unwrap(), kept.clone());
                std::thread::spawn(move || while kept.serve(&mut socket, delay).is_some() {});
            }
        });
        collector
    }

    fn serve(&self, socket: &mut TcpStream, delay: Duration) -> Option<()> {
        let (mut bytes, mut some) = (Vec::new(), [0; 4096]);
        loop {
            let length = socket.read(&mut some).ok().filter(|length| *length > 0)?;
            bytes.extend_from_slice(&some[..length]);
            let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
            let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
            assert!(head.starts_with("post /v1/traces ") && head.contains("x-key: a b"), "{head}");
            let length = head.split("content-length: ").nth(1)?.lines().next()?.parse::<usize>().ok()?;
            if let Some(body) = bytes.get(end + 4..end + 4 + length) {
                std::thread::sleep(delay);
                let request = ExportTraceServiceRequest::decode(body).unwrap();
                self.took.lock().unwrap().push((SystemTime::now(), request));
                return socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").ok();
            }
        }
    }

    fn requests(&self) -> Vec<(SystemTime, ExportTraceServiceRequest)> {
        self.took.lock().unwrap().clone()
    }

    /// Waits for so many spans of the name, each with the time at which it was taken.
    fn spans(&self, name: &str, count: usize, program: &Program) -> Vec<(SystemTime, Span)> {
        let start = Instant::now();
        loop {
            let mut spans = Vec::new();
            for (at, request) in self.requests() {
                let scopes = request.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
                let named = scopes.flat_map(|scope| scope.spans).filter(|span| span.name == name);
                spans.extend(named.map(|span| (at, span)));
            }
            if spans.len() >= count {
                assert_eq!(spans.len(), count, "{spans:?}");
                return spans;
            }
            assert!(start.elapsed() < Duration::from_secs(5), "{name}: {:?} {:?}", self.requests(), program.logs());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn start(target: Target, url: &str, timeout: &str) -> Program {
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", url),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=a%20b"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", timeout),
        ("OTEL_SERVICE_NAME", "parcels"),
    ];
    Program::start("traced", target, None, &variables)
}

fn take(program: &Program, grams: u32) -> (u16, String) {
    let parent = format!("00-{TRACE}-{PARENT}-01");
    let parcel = json("POST", "http://fn.example/parcels?key=secret", &json!({ "id": 1, "grams": grams }));
    let reply = program.ask(&with(parcel, &[("traceparent", &parent)]));
    (reply.status, String::from_utf8(reply.body).unwrap())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn attribute<'a>(span: &'a Span, name: &str) -> Option<&'a Value> {
    span.attributes.iter().find(|attribute| attribute.key == name)?.value.as_ref()?.value.as_ref()
}

fn text(value: &str) -> Value {
    Value::StringValue(value.to_owned())
}

fn spans_reach_the_collector(target: Target) {
    let collector = Collector::start(Duration::ZERO);
    let program = start(target, &collector.url, "5000");
    let (status, handed_on) = take(&program, 500);
    let (_, span) = collector.spans("POST", 1, &program).remove(0);
    assert_eq!((status, handed_on), (200, format!("00-{TRACE}-{}-01", hex(&span.span_id))));
    assert_eq!((hex(&span.trace_id), hex(&span.parent_span_id)), (TRACE.to_owned(), PARENT.to_owned()));
    for (name, value) in [
        ("faas.trigger", text("http")),
        ("faas.coldstart", Value::BoolValue(true)),
        ("http.request.method", text("POST")),
        ("url.path", text("/parcels")),
        ("http.response.status_code", Value::IntValue(200)),
    ] {
        assert_eq!(attribute(&span, name), Some(&value), "{name}");
    }
    assert!(attribute(&span, "faas.invocation_id").is_some(), "{span:?}");
    let beneath = [collector.spans("scale", 2, &program), collector.spans("wait_until", 1, &program)].concat();
    for (_, child) in &beneath {
        assert_eq!((&child.trace_id, &child.parent_span_id), (&span.trace_id, &span.span_id), "{child:?}");
    }
    assert_eq!(beneath[2].1.events[0].name, "labelled");

    assert_eq!(take(&program, 31_000).0, 400);
    let (_, heavy) = collector.spans("POST", 2, &program).remove(1);
    assert_eq!(attribute(&heavy, "http.response.status_code"), Some(&Value::IntValue(400)));
    assert_eq!(
        (attribute(&heavy, "faas.coldstart"), heavy.status.as_ref().map_or(0, |status| status.code)),
        (Some(&Value::BoolValue(false)), 0)
    );
    assert_eq!(heavy.events[0].name, "too heavy");

    program
        .tell(&Event::Queue { name: "parcels".to_owned(), bodies: vec![json!({ "id": 3, "grams": 0 }).to_string()] });
    let (_, batch) = collector.spans("process parcels", 1, &program).remove(0);
    assert_eq!((batch.kind, batch.status.unwrap().code), (5, 2));
    assert_ne!(hex(&batch.trace_id), TRACE);

    let requests = collector.requests();
    let resource = requests[0].1.resource_spans[0].resource.as_ref().unwrap();
    let named = |name: &str| resource.attributes.iter().find(|attribute| attribute.key == name);
    assert_eq!(named("service.name").unwrap().value.as_ref().unwrap().value, Some(text("parcels")));
    assert_eq!(named("cloud.platform").is_some(), target == Target::Lambda);
    assert!(!format!("{requests:?}").contains("secret"), "{requests:?}");
}

/// Nobody is made to wait, and the log has a line of it.
fn a_dead_collector_changes_no_answer(target: Target) {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let program = start(target, &format!("http://{}", silent.local_addr().unwrap()), "300");
    for _ in 0..3 {
        assert_eq!(take(&program, 500).0, 200);
    }
    program.logged(0, &["spans are lost", "no answer in 300 ms"]);
    assert_eq!(take(&program, 500).0, 200);
    let lost = program.logs().into_iter().filter(|line| line.contains("spans are lost")).count();
    assert_eq!(lost, 1, "{:?}", program.logs());
}

/// An instance may be frozen as soon as it asks for its next event: the collector has the spans by then.
#[test]
fn lambda_sends_before_it_asks_for_more() {
    let collector = Collector::start(Duration::from_millis(300));
    let program = start(Target::Lambda, &collector.url, "5000");
    for _ in 0..3 {
        assert_eq!(take(&program, 500).0, 200);
    }
    let spans = collector.spans("POST", 3, &program);
    for pair in spans.windows(2) {
        let next = SystemTime::UNIX_EPOCH + Duration::from_nanos(pair[1].1.start_time_unix_nano);
        assert!(pair[0].0 <= next, "taken {:?}, and the next began {next:?}", pair[0].0);
    }
}

#[test]
fn the_server_sends_spans() {
    spans_reach_the_collector(Target::Server);
    a_dead_collector_changes_no_answer(Target::Server);
}

#[test]
fn workers_send_spans() {
    spans_reach_the_collector(Target::Cloudflare);
    a_dead_collector_changes_no_answer(Target::Cloudflare);
}

#[test]
fn vercel_sends_spans() {
    spans_reach_the_collector(Target::Vercel);
    a_dead_collector_changes_no_answer(Target::Vercel);
}

#[test]
fn lambda_sends_spans() {
    spans_reach_the_collector(Target::Lambda);
    a_dead_collector_changes_no_answer(Target::Lambda);
}
