//! The bytes of a connection: when an answer's last one is written, and what hyper would not read.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::InvocationId;
use crate::context::{Flight, Instance};
use crate::decode::invocation;

/// The most that is remembered of a request's head, in bytes.
const HEAD: usize = 64 * 1024;

/// What a connection and its requests have in common.
#[derive(Debug, Default)]
pub(crate) struct Traffic(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// Answers that hyper has taken whole and may not have written.
    taken: Vec<Arc<Flight>>,
    /// What was read since the last request was understood.
    head: Vec<u8>,
    /// Requests that are not answered.
    open: usize,
}

impl Traffic {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request was understood.
    pub(crate) fn opened(&self) {
        let mut inner = self.inner();
        inner.open += 1;
        inner.head.clear();
    }

    /// Its answer is in hyper's hands, or was given up.
    pub(crate) fn closed(&self, flight: Option<Arc<Flight>>) {
        let mut inner = self.inner();
        inner.open -= 1;
        inner.taken.extend(flight);
    }

    /// Whether nothing is being answered.
    pub(crate) fn is_idle(&self) -> bool {
        let inner = self.inner();
        inner.open == 0 && inner.taken.is_empty()
    }

    /// Everything that was taken is written.
    fn written(&self) {
        let taken = std::mem::take(&mut self.inner().taken);
        drop(taken);
    }

    pub(crate) fn read(&self, bytes: &[u8]) {
        let mut inner = self.inner();
        if inner.open == 0 && inner.head.len() + bytes.len() <= HEAD {
            inner.head.extend_from_slice(bytes);
        }
    }

    /// The invocation whose request could not be understood.
    pub(crate) fn refused(&self) -> Option<InvocationId> {
        let head = std::mem::take(&mut self.inner().head);
        let mut headers = http::HeaderMap::new();
        for line in head.split(|byte| *byte == b'\n') {
            let mut parts = line.splitn(2, |byte| *byte == b':');
            let (Some(name), Some(value)) = (parts.next(), parts.next()) else { continue };
            let value = http::HeaderValue::from_bytes(value.trim_ascii());
            if let (Ok(name), Ok(value)) = (http::HeaderName::from_bytes(name), value) {
                headers.append(name, value);
            }
        }
        invocation(&headers)
    }
}

/// Ends the invocation of a request that hyper refused by itself.
pub(crate) fn end_refused(traffic: &Traffic, instance: &Arc<Instance>) {
    if let Some(id) = traffic.refused() {
        drop(Flight::new(instance, Some(id)));
    }
}

/// A connection that says when all of what it was given is written.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    traffic: Arc<Traffic>,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream, traffic: &Arc<Traffic>) -> Self {
        Self { stream, traffic: Arc::clone(traffic) }
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, into))?;
        self.traffic.read(&into.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// hyper flushes once its own buffer is empty.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.traffic.written();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
