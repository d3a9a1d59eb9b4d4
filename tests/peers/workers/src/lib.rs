//! The router on `worker`, through its feature `http`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use echo::{Platform, Work, router};
use http::request::Parts;
use serde_json::{Value, json};
use tower_service::Service as _;
use worker::send::{SendFuture, SendWrapper};
use worker::{Context, Delay, Env, HttpRequest, Result, event};

static WARM: AtomicBool = AtomicBool::new(false);

#[derive(Clone)]
struct Workers;

/// What came with the request.
#[derive(Clone)]
struct Own(std::sync::Arc<SendWrapper<(Env, Context)>>);

impl Platform for Workers {
    fn context(&self, parts: &Parts) -> Value {
        let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        json!({
            "platform": "cloudflare",
            "request_id": text("cf-ray"),
            "region": null,
            "client_ip": text("cf-connecting-ip"),
            "cold_start": !WARM.swap(true, Ordering::SeqCst),
            "remaining_ms": null,
        })
    }

    fn env(&self, parts: &Parts, name: &str) -> Option<String> {
        parts.extensions.get::<Own>()?.0.0.0.var(name).ok().map(|value| value.to_string())
    }

    fn sleep(&self, time: Duration) -> Work {
        Box::pin(SendFuture::new(Delay::from(time)))
    }

    fn after(&self, parts: &Parts, work: Work) {
        if let Some(own) = parts.extensions.get::<Own>() {
            own.0.0.1.wait_until(work);
        }
    }

    fn log(&self, line: &str) {
        worker::console_log!("{line}");
    }
}

#[event(fetch)]
async fn fetch(mut request: HttpRequest, env: Env, cx: Context) -> Result<http::Response<axum::body::Body>> {
    request.extensions_mut().insert(Own(std::sync::Arc::new(SendWrapper::new((env, cx)))));
    Ok(router(Workers).call(request).await?)
}
