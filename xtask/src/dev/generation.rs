//! One build of the function that runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyfn_core::manifest::Declared;
use anyhow::Result;
use tokio::sync::{Semaphore, mpsc, watch};

use super::Shared;
use super::record::millis;
use crate::build::{Artefacts, Target};
use crate::local::events::{Receiver, names};
use crate::local::{self, Options, Report, Running, usage};

/// How long requests that are under way get when the next build takes over.
const DRAIN: Duration = Duration::from_secs(10);

/// How the line begins in which a plain server says where it listens.
const SERVING: &str = "anyfn: serving on http://";

/// A process that answers, with what is known of it.
pub(super) struct Generation {
    pub(super) running: Running,
    pub(super) receiver: Receiver,
    pub(super) triggers: Vec<Declared>,
    /// What its start took.
    start: Duration,
    /// Whether it has had no invocation so far.
    fresh: AtomicBool,
    /// Whether it has ended.
    gone: AtomicBool,
    in_flight: watch::Sender<usize>,
    /// Lambda gives an instance one event at a time, and only so is it known whose report comes.
    turn: Option<Semaphore>,
    reports: tokio::sync::Mutex<mpsc::UnboundedReceiver<Report>>,
    /// The processes that the function runs in.
    processes: Vec<i32>,
}

/// A request that the process has to do with; counted until this is dropped.
pub(super) struct InFlight(Arc<Generation>);

impl std::ops::Deref for InFlight {
    type Target = Generation;

    fn deref(&self) -> &Generation {
        &self.0
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.send_modify(|count| *count -= 1);
    }
}

impl Generation {
    /// Starts what was built.
    pub(super) async fn start(shared: &Arc<Shared>, built: &Artefacts) -> Result<Self> {
        let crons = built.triggers.iter().filter(|trigger| trigger.kind == "schedule");
        let names = names(crons.filter_map(|trigger| trigger.name.as_deref()));
        let (tell, reports) = mpsc::unbounded_channel();
        let (logging, telling) = (Arc::clone(shared), Arc::clone(shared));
        let serial = shared.target == Target::Lambda;
        let mut options = Options::new()
            .env("ANYFN_EVENT_TOKEN", &shared.plan.token)
            .env("ANYFN_NAMES", names)
            .on_log(move |line| {
                // Where it listens behind us is nobody's address.
                if line.starts_with(SERVING) {
                    return;
                }
                logging.say.log(line);
                logging.records.log(line);
            })
            .on_report(move |report| {
                if serial {
                    let _ = tell.send(report.clone());
                } else {
                    reported(&telling, report);
                }
            });
        for (name, value) in &shared.plan.env {
            options = options.env(name, value);
        }
        let begin = Instant::now();
        let running = local::start(shared.target, built, Some(&shared.lambda()), &options).await?;
        Ok(Self {
            receiver: running.receiver(shared.target, &shared.plan.token),
            triggers: built.triggers.clone(),
            start: begin.elapsed(),
            fresh: AtomicBool::new(true),
            gone: AtomicBool::new(false),
            in_flight: watch::Sender::new(0),
            turn: serial.then(|| Semaphore::new(1)),
            reports: tokio::sync::Mutex::new(reports),
            processes: usage::processes(&running),
            running,
        })
    }

    /// Counts a request in.
    pub(super) fn enter(self: &Arc<Self>) -> InFlight {
        self.in_flight.send_modify(|count| *count += 1);
        InFlight(Arc::clone(self))
    }

    /// It has ended by itself.
    pub(super) fn gone(&self) {
        self.gone.store(true, Ordering::Relaxed);
    }

    /// Whether it has.
    pub(super) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Relaxed)
    }

    /// Waits for this invocation's turn, where they go one by one.
    pub(super) async fn turn(&self) -> Option<tokio::sync::SemaphorePermit<'_>> {
        let turn = self.turn.as_ref()?;
        let permit = turn.acquire().await.ok();
        // A report that came too late is nobody's.
        let mut reports = self.reports.lock().await;
        while reports.try_recv().is_ok() {}
        permit
    }

    /// What the platform says of the invocation that has its turn.
    pub(super) async fn report(&self) -> Option<Report> {
        self.turn.as_ref()?;
        let mut reports = self.reports.lock().await;
        tokio::time::timeout(Duration::from_millis(500), reports.recv()).await.ok().flatten()
    }

    /// What the start took, for the first invocation alone.
    pub(super) fn cold_start(&self) -> Option<Duration> {
        self.fresh.swap(false, Ordering::Relaxed).then_some(self.start)
    }

    /// Time on the processor so far.
    pub(super) fn cpu(&self) -> Option<Duration> {
        if self.processes.is_empty() {
            return None;
        }
        self.processes.iter().map(|pid| usage::cpu(*pid).ok()).sum()
    }

    /// Ends it: requests that are under way first, then the process.
    pub(super) async fn retire(&self) {
        let mut in_flight = self.in_flight.subscribe();
        let _ = tokio::time::timeout(DRAIN, in_flight.wait_for(|count| *count == 0)).await;
        self.running.stop().await;
    }
}

/// The platform tells that a request has ended, by its title.
fn reported(shared: &Shared, report: &Report) {
    let Some(title) = &report.request else { return };
    let Some((id, so_far)) = shared.records.unreported(title) else { return };
    shared.records.update(id, |view| {
        let seen = view.execute.unwrap_or_default() + view.respond.unwrap_or_default();
        // Before the answer's end is known, nothing is left over.
        let after = if view.respond.is_some() { millis(so_far) - view.waited - seen } else { 0.0 };
        view.background = Some(after.max(0.0));
    });
}
