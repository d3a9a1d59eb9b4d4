//! The router on `lambda_http`; answers are streamed where `ANYFN_LAMBDA_STREAMING` is set, as its documentation does it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use echo::{Platform, Work, router};
use http::request::Parts;
use lambda_http::{Context, RequestExt as _};
use serde_json::{Value, json};

static WARM: AtomicBool = AtomicBool::new(false);

#[derive(Clone)]
struct Lambda;

impl Platform for Lambda {
    fn context(&self, parts: &Parts) -> Value {
        let cx: Option<&Context> = parts.lambda_context_ref();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_millis() as u64);
        let ip = |value: &Value, at: &str| value.pointer(at).and_then(Value::as_str).map(str::to_owned);
        // A load balancer's event has no address of its own; its last word on it is in this header.
        let forwarded = parts.headers.get("x-forwarded-for").and_then(|value| value.to_str().ok());
        let last = || forwarded.and_then(|list| list.rsplit(',').next()).map(|ip| ip.trim().to_owned());
        let event = parts.request_context_ref().and_then(|context| serde_json::to_value(context).ok()).unwrap_or_default();
        json!({
            "platform": "lambda",
            "request_id": cx.map(|cx| cx.request_id.clone()),
            "region": std::env::var("AWS_REGION").ok(),
            "client_ip": ip(&event, "/http/sourceIp").or_else(|| ip(&event, "/identity/sourceIp")).or_else(last),
            "cold_start": !WARM.swap(true, Ordering::SeqCst),
            "remaining_ms": cx.map(|cx| cx.deadline.saturating_sub(now)),
        })
    }

    fn env(&self, _: &Parts, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn sleep(&self, time: Duration) -> Work {
        Box::pin(tokio::time::sleep(time))
    }

    // It has nothing for work after the answer: a task goes on when the process does.
    fn after(&self, _: &Parts, work: Work) {
        tokio::spawn(work);
    }

    fn log(&self, line: &str) {
        println!("{line}");
    }
}

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    if std::env::var_os("ANYFN_LAMBDA_STREAMING").is_some() {
        return lambda_http::run_with_streaming_response(router(Lambda)).await;
    }
    lambda_http::run(router(Lambda)).await
}
