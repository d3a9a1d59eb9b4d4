//! Reading from a connection: heads, and bodies in each framing.

use std::io;

use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::body::Sender;
use super::{Framing, Headers, head};

/// The largest head that is read; more than any platform takes.
const LARGEST_HEAD: usize = 1 << 20;
/// The longest line of a chunk's size or of trailers.
const LONGEST_LINE: usize = 1 << 16;

/// A connection's reading half, with what was read too far.
pub(super) struct Wire<R> {
    from: R,
    buffer: BytesMut,
}

impl<R: AsyncRead + Unpin> Wire<R> {
    pub(super) fn new(from: R) -> Self {
        Self { from, buffer: BytesMut::with_capacity(16 * 1024) }
    }

    /// The bytes up to an empty line; `None` when the connection ended before any.
    pub(super) async fn head(&mut self) -> io::Result<Option<Bytes>> {
        let mut searched = 0;
        loop {
            // Empty lines before a request are passed over (RFC 9112, 2.2).
            while self.buffer.starts_with(b"\r\n") {
                self.buffer.advance(2);
                searched = 0;
            }
            if let Some(at) = self.buffer[searched..].windows(4).position(|window| window == b"\r\n\r\n") {
                return Ok(Some(self.buffer.split_to(searched + at + 4).freeze()));
            }
            searched = self.buffer.len().saturating_sub(3);
            if self.buffer.len() > LARGEST_HEAD {
                return Err(malformed("the head has no end"));
            }
            if !self.fill().await? {
                return if self.buffer.is_empty() { Ok(None) } else { Err(cut_short()) };
            }
        }
    }

    /// Reads a whole body into `to`, or says in it that the body failed.
    pub(super) async fn pump(&mut self, framing: Framing, to: Sender) -> io::Result<()> {
        match self.body(framing, &to).await {
            Ok(trailers) => {
                to.end(trailers);
                Ok(())
            }
            Err(error) => {
                to.fail(io::Error::new(error.kind(), error.to_string()));
                Err(error)
            }
        }
    }

    /// Reads on to nowhere, until the other side closes.
    pub(super) async fn drain(&mut self) {
        loop {
            self.buffer.clear();
            if !matches!(self.fill().await, Ok(true)) {
                return;
            }
        }
    }

    async fn body(&mut self, framing: Framing, to: &Sender) -> io::Result<Headers> {
        match framing {
            Framing::None => {}
            Framing::Length(length) => self.exactly(length, to).await?,
            Framing::UntilClose => {
                while !self.buffer.is_empty() || self.fill().await? {
                    wanted(to.data(self.buffer.split().freeze()))?;
                }
            }
            Framing::Chunked => loop {
                let line = self.line().await?;
                let size = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
                let size = std::str::from_utf8(size).ok().filter(|size| size.bytes().all(|b| b.is_ascii_hexdigit()));
                let size = size.and_then(|size| u64::from_str_radix(size, 16).ok());
                let size = size.ok_or_else(|| malformed("a chunk's size is no number"))?;
                if size == 0 {
                    return self.trailers().await;
                }
                self.exactly(size, to).await?;
                if !self.line().await?.is_empty() {
                    return Err(malformed("a chunk is longer than it says"));
                }
            },
        }
        Ok(Headers::new())
    }

    async fn exactly(&mut self, mut left: u64, to: &Sender) -> io::Result<()> {
        while left > 0 {
            if self.buffer.is_empty() && !self.fill().await? {
                return Err(cut_short());
            }
            let here = usize::try_from(left).unwrap_or(usize::MAX).min(self.buffer.len());
            wanted(to.data(self.buffer.split_to(here).freeze()))?;
            left -= here as u64;
        }
        Ok(())
    }

    async fn trailers(&mut self) -> io::Result<Headers> {
        let mut lines = Vec::new();
        loop {
            let line = self.line().await?;
            if line.is_empty() {
                return head::headers(lines.iter().map(Bytes::as_ref)).map_err(malformed);
            }
            lines.push(line);
        }
    }

    /// A line without its end.
    async fn line(&mut self) -> io::Result<Bytes> {
        loop {
            if let Some(at) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let line = self.buffer.split_to(at + 1).freeze();
                let end = if line.ends_with(b"\r\n") { at - 1 } else { at };
                return Ok(line.slice(..end));
            }
            if self.buffer.len() > LONGEST_LINE {
                return Err(malformed("a line has no end"));
            }
            if !self.fill().await? {
                return Err(cut_short());
            }
        }
    }

    /// Reads more; `false` at the end of the connection.
    async fn fill(&mut self) -> io::Result<bool> {
        self.buffer.reserve(16 * 1024);
        Ok(self.from.read_buf(&mut self.buffer).await? > 0)
    }
}

pub(super) fn malformed(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

fn cut_short() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the connection ended in the middle of a message")
}

fn wanted(sent: bool) -> io::Result<()> {
    if sent { Ok(()) } else { Err(io::Error::new(io::ErrorKind::BrokenPipe, "nobody reads the body any more")) }
}
