//! One row of the table: what is sent, what the handler must have seen, what must come back.

use std::borrow::Cow;

use crate::Happening;

/// One row of the table.
///
/// A row is data: the same for every runtime, apart from the [`Forced`] differences, which say why.
///
/// ```
/// use anyfn_conformance::{Case, Forced, Seen};
///
/// static ROW: Case = Case::echo("path/encoded-slash", "GET", "/echo/a%2Fb")
///     .why("an encoded slash is part of its segment (RFC 3986, 2.2)")
///     .forced(&[Forced::on(&["lambda-v2"], "the HTTP API decodes paths").sees(&[Seen::Path("/echo/a/b")])]);
/// assert_eq!(ROW.request.target, "/echo/a%2Fb");
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Case {
    /// `subject/behaviour`, unique in the table.
    pub name: &'static str,
    /// The rule or the document that the row follows.
    pub why: &'static str,
    /// Where that stands: a specification, a vendor's document, an issue. That of the row's group where it names none.
    pub source: &'static str,
    /// What is sent.
    pub request: Request,
    /// Whether the answer is `/echo`'s JSON, which says what the handler saw.
    ///
    /// Then method, path, query, URL, every header and the body must have arrived as they were sent, unless
    /// [`seen`](Self::seen) says otherwise.
    pub echoes: bool,
    /// What the handler saw, where it is not simply what was sent.
    pub seen: &'static [Seen],
    /// What comes back; a status of 200 where none is named.
    pub answer: &'static [Answer],
    /// What the runtime must be able to do for the row to make sense.
    pub needs: Need,
    /// A target that must answer 200 right after this request.
    pub then: Option<&'static str>,
    /// Run by itself, since it measures time or disturbs others.
    pub alone: bool,
    /// The client goes away after so many milliseconds, without an answer.
    pub leaves: Option<u64>,
    /// What happens in place of a request.
    pub event: Option<Happening>,
    /// Where a platform forces something else.
    pub forced: &'static [Forced],
}

impl Case {
    /// A request to `/echo`: everything must arrive as it was sent.
    pub const fn echo(name: &'static str, method: &'static str, target: &'static str) -> Self {
        let mut case = Self::ask(name, method, target);
        case.echoes = true;
        case
    }

    /// A request whose answer is checked by [`answer`](Self::answer) alone.
    pub const fn ask(name: &'static str, method: &'static str, target: &'static str) -> Self {
        Self {
            name,
            why: "",
            source: "",
            request: Request { method, target, headers: &[], body: Payload::None },
            echoes: false,
            seen: &[],
            answer: &[],
            needs: Need::Nothing,
            then: None,
            alone: false,
            leaves: None,
            event: None,
            forced: &[],
        }
    }

    /// An event that is no request.
    pub const fn event(name: &'static str, event: Happening) -> Self {
        let mut case = Self::ask(name, "", "");
        case.event = Some(event);
        case
    }

    /// The rule or the document that the row follows.
    pub const fn why(mut self, why: &'static str) -> Self {
        self.why = why;
        self
    }

    /// Where the rule stands.
    pub const fn source(mut self, source: &'static str) -> Self {
        self.source = source;
        self
    }

    /// The client goes away after so many milliseconds: what is checked is the log alone.
    pub const fn leaves(mut self, after: u64) -> Self {
        self.leaves = Some(after);
        self.needs = Need::Leaving;
        self.alone = true;
        self
    }

    /// Headers to send, in this order, with exactly these bytes.
    pub const fn headers(mut self, headers: &'static [(&'static str, &'static [u8])]) -> Self {
        self.request.headers = headers;
        self
    }

    /// The body to send.
    pub const fn body(mut self, body: Payload) -> Self {
        self.request.body = body;
        self
    }

    /// What the handler must have seen, where it is not simply what was sent.
    pub const fn seen(mut self, seen: &'static [Seen]) -> Self {
        self.seen = seen;
        self
    }

    /// What must come back.
    pub const fn answer(mut self, answer: &'static [Answer]) -> Self {
        self.answer = answer;
        self
    }

    /// What the runtime must be able to do.
    pub const fn needs(mut self, need: Need) -> Self {
        self.needs = need;
        self
    }

    /// A target that must answer 200 right after this request, which is run by itself.
    pub const fn then(mut self, target: &'static str) -> Self {
        self.then = Some(target);
        self.alone = true;
        self
    }

    /// Runs the row by itself.
    pub const fn alone(mut self) -> Self {
        self.alone = true;
        self
    }

    /// Where a platform forces something else.
    pub const fn forced(mut self, forced: &'static [Forced]) -> Self {
        self.forced = forced;
        self
    }

    /// The difference that is forced on this runtime, if there is one.
    pub fn forced_on(&self, runtime: &str) -> Option<Forced> {
        self.forced.iter().find(|forced| forced.on.contains(&runtime)).copied()
    }
}

/// A request, as bytes on the wire.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// The method, in the letters that are sent.
    pub method: &'static str,
    /// The request target, in the bytes that are sent.
    pub target: &'static str,
    /// The headers in order. A `host` is added in front where there is none.
    pub headers: &'static [(&'static str, &'static [u8])],
    /// The body.
    pub body: Payload,
}

impl Request {
    /// A request without headers or body.
    pub const fn get(target: &'static str) -> Self {
        Self { method: "GET", target, headers: &[], body: Payload::None }
    }

    /// The target's path.
    pub fn path(&self) -> &'static str {
        self.target.split_once('?').map_or(self.target, |(path, _)| path)
    }

    /// The target's query, where there is a `?`.
    pub fn query(&self) -> Option<&'static str> {
        self.target.split_once('?').map(|(_, query)| query)
    }

    /// The first value of a header, if it is sent.
    pub fn header(&self, name: &str) -> Option<&'static [u8]> {
        self.headers.iter().find(|(sent, _)| sent.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }
}

/// The bytes of a body, written out or made.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Payload {
    /// No body, and no `content-length`.
    None,
    /// These bytes, with a `content-length`.
    Bytes(&'static [u8]),
    /// These pieces, in chunked encoding.
    Chunks(&'static [&'static [u8]]),
    /// So many bytes, the i-th is `i % 256`.
    Counting(usize),
    /// So many letters `x`.
    Letters(usize),
    /// The events that `/stream/{n}` sends.
    Events(usize),
}

impl Payload {
    /// The bytes themselves.
    pub fn bytes(&self) -> Cow<'static, [u8]> {
        match *self {
            Self::None => Cow::Borrowed(&[]),
            Self::Bytes(bytes) => Cow::Borrowed(bytes),
            Self::Chunks(chunks) => chunks.concat().into(),
            Self::Counting(n) => (0..n).map(|i| (i % 256) as u8).collect(),
            Self::Letters(n) => vec![b'x'; n].into(),
            Self::Events(n) => (0..n).map(|i| format!("data: {i}\n\n")).collect::<String>().into_bytes().into(),
        }
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        match *self {
            Self::Counting(n) | Self::Letters(n) => n,
            ref other => other.bytes().len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What the handler saw: fields of `/echo`'s answer.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Seen {
    /// The method.
    Method(&'static str),
    /// The path; the URL must have it too.
    Path(&'static str),
    /// The query; the URL must have it too.
    Query(Option<&'static str>),
    /// Exactly these values of a header, in this order; none at all where the list is empty.
    Header(&'static str, &'static [&'static str]),
    /// The cookies, in one `cookie` field or in several that mean the same (RFC 9113, 8.2.3).
    Cookies(&'static str),
    /// The scheme and host that the URL begins with.
    Origin(&'static str),
    /// This body.
    Body(Payload),
}

/// What comes back.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Answer {
    /// The status.
    Status(u16),
    /// Exactly these values of a header, in this order; none at all where the list is empty.
    Header(&'static str, &'static [&'static str]),
    /// The whole body.
    Body(Payload),
    /// Problem details (RFC 9457) of this status, with a title.
    Problem(u16),
    /// A member of the JSON body, by JSON pointer.
    Json(&'static str, Is),
    /// The body breaks off: its end never comes, and the client can tell.
    Broken,
    /// These bytes stand nowhere in the answer, headers included.
    Without(&'static str),
    /// At least this many pieces, the last at least so many milliseconds after the first.
    Streamed(usize, u64),
    /// It took at least this many milliseconds.
    Slow(u64),
    /// A line with this text is in the log within five seconds.
    Logs(&'static str),
    /// A line with this text is in the log within five seconds, and was not when the answer came.
    LogsAfter(&'static str),
    /// A line with this text is in the log when the answer comes.
    LogsBefore(&'static str),
    /// Of an event: these items fail and come again, and no others.
    Again(&'static [usize]),
    /// Of an event: it is answered with this JSON.
    Replied(&'static str),
    /// Of an event: the handler logged it, with these members at least.
    Event(&'static str),
}

/// What a JSON value is.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Is {
    /// Not there, or `null`.
    Null,
    /// `true` or `false`.
    Bool,
    /// A number from 1 on.
    Positive,
    /// A string with something in it.
    Text,
    /// This string.
    Exactly(&'static str),
    /// The platform that the driver names.
    Platform,
    /// An IP address.
    Address,
}

/// What a row asks of a runtime; a row that asks for more than there is is not run.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Need {
    /// An HTTP request and its answer.
    Nothing,
    /// Answers that are sent chunk by chunk.
    Streaming,
    /// Work after the answer.
    Background,
    /// The faults of the echo function (`/faults/…`), which it has where `ECHO_FAULTS` is `1`.
    Faults,
    /// Those, and a platform that tells the function when its client goes away.
    Leaving,
    /// A request body of so many bytes.
    Request(usize),
    /// An answer of so many bytes.
    Answer(usize),
    /// A body of so many bytes, both ways.
    Both(usize),
}

/// A difference that a platform forces, with its reason.
///
/// It is an expectation like any other: what it names replaces what the row says of the same thing, and a runtime that
/// does *not* differ fails the row, so that no excuse outlives its cause.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Forced {
    /// The runtimes, by their drivers' names.
    pub on: &'static [&'static str],
    /// Why the platform leaves no choice.
    pub why: &'static str,
    /// What the handler sees there.
    pub seen: &'static [Seen],
    /// What comes back from there.
    pub answer: &'static [Answer],
    /// The request cannot be sent there at all.
    pub not_run: bool,
    /// The answer is not `/echo`'s.
    pub refused: bool,
}

impl Forced {
    /// A difference on these runtimes, for this reason.
    pub const fn on(on: &'static [&'static str], why: &'static str) -> Self {
        Self { on, why, seen: &[], answer: &[], not_run: false, refused: false }
    }

    /// What the handler sees there.
    pub const fn sees(mut self, seen: &'static [Seen]) -> Self {
        self.seen = seen;
        self
    }

    /// What comes back from there.
    pub const fn answers(mut self, answer: &'static [Answer]) -> Self {
        self.answer = answer;
        self
    }

    /// In place of all that the row says, this answer comes back: the platform's own, or an error's.
    pub const fn refuses(mut self, answer: &'static [Answer]) -> Self {
        self.answer = answer;
        self.refused = true;
        self
    }

    /// The request cannot be sent there at all.
    pub const fn not_run(mut self) -> Self {
        self.not_run = true;
        self
    }
}
