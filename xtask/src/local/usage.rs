//! What a local runtime's process has used, as the kernel counts it.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::Running;

/// What a process has used since its start.
#[derive(Debug, Clone, Copy)]
pub struct Used {
    /// Time on a processor, of all its threads that are alive.
    pub cpu: Duration,
    /// The most memory that it ever held, in bytes.
    pub peak_memory: u64,
}

/// What the function's process has used so far.
///
/// # Errors
/// When the runtime has no process of its own, or the system has no `/proc`.
pub fn of(running: &Running) -> Result<Used> {
    let pid = running.main.as_ref().context("this runtime has no process of its own")?.pid();
    let status = read(&format!("/proc/{pid}/status"))?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
    let peak: u64 = peak.context("the system does not say how much memory a process held")?;
    Ok(Used { cpu: cpu(pid)?, peak_memory: peak * 1024 })
}

/// The processes of a local runtime that run the function; not those that only look after it.
pub(crate) fn processes(running: &Running) -> Vec<i32> {
    let groups = running.group.pids();
    let Ok(all) = fs::read_dir("/proc") else { return Vec::new() };
    let numbers = all.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok());
    let runs = |pid: &i32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name stands in brackets and may hold anything; behind it come state, parent and group.
        let (head, tail) = stat.rsplit_once(')')?;
        let name = head.split_once('(')?.1;
        let group: i32 = tail.split_whitespace().nth(2)?.parse().ok()?;
        Some(groups.contains(&group) && !["node", "MainThread", "sh", "aws-lambda-rie-x"].contains(&name))
    };
    numbers.filter(|pid| runs(pid).unwrap_or(false)).collect()
}

/// The time that a process has spent on a processor, in all its threads that are alive.
pub(crate) fn cpu(pid: i32) -> Result<Duration> {
    let mut cpu = Duration::ZERO;
    for task in fs::read_dir(format!("/proc/{pid}/task")).context("cannot list the process's threads")? {
        // A thread that ends meanwhile is not counted.
        let Ok(times) = fs::read_to_string(task?.path().join("schedstat")) else { continue };
        cpu += times.split(' ').next().and_then(|ns| ns.parse().ok()).map_or(Duration::ZERO, Duration::from_nanos);
    }
    Ok(cpu)
}

fn read(path: &str) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {path}: measuring needs Linux"))
}
