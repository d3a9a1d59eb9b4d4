//! Platforms' real local runtimes, all with one face: an HTTP address.
//!
//! Whatever raw HTTP/1.1 request reaches [`Running::addr`] goes through the platform's runtime to the artefact, its
//! target and header bytes untouched, and the answer comes back as the platform would send it.
//!
//! | function | what runs |
//! |---|---|
//! | [`lambda::start`] | AWS's Runtime Interface Emulator, or a small Runtime API of ours, behind an emulated gateway |
//! | [`cloudflare::start`] | workerd, through Miniflare |
//! | [`vercel::start`] | the executable, spoken to in Vercel's protocol |
//! | [`server::start`] | the plain server itself |
//!
//! ```no_run
//! use anyfn_xtask::build::{BuildOptions, Target, build};
//! use anyfn_xtask::local::{Options, lambda};
//!
//! # async fn example() -> anyhow::Result<()> {
//! let built = build(&BuildOptions::local(&[Target::Lambda], Some("echo")))?;
//! let bootstrap = built.lambda.expect("it was asked for").bootstrap;
//! let options = Options::new().env("ECHO_GREETING", "hi");
//! let running = lambda::start(&bootstrap, &lambda::Lambda::emulator(lambda::Shape::V2), &options).await?;
//! println!("http://{}", running.addr());
//! running.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! Every `start` must be called inside a tokio runtime, which has to stay alive (and, a current-thread one, be driven) as
//! long as requests are to be answered. Dropping a [`Running`] kills all of its processes at once; a process of ours that
//! ends in any other way, `kill -9` included, takes them along too.

use std::fmt;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use tokio::task::JoinHandle;

mod asking;
pub mod cloudflare;
pub mod events;
pub(crate) mod guard;
pub(crate) mod http1;
pub mod lambda;
mod logs;
pub(crate) mod origin;
mod process;
pub mod running;
pub mod server;
#[cfg(test)]
mod testing;
pub mod usage;
pub mod vercel;

pub use asking::{Answered, ask, ask_with};
use lambda::Lambda;
use logs::Logs;
use process::{Group, Process};

use crate::build::{Artefacts, Target};
use crate::ui;

/// How long a function gets to end by itself when it is asked to, before it is killed.
pub(crate) const GRACE: Duration = Duration::from_secs(5);
/// How often it is said that a function has not started yet.
const STARTING: Duration = Duration::from_secs(3);
/// How long what it has written gets, at least, to be read when it has ended.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// What every local runtime can be told.
#[derive(Clone, Default)]
pub struct Options {
    env: Vec<(String, String)>,
    port: u16,
    sink: Option<Arc<logs::Sink>>,
    reports: Option<Arc<logs::Reports>>,
}

/// What a platform says of an invocation that has ended, work after the answer included.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The request, as `METHOD TARGET`, where the platform knows it.
    pub request: Option<String>,
    /// How long it took.
    pub duration: Duration,
    /// What of that is billed, where the platform says it.
    pub billed: Option<Duration>,
    /// The start of the instance, where it came with this invocation.
    pub init: Option<Duration>,
}

impl Options {
    /// No variables, any free port, log lines only collected.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A variable of the function's environment (on Workers, a binding of the same name).
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// The port of 127.0.0.1 to listen on; 0, the default, takes any that is free.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Called with each log line when it comes, on whatever thread reads it; [`Running::logs`] then has the last thousand.
    #[must_use]
    pub fn on_log(mut self, sink: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.sink = Some(Arc::new(sink));
        self
    }

    /// Called with what the platform says of each invocation, when it has ended (Lambda, Vercel).
    #[must_use]
    pub fn on_report(mut self, sink: impl Fn(&Report) + Send + Sync + 'static) -> Self {
        self.reports = Some(Arc::new(sink));
        self
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("env", &self.env).field("port", &self.port).finish_non_exhaustive()
    }
}

/// Serves what was built for a target: on Lambda behind `lambda`'s gateway, or without it behind the one that the
/// package's settings deploy it with.
///
/// The variables of `[package.metadata.anyfn.env]` are set as they are when it is deployed; those of `options` go first.
///
/// # Errors
/// When the target was not built, or its runtime does not start.
pub async fn start(target: Target, built: &Artefacts, lambda: Option<&Lambda>, options: &Options) -> Result<Running> {
    let missing = || anyhow!("{} was not built for {}", built.function.package, target.name());
    let settings = &built.function.settings;
    let mut all = options.clone();
    all.env = settings.env.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    all.env.extend_from_slice(&options.env);
    match target {
        Target::Lambda => {
            let deployed = Lambda::deployed(settings);
            let bootstrap = &built.lambda.as_ref().ok_or_else(missing)?.bootstrap;
            lambda::start(bootstrap, lambda.unwrap_or(&deployed), &all).await
        }
        Target::Cloudflare => cloudflare::start(&built.cloudflare.as_ref().ok_or_else(missing)?.modules, &all).await,
        Target::Vercel => vercel::start(&built.vercel.as_ref().ok_or_else(missing)?.executable, &all).await,
        Target::Server => server::start(&built.server.as_ref().ok_or_else(missing)?.executable, &all).await,
    }
}

/// Waits for a function's start, and says every three seconds that it is not there yet, and what `ends` it.
pub(crate) async fn patiently<T>(package: &str, ends: &str, start: impl Future<Output = T>) -> T {
    let begin = Instant::now();
    let mut start = std::pin::pin!(start);
    loop {
        if let Ok(started) = tokio::time::timeout(STARTING, &mut start).await {
            return started;
        }
        let seconds = begin.elapsed().as_secs();
        ui::step("Starting", format_args!("{package} does not serve yet, {seconds} s after its start; {ends}"));
    }
}

/// A function that is being served by a local runtime, until this is stopped or dropped.
pub struct Running {
    addr: SocketAddr,
    /// Where events come in that are no HTTP requests.
    events: Option<SocketAddr>,
    logs: Logs,
    violations: Logs,
    group: Arc<Group>,
    tasks: Vec<JoinHandle<()>>,
    main: Option<Process>,
    at_end: Option<AtEnd>,
}

/// What is still to be done when all processes have ended.
type AtEnd = Box<dyn Fn() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

impl Running {
    fn new(addr: SocketAddr, logs: Logs, group: Arc<Group>) -> Self {
        Self {
            addr,
            events: None,
            logs,
            violations: Logs::default(),
            group,
            tasks: Vec::new(),
            main: None,
            at_end: None,
        }
    }

    /// Where it answers plain HTTP/1.1.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Where it takes events that are no requests; `token` is the one that it was started with, for CloudEvents.
    #[must_use]
    pub fn receiver(&self, target: Target, token: &str) -> events::Receiver {
        events::Receiver { target, http: self.addr, events: self.events, token: token.to_owned() }
    }

    /// Every line that the function or its platform has logged so far, in order; the last thousand of them where
    /// [`Options::on_log`] takes each.
    #[must_use]
    pub fn logs(&self) -> Vec<String> {
        self.logs.lines()
    }

    /// What the function did against its platform's protocol, one sentence each; empty for a good one.
    ///
    /// What only shows at the end (an invocation that never ended) is here after [`Running::stop`].
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        self.violations.lines()
    }

    /// Waits until it ends by itself, and says how; forever where the platform would start it again.
    pub async fn ended(&self) -> String {
        match &self.main {
            Some(process) => process.exited().await,
            None => std::future::pending().await,
        }
    }

    /// Ends it as the platform would: no more requests, SIGTERM, and after five seconds SIGKILL.
    pub async fn stop(&self) {
        let begin = Instant::now();
        self.group.stop(GRACE).await;
        if let Some(at_end) = &self.at_end {
            // Within the same five seconds.
            let rest = GRACE.saturating_sub(begin.elapsed()).max(LAST_WORDS);
            let _ = tokio::time::timeout(rest, at_end()).await;
        }
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.group.kill();
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("addr", &self.addr).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use super::process::{Group, clean_command};
    use super::testing::Script;
    use super::{GRACE, Logs, Running};

    #[tokio::test]
    async fn five_seconds_are_five_whatever_does_not_end() {
        let deaf = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('up', flush=True)\ntime.sleep(100)\n";
        let script = Script::python(deaf);
        let (logs, group) = (Logs::default(), Arc::<Group>::default());
        group.spawn(clean_command(script.path()), logs.writer()).unwrap();
        let mut running = Running::new(([127, 0, 0, 1], 1).into(), logs, group);
        running.at_end = Some(Box::new(|| Box::pin(std::future::pending())));
        while running.logs().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let begin = Instant::now();
        running.stop().await;
        let took = begin.elapsed();
        assert!(took >= GRACE && took < GRACE + Duration::from_secs(2), "{took:?}");
    }
}
