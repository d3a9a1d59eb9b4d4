//! A small Runtime API: it hands out events and keeps what is posted, byte for byte.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What the function posted for an event.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) path: String,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: String,
    /// Whether the transfer came to its end.
    pub(crate) whole: bool,
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn status(&self) -> u64 {
        self.json()["statusCode"].as_u64().unwrap_or_else(|| panic!("{self:?}"))
    }

    pub(crate) fn text(&self) -> String {
        self.json()["body"].as_str().unwrap_or_default().to_owned()
    }

    fn parts(&self) -> (&[u8], &[u8]) {
        let at = self.body.windows(8).position(|eight| eight == [0; 8]).unwrap_or_else(|| panic!("{self:?}"));
        (&self.body[..at], &self.body[at + 8..])
    }

    pub(crate) fn prelude(&self) -> serde_json::Value {
        serde_json::from_slice(self.parts().0).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// What follows the prelude.
    pub(crate) fn streamed(&self) -> String {
        String::from_utf8_lossy(self.parts().1).into_owned()
    }
}

/// A request of an HTTP API; `more` are members of `headers`.
pub(crate) fn event(path: &str, more: &str) -> String {
    format!(
        r#"{{"version":"2.0","rawPath":"{path}","headers":{{"host":"fn.example"{more}}},
            "requestContext":{{"http":{{"method":"GET","sourceIp":"192.0.2.1"}},"stage":"$default"}}}}"#
    )
}

/// A request of a Function URL.
pub(crate) fn url_event(path: &str) -> String {
    event(path, "").replace(r#""stage""#, r#""domainName":"x.lambda-url.eu-west-1.on.aws","stage""#)
}

/// What goes wrong on Lambda's side, once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fault {
    /// An answer of this status.
    Status(u16),
    /// The connection ends without an answer.
    Cut,
    /// The connection ends in the middle of the answer.
    CutInside,
    /// Bytes that are no HTTP.
    Garbage,
    /// An event without the headers that say whose it is.
    Anonymous,
}

impl Fault {
    /// What is written instead of an answer, and whether the connection lives on.
    fn bytes(self) -> (Vec<u8>, bool) {
        match self {
            Self::Status(status) => (format!("HTTP/1.1 {status} Fault\r\ncontent-length: 2\r\n\r\n{{}}").into(), true),
            Self::Cut => (Vec::new(), false),
            Self::CutInside => {
                (b"HTTP/1.1 200 OK\r\nlambda-runtime-aws-request-id: 9\r\ncontent-length: 90\r\n\r\n{".into(), false)
            }
            Self::Garbage => (b"\0\xff\x16\x03 garbage\r\n\r\n".into(), false),
            Self::Anonymous => (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".into(), true),
        }
    }
}

/// The faults of `/next` and those of answers, each told once.
type Faults = Arc<Mutex<(Option<Fault>, Option<Fault>)>>;

pub(crate) struct Api {
    function: Child,
    events: Sender<(String, SystemTime)>,
    answers: Receiver<Answer>,
    log: Arc<Mutex<String>>,
    extensions: Arc<AtomicUsize>,
}

impl Api {
    /// Starts the function with these variables.
    pub(crate) fn start(variables: &[(&str, &str)]) -> Self {
        Self::faulty(variables, None, None)
    }

    /// Starts it on an API whose first `/next`, or the first answer to which, goes wrong.
    pub(crate) fn faulty(variables: &[(&str, &str)], next: Option<Fault>, answer: Option<Fault>) -> Self {
        let faults: Faults = Arc::new(Mutex::new((next, answer)));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (events, to_hand_out) = channel();
        let (keep, answers) = channel();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .env("AWS_LAMBDA_RUNTIME_API", listener.local_addr().unwrap().to_string())
            .envs([("AWS_LAMBDA_FUNCTION_NAME", "f"), ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")])
            .envs([("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"), ("AWS_REGION", "eu-west-1")])
            .envs(variables.iter().copied())
            .stderr(Stdio::piped());
        let to_hand_out = Arc::new(Mutex::new(to_hand_out));
        let number = Arc::new(AtomicUsize::new(0));
        let extensions = Arc::new(AtomicUsize::new(0));
        let extension = extensions.clone();
        std::thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                let (events, answers, number) = (to_hand_out.clone(), keep.clone(), number.clone());
                let (faults, extension) = (faults.clone(), extension.clone());
                std::thread::spawn(move || serve(&connection, &events, &answers, &number, &faults, &extension));
            }
        });
        let mut function = command.spawn().unwrap();
        let (lines, logged) = (Arc::<Mutex<String>>::default(), function.stderr.take().unwrap());
        let log = lines.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(logged).lines().map_while(Result::ok) {
                lines.lock().unwrap().push_str(&format!("{line}\n"));
            }
        });
        Self { function, events, answers, log, extensions }
    }

    /// The first line of the log that contains this, which may come a little later than the answer.
    pub(crate) fn logged(&self, what: &str) -> String {
        for _ in 0..500 {
            let log = self.log.lock().unwrap();
            if let Some(line) = log.lines().find(|line| line.contains(what)) {
                return line.to_owned();
            }
            drop(log);
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("not in the log: {what}");
    }

    /// How the process ends, if it does so within two seconds.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        for _ in 0..200 {
            if let Some(status) = self.function.try_wait().unwrap() {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        None
    }

    /// Whether the function has an extension that waits for its events.
    pub(crate) fn extended(&self) -> bool {
        self.extensions.load(Ordering::SeqCst) > 0
    }

    /// Tells the process that the instance ends, as Lambda does where there is an extension.
    pub(crate) fn terminate(&mut self) -> Option<ExitStatus> {
        Command::new("kill").args(["-s", "TERM", &self.function.id().to_string()]).status().unwrap();
        self.ended()
    }

    /// All that was logged.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    pub(crate) fn invoke(&self, event: &str) -> Answer {
        self.invoke_within(event, Duration::from_secs(20))
    }

    /// Invokes the function, which has this time.
    pub(crate) fn invoke_within(&self, event: &str, time: Duration) -> Answer {
        self.send(event, time);
        self.answer(time)
    }

    /// Hands out an event, whose answer is taken later.
    pub(crate) fn send(&self, event: &str, time: Duration) {
        self.events.send((event.to_owned(), SystemTime::now() + time)).unwrap();
    }

    pub(crate) fn answer(&self, time: Duration) -> Answer {
        let answer = self.answers.recv_timeout(time + STALL + Duration::from_secs(2));
        answer.unwrap_or_else(|error| panic!("no answer within the function's time: {error}"))
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        // It may have died; that is what the checks look for.
        let _ = self.function.kill();
        let _ = self.function.wait();
    }
}

/// Where the reader of a stream stops for a while, in bytes.
const STALLS_AT: usize = 1 << 20;
const STALL: Duration = Duration::from_secs(3);

type Events = Arc<Mutex<Receiver<(String, SystemTime)>>>;

/// Serves one connection of the function's.
fn serve(
    connection: &TcpStream,
    events: &Events,
    answers: &Sender<Answer>,
    number: &AtomicUsize,
    faults: &Faults,
    extension: &AtomicUsize,
) -> Option<()> {
    let mut reader = BufReader::new(connection);
    loop {
        let line = read_line(&mut reader)?;
        let path = line.split(' ').nth(1)?.to_owned();
        let (mut length, mut chunked) = (0, false);
        loop {
            let header = read_line(&mut reader)?.to_ascii_lowercase();
            match header.split_once(": ") {
                Some(("content-length", value)) => length = value.parse().ok()?,
                Some(("transfer-encoding", _)) => chunked = true,
                Some(_) => {}
                None => break,
            }
        }
        if path == "/2020-01-01/extension/register" {
            let mut body = Answer { path, body: Vec::new(), trailers: String::new(), whole: false };
            read_all(&mut reader, length, &mut body)?;
            let taken = body.body == br#"{"events":[]}"#;
            let status = if taken { "200 OK\r\nlambda-extension-identifier: e-1" } else { "400 Bad Request" };
            (&mut &*connection)
                .write_all(format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\n\r\n{{}}").as_bytes())
                .ok()?;
            continue;
        }
        if path == "/2020-01-01/extension/event/next" {
            // It asked for no event, and none comes.
            extension.fetch_add(1, Ordering::SeqCst);
            let _ = read_line(&mut reader);
            return None;
        }
        let fault = {
            let mut faults = faults.lock().ok()?;
            if path.ends_with("/next") { faults.0.take() } else { faults.1.take() }
        };
        if let (Some(fault), true) = (fault, path.ends_with("/next")) {
            let (bytes, lives) = fault.bytes();
            (&mut &*connection).write_all(&bytes).ok()?;
            if lives { continue } else { return None }
        }
        let answer = if path.ends_with("/next") {
            let (event, deadline) = events.lock().ok()?.recv().ok()?;
            let (id, length) = (number.fetch_add(1, Ordering::SeqCst), event.len());
            let deadline = deadline.duration_since(UNIX_EPOCH).ok()?.as_millis();
            format!(
                "HTTP/1.1 200 OK\r\nlambda-runtime-aws-request-id: {id}\r\nlambda-runtime-deadline-ms: {deadline}\r\n\
                 lambda-runtime-trace-id: Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1\r\n\
                 lambda-runtime-invoked-function-arn: arn:aws:lambda:eu-west-1:1:function:f\r\n\
                 content-length: {length}\r\n\r\n{event}"
            )
        } else {
            let mut answer = Answer { path, body: Vec::new(), trailers: String::new(), whole: false };
            let read = if chunked {
                read_chunks(&mut reader, &mut answer)
            } else {
                read_all(&mut reader, length, &mut answer)
            };
            answer.whole = read.is_some();
            answers.send(answer).ok()?;
            read?;
            if let Some(fault) = fault {
                let (bytes, lives) = fault.bytes();
                (&mut &*connection).write_all(&bytes).ok()?;
                if lives { continue } else { return None }
            }
            "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n".to_owned()
        };
        (&mut &*connection).write_all(answer.as_bytes()).ok()?;
    }
}

fn read_line(reader: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    Some(line.trim_end().to_owned())
}

fn read_all(reader: &mut impl Read, length: usize, answer: &mut Answer) -> Option<()> {
    answer.body.resize(length, 0);
    reader.read_exact(&mut answer.body).ok()
}

fn read_chunks(reader: &mut impl BufRead, answer: &mut Answer) -> Option<()> {
    loop {
        let length = usize::from_str_radix(&read_line(reader)?, 16).ok()?;
        if length == 0 {
            break;
        }
        let start = answer.body.len();
        answer.body.resize(start + length, 0);
        reader.read_exact(&mut answer.body[start..]).ok()?;
        read_line(reader)?;
        if start < STALLS_AT && answer.body.len() >= STALLS_AT {
            std::thread::sleep(STALL);
        }
    }
    loop {
        let line = read_line(reader)?;
        if line.is_empty() {
            return Some(());
        }
        answer.trailers.push_str(&line);
        answer.trailers.push('\n');
    }
}
