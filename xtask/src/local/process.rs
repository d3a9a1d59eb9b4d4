//! Child processes: a clean environment, a process group of their own, their output as log lines.

use std::collections::HashMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::Command;
use tokio::sync::watch;

use super::guard;
use super::logs::Logs;

/// Everything that one local runtime has started, to be ended together.
#[derive(Default)]
pub(super) struct Group(Mutex<Members>);

#[derive(Default)]
struct Members {
    alive: HashMap<i32, watch::Receiver<Option<String>>>,
    closed: bool,
}

/// A child process; dropping this does not end it, its [`Group`] does.
#[derive(Clone)]
pub(super) struct Process {
    pid: i32,
    exit: watch::Receiver<Option<String>>,
}

impl Process {
    /// Waits for its end, and says in words how it ended.
    pub(super) async fn exited(&self) -> String {
        let mut exit = self.exit.clone();
        match exit.wait_for(Option::is_some).await {
            Ok(status) => status.clone().unwrap_or_default(),
            Err(_) => "its watcher is gone".to_owned(),
        }
    }

    /// Whether it has ended.
    pub(super) fn is_gone(&self) -> bool {
        self.exit.borrow().is_some() || self.exit.has_changed().is_err()
    }

    /// Ends it and all in its process group at once.
    pub(super) fn kill(&self) {
        if !self.is_gone() {
            kill_group(self.pid);
        }
    }
}

impl Group {
    /// Starts `command` with its standard output and error as lines of `logs`.
    ///
    /// Its standard input is empty, unless the command says otherwise; a piped one is closed when this process ends.
    pub(super) fn spawn(self: &Arc<Self>, mut command: Command, logs: &Logs) -> Result<Process> {
        command.process_group(0).kill_on_drop(true).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let program = command.as_std().get_program().to_owned();
        // Held over the start: whoever closes the group must see this child or keep it from starting.
        let mut members = self.members();
        if members.closed {
            bail!("{} is not started any more: the runtime was stopped", program.display());
        }
        let mut child = command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
        let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).context("a child without a process id")?;
        guard::watch(pid);
        let (tell, exit) = watch::channel(None);
        members.alive.insert(pid, exit.clone());
        drop(members);
        let readers = (
            child.stdout.take().map(|out| tokio::spawn(read_lines(out, logs.clone()))),
            child.stderr.take().map(|err| tokio::spawn(read_lines(err, logs.clone()))),
        );
        let group = Arc::clone(self);
        let stdin = child.stdin.take();
        tokio::spawn(async move {
            let status = child.wait().await;
            drop(stdin);
            // What the leader left behind goes too, before its number can be given to anyone else.
            kill_group(pid);
            guard::unwatch(pid);
            // Its last words come before the news of its end; a grandchild that fled with the pipe must not hold it up.
            let _ = tokio::time::timeout(Duration::from_secs(1), async {
                for reader in [readers.0, readers.1].into_iter().flatten() {
                    let _ = reader.await;
                }
            })
            .await;
            group.members().alive.remove(&pid);
            tell.send_replace(Some(status.map_or_else(|error| error.to_string(), |status| status.to_string())));
        });
        Ok(Process { pid, exit })
    }

    /// Kills all at once, and lets nothing start any more.
    pub(super) fn kill(&self) {
        let mut members = self.members();
        members.closed = true;
        members.alive.keys().copied().for_each(kill_group);
    }

    /// Lets nothing start any more, asks all to end, and kills what has not after `grace`.
    pub(super) async fn stop(&self, grace: Duration) {
        let exits: Vec<_> = {
            let mut members = self.members();
            members.closed = true;
            for pid in members.alive.keys() {
                if let Some(pid) = Pid::from_raw(*pid) {
                    let _ = kill_process(pid, Signal::TERM);
                }
            }
            members.alive.values().cloned().collect()
        };
        let all = async {
            for mut exit in exits {
                let _ = exit.wait_for(Option::is_some).await;
            }
        };
        if tokio::time::timeout(grace, all).await.is_err() {
            self.kill();
        }
    }

    fn members(&self) -> std::sync::MutexGuard<'_, Members> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A command with nothing in its environment but a search path.
pub(super) fn clean_command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin");
    command
}

fn kill_group(pid: i32) {
    if let Some(pid) = Pid::from_raw(pid) {
        let _ = kill_process_group(pid, Signal::KILL);
    }
}

async fn read_lines(from: impl AsyncRead + Unpin, logs: Logs) {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while matches!(from.read_until(b'\n', &mut line).await, Ok(1..)) {
        logs.push(&String::from_utf8_lossy(&line));
        line.clear();
    }
}
