//! What Lambda knows of an invocation.

use std::any::Any;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use anyfn_core::{BoxFuture, Invocation, Level, TraceContext};
use bytes::Bytes;

use crate::background::Background;
use crate::logs;

static COLD: AtomicBool = AtomicBool::new(true);

/// What Lambda gave, for what anyfn has no portable word: `cx.raw::<anyfn_lambda::Raw>()`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Raw {
    /// The event, JSON as it came; `aws_lambda_events` has types for it.
    pub event: Bytes,
    /// The function's ARN, the trace, the identity of the caller.
    pub context: lambda_runtime::Context,
}

pub(crate) struct LambdaInvocation {
    raw: Raw,
    client_ip: Option<IpAddr>,
    raw_target: Option<String>,
    background: Arc<Background>,
    cold_start: bool,
    region: OnceLock<Option<String>>,
}

impl LambdaInvocation {
    pub(crate) fn new(event: Bytes, context: lambda_runtime::Context, background: Arc<Background>) -> Self {
        Self {
            raw: Raw { event, context },
            client_ip: None,
            raw_target: None,
            background,
            cold_start: COLD.swap(false, Ordering::Relaxed),
            region: OnceLock::new(),
        }
    }

    pub(crate) fn http(mut self, client_ip: Option<IpAddr>, raw_target: Option<String>) -> Self {
        (self.client_ip, self.raw_target) = (client_ip, raw_target);
        self
    }
}

impl Invocation for LambdaInvocation {
    fn platform(&self) -> &'static str {
        "lambda"
    }

    fn request_id(&self) -> Option<&str> {
        Some(&self.raw.context.request_id)
    }

    fn deadline(&self) -> Option<SystemTime> {
        crate::serve::ends(&self.raw.context)
    }

    fn region(&self) -> Option<&str> {
        self.region.get_or_init(region).as_deref()
    }

    fn client_ip(&self) -> Option<IpAddr> {
        self.client_ip
    }

    fn cold_start(&self) -> bool {
        self.cold_start
    }

    fn raw_target(&self) -> Option<&str> {
        self.raw_target.as_deref()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<()> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn wait_until(&self, work: BoxFuture<()>) {
        self.background.add(work);
    }

    fn log(&self, level: Level, line: &str) {
        logs::write(self.request_id(), level, line);
    }

    fn log_json(&self, _: Level, json: &str) {
        eprintln!("{json}");
    }

    fn log_level(&self) -> Option<Level> {
        logs::least()
    }

    fn trace(&self) -> Option<TraceContext> {
        TraceContext::from_xray(self.raw.context.xray_trace_id.as_deref()?)
    }

    fn raw(&self) -> Option<&dyn Any> {
        Some(&self.raw)
    }
}

fn region() -> Option<String> {
    std::env::var("AWS_REGION").ok()
}

/// The time before the first invocation, while the program prepares, or after the last one.
#[derive(Default)]
pub(crate) struct Between {
    region: OnceLock<Option<String>>,
    /// Of the end's.
    background: Option<Arc<Background>>,
}

impl Between {
    pub(crate) fn the_last_event(background: Arc<Background>) -> Self {
        Self { background: Some(background), ..Self::default() }
    }
}

impl Invocation for Between {
    fn platform(&self) -> &'static str {
        "lambda"
    }

    fn region(&self) -> Option<&str> {
        self.region.get_or_init(region).as_deref()
    }

    fn cold_start(&self) -> bool {
        self.background.is_none()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<()> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn wait_until(&self, work: BoxFuture<()>) {
        match &self.background {
            Some(background) => background.add(work),
            None => drop(tokio::spawn(work)),
        }
    }

    fn log(&self, level: Level, line: &str) {
        logs::write(None, level, line);
    }

    fn log_json(&self, _: Level, json: &str) {
        eprintln!("{json}");
    }

    fn log_level(&self) -> Option<Level> {
        logs::least()
    }
}
