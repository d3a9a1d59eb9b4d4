//! One connection, from its first byte to its last.

use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use anyfn_core::{Error, Handler};
use http::StatusCode;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::Settings;
use crate::answer::answer;
use crate::serve::Server;
use crate::wire::{Activity, First, Phase, Watch, Wire};

/// How both protocols are spoken.
pub(crate) struct Protocols {
    http1: hyper::server::conn::http1::Builder,
    http2: hyper::server::conn::http2::Builder<TokioExecutor>,
}

impl Protocols {
    pub(crate) fn new(settings: &Settings) -> Self {
        // Heads up to twice the limit are read, so that they can be refused with words; beyond that there is a status alone.
        let head = settings.max_headers * 2;
        let mut http1 = hyper::server::conn::http1::Builder::new();
        http1
            .timer(TokioTimer::new())
            .header_read_timeout(None)
            .max_buf_size(head.max(256 * 1024))
            .max_header_size(head);
        let mut http2 = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .max_header_list_size(u32::try_from(head).unwrap_or(u32::MAX))
            // A client that vanished without a word answers no ping.
            .keep_alive_interval(Duration::from_secs(30));
        Self { http1, http2 }
    }
}

/// Serves a connection until it ends, or until `stop` says so and what is in flight is done.
pub(crate) async fn connection<H: Handler>(
    mut stream: TcpStream,
    peer: SocketAddr,
    server: Arc<Server<H>>,
    mut stop: watch::Receiver<()>,
) {
    // A small answer need not wait for a larger one to come.
    let _ = stream.set_nodelay(true);
    let mut first = First::new();
    let begun = {
        let mut begun = pin!(timeout(server.settings.head, first.is_http2(&mut stream)));
        tokio::select! {
            biased;
            begun = &mut begun => Some(begun),
            _ = stop.changed() => None,
        }
    };
    let http2 = match begun {
        Some(Ok(Ok(http2))) => http2,
        // Told to stop: whoever has begun to speak is heard, since the rest is on its way.
        None if !first.is_empty() => match timeout(server.settings.head, first.is_http2(&mut stream)).await {
            Ok(Ok(http2)) => http2,
            _ => return,
        },
        // A client that went away, or said nothing in time, is no news.
        _ => return,
    };
    let activity = Arc::new(Activity::default());
    let io = TokioIo::new(Wire::new(stream, first, http2, Arc::clone(&activity)));
    let service = service_fn(|request| answer(Arc::clone(&server), Arc::clone(&activity), peer.ip(), request));
    let settings = &server.settings;
    if http2 {
        let connection = pin!(server.protocols.http2.serve_connection(io, service));
        let graceful = |connection: Pin<&mut hyper::server::conn::http2::Connection<_, _, _>>| {
            connection.graceful_shutdown();
        };
        drive(connection, graceful, true, &activity, settings, stop).await;
    } else {
        let mut connection = server.protocols.http1.serve_connection(io, service);
        let graceful = |connection: Pin<&mut hyper::server::conn::http1::Connection<_, _>>| {
            connection.graceful_shutdown();
        };
        let end = drive(Pin::new(&mut connection), graceful, false, &activity, settings, stop).await;
        if end == Some(Phase::Head) {
            let mut stream = connection.into_parts().io.into_inner().stream;
            let _ = timeout(Duration::from_secs(1), stream.write_all(&late(settings))).await;
        }
    }
}

/// Runs a connection; says which phase took too long, where one did.
///
/// How a connection breaks is its client's affair, and no news either.
async fn drive<C: Future>(
    mut connection: Pin<&mut C>,
    graceful: impl Fn(Pin<&mut C>),
    http2: bool,
    activity: &Activity,
    settings: &Settings,
    mut stop: watch::Receiver<()>,
) -> Option<Phase> {
    let mut ticks = interval(Watch::interval(settings));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut watch, mut ending) = (Watch::new(), false);
    loop {
        tokio::select! {
            biased;
            _ = &mut connection => return None,
            _ = stop.changed(), if !ending => {
                graceful(connection.as_mut());
                ending = true;
            }
            _ = ticks.tick() => match watch.overdue(activity, settings) {
                None => {}
                // HTTP/2 says goodbye first: a request may be on its way.
                Some(Phase::Idle) if http2 && !ending => {
                    graceful(connection.as_mut());
                    (watch, ending) = (Watch::new(), true);
                }
                Some(phase) => return Some(phase),
            },
        }
    }
}

/// A whole 408, for a client whose head does not come.
fn late(settings: &Settings) -> Vec<u8> {
    let detail = format!("the request's head did not come within {} s", settings.head.as_secs_f32());
    let problem = Error::new(StatusCode::REQUEST_TIMEOUT).detail(detail).into_http();
    let body = problem.body().whole().map_or(&[][..], |body| body);
    let mut wire = format!(
        "HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-type: application/problem+json\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    wire.extend_from_slice(body);
    wire
}
