//! Child processes: a clean environment, a process group of their own, their output as log lines.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::Command;
use tokio::sync::watch;

use super::guard;

/// How long a program may be held by somebody who wrote it.
const BUSY: Duration = Duration::from_secs(1);

/// Everything that one local runtime has started, to be ended together.
#[derive(Default)]
pub(super) struct Group(Mutex<Members>);

#[derive(Default)]
struct Members {
    alive: HashMap<i32, watch::Receiver<Option<String>>>,
    adopted: Option<i32>,
    closed: bool,
}

/// Takes the lines that a process writes.
pub(super) type Lines = Arc<dyn Fn(&str) + Send + Sync>;

/// A child process; dropping this does not end it, its [`Group`] does.
#[derive(Clone)]
pub(super) struct Process {
    pid: i32,
    exit: watch::Receiver<Option<String>>,
}

impl Process {
    /// Its number, while it lives.
    pub(super) fn pid(&self) -> i32 {
        self.pid
    }

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
    /// Starts `command`, whose standard output and error go to `lines`.
    ///
    /// Its standard input is empty, and ends when this process does.
    pub(super) fn spawn(self: &Arc<Self>, mut command: Command, lines: Lines) -> Result<Process> {
        command.process_group(0).kill_on_drop(true).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let program = command.as_std().get_program().to_owned();
        let begin = Instant::now();
        // Held over the start: whoever closes the group must see this child or keep it from starting.
        let mut members = self.members();
        if members.closed {
            bail!("{} is not started any more: the runtime was stopped", program.display());
        }
        let mut child = loop {
            match command.spawn() {
                // Whoever wrote the program has closed it, but a child that was forked meanwhile may hold it for a moment.
                Err(error) if error.kind() == ErrorKind::ExecutableFileBusy && begin.elapsed() < BUSY => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                started => break started.with_context(|| format!("cannot start {}", program.display()))?,
            }
        };
        let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).context("a child without a process id")?;
        guard::watch(pid);
        let (tell, exit) = watch::channel(None);
        members.alive.insert(pid, exit.clone());
        drop(members);
        let readers = (
            child.stdout.take().map(|out| tokio::spawn(read_lines(out, Arc::clone(&lines)))),
            child.stderr.take().map(|err| tokio::spawn(read_lines(err, lines))),
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

    /// Takes the process group of a grandchild under its wings, in place of the one before.
    pub(super) fn adopt(&self, pid: i32) {
        let mut members = self.members();
        members.adopted.replace(pid).into_iter().for_each(guard::unwatch);
        guard::watch(pid);
        if members.closed {
            kill_group(pid);
        }
    }

    /// The numbers of the process groups that live.
    pub(super) fn pids(&self) -> Vec<i32> {
        let members = self.members();
        members.alive.keys().copied().chain(members.adopted).collect()
    }

    /// Kills all at once, and lets nothing start any more.
    pub(super) fn kill(&self) {
        let mut members = self.members();
        members.closed = true;
        members.alive.keys().copied().for_each(kill_group);
        members.kill_adopted();
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
        self.members().kill_adopted();
    }

    fn members(&self) -> std::sync::MutexGuard<'_, Members> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Members {
    fn kill_adopted(&mut self) {
        if let Some(pid) = self.adopted.take() {
            kill_group(pid);
            guard::unwatch(pid);
        }
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

async fn read_lines(from: impl AsyncRead + Unpin, lines: Lines) {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while matches!(from.read_until(b'\n', &mut line).await, Ok(1..)) {
        lines(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']));
        line.clear();
    }
}
