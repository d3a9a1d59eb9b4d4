//! What the plain server knows of a request.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use anyfn_core::{BoxFuture, Invocation};

use crate::background::Background;

/// What all requests of a server share.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) background: Background,
    pub(crate) region: Option<String>,
    served: AtomicU64,
}

impl Instance {
    pub(crate) fn new(region: Option<String>) -> Self {
        Self { background: Background::new(), region, served: AtomicU64::new(0) }
    }
}

pub(crate) struct ServerInvocation {
    instance: Arc<Instance>,
    number: u64,
    request_id: OnceLock<String>,
    deadline: Option<SystemTime>,
    raw_target: Option<String>,
    client_ip: Option<IpAddr>,
}

impl ServerInvocation {
    pub(crate) fn new(
        instance: &Arc<Instance>,
        request_id: Option<String>,
        deadline: Option<SystemTime>,
        raw_target: Option<String>,
        client_ip: Option<IpAddr>,
    ) -> Self {
        let number = instance.served.fetch_add(1, Ordering::Relaxed);
        let request_id = request_id.map(OnceLock::from).unwrap_or_default();
        Self { instance: Arc::clone(instance), number, request_id, deadline, raw_target, client_ip }
    }

    /// What the handler's start runs in, before the first request, and its shutdown.
    pub(crate) fn named(instance: &Arc<Instance>, name: &str) -> Self {
        Self {
            instance: Arc::clone(instance),
            number: 0,
            request_id: OnceLock::from(name.to_owned()),
            deadline: None,
            raw_target: None,
            client_ip: None,
        }
    }
}

impl Invocation for ServerInvocation {
    fn platform(&self) -> &'static str {
        "server"
    }

    fn request_id(&self) -> Option<&str> {
        Some(self.request_id.get_or_init(|| format!("{}-{}", std::process::id(), self.number)))
    }

    fn deadline(&self) -> Option<SystemTime> {
        self.deadline
    }

    fn region(&self) -> Option<&str> {
        self.instance.region.as_deref()
    }

    fn client_ip(&self) -> Option<IpAddr> {
        self.client_ip
    }

    fn cold_start(&self) -> bool {
        self.number == 0
    }

    fn raw_target(&self) -> Option<&str> {
        self.raw_target.as_deref()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<()> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn wait_until(&self, work: BoxFuture<()>) {
        let id = self.request_id().unwrap_or_default().to_owned();
        self.instance.background.spawn(id, work);
    }
}
