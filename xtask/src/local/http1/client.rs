//! The asking side: one request, one connection.

use std::io;
use std::net::SocketAddr;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::server::{line, stream};
use super::wire::{Wire, malformed};
use super::{Body, Framing, Headers, Outgoing, channel, head};

/// An answer as it came.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) reason: String,
    pub(crate) headers: Headers,
    /// How the body is framed.
    pub(crate) framing: Framing,
    /// The body, which is read as fast as it comes.
    pub(crate) body: Body,
}

/// Sends a request and waits for the head of the answer; what is left is read and written in the background.
pub(crate) async fn send(
    to: SocketAddr,
    method: &str,
    target: &[u8],
    headers: &Headers,
    body: Outgoing,
) -> io::Result<Reply> {
    let connection = TcpStream::connect(to).await?;
    connection.set_nodelay(true)?;
    let (from, mut to) = connection.into_split();
    let mut head = Vec::from(method);
    head.push(b' ');
    head.extend_from_slice(target);
    head.extend_from_slice(b" HTTP/1.1\r\n");
    for (name, value) in headers.iter().filter(|(name, _)| !Headers::is_framing(name)) {
        line(&mut head, name, value);
    }
    match &body {
        Outgoing::None => {}
        Outgoing::Whole(bytes) => line(&mut head, "content-length", bytes.len().to_string().as_bytes()),
        Outgoing::Stream { length: Some(length), .. } => {
            line(&mut head, "content-length", length.to_string().as_bytes());
        }
        Outgoing::Stream { length: None, .. } => line(&mut head, "transfer-encoding", b"chunked"),
    }
    line(&mut head, "connection", b"close");
    head.extend_from_slice(b"\r\n");
    // The other side may answer while it still reads, so what it does not read is no error here. The half is given back,
    // since dropping it would tell the other side that nobody waits any more.
    let writing = tokio::spawn(async move {
        let _ = match body {
            Outgoing::None => to.write_all(&head).await,
            Outgoing::Whole(bytes) => match to.write_all(&head).await {
                Ok(()) => to.write_all(&bytes).await,
                failed => failed,
            },
            Outgoing::Stream { length, body } => match to.write_all(&head).await {
                Ok(()) => stream(&mut to, body, length.is_none()).await,
                failed => failed,
            },
        };
        to
    });
    let mut wire = Wire::new(from);
    let head = loop {
        let bytes = wire.head().await?.ok_or_else(|| malformed("the connection ended without an answer"))?;
        let head = head::status(&bytes).map_err(malformed)?;
        if head.status >= 200 {
            break head;
        }
    };
    let framing = if method == "HEAD" || matches!(head.status, 204 | 304) {
        Framing::None
    } else {
        match head.headers.framing().map_err(malformed)? {
            Framing::None => Framing::UntilClose,
            framing => framing,
        }
    };
    let (sender, body) = channel();
    tokio::spawn(async move {
        let _ = wire.pump(framing, sender).await;
        writing.abort();
    });
    Ok(Reply { status: head.status, reason: head.reason, headers: head.headers, framing, body })
}
