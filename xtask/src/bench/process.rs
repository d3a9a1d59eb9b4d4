//! A child process that is measured, and ended whatever happens.

use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command};

use anyhow::{Context as _, Result};
use rustix::process::{Pid, Signal, kill_process};

use crate::local::guard;

/// Killed when it is dropped, and when this process ends in any other way.
pub(crate) struct Measured(pub(crate) Child);

impl Measured {
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let program = command.get_program().to_owned();
        // A group of its own is what the guard knows it by.
        let child = command.process_group(0).spawn().with_context(|| format!("cannot start {}", program.display()))?;
        let started = Self(child);
        started.group().into_iter().for_each(guard::watch);
        Ok(started)
    }

    fn group(&self) -> Option<i32> {
        i32::try_from(self.0.id()).ok()
    }

    /// Asks it to end.
    pub(crate) fn stop(&self) {
        if let Some(pid) = self.group().and_then(Pid::from_raw) {
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
        self.group().into_iter().for_each(guard::unwatch);
    }
}

fn read(path: &str) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {path}: measuring needs Linux"))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::Measured;

    /// Whatever ends this process ends the guard's pipe, and the guard kills by group.
    #[test]
    fn what_is_measured_is_a_group_that_the_guard_can_kill() {
        let measured = Measured::start(Command::new("sleep").arg("60")).unwrap();
        let pid = measured.0.id();
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        let group = stat.rsplit_once(") ").unwrap().1.split(' ').nth(2).unwrap();
        assert_eq!(group, pid.to_string());
    }
}
