//! What holds the spans until they are sent.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use anyfn_core::{BoxError, Context, Level};
use futures_util::future::{Either, select};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};
use prost::Message as _;

use super::post::Post;
use super::settings::Settings;

/// How many spans wait at most, and how many go at once: the standard's numbers for batches.
const WAITING: usize = 2048;
const AT_ONCE: usize = 512;
/// How long a collector that failed is left alone.
const PAUSE: Duration = Duration::from_secs(10);
/// What saying that the collector was too slow may take.
const MARGIN: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) struct Exporter {
    settings: Settings,
    resource: ResourceAttributesWithSchema,
    post: Post,
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    spans: Vec<SpanData>,
    /// Those that found no room.
    lost: usize,
    /// Somebody sends until then at most, and takes what comes meanwhile along.
    sending: Option<SystemTime>,
    /// The collector is left alone until then.
    until: Option<SystemTime>,
}

impl Exporter {
    pub(super) fn new(settings: Settings, resource: &Resource) -> Self {
        let post = Post::new(&settings.endpoint);
        Self { settings, resource: resource.into(), post, waiting: Mutex::default() }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn has_spans(&self) -> bool {
        !self.waiting().spans.is_empty()
    }

    /// Sends what waits. It ends in the time that the settings allow, and says in the log what is lost.
    pub(super) async fn flush(&self, cx: &Context) {
        let Some(_sending) = Sending::begin(self, cx) else { return };
        while let Some((spans, full)) = self.take(cx) {
            let count = spans.len();
            let patience = match cx.remaining() {
                Some(left) => self.settings.patience.min(left.saturating_sub(MARGIN)),
                None => self.settings.patience,
            };
            let sent = match select(std::pin::pin!(self.send(spans)), cx.sleep(patience)).await {
                Either::Left((sent, _)) => sent,
                Either::Right(_) => Err(format!("no answer in {} ms", patience.as_millis()).into()),
            };
            let lost = full + if sent.is_err() { count } else { 0 };
            if let Err(error) = &sent {
                self.waiting().until = Some(cx.now() + PAUSE);
                let endpoint = &self.settings.endpoint;
                let why = causes(&**error);
                cx.log_at(Level::Warn, format!("anyfn: {lost} spans are lost, {endpoint} did not take them: {why}"));
                return;
            }
            if lost > 0 {
                cx.log_at(Level::Warn, format!("anyfn: {lost} spans are lost: more than {WAITING} waited to be sent"));
            }
        }
    }

    /// The next ones to send, and how many found no room.
    fn take(&self, cx: &Context) -> Option<(Vec<SpanData>, usize)> {
        let mut waiting = self.waiting();
        // In one step with the look at what waits: who adds spans after this sends them.
        waiting.sending = (!waiting.spans.is_empty()).then(|| cx.now() + self.settings.patience + MARGIN);
        waiting.sending?;
        let count = waiting.spans.len().min(AT_ONCE);
        Some((waiting.spans.drain(..count).collect(), std::mem::take(&mut waiting.lost)))
    }

    async fn send(&self, spans: Vec<SpanData>) -> Result<(), BoxError> {
        let resource_spans = group_spans_by_resource_and_scope(spans, &self.resource);
        let body = ExportTraceServiceRequest { resource_spans }.encode_to_vec();
        let mut request = http::Request::post(&self.settings.endpoint)
            .header(http::header::CONTENT_TYPE, "application/x-protobuf")
            .header(http::header::USER_AGENT, concat!("anyfn-tracing/", env!("CARGO_PKG_VERSION")))
            .body(body.into())?;
        request.headers_mut().extend(self.settings.headers.iter().cloned());
        let status = self.post.post(request).await?;
        if status.is_success() { Ok(()) } else { Err(format!("it answered {status}").into()) }
    }
}

/// An error with what caused it.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// One of the invocations sends for all of them, so that a slow collector is asked once. It is trusted for as long as a collector
/// may take: on Workers an event can end without a word, and its work with it.
struct Sending<'a>(&'a Exporter);

impl<'a> Sending<'a> {
    fn begin(exporter: &'a Exporter, cx: &Context) -> Option<Self> {
        let mut waiting = exporter.waiting();
        let now = cx.now();
        if waiting.sending.max(waiting.until).is_some_and(|until| now < until) {
            return None;
        }
        waiting.sending = Some(now + exporter.settings.patience + MARGIN);
        waiting.until = None;
        Some(Self(exporter))
    }
}

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        self.0.waiting().sending = None;
    }
}

/// Keeps spans that have ended. The invocations send them: no thread of its own does, which a platform would freeze.
#[derive(Debug)]
pub(super) struct Spans(pub(super) &'static Exporter);

impl SpanProcessor for Spans {
    fn on_start(&self, _: &mut Span, _: &opentelemetry::Context) {}

    fn on_end(&self, span: SpanData) {
        if !span.span_context.is_sampled() {
            return;
        }
        let mut waiting = self.0.waiting();
        if waiting.spans.len() < WAITING {
            waiting.spans.push(span);
        } else {
            waiting.lost += 1;
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use anyfn_core::test::Memory;
    use opentelemetry::trace::{Span as _, Tracer as _, TracerProvider as _};
    use opentelemetry_sdk::trace::SdkTracerProvider;

    use super::*;

    /// A collector that answers so, or never, and how often it was asked.
    fn collector(answer: Option<&'static str>) -> (String, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&asked);
        std::thread::spawn(move || {
            let mut open = Vec::new();
            for socket in listener.incoming() {
                let mut socket = socket.unwrap();
                count.fetch_add(1, Ordering::SeqCst);
                if let Some(status) = answer {
                    let _ = socket.read(&mut [0; 4096]);
                    let _ = write!(socket, "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                }
                open.push(socket);
            }
        });
        (url, asked)
    }

    fn exporter(url: &str) -> &'static Exporter {
        let env = |name: &str| match name {
            "OTEL_EXPORTER_OTLP_ENDPOINT" => Some(url.to_owned()),
            "OTEL_EXPORTER_OTLP_TIMEOUT" => Some("100".to_owned()),
            _ => None,
        };
        let resource = Resource::builder_empty().build();
        Box::leak(Box::new(Exporter::new(Settings::of(&env).unwrap().unwrap(), &resource)))
    }

    fn spans(exporter: &'static Exporter, count: usize) {
        let provider = SdkTracerProvider::builder().with_span_processor(Spans(exporter)).build();
        for _ in 0..count {
            provider.tracer("test").start("one").end();
        }
    }

    fn flush(exporter: &Exporter, memory: &Memory) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (cx, limit) = (memory.context(), Duration::from_secs(10));
        let flushed = runtime.block_on(async { tokio::time::timeout(limit, exporter.flush(&cx)).await });
        flushed.expect("it ends by itself");
    }

    #[test]
    fn a_collector_that_fails_costs_its_spans_and_a_line() {
        let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        for (url, why) in [
            (collector(None).0, "no answer in 100 ms"),
            (collector(Some("503 Service Unavailable")).0, "it answered 503 Service Unavailable"),
            (format!("http://{nobody}"), "Connection refused"),
        ] {
            let (exporter, memory) = (exporter(&url), Memory::default());
            spans(exporter, 3);
            flush(exporter, &memory);
            let lines = memory.log_lines();
            assert_eq!(lines.len(), 1, "{lines:?}");
            let begins = format!("anyfn: 3 spans are lost, {url}/v1/traces did not take them: ");
            assert!(lines[0].starts_with(&begins), "{lines:?}");
            assert!(lines[0].contains(why), "{lines:?}");
            assert!(!exporter.has_spans());
        }
    }

    #[test]
    fn one_that_failed_is_left_alone_for_a_while() {
        let (url, asked) = collector(Some("503 Service Unavailable"));
        let exporter = exporter(&url);
        let at = |seconds| Memory::default().at(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        for (seconds, times) in [(0, 1), (1, 1), (9, 1), (10, 2), (19, 2), (21, 3)] {
            spans(exporter, 1);
            flush(exporter, &at(seconds));
            assert_eq!(asked.load(Ordering::SeqCst), times, "after {seconds} seconds");
        }
    }

    #[test]
    fn one_invocation_sends_at_a_time_and_one_that_is_lost_holds_nothing_up() {
        let (url, asked) = collector(Some("200 OK"));
        let exporter = exporter(&url);
        let at = |milliseconds| Memory::default().at(SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds));
        std::mem::forget(Sending::begin(exporter, &at(0).context()).unwrap());
        for (milliseconds, times) in [(0, 0), (199, 0), (200, 1)] {
            spans(exporter, 1);
            flush(exporter, &at(milliseconds));
            assert_eq!(asked.load(Ordering::SeqCst), times, "after {milliseconds} ms");
        }
        assert!(!exporter.has_spans());
    }

    #[test]
    fn an_invocation_that_has_no_time_left_waits_for_nobody() {
        let exporter = exporter(&collector(None).0);
        let memory = Memory::default().deadline_in(Duration::from_millis(50));
        spans(exporter, 1);
        flush(exporter, &memory);
        assert!(memory.log_lines()[0].ends_with("no answer in 0 ms"), "{:?}", memory.log_lines());
    }

    #[test]
    fn what_finds_no_room_is_counted() {
        let (url, asked) = collector(Some("200 OK"));
        let (exporter, memory) = (exporter(&url), Memory::default());
        spans(exporter, WAITING + 2);
        flush(exporter, &memory);
        assert_eq!(asked.load(Ordering::SeqCst), WAITING / AT_ONCE);
        assert_eq!(memory.log_lines(), ["anyfn: 2 spans are lost: more than 2048 waited to be sent"]);
    }

    #[test]
    fn without_a_runtime_it_says_so() {
        let (exporter, memory) = (exporter("http://127.0.0.1:1"), Memory::default());
        spans(exporter, 1);
        anyfn_core::test::block_on(exporter.flush(&memory.context()));
        assert!(memory.log_lines()[0].ends_with("there is no tokio runtime"), "{:?}", memory.log_lines());
    }
}
