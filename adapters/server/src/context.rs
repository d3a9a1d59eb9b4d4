//! What the plain server knows of a request.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyfn_core::{BoxFuture, Invocation};

static SERVED: AtomicU64 = AtomicU64::new(0);

pub(crate) struct ServerInvocation {
    request_id: String,
    client: IpAddr,
    cold_start: bool,
}

impl ServerInvocation {
    pub(crate) fn new(request_id: Option<&str>, client: SocketAddr) -> Self {
        let number = SERVED.fetch_add(1, Ordering::Relaxed);
        let request_id = request_id.map_or_else(|| format!("{}-{number}", std::process::id()), str::to_owned);
        Self { request_id, client: client.ip(), cold_start: number == 0 }
    }
}

impl Invocation for ServerInvocation {
    fn platform(&self) -> &'static str {
        "server"
    }

    fn request_id(&self) -> Option<&str> {
        Some(&self.request_id)
    }

    fn client_ip(&self) -> Option<IpAddr> {
        Some(self.client)
    }

    fn cold_start(&self) -> bool {
        self.cold_start
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<()> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn wait_until(&self, work: BoxFuture<()>) {
        tokio::spawn(work);
    }
}
