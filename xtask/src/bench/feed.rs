//! A Runtime API that gives one event again and again ("Using the Lambda runtime API for custom runtimes", Lambda
//! developer guide), as little of one as all of them can be measured against.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail};

/// What the function does that the measuring waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Heard {
    /// It asked for its first event.
    First(Instant),
    /// It asked for one more than there are.
    Done,
    /// It said that it failed, or did what no function does.
    Failed(String),
}

/// A Runtime API.
pub(crate) struct Feed {
    pub(crate) addr: SocketAddr,
    pub(crate) heard: Receiver<Heard>,
    shared: Arc<Shared>,
}

struct Shared {
    event: Vec<u8>,
    state: Mutex<State>,
    tell: Mutex<Sender<Heard>>,
}

struct State {
    given: u64,
    count: u64,
    answer: Option<Vec<u8>>,
}

impl Feed {
    /// Gives `event` this many times.
    pub(crate) fn start(event: &[u8], count: u64) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("cannot listen")?;
        let addr = listener.local_addr()?;
        let (tell, heard) = channel();
        let state = Mutex::new(State { given: 0, count, answer: None });
        let shared = Arc::new(Shared { event: event.to_vec(), state, tell: Mutex::new(tell) });
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&serving);
                std::thread::spawn(move || {
                    if let Err(error) = shared.serve(socket) {
                        shared.tell(Heard::Failed(format!("{error:#}")));
                    }
                });
            }
        });
        Ok(Self { addr, heard, shared })
    }

    /// The first answer, as it was posted.
    pub(crate) fn answer(&self) -> Option<Vec<u8>> {
        self.shared.state().answer.clone()
    }
}

impl Shared {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, heard: Heard) {
        let _ = self.tell.lock().unwrap_or_else(PoisonError::into_inner).send(heard);
    }

    /// Answers on one connection until the function closes it.
    fn serve(&self, socket: TcpStream) -> Result<()> {
        socket.set_nodelay(true)?;
        let mut from = BufReader::with_capacity(1 << 20, socket.try_clone()?);
        let mut to = socket;
        while let Some(head) = head(&mut from)? {
            let target = head.first().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
            if target.ends_with("/next") {
                let Some(number) = self.take() else {
                    self.tell(Heard::Done);
                    // Held until the function is ended.
                    let _ = from.read(&mut [0]);
                    return Ok(());
                };
                to.write_all(&self.next(number)?)?;
            } else {
                let body = body(&head, &mut from)?;
                if target.ends_with("/error") {
                    bail!("the function failed: {}", String::from_utf8_lossy(&body));
                }
                self.state().answer.get_or_insert(body);
                to.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\ncontent-length: 15\r\n\r\n{\"status\":\"OK\"}")?;
            }
        }
        Ok(())
    }

    /// The next event's number.
    fn take(&self) -> Option<u64> {
        let mut state = self.state();
        if state.given == 0 {
            self.tell(Heard::First(Instant::now()));
        }
        state.given += 1;
        (state.given <= state.count).then_some(state.given)
    }

    fn next(&self, number: u64) -> Result<Vec<u8>> {
        let deadline = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() + 600_000;
        let mut bytes = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\
             lambda-runtime-aws-request-id: 8476a536-e9f4-11e8-9739-{number:012}\r\n\
             lambda-runtime-deadline-ms: {deadline}\r\n\
             lambda-runtime-invoked-function-arn: arn:aws:lambda:eu-west-1:123456789012:function:bench\r\n\
             lambda-runtime-trace-id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0\r\n\
             date: Mon, 23 Nov 2026 20:00:00 GMT\r\ncontent-length: {}\r\n\r\n",
            self.event.len()
        )
        .into_bytes();
        bytes.extend_from_slice(&self.event);
        Ok(bytes)
    }
}

/// The lines of a message's head, in lower case but for the first; `None` at the end.
pub(crate) fn head(from: &mut impl BufRead) -> Result<Option<Vec<String>>> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if from.read_line(&mut line).unwrap_or(0) == 0 {
            return Ok(None);
        }
        let line = line.trim_end();
        match (lines.is_empty(), line.is_empty()) {
            (_, true) => return Ok(Some(lines)),
            (true, _) => lines.push(line.to_owned()),
            _ => lines.push(line.to_ascii_lowercase()),
        }
    }
}

/// A message's body.
pub(crate) fn body(head: &[String], from: &mut impl BufRead) -> Result<Vec<u8>> {
    let value = |name: &str| head.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim);
    let mut body = Vec::new();
    if value("transfer-encoding") == Some("chunked") {
        loop {
            let mut size = String::new();
            from.read_line(&mut size)?;
            let size = u64::from_str_radix(size.trim(), 16).context("a chunk without a size")?;
            if size == 0 {
                // Trailers, if any, and an empty line.
                let mut line = String::new();
                while from.read_line(&mut line)? > 2 {
                    line.clear();
                }
                return Ok(body);
            }
            from.take(size).read_to_end(&mut body)?;
            from.read_exact(&mut [0; 2])?;
        }
    }
    let length: u64 = value("content-length").map_or(Ok(0), str::parse)?;
    from.take(length).read_to_end(&mut body)?;
    Ok(body)
}
