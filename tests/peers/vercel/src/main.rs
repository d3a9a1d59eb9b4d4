//! The router on `vercel_runtime`, through its own layer for axum.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use echo::{Platform, Work, router};
use http::request::Parts;
use serde_json::{Value, json};
use tower::ServiceBuilder;
use vercel_runtime::Error;
use vercel_runtime::axum::VercelLayer;

static WARM: AtomicBool = AtomicBool::new(false);

#[derive(Clone)]
struct Vercel;

impl Platform for Vercel {
    fn context(&self, parts: &Parts) -> Value {
        let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        json!({
            "platform": "vercel",
            "request_id": text("x-vercel-id"),
            "region": std::env::var("VERCEL_REGION").ok(),
            "client_ip": text("x-real-ip"),
            "cold_start": !WARM.swap(true, Ordering::SeqCst),
            "remaining_ms": null,
        })
    }

    fn env(&self, _: &Parts, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn sleep(&self, time: Duration) -> Work {
        Box::pin(tokio::time::sleep(time))
    }

    fn after(&self, _: &Parts, work: Work) {
        tokio::spawn(work);
    }

    fn log(&self, line: &str) {
        println!("{line}");
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    vercel_runtime::run(ServiceBuilder::new().layer(VercelLayer::new()).service(router(Vercel))).await
}
