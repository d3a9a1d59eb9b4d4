//! A child process that is measured, and ended whatever happens.

use std::process::{Child, Command};

use anyhow::{Context as _, Result};
use rustix::process::{Pid, Signal, kill_process};

/// Killed when it is dropped.
pub(crate) struct Measured(pub(crate) Child);

impl Measured {
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let program = command.get_program().to_owned();
        Ok(Self(command.spawn().with_context(|| format!("cannot start {}", program.display()))?))
    }

    /// Asks it to end.
    pub(crate) fn stop(&self) {
        if let Some(pid) = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::TERM);
        }
    }

    /// The most memory that it held so far, in MB.
    pub(crate) fn peak(&self) -> Result<f64> {
        let status = read(&format!("/proc/{}/status", self.0.id()))?;
        let kb = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
        let kb: f64 = kb.context("the system does not say how much memory a process held")?;
        Ok(kb / 1024.0)
    }

    /// The time that its threads had on a processor so far, in µs.
    pub(crate) fn cpu(&self) -> Result<f64> {
        let mut nanoseconds = 0.0;
        for task in std::fs::read_dir(format!("/proc/{}/task", self.0.id())).context("measuring needs Linux")? {
            // A thread that ends meanwhile is not counted.
            let Ok(times) = std::fs::read_to_string(task?.path().join("schedstat")) else { continue };
            nanoseconds += times.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or(0.0);
        }
        Ok(nanoseconds / 1000.0)
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn read(path: &str) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {path}: measuring needs Linux"))
}
