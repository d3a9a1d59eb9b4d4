//! Vercel's executable protocol, as the platform speaks it: HTTP with internal headers one way, messages the other.

mod headers;
mod ledger;
#[cfg(test)]
mod tests;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Mutex, watch};

use self::headers::headers;
use self::ledger::{Key, Ledger};
use super::http1::{Answer, Framing, Headers, Outgoing, Request, channel, send, serve_counted};
use super::lambda::ids;
use super::logs::Logs;
use super::process::{Group, Process, clean_command};
use super::server::{last_words, listen};
use super::{Options, Running};

/// How long an executable gets to report its port.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long an executable that broke a connection may take to end, if that is what it is doing.
const ENDING: Duration = Duration::from_millis(300);
/// The largest request body (Vercel: "Vercel Functions limits", 4.5 MB).
const LARGEST_BODY: usize = 4_500_000;

/// Starts an executable as Vercel does: a fresh folder, a clean environment, a unix socket, internal headers.
///
/// It is started again for the first request after it ended. What it does against the protocol is in
/// [`Running::violations`]: no `end` for an invocation, more than one, or one before the body's end; messages that are
/// none, or come before `server-started`; requests without an answer.
///
/// # Errors
/// When it does not start, or does not report its server's port within 20 seconds; the message has its last words.
pub async fn start(executable: &Path, options: &Options) -> Result<Running> {
    let executable =
        std::path::absolute(executable).with_context(|| format!("cannot find {}", executable.display()))?;
    let logs = Logs::new(options.sink.clone()).reporting(options.reports.clone());
    // Who serves for days keeps the last of them, as of the lines.
    let violations = Logs::new(options.sink.as_ref().map(|_| Arc::new(|_: &str| ()) as Arc<super::logs::Sink>));
    let ledger = Arc::new(Ledger::new(logs.clone(), violations.clone()));
    let group = Arc::<Group>::default();
    let listener = listen(options.port).await?;
    let mut running = Running::new(listener.local_addr()?, logs.clone(), Arc::clone(&group));
    running.violations = violations;
    let front = Arc::new(Front {
        executable,
        env: options.env.clone(),
        logs,
        ledger: Arc::clone(&ledger),
        group,
        instance: Mutex::new(None),
        count: AtomicU64::new(1),
    });
    *front.instance.lock().await = Some(front.spawn().await?);
    let ending = Arc::clone(&front);
    let (task, under_way) = serve_counted(listener, move |request| {
        let front = Arc::clone(&front);
        async move { front.answer(request).await }
    });
    running.tasks.push(task);
    running.at_end = Some(Box::new(move || {
        let (front, mut under_way) = (Arc::clone(&ending), under_way.clone());
        Box::pin(async move {
            // What the function has answered still goes to its clients.
            let _ = under_way.wait_for(|count| *count == 0).await;
            if let Some(instance) = &*front.instance.lock().await {
                let _ = instance.closed.clone().wait_for(|closed| *closed).await;
            }
            front.ledger.close();
        })
    }));
    Ok(running)
}

struct Front {
    executable: PathBuf,
    env: Vec<(String, String)>,
    logs: Logs,
    ledger: Arc<Ledger>,
    group: Arc<Group>,
    instance: Mutex<Option<Instance>>,
    count: AtomicU64,
}

/// A running executable.
struct Instance {
    addr: SocketAddr,
    process: Process,
    /// Whether it has closed its socket, so that no message will come.
    closed: watch::Receiver<bool>,
    _folder: Folder,
}

impl Front {
    async fn spawn(&self) -> Result<Instance> {
        let folder = Folder::new()?;
        let socket = folder.0.join("ipc.sock");
        let listener = UnixListener::bind(&socket).with_context(|| format!("cannot listen on {}", socket.display()))?;
        let mut command = clean_command(&self.executable);
        command
            .current_dir(&folder.0)
            .env("VERCEL_IPC_PATH", &socket)
            .envs([("VERCEL", "1"), ("VERCEL_ENV", "development"), ("NODE_ENV", "production"), ("TZ", ":UTC")])
            .envs(self.env.iter().map(|(name, value)| (name, value)));
        let process = self.group.spawn(command, self.logs.writer())?;
        let (started, mut port) = watch::channel(None);
        let (close, closed) = watch::channel(false);
        let ledger = Arc::clone(&self.ledger);
        let gone = process.clone();
        tokio::spawn(async move {
            tokio::select! {
                connected = listener.accept() => {
                    if let Ok((stream, _)) = connected {
                        read_messages(stream, &ledger, &started).await;
                    }
                }
                _ = gone.exited() => {}
            }
            close.send_replace(true);
        });
        tokio::select! {
            Ok(port) = port.wait_for(Option::is_some) => {
                let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, port.unwrap_or_default()));
                Ok(Instance { addr, process: process.clone(), closed, _folder: folder })
            }
            status = process.exited() => {
                bail!("{} ended ({status}) before it sent `server-started`{}", self.executable.display(), last_words(&self.logs));
            }
            () = tokio::time::sleep(PATIENCE) => {
                process.kill();
                bail!(
                    "{} sent no `server-started` on the socket VERCEL_IPC_PATH within {} seconds{}",
                    self.executable.display(),
                    PATIENCE.as_secs(),
                    last_words(&self.logs)
                );
            }
        }
    }

    /// The address of the running executable, started again where it has ended.
    async fn addr(&self) -> Result<SocketAddr> {
        let mut instance = self.instance.lock().await;
        if let Some(running) = instance.as_ref().filter(|instance| !instance.process.is_gone()) {
            return Ok(running.addr);
        }
        let started = self.spawn().await?;
        let addr = started.addr;
        *instance = Some(started);
        Ok(addr)
    }

    /// An executable that ends closes its connections first: the next request must not go to what is about to be gone.
    async fn settle(&self) {
        let process = self.instance.lock().await.as_ref().map(|instance| instance.process.clone());
        if let Some(process) = process {
            let _ = tokio::time::timeout(ENDING, process.exited()).await;
        }
    }

    async fn answer(&self, mut request: Request) -> Answer {
        let body = match request.body.collect(LARGEST_BODY).await {
            Ok(Some(body)) => body,
            Ok(None) => {
                let text = "Request Entity Too Large\n\nFUNCTION_PAYLOAD_TOO_LARGE\n\n";
                return Answer::typed(413, "text/plain; charset=utf-8", text);
            }
            Err(error) => return Answer::typed(400, "text/plain", format!("{error}\n")),
        };
        let addr = match self.addr().await {
            Ok(addr) => addr,
            Err(error) => {
                self.logs.push(&format!("{error:#}"));
                return failed();
            }
        };
        let key = Key { invocation: ids::uuid(), request: self.count.fetch_add(1, Ordering::Relaxed) };
        let what = format!("{} {}", request.method, String::from_utf8_lossy(&request.target));
        self.ledger.begin(&key, &what);
        let body = if request.framing == Framing::None { Outgoing::None } else { Outgoing::Whole(body) };
        let reply = match send(addr, &request.method, &request.target, &headers(&request, &key), body).await {
            Ok(reply) => reply,
            Err(error) => {
                self.ledger.broken(&key, &format!("got no answer: {error}"));
                self.settle().await;
                return failed();
            }
        };
        let length = match reply.framing {
            Framing::Length(length) => Some(length),
            _ => None,
        };
        let (sender, body) = channel();
        let (ledger, mut from, none) = (Arc::clone(&self.ledger), reply.body, reply.framing == Framing::None);
        let relay = async move {
            loop {
                match from.next().await {
                    // Read to its end whatever the client does, since when it ended is what the ledger wants to know.
                    Ok(Some(piece)) => drop(sender.data(piece)),
                    Ok(None) => {
                        ledger.answered(&key);
                        return sender.end(Headers::new());
                    }
                    Err(error) => {
                        ledger.broken(&key, &format!("broke off in the middle of its answer: {error}"));
                        return sender.fail(error);
                    }
                }
            }
        };
        tokio::spawn(relay);
        Answer {
            status: reply.status,
            reason: Some(reply.reason),
            headers: reply.headers,
            body: if none { Outgoing::None } else { Outgoing::Stream { length, body } },
        }
    }
}

/// What the platform answers for a function that does not.
fn failed() -> Answer {
    let text = "A server error has occurred\n\nFUNCTION_INVOCATION_FAILED\n\n";
    Answer::typed(500, "text/plain; charset=utf-8", text)
}

/// Each message is JSON and a zero byte.
async fn read_messages(stream: UnixStream, ledger: &Ledger, started: &watch::Sender<Option<u16>>) {
    let mut stream = BufReader::new(stream);
    let mut message = Vec::new();
    while matches!(stream.read_until(0, &mut message).await, Ok(1..)) {
        if message.pop() != Some(0) {
            ledger.violation("its last message has no zero byte at its end");
            return;
        }
        let before = started.borrow().is_some();
        if let Some(port) = ledger.message(&message, before) {
            started.send_replace(Some(port));
        }
        message.clear();
    }
}

/// A folder that goes when this does.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self> {
        let path = std::env::temp_dir().join(format!("anyfn-{}", ids::uuid()));
        std::fs::create_dir(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
