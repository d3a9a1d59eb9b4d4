//! The one trait that a runtime implements to be proven, and its implementation for everything with an HTTP address.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use anyfn_core::Capabilities;

use crate::{Forced, Happening, Need, Reply, Request, Told, client};

/// The variables that the echo function must be started with.
pub const ENV: &[(&str, &str)] = &[("ECHO_GREETING", "grüß dich, =&\"'"), ("ECHO_EMPTY", ""), ("ECHO_FAULTS", "1")];

/// A runtime that serves the echo function.
///
/// Two methods are required; the others say what the runtime cannot do, and what is forced there.
///
/// ```no_run
/// use anyfn_conformance::{CASES, Driver, Reply, Request, client, run};
///
/// struct Mine(std::net::SocketAddr);
///
/// impl Driver for Mine {
///     fn name(&self) -> &str {
///         "mine"
///     }
///     fn send(&self, request: &Request) -> std::io::Result<Reply> {
///         client::send(self.0, request)
///     }
/// }
///
/// let report = run(&Mine("127.0.0.1:3000".parse()?), CASES);
/// assert!(report.is_green(), "{report}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Driver: Sync {
    /// The runtime's name in the matrix.
    fn name(&self) -> &str;

    /// Sends a request and reads the answer.
    ///
    /// # Errors
    /// Where no answer came.
    fn send(&self, request: &Request) -> io::Result<Reply>;

    /// Sends a request and goes away after this time, without waiting for the answer.
    ///
    /// # Errors
    /// Where it cannot be sent.
    fn leave(&self, request: &Request, after: Duration) -> io::Result<()> {
        let _ = (request, after);
        Err(io::Error::new(io::ErrorKind::Unsupported, "this driver's clients stay"))
    }

    /// Lets an event happen that is no request, and gives back what the platform is told of it.
    ///
    /// # Errors
    /// Where the platform was told nothing.
    fn happen(&self, event: &Happening) -> io::Result<Told> {
        let _ = event;
        Ok(Told::Never("this runtime has requests alone".to_owned()))
    }

    /// What `/context` must give as the platform.
    fn platform(&self) -> &str {
        self.name()
    }

    /// Scheme and host that `url` begins with when the request brings no `host` of its own; `None` leaves them
    /// unchecked.
    fn origin(&self) -> Option<String> {
        None
    }

    /// Everything that was logged so far; `None` where the log cannot be read, and then it is not checked.
    fn logs(&self) -> Option<String> {
        None
    }

    /// Whether the runtime can do what a row needs.
    ///
    /// # Errors
    /// The reason why it cannot, for the matrix.
    fn can(&self, need: Need) -> Result<(), String> {
        let _ = need;
        Ok(())
    }

    /// A difference that this runtime forces and that the table does not know of.
    fn forced(&self, case: &str) -> Option<Forced> {
        let _ = case;
        None
    }

    /// How many requests may be under way at once.
    fn at_once(&self) -> usize {
        4
    }

    /// Ends the runtime and tells what it did against its platform's protocol; asked once, after the last row.
    fn end(&self) -> Vec<String> {
        Vec::new()
    }
}

type Happen = Box<dyn Fn(&Happening) -> io::Result<Told> + Send + Sync>;
type Force = Box<dyn Fn(&str) -> Option<Forced> + Send + Sync>;
type Logs = Box<dyn Fn() -> String + Send + Sync>;
type End = Box<dyn Fn() -> Vec<String> + Send + Sync>;

/// A runtime behind an HTTP address.
///
/// ```no_run
/// use anyfn_conformance::HttpDriver;
/// let driver = HttpDriver::new("server", "127.0.0.1:3000".parse()?).with_platform("server").with_at_once(8);
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
pub struct HttpDriver {
    name: String,
    platform: String,
    address: SocketAddr,
    scheme: &'static str,
    happen: Option<Happen>,
    forced: Option<Force>,
    logs: Option<Logs>,
    end: Option<End>,
    at_once: usize,
    limits: Limits,
}

/// What a runtime can do, and how much of it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Whether answers are sent chunk by chunk.
    pub streaming: bool,
    /// Whether work goes on after the answer.
    pub background: bool,
    /// Whether the echo function has its faults (`/faults/…`): that of `examples/echo` has.
    pub faults: bool,
    /// Whether the function is told that its client has gone away.
    pub leaving: bool,
    /// The largest binary request body, in bytes.
    pub request: usize,
    /// The largest binary body of an answer, in bytes.
    pub answer: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { streaming: true, background: true, faults: true, leaving: true, request: usize::MAX, answer: usize::MAX }
    }
}

/// What an adapter says of itself.
impl From<Capabilities> for Limits {
    fn from(target: Capabilities) -> Self {
        let limit = |limit: Option<u64>| limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
        Self {
            streaming: target.streams_responses,
            background: target.wait_until,
            request: limit(target.max_request_body),
            answer: limit(target.max_response_body),
            ..Self::default()
        }
    }
}

impl Limits {
    /// Whether a row's need is met.
    ///
    /// # Errors
    /// The limit that is in the way.
    pub fn meet(&self, need: Need) -> Result<(), String> {
        let within = |what: &str, n: usize, limit: usize| {
            if n <= limit { Ok(()) } else { Err(format!("{what} of {n} bytes, over the platform's {limit}")) }
        };
        match need {
            Need::Streaming if !self.streaming => Err("answers are not streamed here".to_owned()),
            Need::Background if !self.background => Err("nothing runs after the answer here".to_owned()),
            Need::Faults | Need::Leaving if !self.faults => Err("this function has no faults to ask for".to_owned()),
            Need::Leaving if !self.leaving => Err("nothing tells the function that its client is gone".to_owned()),
            Need::Nothing | Need::Streaming | Need::Background | Need::Faults | Need::Leaving => Ok(()),
            Need::Request(n) => within("a request", n, self.request),
            Need::Answer(n) => within("an answer", n, self.answer),
            Need::Both(n) => within("a request", n, self.request).and_then(|()| within("an answer", n, self.answer)),
        }
    }
}

impl HttpDriver {
    /// A runtime of this name at this address.
    pub fn new(name: impl Into<String>, address: SocketAddr) -> Self {
        let name = name.into();
        let platform = name.clone();
        Self {
            name,
            platform,
            address,
            scheme: "http",
            happen: None,
            forced: None,
            logs: None,
            end: None,
            at_once: 4,
            limits: Limits::default(),
        }
    }

    /// The platform that the handler must be told, if it is not the runtime's name.
    #[must_use]
    pub fn with_platform(mut self, platform: impl Into<String>) -> Self {
        self.platform = platform.into();
        self
    }

    /// The scheme that the public URL begins with, if it is not `http`.
    #[must_use]
    pub fn with_scheme(mut self, scheme: &'static str) -> Self {
        self.scheme = scheme;
        self
    }

    /// How events come that are no requests.
    #[must_use]
    pub fn with_events(mut self, happen: impl Fn(&Happening) -> io::Result<Told> + Send + Sync + 'static) -> Self {
        self.happen = Some(Box::new(happen));
        self
    }

    /// What the platform forces in a row of this name, with its reason.
    ///
    /// ```no_run
    /// use anyfn_conformance::{Forced, HttpDriver, Seen};
    ///
    /// const DECODED: Forced = Forced::on(&["mine"], "its gateway decodes paths").sees(&[Seen::Path("/echo/a/b")]);
    ///
    /// let driver = HttpDriver::new("mine", "127.0.0.1:3000".parse()?)
    ///     .with_forced(|row| (row == "paths/encoded-slash").then_some(DECODED));
    /// # Ok::<(), std::net::AddrParseError>(())
    /// ```
    #[must_use]
    pub fn with_forced(mut self, forced: impl Fn(&str) -> Option<Forced> + Send + Sync + 'static) -> Self {
        self.forced = Some(Box::new(forced));
        self
    }

    /// Where the log is read.
    #[must_use]
    pub fn with_logs(mut self, logs: impl Fn() -> String + Send + Sync + 'static) -> Self {
        self.logs = Some(Box::new(logs));
        self
    }

    /// How the runtime is ended, and what it then tells of broken protocol.
    #[must_use]
    pub fn with_end(mut self, end: impl Fn() -> Vec<String> + Send + Sync + 'static) -> Self {
        self.end = Some(Box::new(end));
        self
    }

    /// How many requests may be under way at once.
    #[must_use]
    pub fn with_at_once(mut self, at_once: usize) -> Self {
        self.at_once = at_once;
        self
    }

    /// What the runtime can do.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}

impl Driver for HttpDriver {
    fn name(&self) -> &str {
        &self.name
    }

    fn send(&self, request: &Request) -> io::Result<Reply> {
        client::send(self.address, request)
    }

    fn leave(&self, request: &Request, after: Duration) -> io::Result<()> {
        client::leave(self.address, request, after)
    }

    fn happen(&self, event: &Happening) -> io::Result<Told> {
        match &self.happen {
            Some(happen) => happen(event),
            None => Ok(Told::Never("the events are the same behind every gateway: one of them has them".to_owned())),
        }
    }

    fn platform(&self) -> &str {
        &self.platform
    }

    fn origin(&self) -> Option<String> {
        Some(format!("{}://{}", self.scheme, self.address))
    }

    fn logs(&self) -> Option<String> {
        self.logs.as_ref().map(|logs| logs())
    }

    fn forced(&self, case: &str) -> Option<Forced> {
        self.forced.as_ref().and_then(|forced| forced(case))
    }

    fn can(&self, need: Need) -> Result<(), String> {
        self.limits.meet(need)
    }

    fn at_once(&self) -> usize {
        self.at_once
    }

    fn end(&self) -> Vec<String> {
        self.end.as_ref().map(|end| end()).unwrap_or_default()
    }
}

impl fmt::Debug for HttpDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpDriver")
            .field("name", &self.name)
            .field("address", &self.address)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
