//! Programs that serve HTTP: what a request costs them, and how many they answer.

use std::io::Read as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::figures::{Figures, Unit};
use super::load::{Request, load};
use super::process::Measured;
use super::{Bench, Pace, alternating, callgrind};

/// How long a program may take until it listens, valgrind's slowness included.
const PATIENCE: Duration = Duration::from_secs(60);

/// On how many connections it is asked at once.
const CONNECTIONS: usize = 8;

/// A program to be measured.
#[derive(Debug, Clone)]
pub(super) struct Server {
    pub(super) name: &'static str,
    pub(super) start: Start,
}

/// How it is started, and says that it listens.
#[derive(Debug, Clone)]
pub(super) enum Start {
    /// With `PORT`.
    Port(PathBuf),
    /// With Vercel's socket, connected all the time.
    Ipc(PathBuf),
    /// As the Worker that a configuration of workerd's names.
    Workerd {
        /// The runtime.
        runtime: PathBuf,
        /// Its configuration.
        config: PathBuf,
    },
}

/// What is asked.
pub(super) struct Work<'a> {
    pub(super) name: &'static str,
    pub(super) request: Request,
    /// What stands in each right answer.
    pub(super) sign: &'static str,
    /// How often it is asked in one round.
    pub(super) times: usize,
    pub(super) servers: &'a [Server],
}

/// One that runs.
struct Running {
    process: Measured,
    addr: SocketAddr,
    begin: Instant,
    /// From the start until it listened, or said so.
    start: Duration,
    socket: Option<PathBuf>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.socket.iter().for_each(|socket| _ = std::fs::remove_file(socket));
    }
}

impl Server {
    fn run(&self, counted: bool) -> Result<Running> {
        let program = match &self.start {
            Start::Port(program) | Start::Ipc(program) => program,
            Start::Workerd { runtime, .. } => runtime,
        };
        let mut command = if counted { callgrind::command(program)? } else { Command::new(program) };
        let addr = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        command
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOST", "127.0.0.1")
            .env("PORT", addr.port().to_string())
            .env("VERCEL_DEV_PORT", addr.port().to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        if counted {
            // Valgrind runs one thread at a time: with several, what they cost is its scheduler's whim.
            command.env("TOKIO_WORKER_THREADS", "1");
        } else {
            command.stderr(Stdio::null());
        }
        match &self.start {
            Start::Port(_) => started(command, addr),
            Start::Ipc(_) => started_by_message(command),
            Start::Workerd { config, .. } => {
                command.arg("serve").arg(config).arg(format!("--socket-addr=http={addr}"));
                started(command, addr)
            }
        }
        .with_context(|| format!("{} does not serve", self.name))
    }
}

/// Starts it and waits until its port is open.
fn started(mut command: Command, addr: SocketAddr) -> Result<Running> {
    let begin = Instant::now();
    let mut process = Measured::start(&mut command)?;
    while TcpStream::connect(addr).is_err() {
        if let Some(status) = process.0.try_wait()? {
            bail!("it ended ({status}) before it listened");
        }
        if begin.elapsed() > PATIENCE {
            bail!("it did not listen within {} s", PATIENCE.as_secs());
        }
        std::thread::sleep(Duration::from_micros(100));
    }
    Ok(Running { process, addr, begin, start: begin.elapsed(), socket: None })
}

/// Starts it with a socket of Vercel's, waits for its `server-started`, and reads whatever else comes.
fn started_by_message(mut command: Command) -> Result<Running> {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let socket = std::env::temp_dir().join(format!("anyfn-bench-{}-{number}.sock", std::process::id()));
    let listener = UnixListener::bind(&socket).with_context(|| format!("cannot listen on {}", socket.display()))?;
    command.env("VERCEL_IPC_PATH", &socket).env("VERCEL", "1");
    let (tell, told) = channel();
    std::thread::spawn(move || {
        let Ok((mut stream, _)) = listener.accept() else { return };
        let (mut first, mut chunk) = (Some(Vec::new()), vec![0; 1 << 16]);
        while let Ok(length @ 1..) = stream.read(&mut chunk) {
            let Some(message) = &mut first else { continue };
            message.extend_from_slice(&chunk[..length]);
            if let Some(end) = message.iter().position(|byte| *byte == 0) {
                let _ = tell.send((Instant::now(), message[..end].to_vec()));
                first = None;
            }
        }
    });
    let begin = Instant::now();
    let process = Measured::start(&mut command)?;
    let (at, message) = told.recv_timeout(PATIENCE).context("no `server-started` came")?;
    let message: serde_json::Value = serde_json::from_slice(&message)?;
    let port = message["payload"]["httpPort"].as_u64().and_then(|port| u16::try_from(port).ok());
    let addr = ([127, 0, 0, 1], port.with_context(|| format!("no port in {message}"))?).into();
    Ok(Running { process, addr, begin, start: at - begin, socket: Some(socket) })
}

/// Instructions of one request on one connection: of runs of two lengths, what the longer one takes more.
pub(super) fn counted(
    target: Bench,
    work: &Work<'_>,
    counts: (usize, usize),
    pace: Pace,
    to: &mut Figures,
) -> Result<()> {
    alternating(work.servers, pace.counted(), |server| {
        let of = |count| -> Result<f64> {
            let mut running = server.run(true)?;
            load(running.addr, &work.request, 1, count, work.sign).with_context(|| asked(server, work))?;
            running.process.stop();
            Ok(callgrind::collected(&mut running.process.0)? as f64)
        };
        let instructions = (of(counts.1)? - of(counts.0)?) / (counts.1 - counts.0) as f64;
        to.add(target, work.name, Unit::Instructions, server.name, instructions);
        Ok(())
    })
}

/// What is timed: a process of its own each round, warmed up, then asked on all connections.
pub(super) fn timed(target: Bench, work: &Work<'_>, pace: Pace, to: &mut Figures) -> Result<()> {
    let each = work.times.div_ceil(CONNECTIONS * if pace.quick { 4 } else { 1 });
    alternating(work.servers, pace.timed(), |server| {
        let mut running = server.run(false)?;
        let ask =
            |each| load(running.addr, &work.request, CONNECTIONS, each, work.sign).with_context(|| asked(server, work));
        if matches!(server.start, Start::Workerd { .. }) {
            // It listens before it has loaded the Worker.
            load(running.addr, &work.request, 1, 1, work.sign).with_context(|| asked(server, work))?;
            running.start = running.begin.elapsed();
        }
        ask(each.div_ceil(5))?;
        let before = running.process.cpu()?;
        let load = ask(each)?;
        let cpu = (running.process.cpu()? - before) / load.latencies.len() as f64;
        let mut note =
            |what: &str, unit, value| to.add(target, &format!("{}{what}", work.name), unit, server.name, value);
        note("", Unit::Microseconds, cpu);
        note("", Unit::PerSecond, load.per_second());
        note(", half of the answers within", Unit::Milliseconds, load.within(0.5));
        note(", 99 % of the answers within", Unit::Milliseconds, load.within(0.99));
        note(", peak memory", Unit::Megabytes, running.process.peak()?);
        to.add(target, "start", Unit::Milliseconds, server.name, running.start.as_secs_f64() * 1000.0);
        Ok(())
    })
}

fn asked(server: &Server, work: &Work<'_>) -> String {
    format!("{} at {}", server.name, work.name)
}

/// What files weigh together, compressed one by one.
pub(super) fn gzipped(files: &[impl AsRef<Path>]) -> Result<u64> {
    let mut sum = 0;
    for file in files {
        let file = file.as_ref();
        let data = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        sum += crate::build::gzipped(&data)?;
    }
    Ok(sum)
}
