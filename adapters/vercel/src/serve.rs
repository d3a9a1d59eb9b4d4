//! The server's beginning, its accept loop, and its end.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyfn_core::{BoxError, Context, Handler, Level, dispatch_shutdown};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::connection::connection;
use crate::context::{Instance, VercelInvocation};
use crate::current;
use crate::events::{self, Answers};
use crate::ipc::{self, Writer};
use crate::printed::{Redirected, redirect};

/// How long the platform waits for the start at most until it hears of the server; the start goes on meanwhile.
const START: Duration = Duration::from_secs(5);
/// How long work goes on after a stop outside the platform, as in the vendor's runtimes. The platform sets its own limit.
const LOCAL_DRAIN: Duration = Duration::from_secs(30);
/// How long the handler's shutdown may take; the platform's own limit is shorter.
const SHUTDOWN: Duration = Duration::from_secs(5);

/// Whether Vercel started this process: the platform, which gives it a socket, or `vercel dev`, which gives it a port.
///
/// `VERCEL` alone does not say so: it is set while building too.
pub fn detected() -> bool {
    ["VERCEL_IPC_PATH", "VERCEL_DEV_PORT", "VERCEL_DEV"].into_iter().any(|name| variable(name).is_some())
}

fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Serves the handler until SIGTERM or Ctrl-C.
///
/// # Errors
/// The platform's socket or the port cannot be had, or a second signal ended the server at once.
pub fn run<H: Handler>(handler: H) -> Result<(), BoxError> {
    run_with(handler, Outside { events: Some(events::answer), ..Outside::default() })
}

/// [`run`], for a program that HTTP requests alone reach: what reads other events is left out, TLS above all.
///
/// # Errors
/// As for [`run`].
pub fn run_http<H: Handler>(handler: H) -> Result<(), BoxError> {
    run_with(handler, Outside::default())
}

fn run_with<H: Handler>(handler: H, outside: Outside) -> Result<(), BoxError> {
    let begun = Instant::now();
    current::hook();
    let settings = Settings { outside, ..Settings::from_env()? };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(async {
        let mut signals = Signals::new()?;
        let (stop, mut stopped) = watch::channel(());
        let signalled = async {
            signals.next().await;
            let _ = stop.send(());
            signals.next().await;
        };
        let stopped = async move {
            let _ = stopped.changed().await;
        };
        tokio::select! {
            served = serve(handler, settings, begun, stopped) => served,
            () = signalled => Err("stopped at once by a second signal: what was in flight is dropped".into()),
        }
    });
    // A blocking call that goes on and on is not waited for.
    runtime.shutdown_background();
    result
}

/// How the server is started.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The platform's socket.
    pub(crate) ipc: Option<PathBuf>,
    /// The port without the platform; it takes any.
    pub(crate) port: u16,
    /// Whether what is printed goes to the platform's log too: the process has but one standard output.
    pub(crate) prints: bool,
    pub(crate) outside: Outside,
}

/// What is there beside the requests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outside {
    /// A variable's value.
    pub(crate) variable: fn(&str) -> Option<String>,
    /// What answers events, where something does.
    pub(crate) events: Option<Answers>,
}

impl Default for Outside {
    fn default() -> Self {
        Self { variable: |name| std::env::var(name).ok(), events: None }
    }
}

impl Settings {
    fn from_env() -> Result<Self, BoxError> {
        let port = match variable("VERCEL_DEV_PORT") {
            None => 3000,
            Some(port) => port.to_str().and_then(|port| port.parse().ok()).ok_or_else(|| {
                format!("VERCEL_DEV_PORT is {port:?}, which is no port: set it to a number from 0 to 65535")
            })?,
        };
        let ipc = variable("VERCEL_IPC_PATH").map(PathBuf::from);
        Ok(Self { ipc, port, prints: true, outside: Outside::default() })
    }
}

/// Serves the handler until `stop` is done, and then lets what is in flight finish: requests, streams and work after
/// answers. Dropping the future drops them all.
pub(crate) async fn serve<H: Handler>(
    handler: H,
    settings: Settings,
    begun: Instant,
    stop: impl Future<Output = ()>,
) -> Result<(), BoxError> {
    let (ipc, writer) = match &settings.ipc {
        None => (None, None),
        Some(path) => {
            let (ipc, writer) = ipc::connect(path).await.map_err(|error| {
                format!(
                    "cannot connect to the platform's socket {} ({error}): unset VERCEL_IPC_PATH to serve without it",
                    path.display()
                )
            })?;
            (Some(ipc), Some(writer))
        }
    };
    let redirected = match &ipc {
        Some(ipc) if settings.prints => Some(redirect(ipc)?),
        _ => None,
    };
    let instance = Arc::new(Instance::new(ipc, redirected.as_ref().map(Redirected::printed), settings.outside));
    let handler = Arc::new(handler);
    let mut stop = pin!(stop);
    let listener = match listen(&settings).await {
        Ok(listener) => listener,
        Err(error) => {
            if let Some(writer) = writer {
                writer.give_up(&error.to_string()).await;
            }
            return Err(error);
        }
    };
    tokio::select! {
        () = start(&handler, &instance) => {}
        () = &mut stop => {
            shutdown(&handler, &instance).await;
            return Ok(());
        }
    }
    let port = listener.local_addr()?.port();
    let writing = match writer {
        Some(writer) => Some(announce(writer, begun, port).await?),
        None => {
            println!("Dev server listening: {port}");
            io::stdout().flush()?;
            None
        }
    };
    accept(listener, &handler, &instance, stop).await;
    let drained = instance.background.done();
    if writing.is_some() {
        drained.await;
    } else if timeout(LOCAL_DRAIN, drained).await.is_err() {
        let count = instance.background.count();
        eprintln!("anyfn: not done after {} s, and dropped: {count} × task after an answer", LOCAL_DRAIN.as_secs());
    }
    shutdown(&handler, &instance).await;
    drop(redirected);
    if let Some(writing) = writing {
        writing.finish().await;
    }
    Ok(())
}

async fn listen(settings: &Settings) -> Result<TcpListener, BoxError> {
    let port = if settings.ipc.is_some() { 0 } else { settings.port };
    let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpListener::bind(addr).await.map_err(|error| {
        let todo = if settings.ipc.is_some() { "" } else { ": set VERCEL_DEV_PORT to a port that is free" };
        format!("cannot listen on {addr} ({error}){todo}").into()
    })
}

async fn announce(writer: Writer, begun: Instant, port: u16) -> Result<ipc::Writing, BoxError> {
    // A start that took less than a millisecond took some time too.
    let took = begun.elapsed().as_micros().div_ceil(1000);
    writer.start(took, port).await.map_err(|error| format!("the platform's socket took no message: {error}").into())
}

/// Makes the state early, so that the first request does not wait for it. Where that fails, the first request tries again.
async fn start<H: Handler>(handler: &Arc<H>, instance: &Arc<Instance>) {
    let cx = Context::new(VercelInvocation::start(instance));
    let (handler, instance) = (Arc::clone(handler), Arc::clone(instance));
    // A task of its own, so that it goes on where it takes long.
    let starting = tokio::spawn(async move {
        let why = match current::within(None, Arc::downgrade(&instance), handler.start(cx)).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(panic) => format!("it panicked: {panic}"),
        };
        instance.log(None, Level::Error, &format!("anyfn: the start failed, and the first request tries again: {why}"));
    });
    let _ = timeout(START, starting).await;
}

/// The program's own end, and the work that it leaves behind.
async fn shutdown<H: Handler>(handler: &Arc<H>, instance: &Arc<Instance>) {
    if !handler.has_shutdown() {
        return;
    }
    let cx = Context::new(VercelInvocation::start(instance));
    let ending = async {
        // What it prints goes to the platform's log; a panic in it is caught.
        let _ = current::within(None, Arc::downgrade(instance), dispatch_shutdown(&**handler, cx)).await;
        instance.background.done().await;
    };
    if timeout(SHUTDOWN, ending).await.is_err() {
        let why = format!("anyfn: the shutdown was not done after {} s, and is dropped", SHUTDOWN.as_secs());
        instance.log(None, Level::Error, &why);
    }
}

/// Accepts connections until told to stop, and waits for what they have in flight.
async fn accept<H: Handler>(
    listener: TcpListener,
    handler: &Arc<H>,
    instance: &Arc<Instance>,
    stop: impl Future<Output = ()>,
) {
    let (ending, ended) = watch::channel(());
    let mut connections = JoinSet::new();
    let (mut stop, mut failing) = (pin!(stop), false);
    let serve = |stream| connection(stream, Arc::clone(handler), Arc::clone(instance), ended.clone());
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    failing = false;
                    connections.spawn(serve(stream));
                }
                // That client is gone; the next one is not.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    // Out of file descriptors, as a rule: those in use come back.
                    if !std::mem::replace(&mut failing, true) {
                        instance.log(None, Level::Error, &format!("anyfn: connections cannot be accepted: {error}"));
                    }
                    sleep(Duration::from_millis(50)).await;
                }
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            () = &mut stop => break,
        }
    }
    // Connections that are made already may have brought a request.
    while let Ok(Ok((stream, _))) = timeout(Duration::ZERO, listener.accept()).await {
        connections.spawn(serve(stream));
    }
    drop(listener);
    let _ = ending.send(());
    while connections.join_next().await.is_some() {}
}

/// What ends a server: SIGTERM, and SIGINT (Ctrl-C).
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
