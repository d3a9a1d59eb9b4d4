//! What Workers knows of a request.

use std::any::Any;
use std::cell::Cell;
use std::net::IpAddr;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use anyfn_core::{BoxFuture, Invocation, Level};
use send_wrapper::SendWrapper;
use wasm_bindgen::JsValue;

use crate::host::{self, Call};
use crate::ops::Op;
use crate::tasks;

thread_local! {
    static COLD: Cell<bool> = const { Cell::new(true) };
}

/// What a Worker is called with, for what anyfn has no portable word.
///
/// With the feature `worker`, `bindings` gives them as `worker::Env`, where KV, R2, D1, queues and the rest are:
///
/// ```text
/// let bindings = cx.raw::<anyfn_cloudflare::Raw>().unwrap().bindings();
/// let text = bindings.kv("CACHE")?.get("key").text().await?;
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Raw {
    /// The bindings.
    pub env: JsValue,
    /// The execution context.
    pub ctx: JsValue,
    /// `request.cf`, what the edge knows of the client; undefined or almost empty locally.
    pub cf: JsValue,
}

#[cfg(feature = "worker")]
impl Raw {
    /// The bindings, KV namespaces, databases and queues among them, as `worker` has them.
    pub fn bindings(&self) -> worker::Env {
        wasm_bindgen::JsCast::unchecked_into(self.env.clone())
    }
}

pub(crate) struct Worker {
    call: SendWrapper<Call>,
    request_id: OnceLock<String>,
    client_ip: Option<IpAddr>,
    raw_target: Option<String>,
    cold_start: bool,
    colo: OnceLock<Option<String>>,
    raw: OnceLock<SendWrapper<Raw>>,
}

impl Worker {
    pub(crate) fn new(call: Call, ray: Option<String>, client_ip: Option<IpAddr>, raw_target: Option<String>) -> Self {
        Self {
            call: SendWrapper::new(call),
            request_id: ray.map(OnceLock::from).unwrap_or_default(),
            client_ip,
            raw_target,
            cold_start: COLD.replace(false),
            colo: OnceLock::new(),
            raw: OnceLock::new(),
        }
    }
}

impl Invocation for Worker {
    fn platform(&self) -> &'static str {
        "cloudflare"
    }

    fn request_id(&self) -> Option<&str> {
        // Run locally, there is no `cf-ray`; a log wants something to tell requests apart by.
        Some(self.request_id.get_or_init(|| self.call.id()))
    }

    fn region(&self) -> Option<&str> {
        self.colo.get_or_init(|| self.call.colo()).as_deref()
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

    fn env(&self, name: &str) -> Option<String> {
        self.call.variable(name)
    }

    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(host::now() as u64)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<()> {
        let op = Op::begin(|op| {
            tasks::with_instance(|instance| instance.sleep(op, (duration.as_secs_f64() * 1000.0).ceil()));
        });
        Box::pin(async move {
            let _ = op.await;
        })
    }

    fn wait_until(&self, work: BoxFuture<()>) {
        self.call.later(tasks::add(work));
    }

    fn log(&self, level: Level, line: &str) {
        match level {
            Level::Debug => host::debug(line),
            Level::Info => host::log(line),
            Level::Warn => host::warn(line),
            Level::Error => host::error(line),
        }
    }

    fn raw(&self) -> Option<&dyn Any> {
        let raw = self
            .raw
            .get_or_init(|| SendWrapper::new(Raw { env: self.call.env(), ctx: self.call.ctx(), cf: self.call.cf() }));
        Some(&**raw)
    }
}
