//! A server on a free port, and a client that sees every byte.

use std::net::SocketAddr;
use std::time::Duration;

use anyfn_core::{Body, Context, Error, Event, Handler, Response};
use anyfn_server::{Settings, serve};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A function of a request as a handler.
pub(crate) struct On<F>(pub(crate) F);

impl<F, Fut> Handler for On<F>
where
    F: Fn(http::Request<Body>, Context) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<http::Response<Body>, Error>> + Send,
{
    async fn call(&self, event: Event, cx: Context) -> Result<Response, Error> {
        match event {
            Event::Http(request) => (self.0)(request, cx).await.map(Response::Http),
            other => Err(Error::internal(format!("a {} event", other.trigger()))),
        }
    }
}

pub(crate) fn ok(body: impl Into<Body>) -> Result<http::Response<Body>, Error> {
    Ok(http::Response::new(body.into()))
}

/// Answers with what the request says of itself, body included.
pub(crate) async fn mirror(request: http::Request<Body>, cx: Context) -> Result<http::Response<Body>, Error> {
    let (head, body) = request.into_parts();
    let body = body.collect(usize::MAX).await.map_err(|error| {
        let too_large = matches!(&error, anyfn_core::BodyError::Read(source)
            if matches!(source.downcast_ref(), Some(anyfn_core::BodyError::TooLarge { .. })));
        let kind = if too_large { anyfn_core::ErrorKind::TooLarge } else { anyfn_core::ErrorKind::BadRequest };
        Error::of(kind).detail(error.to_string())
    })?;
    let headers: Vec<_> =
        head.headers.iter().map(|(name, value)| [name.as_str(), value.to_str().unwrap_or("?")]).collect();
    ok(serde_json::json!({
        "method": head.method.as_str(),
        "url": head.uri.to_string(),
        "raw": cx.raw_target(),
        "headers": headers,
        "length": body.len(),
        "client": cx.client_ip(),
        "deadline": cx.deadline().is_some(),
    })
    .to_string())
}

pub(crate) struct Running {
    pub(crate) addr: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

pub(crate) async fn start(handler: impl Handler) -> Running {
    start_with(handler, |_| {}).await
}

pub(crate) async fn start_with(handler: impl Handler, adjust: impl FnOnce(&mut Settings)) -> Running {
    let mut settings = Settings::default();
    adjust(&mut settings);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(async move {
        let stopped = async {
            let _ = stopped.await;
        };
        serve(listener, handler, settings, stopped).await.unwrap();
    });
    Running { addr, stop: Some(stop), task }
}

impl Running {
    pub(crate) async fn connect(&self) -> Raw {
        Raw { stream: within(TcpStream::connect(self.addr)).await.unwrap(), seen: Vec::new() }
    }

    /// Sends one request on a connection of its own and takes the answer.
    pub(crate) async fn ask(&self, request: impl AsRef<[u8]>) -> Answer {
        let mut client = self.connect().await;
        client.send(request).await;
        client.answer().await
    }

    pub(crate) fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.task.is_finished()
    }

    pub(crate) async fn ended(self) {
        within(self.task).await.unwrap();
    }
}

/// Long enough for any machine, short enough to say where a test hangs.
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("this takes too long")
}

/// Waits until nobody listens any more.
pub(crate) async fn refused(server: &Running) {
    within(async {
        while TcpStream::connect(server.addr).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// A connection of HTTP/1.
pub(crate) struct Raw {
    pub(crate) stream: TcpStream,
    seen: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().filter_map(|line| line.split_once(": ")).find(|(n, _)| *n == name).map(|(_, value)| value)
    }

    /// Problem details of this status, and the connection's end announced or not.
    #[track_caller]
    pub(crate) fn assert_problem(&self, status: u16, closes: bool) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        assert_eq!(self.json()["status"], status);
        assert_eq!(self.header("connection") == Some("close"), closes, "{}", self.head);
    }
}

impl Raw {
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        within(self.stream.write_all(bytes.as_ref())).await.unwrap();
    }

    /// Whether more came; not at the end.
    async fn more(&mut self) -> bool {
        within(self.stream.read_buf(&mut self.seen)).await.unwrap_or(0) > 0
    }

    /// What was sent up to and including `end`.
    pub(crate) async fn until(&mut self, end: &str) -> String {
        loop {
            if let Some(at) = self.seen.windows(end.len()).position(|window| window == end.as_bytes()) {
                return String::from_utf8(self.seen.drain(..at + end.len()).collect()).unwrap();
            }
            assert!(self.more().await, "it ended before {end:?}: {:?}", String::from_utf8_lossy(&self.seen));
        }
    }

    /// One whole answer.
    pub(crate) async fn answer(&mut self) -> Answer {
        let head = self.until("\r\n\r\n").await;
        let status = head[9..12].parse().unwrap();
        let mut answer = Answer { status, head, body: Vec::new() };
        if answer.header("transfer-encoding") == Some("chunked") {
            loop {
                let size = usize::from_str_radix(self.until("\r\n").await.trim(), 16).unwrap();
                let chunk = self.exactly(size + 2).await;
                answer.body.extend_from_slice(&chunk[..size]);
                if size == 0 {
                    return answer;
                }
            }
        }
        let length = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
        answer.body = self.exactly(length).await;
        answer
    }

    pub(crate) async fn exactly(&mut self, length: usize) -> Vec<u8> {
        while self.seen.len() < length {
            assert!(self.more().await, "it ended after {} of {length} bytes", self.seen.len());
        }
        self.seen.drain(..length).collect()
    }

    /// Everything until the server ends the connection.
    pub(crate) async fn rest(&mut self) -> String {
        while self.more().await {}
        String::from_utf8(std::mem::take(&mut self.seen)).unwrap()
    }
}

/// Tells, when it is dropped, that whatever held it has ended.
pub(crate) struct Ends(pub(crate) Option<oneshot::Sender<()>>);

impl Drop for Ends {
    fn drop(&mut self) {
        if let Some(ended) = self.0.take() {
            let _ = ended.send(());
        }
    }
}
