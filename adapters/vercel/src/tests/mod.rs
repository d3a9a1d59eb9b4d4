//! The protocol from the platform's side, in this process: its socket, its requests, a handler that does as it is told.

mod decoding;
mod ends;
mod events;
mod logs;
mod prints;
mod requests;
mod starts;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyfn_core::{BoxError, Context, Error, Event, Handler, Response};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpStream, UnixListener, UnixStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use crate::serve::{Outside, Settings, serve};

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(10);
/// Long enough to see that nothing comes.
const SHORT: Duration = Duration::from_millis(150);

/// A socket's path, gone at the end.
struct Socket(PathBuf);

impl Socket {
    fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("anyfn-{}-{}.sock", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The platform, with one instance.
struct Platform {
    messages: BufReader<UnixStream>,
    port: u16,
    started: Value,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<Result<(), BoxError>>,
    next: u64,
    _socket: Socket,
}

impl Platform {
    async fn start(handler: impl Handler) -> Self {
        Self::start_with(handler, Outside::default()).await
    }

    async fn start_with(handler: impl Handler, outside: Outside) -> Self {
        let socket = Socket::new();
        let listener = UnixListener::bind(&socket.0).unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let settings = Settings { ipc: Some(socket.0.clone()), port: 3000, prints: false, outside };
        let served = tokio::spawn(serve(handler, settings, Instant::now(), async {
            let _ = stopped.await;
        }));
        let messages = BufReader::new(listener.accept().await.unwrap().0);
        let mut platform =
            Self { messages, port: 0, started: Value::Null, stop: Some(stop), served, next: 1, _socket: socket };
        platform.started = platform.message().await;
        assert_eq!(platform.started["type"], "server-started");
        platform.port = platform.started["payload"]["httpPort"].as_u64().unwrap().try_into().unwrap();
        platform
    }

    /// The next message.
    async fn message(&mut self) -> Value {
        timeout(LONG, self.read()).await.expect("a message comes").expect("the socket is open")
    }

    /// No message comes.
    async fn silence(&mut self) {
        if let Ok(message) = timeout(SHORT, self.read()).await {
            panic!("{message:?}");
        }
    }

    async fn read(&mut self) -> Option<Value> {
        let mut bytes = Vec::new();
        if self.messages.read_until(0, &mut bytes).await.unwrap() == 0 {
            return None;
        }
        assert_eq!(bytes.pop(), Some(0));
        Some(serde_json::from_slice(&bytes).unwrap())
    }

    /// The next message is the end of this request.
    async fn ends(&mut self, request: u64) {
        let expected = serde_json::json!({
            "type": "end",
            "payload": {"context": {"invocationId": format!("inv\"{request}"), "requestId": request}, "error": null},
        });
        assert_eq!(self.message().await, expected);
    }

    /// Connects and sends a request, with the platform's own headers and these lines.
    async fn send(&mut self, line: &str, headers: &[&str], body: &[u8]) -> Client {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        let mut client = Client { stream: BufReader::new(stream) };
        self.send_on(&mut client, line, headers, body).await;
        client
    }

    async fn send_on(&mut self, client: &mut Client, line: &str, headers: &[&str], body: &[u8]) {
        let request = self.next;
        self.next += 1;
        let mut head = format!(
            "{line} HTTP/1.1\r\nhost: fn\r\nx-vercel-internal-invocation-id: inv\"{request}\r\n\
             x-vercel-internal-request-id: {request}\r\n"
        );
        for header in headers {
            head = format!("{head}{header}\r\n");
        }
        if !body.is_empty() {
            head = format!("{head}content-length: {}\r\n", body.len());
        }
        client.write(format!("{head}\r\n").as_bytes()).await;
        client.write(body).await;
    }

    /// A request and its whole answer.
    async fn ask(&mut self, line: &str) -> Answer {
        self.send(line, &[], b"").await.answer().await
    }

    fn stop(&mut self) {
        let _ = self.stop.take().unwrap().send(());
    }

    /// What came until the socket was closed, which the server has done by itself.
    async fn rest(mut self) -> VecDeque<Value> {
        timeout(LONG, self.served).await.expect("the server ends").unwrap().unwrap();
        let mut bytes = Vec::new();
        self.messages.read_to_end(&mut bytes).await.unwrap();
        let messages = bytes.split(|byte| *byte == 0).filter(|message| !message.is_empty());
        messages.map(|message| serde_json::from_slice(message).unwrap()).collect()
    }
}

struct Client {
    stream: BufReader<TcpStream>,
}

#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Client {
    async fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    async fn line(&mut self) -> String {
        let mut line = String::new();
        timeout(LONG, self.stream.read_line(&mut line)).await.expect("a line comes").unwrap();
        line
    }

    async fn head(&mut self) -> (u16, String) {
        let mut head = String::new();
        loop {
            match self.line().await {
                line if line == "\r\n" || line.is_empty() => break,
                line => head += &line.to_ascii_lowercase(),
            }
        }
        (head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0), head)
    }

    /// A chunk of a streamed body; empty at the end.
    async fn chunk(&mut self) -> Vec<u8> {
        let size = usize::from_str_radix(self.line().await.trim(), 16).unwrap();
        let mut chunk = vec![0; size + 2];
        timeout(LONG, self.stream.read_exact(&mut chunk)).await.expect("a chunk comes").unwrap();
        chunk.truncate(size);
        chunk
    }

    async fn answer(&mut self) -> Answer {
        let (status, head) = self.head().await;
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        timeout(LONG, self.stream.read_exact(&mut body)).await.expect("the body comes").unwrap();
        if head.contains("transfer-encoding: chunked") {
            loop {
                match self.chunk().await {
                    chunk if chunk.is_empty() => break,
                    chunk => body.extend(chunk),
                }
            }
        }
        Answer { status, head, body }
    }
}

/// A function of the request as a handler.
struct Does<F>(F);

impl<F, Fut> Handler for Does<F>
where
    F: Fn(http::Request<anyfn_core::Body>, Context) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<http::Response<anyfn_core::Body>, Error>> + Send,
{
    async fn call(&self, event: Event, cx: Context) -> Result<Response, Error> {
        let Event::Http(request) = event else { return Err(Error::not_found()) };
        (self.0)(request, cx).await.map(Response::Http)
    }
}

fn says(text: &str) -> Result<http::Response<anyfn_core::Body>, Error> {
    Ok(http::Response::new(text.to_owned().into()))
}

/// Says when it is dropped.
struct Dropped(Arc<tokio::sync::Notify>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}
