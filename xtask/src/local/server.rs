//! The plain server itself, on a free port.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tokio::net::{TcpListener, TcpStream};

use super::logs::Logs;
use super::process::{Group, Process, clean_command};
use super::{Options, Running};

/// How long an executable gets to open its port.
const PATIENCE: Duration = Duration::from_secs(20);

/// Starts a server executable, with `HOST` and `PORT` set, and waits until it takes connections.
///
/// # Errors
/// When it does not start, ends, or opens no port in 20 seconds; the message has its last words.
pub async fn start(executable: &Path, options: &Options) -> Result<Running> {
    let logs = Logs::new(options.sink.clone());
    let group = Arc::<Group>::default();
    let addr = free_address(options.port).await?;
    let mut command = clean_command(executable);
    command.env("HOST", addr.ip().to_string()).env("PORT", addr.port().to_string());
    command.envs(options.env.iter().map(|(name, value)| (name, value)));
    let process = group.spawn(command, logs.writer())?;
    let mut running = Running::new(addr, logs, group);
    running.main = Some(process.clone());
    until_open(addr, &process, &running.logs)
        .await
        .with_context(|| format!("cannot serve {}", executable.display()))?;
    Ok(running)
}

/// An address of this machine that nobody listens on: `port`, or any free one.
pub(super) async fn free_address(port: u16) -> Result<SocketAddr> {
    Ok(listen(port).await?.local_addr()?)
}

/// A listener on `port` of 127.0.0.1, or on any free one.
pub(super) async fn listen(port: u16) -> Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.with_context(|| {
        format!("cannot listen on 127.0.0.1:{port}: stop what does, or choose another port with --port")
    })
}

/// Waits until `addr` takes connections.
pub(super) async fn until_open(addr: SocketAddr, process: &Process, logs: &Logs) -> Result<()> {
    let open = async {
        while TcpStream::connect(addr).await.is_err() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        status = process.exited() => bail!("it ended ({status}) before it opened {addr}{}", last_words(logs)),
        () = open => Ok(()),
        () = tokio::time::sleep(PATIENCE) => {
            bail!("it did not open {addr} within {} seconds{}", PATIENCE.as_secs(), last_words(logs))
        }
    }
}

/// The end of the log, for an error message.
pub(super) fn last_words(logs: &Logs) -> String {
    let lines = logs.lines();
    let last = &lines[lines.len().saturating_sub(10)..];
    if last.is_empty() { ", without a word".to_owned() } else { format!("; its last words:\n{}", last.join("\n")) }
}
