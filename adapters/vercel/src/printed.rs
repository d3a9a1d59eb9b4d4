//! What the program prints, as part of the log of the request that printed it.
//!
//! The standard output becomes a pipe that is read here. Nothing on it says who wrote; but it is read before a request is
//! polled and after, so that a line is the request's during whose poll it came. It is nobody's where several requests
//! were polled at that moment, on several threads, and the only running one's where none was.
//!
//! Each reading is a system call, which a program that prints nothing should not pay for at every poll. So polls are
//! watched like that once a request has printed, until many have not. Before, the pipe is read when an invocation ends,
//! and when bytes come: what is in it is the only running one's, or nobody's.

use std::io::{self, PipeReader, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::stdio::{dup2_stdout, stdout};

use crate::InvocationId;
use crate::ipc::Ipc;

/// The longest line that is kept together, in bytes.
const LINE: usize = 64 * 1024;
/// After how many invocations without a line polls are not watched any more.
const QUIET: u32 = 1000;

/// The reading end.
#[derive(Debug)]
pub(crate) struct Printed {
    ipc: Ipc,
    pipe: PipeReader,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// Requests that are being polled, with a number that tells them apart.
    polled: Vec<(u64, Option<InvocationId>)>,
    /// Requests that are not over.
    running: Vec<InvocationId>,
    next: u64,
    /// How many invocations may yet end without a line before polls are not watched any more.
    watching: u32,
    /// A line without its end so far, and whose it is.
    line: (Option<InvocationId>, Vec<u8>),
}

/// The standard output as it was, and is again when this is dropped.
#[derive(Debug)]
pub(crate) struct Redirected {
    printed: Arc<Printed>,
    original: OwnedFd,
}

/// Makes the standard output part of the log.
pub(crate) fn redirect(ipc: &Ipc) -> io::Result<Redirected> {
    let (pipe, writer) = io::pipe()?;
    let original = stdout().try_clone_to_owned()?;
    let printed = Arc::new(Printed::new(ipc.clone(), pipe));
    let reader = Arc::clone(&printed);
    // A thread of its own: whoever prints more than a pipe holds waits for the reader.
    std::thread::Builder::new().name("anyfn-stdout".to_owned()).spawn(move || reader.read_on())?;
    dup2_stdout(&writer)?;
    Ok(Redirected { printed, original })
}

impl Redirected {
    pub(crate) fn printed(&self) -> Arc<Printed> {
        Arc::clone(&self.printed)
    }
}

impl Drop for Redirected {
    fn drop(&mut self) {
        let _ = io::stdout().flush();
        self.printed.flush();
        let _ = dup2_stdout(&self.original);
    }
}

impl Printed {
    pub(crate) fn new(ipc: Ipc, pipe: PipeReader) -> Self {
        Self { ipc, pipe, inner: Mutex::default() }
    }

    /// An invocation has begun.
    pub(crate) fn begin(&self, id: &InvocationId) {
        self.inner().running.push(id.clone());
    }

    /// It is over: what it printed is in the log before its end.
    pub(crate) fn end(&self, id: &InvocationId) {
        let mut inner = self.inner();
        inner.take(self);
        inner.running.retain(|running| running != id);
        inner.watching = inner.watching.saturating_sub(1);
    }

    /// Runs a poll of a request: what it prints is the request's.
    pub(crate) fn during<T>(&self, id: Option<&InvocationId>, poll: impl FnOnce() -> T) -> T {
        struct Polled<'a>(&'a Printed, u64);
        impl Drop for Polled<'_> {
            fn drop(&mut self) {
                let mut inner = self.0.inner();
                if inner.watched(self.1) {
                    inner.take(self.0);
                }
                inner.polled.retain(|(number, _)| *number != self.1);
            }
        }
        let number = {
            let mut inner = self.inner();
            inner.next += 1;
            let number = inner.next;
            if inner.watching > 0 || !inner.runs(id) {
                inner.take(self);
            }
            inner.polled.push((number, id.cloned()));
            number
        };
        let _polled = Polled(self, number);
        poll()
    }

    fn read_on(&self) {
        loop {
            match poll(&mut [PollFd::new(&self.pipe, PollFlags::IN)], None) {
                Ok(_) => {}
                Err(rustix::io::Errno::INTR) => continue,
                Err(_) => return,
            }
            if self.inner().take(self) {
                return;
            }
        }
    }

    fn flush(&self) {
        let mut inner = self.inner();
        inner.take(self);
        inner.send(self);
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Whether this is an invocation that is not over. Work may be of none, or outlive its own.
    fn runs(&self, id: Option<&InvocationId>) -> bool {
        id.is_some_and(|id| self.running.contains(id))
    }

    /// Whether what came during this poll is to be told from what came before and after.
    fn watched(&self, number: u64) -> bool {
        let polled = self.polled.iter().find(|(polled, _)| *polled == number);
        self.watching > 0 || polled.is_some_and(|(_, id)| !self.runs(id.as_ref()))
    }

    /// Takes what is in the pipe; whether nothing will be there any more.
    fn take(&mut self, printed: &Printed) -> bool {
        loop {
            let ready =
                poll(&mut [PollFd::new(&printed.pipe, PollFlags::IN)], Some(&rustix::event::Timespec::default()));
            if !matches!(ready, Ok(1..)) {
                return false;
            }
            // Not before: most invocations print nothing, and zeros cost more than the question.
            let mut bytes = [0; 8 * 1024];
            let Ok(length @ 1..) = (&printed.pipe).read(&mut bytes) else { return true };
            self.split(&bytes[..length], printed);
        }
    }

    fn split(&mut self, bytes: &[u8], printed: &Printed) {
        let owner = self.owner();
        if !self.running.is_empty() {
            self.watching = QUIET;
        }
        if self.line.0 != owner {
            self.send(printed);
            self.line.0 = owner;
        }
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let ended = piece.last() == Some(&b'\n');
            self.line.1.extend_from_slice(&piece[..piece.len() - usize::from(ended)]);
            if ended || self.line.1.len() > LINE {
                self.emit(printed);
            }
        }
    }

    fn owner(&self) -> Option<InvocationId> {
        match (&self.polled[..], &self.running[..]) {
            (polled, [id]) if polled.iter().all(|(_, of)| of.as_ref() == Some(id)) => Some(id.clone()),
            _ if self.watching == 0 => None,
            ([(_, id)], _) => id.clone(),
            _ => None,
        }
    }

    /// Sends a line that has no end.
    fn send(&mut self, printed: &Printed) {
        if !self.line.1.is_empty() {
            self.emit(printed);
        }
    }

    fn emit(&mut self, printed: &Printed) {
        let (owner, line) = &self.line;
        if !printed.ipc.printed(owner.as_ref(), line) {
            // Not to the standard output, which is the pipe.
            eprintln!("{}", String::from_utf8_lossy(line));
        }
        self.line.1.clear();
    }
}
