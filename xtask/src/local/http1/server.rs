//! The answering side.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::wire::Wire;
use super::{Answer, Framing, Headers, Outgoing, Request, channel, head};

/// How long a client gets to notice that it was answered before all it had to say was read.
const LINGER: Duration = Duration::from_secs(1);

/// Answers requests on `listener`, each connection on its own, until the task is aborted.
pub(crate) fn serve<H, F>(listener: TcpListener, handle: H) -> JoinHandle<()>
where
    H: Fn(Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Answer> + Send,
{
    serve_counted(listener, handle).0
}

/// As [`serve`], and tells how many answers are under way.
pub(crate) fn serve_counted<H, F>(listener: TcpListener, handle: H) -> (JoinHandle<()>, watch::Receiver<usize>)
where
    H: Fn(Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Answer> + Send,
{
    let (open, under_way) = watch::channel(0);
    let task = tokio::spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let (handle, open) = (handle.clone(), open.clone());
                    // A connection's error concerns its client, who sees it.
                    connections.spawn(async move { connection(stream, &handle, &open).await.is_ok() });
                }
                // Out of file descriptors: those in use get free.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
            while connections.try_join_next().is_some() {}
        }
    });
    (task, under_way)
}

/// Counts itself, for as long as it lives.
struct UnderWay<'a>(&'a watch::Sender<usize>);

impl<'a> UnderWay<'a> {
    fn begin(count: &'a watch::Sender<usize>) -> Self {
        count.send_modify(|count| *count += 1);
        Self(count)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

async fn connection<H, F>(stream: TcpStream, handle: &H, open: &watch::Sender<usize>) -> io::Result<()>
where
    H: Fn(Request) -> F,
    F: Future<Output = Answer>,
{
    stream.set_nodelay(true)?;
    let (peer, local) = (stream.peer_addr()?, stream.local_addr()?);
    let (from, mut to) = stream.into_split();
    let mut wire = Wire::new(from);
    while let Some(head) = wire.head().await? {
        let _under_way = UnderWay::begin(open);
        let parsed = head::request(&head).and_then(|head| Ok((head.headers.framing()?, head)));
        let (framing, head) = match parsed {
            Ok(parsed) => parsed,
            Err(why) => {
                write(&mut to, "GET", false, Answer::typed(400, "text/plain", format!("{why}\n"))).await?;
                break;
            }
        };
        let keep = !head.old && !head.headers.has_token("connection", "close");
        if head.headers.has_token("expect", "100-continue") && framing != Framing::None {
            to.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        }
        let (sender, body) = channel();
        let method = head.method.clone();
        let request =
            Request { method: head.method, target: head.target, headers: head.headers, framing, body, peer, local };
        let mut reading = std::pin::pin!(wire.pump(framing, sender));
        let mut answering = std::pin::pin!(async { write(&mut to, &method, keep, handle(request).await).await });
        // The answer may come before all of the request is there, and the other way round.
        let read = tokio::select! {
            read = &mut reading => { answering.await?; read.is_ok() }
            answered = &mut answering => {
                answered?;
                tokio::time::timeout(Duration::ZERO, reading).await.is_ok_and(|read| read.is_ok())
            }
        };
        if !keep || !read {
            break;
        }
    }
    to.shutdown().await?;
    let _ = tokio::time::timeout(LINGER, wire.drain()).await;
    Ok(())
}

/// Writes an answer to a request of this method; an error means that the connection must break.
async fn write(to: &mut (impl AsyncWrite + Unpin), method: &str, keep: bool, answer: Answer) -> io::Result<()> {
    let Answer { status, reason, headers, body } = answer;
    let bodiless = method == "HEAD" || matches!(status, 100..200 | 204 | 304);
    let declared = headers.get("content-length").map(<[u8]>::to_vec);
    let reason = reason.unwrap_or_else(|| usual_reason(status).to_owned());
    let mut head = format!("HTTP/1.1 {status} {reason}\r\n").into_bytes();
    for (name, value) in headers.iter().filter(|(name, _)| !Headers::is_framing(name)) {
        line(&mut head, name, value);
    }
    let length = match &body {
        Outgoing::None => Some(0),
        Outgoing::Whole(bytes) => Some(bytes.len() as u64),
        Outgoing::Stream { length, .. } => *length,
    };
    match (bodiless, declared, length) {
        // To HEAD, what GET would have been; the function says so, or it did not know.
        (true, Some(declared), _) if status != 204 => line(&mut head, "content-length", &declared),
        (true, None, Some(length)) if method == "HEAD" && length > 0 => {
            line(&mut head, "content-length", length.to_string().as_bytes());
        }
        (true, ..) => {}
        (false, _, Some(length)) => line(&mut head, "content-length", length.to_string().as_bytes()),
        (false, _, None) => line(&mut head, "transfer-encoding", b"chunked"),
    }
    if !keep {
        line(&mut head, "connection", b"close");
    }
    head.extend_from_slice(b"\r\n");
    match body {
        Outgoing::Whole(bytes) if !bodiless => {
            head.extend_from_slice(&bytes);
            to.write_all(&head).await
        }
        Outgoing::Stream { length, body } if !bodiless => {
            to.write_all(&head).await?;
            stream(to, body, length.is_none()).await
        }
        _ => to.write_all(&head).await,
    }
}

/// Writes a body piece by piece.
pub(super) async fn stream(to: &mut (impl AsyncWrite + Unpin), mut body: super::Body, chunked: bool) -> io::Result<()> {
    while let Some(piece) = body.next().await? {
        if piece.is_empty() {
            continue;
        }
        to.write_all(&if chunked { chunk(&piece) } else { piece }).await?;
    }
    if chunked {
        to.write_all(b"0\r\n\r\n").await?;
    }
    to.flush().await
}

fn chunk(piece: &[u8]) -> Bytes {
    let mut chunk = format!("{:x}\r\n", piece.len()).into_bytes();
    chunk.extend_from_slice(piece);
    chunk.extend_from_slice(b"\r\n");
    chunk.into()
}

pub(super) fn line(head: &mut Vec<u8>, name: &str, value: &[u8]) {
    head.extend_from_slice(name.as_bytes());
    head.extend_from_slice(b": ");
    head.extend_from_slice(value);
    head.extend_from_slice(b"\r\n");
}

fn usual_reason(status: u16) -> &'static str {
    match status {
        100 => "Continue",
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        206 => "Partial Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        413 => "Content Too Large",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "",
    }
}
