//! Invocations as spans, as a collector gets them.

use std::future::Future;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use anyfn_core::test::{self, Memory, TestRequest};
use anyfn_core::{BoxFuture, Context, Error, Handler, IntoHandler, Invocation, Item, StateCell, TraceContext};
use anyfn_tracing::traced;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use tracing::Instrument as _;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

/// What the collector got: the head of each request, and what it says.
static GOT: Mutex<Vec<(String, ExportTraceServiceRequest)>> = Mutex::new(Vec::new());

/// One for the process, as its subscriber is.
static COLLECTOR: LazyLock<String> = LazyLock::new(|| {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/otlp", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            let mut socket = socket.unwrap();
            std::thread::spawn(move || while serve(&mut socket).is_some() {});
        }
    });
    url
});

fn serve(socket: &mut std::net::TcpStream) -> Option<()> {
    let (mut bytes, mut some) = (Vec::new(), [0; 4096]);
    loop {
        let length = socket.read(&mut some).ok().filter(|length| *length > 0)?;
        bytes.extend_from_slice(&some[..length]);
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
        let length = head.split("content-length: ").nth(1)?.lines().next()?.parse::<usize>().ok()?;
        if let Some(body) = bytes.get(end + 4..end + 4 + length) {
            GOT.lock().unwrap().push((head, ExportTraceServiceRequest::decode(body).unwrap()));
            return socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").ok();
        }
    }
}

/// Runs it on one thread, where whoever blocks waits for ever; one at a time, since an invocation may send another's spans.
fn run<T>(future: impl Future<Output = T>) -> T {
    static ONE: Mutex<()> = Mutex::new(());
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let limit = Duration::from_secs(20);
    runtime.block_on(async { tokio::time::timeout(limit, future).await.expect("it does not wait for itself") })
}

fn memory() -> Memory {
    Memory::default()
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &COLLECTOR)
        .env("OTEL_EXPORTER_OTLP_HEADERS", "x-key=a%20b")
        .env("OTEL_EXPORTER_OTLP_TIMEOUT", "10000")
        .env("OTEL_SERVICE_NAME", "shop")
        .env("OTEL_RESOURCE_ATTRIBUTES", "service.name=not-this,deployment.environment.name=test")
        .region("eu-west-1")
        .request_id("8476a536")
        .cold_start()
}

/// Whether the caller's trace is recorded makes this one's.
fn parent(trace: &str) -> String {
    format!("00-{trace}-{PARENT}-01")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The spans of a trace that have come so far, by name.
fn spans(trace: &str) -> Vec<Span> {
    let got = GOT.lock().unwrap();
    let scopes = got.iter().flat_map(|(_, request)| &request.resource_spans).flat_map(|resource| &resource.scope_spans);
    let mut spans =
        scopes.flat_map(|scope| &scope.spans).filter(|span| hex(&span.trace_id) == trace).cloned().collect::<Vec<_>>();
    spans.sort_by(|a, b| a.name.cmp(&b.name));
    spans
}

fn names(spans: &[Span]) -> Vec<&str> {
    spans.iter().map(|span| &span.name[..]).collect()
}

fn attribute<'a>(span: &'a Span, name: &str) -> Option<&'a Value> {
    span.attributes.iter().find(|attribute| attribute.key == name)?.value.as_ref()?.value.as_ref()
}

fn text(value: &str) -> Value {
    Value::StringValue(value.to_owned())
}

fn status(span: &Span) -> (i32, &str) {
    span.status.as_ref().map_or((0, ""), |status| (status.code, &status.message))
}

async fn send<H: Handler>(request: TestRequest, handler: H) -> test::TestResponse {
    request.within(&memory()).send_to(&traced(handler)).await
}

fn handler<M, H: IntoHandler<M>>(handler: H) -> H::Handler {
    handler.into_handler(StateCell::unit())
}

async fn weigh(cx: Context, trace: TraceContext) -> String {
    tracing::info!(grams = 500, "weighed");
    async { tracing::debug!("not asked for") }.instrument(tracing::info_span!("scale", width = 3)).await;
    cx.wait_until(async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        tracing::info_span!("label").in_scope(|| tracing::info!("labelled"));
    });
    trace.to_string()
}

#[test]
fn an_invocation_is_a_span_beneath_its_callers() {
    let request = test::post("/parcels?key=secret").header("traceparent", parent(TRACE)).header("tracestate", "a=b");
    let answer = run(send(request, handler(weigh)));
    // They are there when the work after the answer is done: nothing else is waited for here.
    let spans = spans(TRACE);
    assert_eq!(names(&spans), ["POST", "label", "scale", "wait_until"]);
    let [post, label, scale, after] = &spans[..] else { panic!("{spans:?}") };
    assert_eq!((hex(&post.parent_span_id), &post.trace_state[..], post.kind), (PARENT.to_owned(), "a=b", 2));
    assert_eq!((&scale.parent_span_id, &after.parent_span_id), (&post.span_id, &post.span_id));
    assert_eq!(label.parent_span_id, after.span_id);
    assert_eq!(answer.text(), format!("00-{TRACE}-{}-01", hex(&post.span_id)));
    for (name, value) in [
        ("faas.trigger", text("http")),
        ("faas.coldstart", Value::BoolValue(true)),
        ("faas.invocation_id", text("8476a536")),
        ("http.request.method", text("POST")),
        ("url.path", text("/parcels")),
        ("http.response.status_code", Value::IntValue(200)),
    ] {
        assert_eq!(attribute(post, name), Some(&value), "{name}");
    }
    assert!(!format!("{spans:?}").contains("secret"), "{spans:?}");
    assert_eq!(status(post), (0, ""));
    let said = |span: &Span| span.events.iter().map(|event| event.name.clone()).collect::<Vec<_>>();
    assert_eq!(
        (said(post), said(scale), said(label)),
        (vec!["weighed".to_owned()], vec![], vec!["labelled".to_owned()])
    );
    assert_eq!(attribute(scale, "width"), Some(&Value::IntValue(3)));
    assert!(post.end_time_unix_nano <= after.end_time_unix_nano, "the span ends with its answer");

    let got = GOT.lock().unwrap();
    let of_this = |request: &ExportTraceServiceRequest| format!("{request:?}").contains(&format!("{:?}", post.span_id));
    let (head, request) = got.iter().find(|(_, request)| of_this(request)).unwrap();
    assert!(head.starts_with("post /otlp/v1/traces http/1.1\r\n"), "{head}");
    assert!(head.contains("content-type: application/x-protobuf") && head.contains("x-key: a b"), "{head}");
    let resource = request.resource_spans[0].resource.as_ref().unwrap();
    for (name, value) in
        [("service.name", "shop"), ("deployment.environment.name", "test"), ("cloud.region", "eu-west-1")]
    {
        let found = resource.attributes.iter().find(|attribute| attribute.key == name).unwrap();
        assert_eq!(found.value.as_ref().unwrap().value, Some(text(value)), "{name}");
    }
}

#[test]
fn without_a_caller_a_trace_begins_and_the_log_names_it() {
    let answer = run(send(test::get("/"), handler(weigh)));
    let trace = TraceContext::parse(answer.text()).unwrap().trace_id();
    let spans = spans(&trace);
    assert_eq!(names(&spans), ["GET", "label", "scale", "wait_until"]);
    assert!(spans[0].parent_span_id.is_empty());
    let lines = answer.log_lines();
    assert!(
        !lines.is_empty() && lines.iter().all(|line| line.contains(&format!(r#""traceId":"{trace}""#))),
        "{lines:?}"
    );
    assert!(!lines.join("").contains("otel."), "{lines:?}");
}

#[test]
fn what_the_caller_does_not_record_is_not_sent() {
    let trace = "11111111111111111111111111111111";
    let caller = format!("00-{trace}-{PARENT}-00");
    let answer = run(send(test::get("/").header("traceparent", caller), handler(weigh)));
    let handed_on = TraceContext::parse(answer.text()).unwrap();
    assert_eq!((handed_on.trace_id(), handed_on.is_sampled()), (trace.to_owned(), false));
    assert_eq!(names(&spans(trace)), [] as [&str; 0]);
}

/// An invocation that X-Ray knows, and does not record.
struct XRay(Context);

impl Invocation for XRay {
    fn platform(&self) -> &'static str {
        "memory"
    }

    fn env(&self, name: &str) -> Option<String> {
        self.0.env(name)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<()> {
        self.0.sleep(duration)
    }

    fn wait_until(&self, work: BoxFuture<()>) {
        Invocation::wait_until(&self.0, work);
    }

    fn trace(&self) -> Option<TraceContext> {
        TraceContext::from_xray("Root=1-22222222-222222222222222222222222;Parent=b7ad6b7169203331;Sampled=0")
    }
}

#[test]
fn a_trace_of_x_ray_that_is_not_recorded_is_a_link() {
    let caller = "Root=1-22222222-222222222222222222222222;Parent=b7ad6b7169203331;Sampled=";
    let answer = run(send(test::get("/").header("x-amzn-trace-id", format!("{caller}0")), handler(weigh)));
    let trace = TraceContext::parse(answer.text()).unwrap().trace_id();
    let of_its_own = spans(&trace);
    assert_eq!(names(&of_its_own), ["GET", "label", "scale", "wait_until"]);
    assert_eq!(hex(&of_its_own[0].links[0].trace_id), "22222222222222222222222222222222");
    // Lambda names one that is not recorded for every event, and what the sender tells may be nonsense.
    let answer = run(async {
        let memory = memory();
        let traced = traced(handler(weigh));
        let request = http::Request::get("/").header("traceparent", "00-invalid").body(anyfn_core::Body::empty());
        let cx = Context::new(XRay(memory.context()));
        let answer = anyfn_core::dispatch_http(&traced, request.unwrap(), cx).await;
        let body = answer.into_body().collect(1000).await.unwrap();
        memory.finish().await;
        String::from_utf8(body.to_vec()).unwrap()
    });
    let trace = TraceContext::parse(&answer).unwrap().trace_id();
    assert_eq!(hex(&spans(&trace)[0].links[0].trace_id), "22222222222222222222222222222222");
    run(send(test::get("/").header("x-amzn-trace-id", format!("{caller}1")), handler(weigh)));
    assert_eq!(hex(&spans("22222222222222222222222222222222")[0].parent_span_id), PARENT);
}

#[test]
fn what_fails_says_so() {
    async fn refused() -> Result<(), Error> {
        Err(Error::bad_request("no"))
    }
    async fn broken() -> Result<(), Error> {
        Err(Error::internal("the table is gone"))
    }
    async fn panics() {
        panic!("on purpose");
    }
    let ask = |trace: &str| test::get("/").header("traceparent", parent(trace));
    let traces = ["3", "4", "5", "6"].map(|digit| digit.repeat(32));
    run(async {
        send(ask(&traces[0]), handler(refused)).await;
        send(ask(&traces[1]), handler(broken)).await;
        send(ask(&traces[2]), handler(panics)).await;
        let memory = memory();
        let given_up = async {
            let event = anyfn_core::Event::Http(
                http::Request::get("/")
                    .header("traceparent", parent(&traces[3]))
                    .body(anyfn_core::Body::empty())
                    .unwrap(),
            );
            let never = traced(handler(std::future::pending::<()>));
            let called = never.call(event, memory.context());
            assert!(tokio::time::timeout(Duration::from_millis(20), called).await.is_err());
        };
        given_up.await;
        memory.finish().await;
    });
    let traces = traces.map(|trace| spans(&trace).remove(0));
    let statuses = traces.iter().map(status).collect::<Vec<_>>();
    assert_eq!(statuses[0], (0, ""));
    assert_eq!(attribute(&traces[0], "http.response.status_code"), Some(&Value::IntValue(400)));
    assert!(statuses[1].0 == 2 && statuses[1].1.contains("the table is gone"), "{statuses:?}");
    assert_eq!(attribute(&traces[1], "error.type"), Some(&text("500")));
    assert_eq!(statuses[2], (2, "the handler panicked"));
    assert_eq!(statuses[3], (2, "the handler was given up"));
}

#[test]
fn a_batch_is_a_consumers_span() {
    async fn send(Item(parcel): Item<u64>, trace: Option<TraceContext>) -> Result<(), Error> {
        tracing::info!(trace = trace.map(|trace| trace.trace_id()), "sent");
        if parcel == 0 { Err(Error::internal("empty")) } else { Ok(()) }
    }
    // The item comes last.
    let send = |trace: Option<TraceContext>, item: Item<u64>| send(item, trace);
    let memory = memory();
    run(test::queue("parcels", ["1", "0"]).within(&memory).send_to(&traced(handler(send))));
    let lines = memory.log_lines();
    let line = lines.iter().find(|line| line.contains(r#""message":"sent""#)).unwrap();
    let trace = line.split(r#""trace":""#).nth(1).unwrap().split('"').next().unwrap();
    let spans = spans(trace);
    let [span] = &spans[..] else { panic!("{spans:?}") };
    assert_eq!((&span.name[..], span.kind, status(span)), ("process parcels", 5, (2, "1 of 2 failed")));
    for (name, value) in [
        ("faas.trigger", text("pubsub")),
        ("messaging.operation.type", text("process")),
        ("messaging.destination.name", text("parcels")),
        ("messaging.batch.message_count", Value::IntValue(2)),
    ] {
        assert_eq!(attribute(span, name), Some(&value), "{name}");
    }
}

#[test]
fn a_program_that_keeps_its_context_keeps_no_span_back() {
    static KEPT: Mutex<Vec<Context>> = Mutex::new(Vec::new());
    let trace = "7".repeat(32);
    let keeps = |cx: Context| async { KEPT.lock().unwrap().push(cx) };
    let memory = memory();
    let request = test::get("/").header("traceparent", parent(&trace)).within(&memory);
    run(request.send_to(&traced(handler(keeps))));
    assert_eq!(names(&spans(&trace)), ["GET"]);
    // Work that comes when the invocation is long over is sent too.
    run(async {
        KEPT.lock().unwrap().remove(0).wait_until(async {});
        memory.finish().await;
    });
    assert_eq!(names(&spans(&trace)), ["GET", "wait_until"]);
}
