//! AWS's Runtime Interface Emulator, one request at a time.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::sync::Mutex;

use super::{Outcome, environment};
use crate::local::Report;
use crate::local::http1::{Headers, Outgoing, send};
use crate::local::logs::Logs;
use crate::local::process::{Group, Lines, Process, clean_command};
use crate::local::server::{free_address, until_open};
use std::net::SocketAddr;

/// The one function that the emulator knows.
const INVOKE: &[u8] = b"/2015-03-31/functions/function/invocations";
/// More than any answer that Lambda takes.
const LARGEST_ANSWER: usize = 64 << 20;
/// Begins the line in which a bootstrap's own process tells its number; the emulator puts it in a group of its own.
const PID: &str = "anyfn-bootstrap-pid ";

/// The emulator, with the bootstrap that it starts at the first invocation and again after each end.
pub(super) struct Emulator {
    program: PathBuf,
    bootstrap: PathBuf,
    env: Vec<(String, String)>,
    logs: Logs,
    group: Arc<Group>,
    // It ends itself over two requests at once, so there is one lock for a whole invocation.
    running: Mutex<Option<(SocketAddr, Process)>>,
}

impl Emulator {
    pub(super) async fn start(
        program: PathBuf,
        bootstrap: PathBuf,
        timeout: u32,
        env: &[(String, String)],
        logs: Logs,
        group: Arc<Group>,
    ) -> Result<Self> {
        let mut all = environment(&bootstrap, timeout);
        all.extend_from_slice(env);
        let emulator = Self { program, bootstrap, env: all, logs, group, running: Mutex::new(None) };
        *emulator.running.lock().await = Some(emulator.spawn().await?);
        Ok(emulator)
    }

    /// Gives the function an event and waits for its answer.
    pub(super) async fn invoke(&self, event: Vec<u8>) -> Outcome {
        let mut running = self.running.lock().await;
        if running.as_ref().is_none_or(|(_, process)| process.is_gone()) {
            match self.spawn().await {
                Ok(started) => *running = Some(started),
                Err(error) => return Outcome::Failed(format!("{error:#}")),
            }
        }
        let Some((addr, _)) = &*running else { return Outcome::Failed("the emulator is gone".to_owned()) };
        match post(*addr, event).await {
            Ok(outcome) => outcome,
            Err(error) => Outcome::Failed(format!("the emulator did not answer: {error}")),
        }
    }

    async fn spawn(&self) -> Result<(SocketAddr, Process)> {
        let (front, api) = (free_address(0).await?, free_address(0).await?);
        let mut command = clean_command(&self.program);
        // It hands its environment on to the function.
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
            .args(["--runtime-interface-emulator-address", &front.to_string()])
            .args(["--runtime-api-address", &api.to_string(), "--log-level", "error"])
            .args(["/bin/sh", "-c", &format!("echo \"{PID}$$\"; exec \"$0\"")])
            .arg(&self.bootstrap);
        let process = self.group.spawn(command, self.lines())?;
        until_open(front, &process, &self.logs).await.context("AWS's Runtime Interface Emulator does not run")?;
        Ok((front, process))
    }

    /// The function's lines, without the emulator's own about the beginning and end of each invocation.
    fn lines(&self) -> Lines {
        let (logs, group) = (self.logs.clone(), Arc::clone(&self.group));
        Arc::new(move |line| {
            if let Some(pid) = line.strip_prefix(PID).and_then(|pid| pid.parse().ok()) {
                group.adopt(pid);
            } else if let Some(report) = report(line) {
                logs.report(&report);
            } else if !["START RequestId: ", "END RequestId: ", "REPORT RequestId: "]
                .iter()
                .any(|start| line.starts_with(start))
            {
                logs.push(line);
            }
        })
    }
}

async fn post(addr: SocketAddr, event: Vec<u8>) -> std::io::Result<Outcome> {
    let headers = Headers::new().with("host", addr.to_string()).with("content-type", "application/json");
    let mut reply = send(addr, "POST", INVOKE, &headers, Outgoing::Whole(event.into())).await?;
    let Some(body) = reply.body.collect(LARGEST_ANSWER).await? else {
        return Ok(Outcome::Failed("an answer without an end".to_owned()));
    };
    // The emulator does not say which answers are errors: its own are no JSON, the function's have these two members.
    let failed = reply.status != 200 || body.starts_with(b"Task timed out after ") || is_error(&body);
    Ok(if failed { Outcome::Failed(String::from_utf8_lossy(&body).into_owned()) } else { Outcome::Whole(body) })
}

/// The line in which the emulator says how long an invocation took.
fn report(line: &str) -> Option<Report> {
    let fields = line.strip_prefix("REPORT RequestId: ")?;
    let time = |name: &str| {
        let field = fields.split('\t').find_map(|field| field.trim().strip_prefix(name));
        let millis: f64 = field?.trim().strip_suffix("ms")?.trim().parse().ok()?;
        Duration::try_from_secs_f64(millis / 1e3).ok()
    };
    Some(Report {
        request: None,
        duration: time("Duration:")?,
        billed: time("Billed Duration:"),
        init: time("Init Duration:"),
    })
}

fn is_error(body: &[u8]) -> bool {
    let Ok(serde_json::Value::Object(answer)) = serde_json::from_slice(body) else { return false };
    answer.contains_key("errorType") && answer.contains_key("errorMessage") && !answer.contains_key("statusCode")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::report;

    #[test]
    fn the_emulator_reports_what_is_billed() {
        let line = "REPORT RequestId: 1-2\tInit Duration: 0.50 ms\tDuration: 12.34 ms\tBilled Duration: 13 ms\t\
                    Memory Size: 3008 MB\tMax Memory Used: 3008 MB\t";
        let report = report(line).unwrap();
        assert_eq!((report.duration, report.billed), (Duration::from_micros(12_340), Some(Duration::from_millis(13))));
        assert_eq!(report.init, Some(Duration::from_micros(500)));
        assert!(super::report("REPORT RequestId: 1-2\tDuration: x ms").is_none());
        assert!(super::report("Duration: 1 ms").is_none());
    }
}
