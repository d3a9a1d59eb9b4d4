//! The server's beginning, its accept loop, and its end.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyfn_core::{BoxError, Context, Handler, dispatch_shutdown};
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::Settings;
use crate::background::message;
use crate::connection::{Protocols, connection};
use crate::context::{Instance, ServerInvocation};

/// How long the handler's shutdown may take.
const SHUTDOWN: Duration = Duration::from_secs(5);

/// What all connections share.
pub(crate) struct Server<H> {
    pub(crate) handler: H,
    pub(crate) settings: Settings,
    pub(crate) protocols: Protocols,
    pub(crate) instance: Arc<Instance>,
    /// One more than there are requests in flight.
    pub(crate) in_flight: Arc<()>,
}

/// Serves the handler where the environment says, until SIGTERM or Ctrl-C.
///
/// # Errors
/// A variable makes no sense, the address cannot be had, or a second signal ended the server at once.
pub fn run<H: Handler>(handler: H) -> Result<(), BoxError> {
    let settings = Settings::from_env()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(listen(handler, settings));
    // A blocking call that goes on and on is not waited for.
    runtime.shutdown_background();
    result
}

async fn listen<H: Handler>(handler: H, settings: Settings) -> Result<(), BoxError> {
    let mut signals = Signals::new()?;
    let (host, port) = (settings.host.as_str(), settings.port);
    let listener = TcpListener::bind((host, port)).await.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied => {
            format!("cannot listen on {host}:{port} ({source}): set PORT to another one, such as PORT=3001")
        }
        _ => format!("cannot listen on {host}:{port} ({source}): set HOST to an address of this machine"),
    })?;
    println!("anyfn: serving on http://{}", listener.local_addr()?);
    let (stop, stopped) = oneshot::channel();
    let twice = async {
        signals.next().await;
        let _ = stop.send(());
        signals.next().await;
    };
    let stopped = async {
        let _ = stopped.await;
    };
    tokio::select! {
        served = serve(listener, handler, settings, stopped) => served,
        () = twice => Err("stopped at once by a second signal: what was in flight is dropped".into()),
    }
}

/// Serves the handler on this listener until `stop` is done, and then lets what is in flight finish: requests, streams,
/// and work after answers, for as long as [`Settings::drain`] says. Then comes the handler's
/// [`shutdown`](Handler::shutdown), in 5 seconds at most. Dropping the future drops them all.
///
/// # Errors
/// None that a client can cause.
pub async fn serve<H: Handler>(
    listener: TcpListener,
    handler: H,
    settings: Settings,
    stop: impl Future<Output = ()>,
) -> Result<(), BoxError> {
    let server = Arc::new(Server {
        protocols: Protocols::new(&settings),
        instance: Arc::new(Instance::new(settings.region.clone())),
        in_flight: Arc::default(),
        handler,
        settings,
    });
    let mut stop = pin!(stop);
    tokio::select! {
        () = start(&server) => {}
        () = &mut stop => {
            shutdown(&server).await;
            return Ok(());
        }
    }
    let ticking = server.settings.clock.then(|| crate::clock::start(&server));
    let (ending, ended) = watch::channel(());
    let mut connections = JoinSet::new();
    let mut failing = false;
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    failing = false;
                    connections.spawn(connection(stream, peer, Arc::clone(&server), ended.clone()));
                }
                // That client is gone; the next one is not.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    // Out of file descriptors, as a rule: those in use come back.
                    if !std::mem::replace(&mut failing, true) {
                        eprintln!("anyfn: connections cannot be accepted: {error}");
                    }
                    sleep(Duration::from_millis(50)).await;
                }
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            () = &mut stop => break,
        }
    }
    drop((listener, ticking));
    let _ = ending.send(());
    drain(&server, connections).await;
    shutdown(&server).await;
    Ok(())
}

/// Makes the state early, so that the first request does not wait for it. Where that fails, the first request tries again.
async fn start<H: Handler>(server: &Arc<Server<H>>) {
    let cx = Context::new(ServerInvocation::named(&server.instance, "start"));
    let starting = Arc::clone(server);
    // A task of its own: a panic in it ends nothing else, and leaving drops it.
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { starting.handler.start(cx).await });
    let why = match tasks.join_next().await {
        Some(Ok(Err(error))) => error.to_string(),
        Some(Err(error)) if error.is_panic() => message(&*error.into_panic()).to_owned(),
        _ => return,
    };
    eprintln!("anyfn: the start failed, and the first request tries again: {why}");
}

/// The program's own end, and the work that it leaves behind.
async fn shutdown<H: Handler>(server: &Server<H>) {
    if !server.handler.has_shutdown() {
        return;
    }
    let cx = Context::new(ServerInvocation::named(&server.instance, "shutdown"));
    let done = async {
        dispatch_shutdown(&server.handler, cx).await;
        server.instance.background.done().await;
    };
    if timeout(SHUTDOWN, done).await.is_err() {
        eprintln!("anyfn: the shutdown was not done after {} s, and is dropped", SHUTDOWN.as_secs());
        server.instance.background.abort();
    }
}

async fn drain<H>(server: &Server<H>, mut connections: JoinSet<()>) {
    let (limit, background) = (server.settings.drain, &server.instance.background);
    let left = || {
        let counts =
            [(Arc::strong_count(&server.in_flight) - 1, "request"), (background.count(), "task after an answer")];
        let counts = counts.into_iter().filter(|(count, _)| *count > 0);
        counts.map(|(count, what)| format!("{count} × {what}")).collect::<Vec<_>>().join(", ")
    };
    if !left().is_empty() {
        eprintln!("anyfn: waiting for {}, {} s at most; a second signal ends it at once", left(), limit.as_secs_f32());
    }
    let done = async {
        while connections.join_next().await.is_some() {}
        background.done().await;
    };
    if timeout(limit, done).await.is_err() {
        let left = left();
        if !left.is_empty() {
            eprintln!("anyfn: not done after {} s, and dropped: {left}", limit.as_secs_f32());
        }
        connections.shutdown().await;
        background.abort();
    }
}

/// What ends a server: SIGTERM, and SIGINT (Ctrl-C).
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    async fn next(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    }
}
