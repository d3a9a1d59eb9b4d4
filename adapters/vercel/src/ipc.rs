//! The platform's socket: messages are JSON and a zero byte, one way.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyfn_core::Level;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use tokio::io::AsyncWriteExt as _;
use tokio::net::UnixStream;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::InvocationId;

/// How much may wait for the platform to read it, in bytes, before lines go to the error stream.
const WAITING: usize = 8 * 1024 * 1024;

/// Sends messages, from any thread and without waiting.
#[derive(Clone, Debug)]
pub(crate) struct Ipc {
    queue: mpsc::UnboundedSender<Vec<u8>>,
    waiting: Arc<AtomicUsize>,
}

/// Writes what was sent, one write for all that waits. Nothing is written before the platform was told of the start, since
/// it takes no other message earlier.
#[derive(Debug)]
pub(crate) struct Writer {
    stream: UnixStream,
    queue: mpsc::UnboundedReceiver<Vec<u8>>,
    waiting: Arc<AtomicUsize>,
}

/// A writer at work.
#[derive(Debug)]
pub(crate) struct Writing {
    stop: watch::Sender<()>,
    task: JoinHandle<()>,
}

pub(crate) async fn connect(path: &Path) -> io::Result<(Ipc, Writer)> {
    let stream = UnixStream::connect(path).await?;
    let (sender, queue) = mpsc::unbounded_channel();
    let waiting = Arc::<AtomicUsize>::default();
    Ok((Ipc { queue: sender, waiting: Arc::clone(&waiting) }, Writer { stream, queue, waiting }))
}

impl Ipc {
    /// The invocation is over.
    pub(crate) fn end(&self, id: &InvocationId) {
        let _ = self.send(message("end", &format!(r#"{{"context":{},"error":null}}"#, context(id))));
    }

    /// A line of the log; `false` where it cannot be taken.
    pub(crate) fn log(&self, id: Option<&InvocationId>, level: Level, line: &str) -> bool {
        let level = match level {
            Level::Debug => r#""level":"debug""#,
            Level::Info => r#""level":"info""#,
            Level::Warn => r#""level":"warn""#,
            Level::Error => r#""level":"error""#,
        };
        self.line(id, level, line.as_bytes())
    }

    /// What was printed; `false` where it cannot be taken.
    pub(crate) fn printed(&self, id: Option<&InvocationId>, text: &[u8]) -> bool {
        self.line(id, r#""stream":"stdout""#, text)
    }

    fn line(&self, id: Option<&InvocationId>, what: &str, line: &[u8]) -> bool {
        if self.waiting.load(Ordering::Relaxed) > WAITING {
            return false;
        }
        // The vendor's own runtimes call what belongs to no invocation this.
        let none = InvocationId { invocation: "0".to_owned(), request: 0 };
        let (context, line) = (context(id.unwrap_or(&none)), BASE64_STANDARD.encode(line));
        self.send(message("log", &format!(r#"{{"context":{context},"message":"{line}",{what}}}"#)))
    }

    fn send(&self, message: Vec<u8>) -> bool {
        self.waiting.fetch_add(message.len(), Ordering::Relaxed);
        self.queue.send(message).is_ok()
    }
}

impl Writer {
    /// Tells the platform where the server is, and writes on from there.
    pub(crate) async fn start(mut self, init_ms: u128, port: u16) -> io::Result<Writing> {
        let payload = format!(r#"{{"initDuration":{init_ms},"httpPort":{port}}}"#);
        self.stream.write_all(&message("server-started", &payload)).await?;
        let (stop, stopped) = watch::channel(());
        Ok(Writing { stop, task: tokio::spawn(self.write(stopped)) })
    }

    /// Tells the platform that there is no server and why; the one message that it takes in place of the start.
    pub(crate) async fn give_up(mut self, why: &str) {
        let payload = format!(r#"{{"exitCode":1,"message":{}}}"#, quoted(why));
        let _ = self.stream.write_all(&message("unrecoverable-error", &payload)).await;
        let _ = self.stream.shutdown().await;
    }

    async fn write(mut self, mut stopped: watch::Receiver<()>) {
        let (mut batch, mut bytes, mut closing) = (Vec::new(), Vec::new(), false);
        loop {
            tokio::select! {
                biased;
                count = self.queue.recv_many(&mut batch, 256) => if count == 0 { break },
                _ = stopped.changed(), if !closing => {
                    closing = true;
                    self.queue.close();
                }
            }
            batch.drain(..).for_each(|message| bytes.extend(message));
            self.waiting.fetch_sub(bytes.len(), Ordering::Relaxed);
            if let Err(error) = self.stream.write_all(&bytes).await {
                eprintln!("anyfn: the platform does not take messages any more, logs go to the error stream: {error}");
                break;
            }
            bytes.clear();
        }
        let _ = self.stream.shutdown().await;
    }
}

impl Writing {
    /// Writes what waits, and nothing that comes later.
    pub(crate) async fn finish(self) {
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}

fn context(id: &InvocationId) -> String {
    format!(r#"{{"invocationId":{},"requestId":{}}}"#, quoted(&id.invocation), id.request)
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

fn message(kind: &str, payload: &str) -> Vec<u8> {
    format!("{{\"type\":\"{kind}\",\"payload\":{payload}}}\0").into_bytes()
}
