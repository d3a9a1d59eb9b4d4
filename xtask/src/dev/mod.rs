//! `dev`: serve a function, build it again when its sources change, and show what happens.
//!
//! One listener of ours stays, and hands each request to the process of the last good build (`front`). A loop
//! (`builder`) watches, builds and starts; `page` is what a browser sees of it.

mod ansi;
mod bill;
mod builder;
mod failure;
mod front;
mod generation;
mod page;
pub(crate) mod platform;
mod record;
pub(crate) mod samples;
mod say;
mod send;
mod watch;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch::{Receiver, Sender};

use self::builder::Builder;
use self::failure::Failure;
use self::generation::{Generation, InFlight};
use self::record::Records;
use self::say::Say;
use crate::build::Target;
use crate::local::events;
use crate::local::http1::serve;
use crate::local::lambda::Lambda;
use crate::project::{Function, Project, home};
use crate::ui;

/// What to serve, and how.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The platform whose local runtime serves it; none: the program by itself, as `cargo run` builds it.
    pub target: Option<Target>,
    /// The package; without it, the one that can be meant.
    pub package: Option<String>,
    /// The port of 127.0.0.1.
    pub port: u16,
    /// Variables of the function's environment.
    pub env: Vec<(String, String)>,
    /// The token of CloudEvents' senders.
    pub token: String,
    /// One JSON object a line on the standard output.
    pub json: bool,
}

/// What state the function is in.
#[derive(Clone)]
enum Stage {
    /// It is built, for the first time or again: requests wait.
    Building,
    /// It answers.
    Serving(Arc<Generation>),
    /// It does not compile or start.
    Broken(Arc<Failure>),
}

/// What all parts of `dev` know.
struct Shared {
    plan: Plan,
    target: Target,
    function: Function,
    root: PathBuf,
    /// Where we listen.
    addr: SocketAddr,
    /// Where events come in that the platform does not take over HTTP.
    events: Option<SocketAddr>,
    stage: Sender<Stage>,
    /// Counts changes of the sources.
    changes: Sender<u64>,
    records: Records,
    say: Say,
    log: PathBuf,
}

impl Shared {
    /// The process that answers, when there is one: waits for a build that is under way.
    async fn serving(self: &Arc<Self>) -> Result<InFlight, Arc<Failure>> {
        let mut stage = self.stage.subscribe();
        let mut woken = false;
        loop {
            // Held while the request is counted in, so that nobody stops the process in between.
            let ended = match &*stage.borrow_and_update() {
                Stage::Serving(generation) => return Ok(generation.enter()),
                Stage::Broken(failure) if !failure.ended || woken => return Err(Arc::clone(failure)),
                Stage::Broken(_) => true,
                Stage::Building => false,
            };
            if ended {
                // A program that ended is started again by the next request, as the platforms do.
                woken = true;
                self.stale();
            }
            if stage.changed().await.is_err() {
                return Err(Arc::new(Failure::stopped()));
            }
        }
    }

    /// How the function is served where it is one of Lambda's.
    fn lambda(&self) -> Lambda {
        Lambda::deployed(&self.function.settings)
    }

    /// Where events are sent from outside: to us, whichever process answers.
    fn receiver(&self) -> events::Receiver {
        events::Receiver { target: self.target, http: self.addr, events: self.events, token: self.plan.token.clone() }
    }

    /// What runs is of no use any more: requests wait for a build, from this moment on.
    fn stale(&self) {
        // In this order, which `reach` relies on.
        self.changes.send_modify(|count| *count += 1);
        self.set(Stage::Building);
    }

    /// What a build led to, unless `changes` has something newer.
    fn reached(&self, stage: Stage, changes: &Receiver<u64>) {
        reach(&self.stage, stage, changes);
        self.records.changed();
    }

    /// Another state, which those who look at the page see.
    fn set(&self, stage: Stage) {
        self.stage.send_replace(stage);
        self.records.changed();
    }
}

/// Takes over what a build led to. Where a source has changed meanwhile it is nobody's answer, not even for the moment until
/// the next build begins: who waits has saved before asking.
fn reach(stage: &Sender<Stage>, reached: Stage, changes: &Receiver<u64>) {
    // A change is counted before it is told here. So either it is seen, or it comes after us.
    stage.send_modify(|stage| *stage = if changes.has_changed().unwrap_or(false) { Stage::Building } else { reached });
}

/// Serves until Ctrl-C or SIGTERM, or until nobody reads any more what it writes.
///
/// # Errors
/// When the port is taken or nothing can be watched.
pub async fn dev(plan: Plan, project: Project) -> Result<()> {
    let front = listen(plan.port).await?;
    let target = plan.target.unwrap_or(Target::Server);
    let function = project.function(plan.package.as_deref())?;
    let takes_others = matches!(target, Target::Lambda | Target::Cloudflare);
    let events = if takes_others { Some(listen(0).await?) } else { None };
    let running = home(&project.root)?.join("running");
    std::fs::create_dir_all(&running).with_context(|| format!("cannot make {}", running.display()))?;
    let log = running.join(format!("{}-dev.log", target.name()));
    let shared = Arc::new(Shared {
        target,
        root: project.root.clone(),
        addr: front.local_addr()?,
        events: events.as_ref().map(TcpListener::local_addr).transpose()?,
        stage: Sender::new(Stage::Building),
        changes: Sender::new(0),
        records: Records::new(),
        say: Say::new(plan.json, &log)?,
        log,
        function,
        plan,
    });
    let address = format!("http://{}", shared.addr);
    ui::step("Serving", format_args!("{} on {}: {address}", shared.function.package, words(shared.plan.target)));
    ui::detail(format_args!("{address}/_anyfn shows its triggers and invocations; Ctrl-C ends it"));
    let asked = Arc::clone(&shared);
    let mut tasks = vec![serve(front, move |request| {
        let shared = Arc::clone(&asked);
        async move { front::answer(&shared, request).await }
    })];
    if let Some(events) = events {
        let asked = Arc::clone(&shared);
        tasks.push(serve(events, move |request| {
            let shared = Arc::clone(&asked);
            async move { send::raw(&shared, request).await }
        }));
    }
    let mut builder = Builder::new(Arc::clone(&shared), project)?;
    let (mut interrupt, mut terminate, mut hangup) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?);
    let ended = tokio::select! {
        error = builder.run() => Some(error),
        _ = interrupt.recv() => None,
        _ = terminate.recv() => None,
        _ = hangup.recv() => None,
        () = ui::unread() => None,
    };
    ui::step("Stopping", "what is under way gets five seconds; Ctrl-C again ends it now");
    tokio::select! {
        () = builder.stop() => {}
        _ = interrupt.recv() => {}
    }
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
    ended.map_or(Ok(()), Err)
}

async fn listen(port: u16) -> Result<TcpListener> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await;
    listener.with_context(|| {
        format!("cannot serve on port {port}\nchoose another one with --port, or any free one with --port 0")
    })
}

/// What serves it, in words.
fn words(target: Option<Target>) -> &'static str {
    match target {
        None => "this machine (a debug build)",
        Some(Target::Lambda) => "Lambda's local runtime",
        Some(Target::Cloudflare) => "Cloudflare's workerd",
        Some(Target::Vercel) => "Vercel's executable protocol",
        Some(Target::Server) => "the plain server",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Failure, Sender, Stage, reach};

    #[test]
    fn what_was_built_before_the_last_change_answers_nobody() {
        let (stage, changes) = (Sender::new(Stage::Building), Sender::new(0));
        let mut seen = changes.subscribe();
        let built = || Stage::Broken(Arc::new(Failure::stopped()));
        reach(&stage, built(), &seen);
        assert!(matches!(*stage.borrow(), Stage::Broken(_)));
        changes.send_modify(|count| *count += 1);
        reach(&stage, built(), &seen);
        assert!(matches!(*stage.borrow(), Stage::Building));
        seen.mark_unchanged();
        reach(&stage, built(), &seen);
        assert!(matches!(*stage.borrow(), Stage::Broken(_)));
    }
}
