//! The Ohkami on Workers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use echo_ohkami::{Platform, Work, app};
use ohkami::{Ohkami, Request};
use serde_json::{Value, json};
use worker::Delay;
use worker::send::SendFuture;

static WARM: AtomicBool = AtomicBool::new(false);

#[derive(Clone)]
struct Workers;

impl Platform for Workers {
    fn context(&self, req: &Request) -> Value {
        json!({
            "platform": "cloudflare",
            "request_id": req.headers.get("cf-ray"),
            "region": null,
            "client_ip": (!req.ip.is_unspecified()).then_some(req.ip),
            "cold_start": !WARM.swap(true, Ordering::SeqCst),
            "remaining_ms": null,
        })
    }

    fn env(&self, req: &Request, name: &str) -> Option<String> {
        req.context.env().var(name).ok().map(|value| value.to_string())
    }

    fn sleep(&self, time: Duration) -> Work {
        Box::pin(SendFuture::new(Delay::from(time)))
    }

    fn after(&self, req: &Request, work: Work) {
        req.context.worker().wait_until(work);
    }

    fn log(&self, line: &str) {
        worker::console_log!("{line}");
    }
}

#[ohkami::worker]
fn echo() -> Ohkami {
    app(Workers)
}
