//! One connection, from its first byte to its last.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyfn_core::Handler;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::answer::answer;
use crate::context::Instance;
use crate::wire::{Traffic, Wire, end_refused};

/// How long a request that is on its way when the server is told to stop may take to arrive.
const ARRIVES: Duration = Duration::from_millis(100);

/// How many headers a request may have, the platform's own among them. How large they may be is the platform's to say.
const HEADERS: usize = 1000;

/// Serves a connection until it ends, or until `stop` says so and what is in flight is done.
pub(crate) async fn connection<H: Handler>(
    stream: TcpStream,
    handler: Arc<H>,
    instance: Arc<Instance>,
    mut stop: watch::Receiver<()>,
) {
    // A small answer need not wait for a larger one to come.
    let _ = stream.set_nodelay(true);
    let traffic = Arc::<Traffic>::default();
    let io = TokioIo::new(Wire::new(stream, &traffic));
    let service =
        service_fn(|request| answer(Arc::clone(&handler), Arc::clone(&instance), Arc::clone(&traffic), request));
    let mut connection = pin!(http1::Builder::new().max_headers(HEADERS).serve_connection(io, service));
    let ended = tokio::select! {
        biased;
        ended = &mut connection => ended,
        _ = stop.changed() => {
            connection.as_mut().graceful_shutdown();
            loop {
                tokio::select! {
                    biased;
                    ended = &mut connection => break ended,
                    // A connection that brings no request has nothing to wait for.
                    () = sleep(ARRIVES) => if traffic.is_idle() { break Ok(()) },
                }
            }
        }
    };
    // How a connection breaks is the client's affair, and no news; the platform waits for the end of its invocation all
    // the same.
    if ended.is_err() {
        end_refused(&traffic, &instance);
    }
}
