//! The accept loop, and its end.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use anyfn_core::{BoxError, Context, Handler, Level, dispatch_http};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;

use crate::context::ServerInvocation;
use crate::decode::decode;

/// How long requests in flight may take to finish once the server is told to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// Serves the handler on `HOST` and `PORT` until SIGTERM or Ctrl-C.
///
/// # Errors
/// `PORT` is no port, or the address cannot be had.
pub fn run<H: Handler>(handler: H) -> Result<(), BoxError> {
    let host = std::env::var("HOST").unwrap_or_else(|_| "127.0.0.1".to_owned());
    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let port: u16 = port.parse().map_err(|_| format!("PORT is `{port}`: set it to a number from 0 to 65535"))?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let listener = TcpListener::bind((host.as_str(), port)).await.map_err(|source| {
            format!("cannot listen on {host}:{port} ({source}): set PORT to another one, such as PORT=3001")
        })?;
        println!("anyfn: serving on http://{}", listener.local_addr()?);
        serve(listener, handler, stopped()).await
    })
}

/// Serves the handler on this listener until `stop` is done, and then lets requests in flight finish.
///
/// # Errors
/// None that a client can cause.
pub async fn serve<H: Handler>(
    listener: TcpListener,
    handler: H,
    stop: impl Future<Output = ()>,
) -> Result<(), BoxError> {
    let handler = Arc::new(handler);
    let graceful = GracefulShutdown::new();
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // Without a limit in time a client that sends no head keeps its connection for ever.
    builder.http1().timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(10)).max_buf_size(64 * 1024);
    builder.http2().timer(TokioTimer::new()).max_header_list_size(64 * 1024);
    let mut stop = std::pin::pin!(stop);
    loop {
        let (stream, client) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, as a rule: those in use come back.
                    eprintln!("anyfn: a connection could not be accepted: {error}");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        let _ = stream.set_nodelay(true);
        let handler = Arc::clone(&handler);
        let service = service_fn(move |request| {
            let handler = Arc::clone(&handler);
            async move {
                let id = request.headers().get("x-request-id").and_then(|id| id.to_str().ok());
                let cx = Context::new(ServerInvocation::new(id, client));
                Ok::<_, Infallible>(match decode(request) {
                    Ok(request) => dispatch_http(&*handler, request, cx).await,
                    Err(error) => {
                        cx.log_at(Level::Warn, format!("anyfn: a request was refused: {error}"));
                        error.into_http()
                    }
                })
            }
        });
        let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // A connection that breaks is its client's affair.
            let _ = connection.await;
        });
    }
    drop(listener);
    if tokio::time::timeout(DRAIN, graceful.shutdown()).await.is_err() {
        eprintln!("anyfn: requests were still in flight after {} s and are dropped", DRAIN.as_secs());
    }
    Ok(())
}

async fn stopped() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! { _ = interrupt => {}, _ = terminate.recv() => {} }
        return;
    }
    let _ = interrupt.await;
}
