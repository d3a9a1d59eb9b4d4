//! What Vercel knows of a request, and when it is over.

use std::any::Any;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use anyfn_core::{BoxFuture, Error, Invocation, Level};

use crate::InvocationId;
use crate::background::Background;
use crate::events::{Answers, Calls, https};
use crate::ipc::Ipc;
use crate::printed::Printed;
use crate::serve::Outside;

/// What all requests of an instance share.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) ipc: Option<Ipc>,
    /// What is printed, where it is part of the log.
    pub(crate) printed: Option<Arc<Printed>>,
    pub(crate) background: Background,
    region: Option<String>,
    served: AtomicU64,
    outside: Outside,
    calls: OnceLock<Result<Box<dyn Calls>, String>>,
}

impl Instance {
    /// Must be called inside the runtime.
    pub(crate) fn new(ipc: Option<Ipc>, printed: Option<Arc<Printed>>, outside: Outside) -> Self {
        Self {
            ipc,
            printed,
            background: Background::new(),
            region: (outside.variable)("VERCEL_REGION").filter(|region| !region.is_empty()),
            served: AtomicU64::new(0),
            outside,
            calls: OnceLock::new(),
        }
    }

    /// A variable's value.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        (self.outside.variable)(name)
    }

    /// What answers events, where something does.
    pub(crate) fn events(&self) -> Option<Answers> {
        self.outside.events
    }

    /// What calls the platform's API, made for the first call.
    pub(crate) fn calls(&self) -> Result<&dyn Calls, Error> {
        let made = self.calls.get_or_init(|| https().map_err(|error| error.to_string()));
        let failed = |error| Error::internal(format!("the queues' API cannot be called: {error}"));
        made.as_deref().map_err(failed)
    }

    #[cfg(feature = "fuzzing")]
    pub(crate) fn with_calls(self, calls: Box<dyn Calls>) -> Self {
        Self { calls: OnceLock::from(Ok(calls)), ..self }
    }

    pub(crate) fn log(&self, id: Option<&InvocationId>, level: Level, line: &str) {
        if !self.ipc.as_ref().is_some_and(|ipc| ipc.log(id, level, line)) {
            eprintln!("{line}");
        }
    }
}

/// An invocation as far as the platform has to know of it: it ends when nobody holds this any more, that is when its
/// answer is sent or given up and its work after the answer is done.
#[derive(Debug)]
pub(crate) struct Flight {
    pub(crate) id: Option<InvocationId>,
    pub(crate) instance: Arc<Instance>,
}

impl Flight {
    pub(crate) fn new(instance: &Arc<Instance>, id: Option<InvocationId>) -> Arc<Self> {
        if let (Some(printed), Some(id)) = (&instance.printed, &id) {
            printed.begin(id);
        }
        Arc::new(Self { id, instance: Arc::clone(instance) })
    }

    pub(crate) fn log(&self, level: Level, line: &str) {
        self.instance.log(self.id.as_ref(), level, line);
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let Some(id) = &self.id else { return };
        if let Some(printed) = &self.instance.printed {
            printed.end(id);
        }
        if let Some(ipc) = &self.instance.ipc {
            ipc.end(id);
        }
    }
}

/// What a handler is given. It does not keep its invocation from ending: a clone of it may outlive that.
pub(crate) struct VercelInvocation {
    instance: Arc<Instance>,
    flight: Weak<Flight>,
    id: Option<InvocationId>,
    request_id: OnceLock<String>,
    number: u64,
    raw_target: Option<String>,
    client_ip: Option<IpAddr>,
}

impl VercelInvocation {
    pub(crate) fn new(
        flight: &Arc<Flight>,
        request_id: Option<String>,
        raw_target: Option<String>,
        client_ip: Option<IpAddr>,
    ) -> Self {
        let id = flight.id.clone();
        let request_id = request_id.or_else(|| Some(id.as_ref()?.invocation.clone()));
        Self {
            number: flight.instance.served.fetch_add(1, Ordering::Relaxed),
            instance: Arc::clone(&flight.instance),
            flight: Arc::downgrade(flight),
            id,
            request_id: request_id.map(OnceLock::from).unwrap_or_default(),
            raw_target,
            client_ip,
        }
    }

    /// What the handler's start runs in, before the first request.
    pub(crate) fn start(instance: &Arc<Instance>) -> Self {
        Self {
            instance: Arc::clone(instance),
            flight: Weak::new(),
            id: None,
            request_id: OnceLock::from("start".to_owned()),
            number: 0,
            raw_target: None,
            client_ip: None,
        }
    }
}

impl Invocation for VercelInvocation {
    fn platform(&self) -> &'static str {
        "vercel"
    }

    fn request_id(&self) -> Option<&str> {
        // Run locally without the CLI there is no `x-vercel-id`; a log wants something to tell requests apart by.
        Some(self.request_id.get_or_init(|| format!("{}-{}", std::process::id(), self.number)))
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

    fn env(&self, name: &str) -> Option<String> {
        self.instance.variable(name)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<()> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn wait_until(&self, work: BoxFuture<()>) {
        self.instance.background.spawn(&self.instance, self.flight.upgrade(), self.id.clone(), work);
    }

    fn log(&self, level: Level, line: &str) {
        self.instance.log(self.id.as_ref(), level, line);
    }

    fn raw(&self) -> Option<&dyn Any> {
        self.id.as_ref().map(|id| id as &dyn Any)
    }
}
