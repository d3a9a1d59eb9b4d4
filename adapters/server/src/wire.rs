//! A connection's bytes, watched: what it does decides how long it may go on doing it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::Settings;

/// How long a client may go on sending what nobody reads before its connection is closed. Closed at once, the kernel would
/// reset the connection, and the answer could be lost with it.
const LINGER: Duration = Duration::from_secs(5);

/// What happens on a connection. Cheap to update, since every request does; a [`Watch`] looks now and then.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    /// Requests that are not answered to the end, and bodies that are not read to theirs.
    busy: AtomicUsize,
    /// Grows whenever something goes on.
    moves: AtomicU64,
    /// The next request has begun to arrive.
    heard: AtomicBool,
    /// The client does not take what is written.
    blocked: AtomicBool,
    /// A body was left unread: what is still on its way is to be thrown away before the connection closes.
    unread: AtomicBool,
    lingering: AtomicBool,
}

/// What a connection is doing, as far as there is a limit in time for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Part of a head came.
    Head,
    /// Nothing came since the last answer.
    Idle,
    /// A client takes nothing of its answer.
    Blocked,
    /// What is left of a body is thrown away.
    Lingering,
}

impl Activity {
    fn moved(&self) {
        self.moves.fetch_add(1, Relaxed);
    }

    /// The connection's answer is its last, and a body's rest is thrown away.
    pub(crate) fn leave_unread(&self) {
        self.unread.store(true, Relaxed);
    }

    fn phase(&self) -> Option<Phase> {
        if self.lingering.load(Relaxed) {
            Some(Phase::Lingering)
        } else if self.blocked.load(Relaxed) {
            Some(Phase::Blocked)
        } else if self.busy.load(Relaxed) > 0 {
            None
        } else if self.heard.load(Relaxed) {
            Some(Phase::Head)
        } else {
            Some(Phase::Idle)
        }
    }
}

/// Held while a request is answered or its body read.
#[derive(Debug)]
pub(crate) struct Busy(Arc<Activity>);

impl Busy {
    pub(crate) fn new(activity: &Arc<Activity>) -> Self {
        activity.busy.fetch_add(1, Relaxed);
        activity.moved();
        Self(Arc::clone(activity))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        if self.0.busy.fetch_sub(1, Relaxed) == 1 {
            self.0.heard.store(false, Relaxed);
        }
        self.0.moved();
    }
}

/// Finds out whether a connection has been in one phase for too long.
#[derive(Debug)]
pub(crate) struct Watch {
    moves: u64,
    phase: Option<Phase>,
    since: Instant,
}

impl Watch {
    pub(crate) fn new() -> Self {
        Self { moves: 0, phase: None, since: Instant::now() }
    }

    /// How often to look.
    pub(crate) fn interval(settings: &Settings) -> Duration {
        let limits = [Some(settings.head), Some(settings.idle), settings.stall];
        let shortest = limits.into_iter().flatten().min().unwrap_or(LINGER);
        (shortest / 4).clamp(Duration::from_millis(10), Duration::from_secs(5))
    }

    /// The phase that has lasted too long, if it has.
    pub(crate) fn overdue(&mut self, activity: &Activity, settings: &Settings) -> Option<Phase> {
        let (moves, phase) = (activity.moves.load(Relaxed), activity.phase());
        if (moves, phase) != (self.moves, self.phase) {
            *self = Self { moves, phase, since: Instant::now() };
        }
        let limit = match phase? {
            Phase::Head => settings.head,
            Phase::Idle => settings.idle,
            Phase::Blocked => settings.stall?,
            Phase::Lingering => LINGER,
        };
        phase.filter(|_| self.since.elapsed() >= limit)
    }
}

/// A connection whose first bytes were read already, to see what protocol it speaks.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) stream: TcpStream,
    first: First,
    http2: bool,
    activity: Arc<Activity>,
}

/// More than HTTP/2's pings, acknowledgements and window updates have: they go on where nothing else does.
const CONTROL: usize = 64;

/// As long as HTTP/2's preface.
#[derive(Debug)]
pub(crate) struct First {
    bytes: [u8; PREFACE.len()],
    from: usize,
    to: usize,
}

const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

impl First {
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; PREFACE.len()], from: 0, to: 0 }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.to == 0
    }

    /// Reads until it is clear whether this is HTTP/2; a client may begin with it, without TLS, by prior knowledge (RFC
    /// 9113, section 3.3).
    pub(crate) async fn is_http2(&mut self, stream: &mut TcpStream) -> io::Result<bool> {
        use tokio::io::AsyncReadExt;
        while self.bytes[..self.to] == PREFACE[..self.to] {
            if self.to == PREFACE.len() {
                return Ok(true);
            }
            let read = stream.read(&mut self.bytes[self.to..]).await?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.to += read;
        }
        Ok(false)
    }
}

impl Wire {
    pub(crate) fn new(stream: TcpStream, first: First, http2: bool, activity: Arc<Activity>) -> Self {
        activity.heard.store(!http2, Relaxed);
        activity.moved();
        Self { stream, first, http2, activity }
    }

    fn written(&self, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        self.activity.blocked.store(result.is_pending(), Relaxed);
        if let Poll::Ready(Ok(written)) = &result
            && (!self.http2 || *written > CONTROL)
        {
            self.activity.moved();
        }
        result
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let first = &mut self.first;
        if first.from < first.to {
            let length = (first.to - first.from).min(into.remaining());
            into.put_slice(&first.bytes[first.from..first.from + length]);
            first.from += length;
            return Poll::Ready(Ok(()));
        }
        let before = into.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, into))?;
        let activity = &self.activity;
        let begins = !self.http2 && activity.busy.load(Relaxed) == 0 && !activity.heard.load(Relaxed);
        if begins && into.filled().len() > before {
            activity.heard.store(true, Relaxed);
            activity.moved();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.written(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.written(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.activity.unread.load(Relaxed) {
            return Pin::new(&mut self.stream).poll_shutdown(cx);
        }
        if !self.activity.lingering.load(Relaxed) {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            self.activity.lingering.store(true, Relaxed);
        }
        let mut nowhere = [0; 8 * 1024];
        // A client that sends as fast as this reads must not keep the thread.
        for _ in 0..16 {
            let mut into = ReadBuf::new(&mut nowhere);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut into))?;
            if into.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
