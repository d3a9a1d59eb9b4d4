//! Failures: a panic, an internal error, a refusal, and what echo does not answer.

use crate::{Answer, Case, Payload};

const ELSE: &str = "echo.md: anything else, a malformed or too large n";
const GONE: &[Answer] = &[Answer::Problem(404)];

const fn gone(name: &'static str, target: &'static str) -> Case {
    Case::ask(name, "GET", target).why(ELSE).answer(GONE)
}

pub(super) const ROWS: &[Case] = &[
    Case::ask("errors/panic", "GET", "/panic")
        .why("echo.md: 500, and the next request is served")
        .then("/text/1")
        .answer(&[Answer::Problem(500), Answer::Without("echo panics"), Answer::Logs("echo panics")]),
    Case::ask("errors/panic-with-a-body", "POST", "/panic")
        .why("echo.md: 500, and the next request is served")
        .body(Payload::Counting(1000))
        .then("/bytes/1")
        .answer(&[Answer::Problem(500), Answer::Without("echo panics")]),
    Case::ask("errors/panic-on-head", "HEAD", "/panic")
        .why("RFC 9110, 9.3.2: no content, even then")
        .then("/text/1")
        .answer(&[Answer::Status(500), Answer::Body(Payload::None)]),
    Case::ask("errors/internal", "GET", "/error")
        .why("echo.md: 500 without the internal message, which the log has")
        .answer(&[Answer::Problem(500), Answer::Without("connection refused"), Answer::Logs("connection refused")]),
    Case::ask("errors/rejected", "GET", "/reject").why("echo.md: 422 with title and detail (RFC 9457)").answer(&[
        Answer::Problem(422),
        Answer::Json("/title", crate::Is::Exactly("Out of cheese")),
        Answer::Json("/detail", crate::Is::Exactly("Add cheese and start again.")),
    ]),
    Case::ask("errors/rejected-post", "POST", "/reject")
        .why("echo.md: any method; the body that nobody read disturbs nothing")
        .body(Payload::Counting(100_000))
        .then("/text/1")
        .answer(&[Answer::Problem(422)]),
    Case::ask("errors/internal-on-head", "HEAD", "/error").why("RFC 9110, 9.3.2: no content, even then").answer(&[
        Answer::Status(500),
        Answer::Body(Payload::None),
        Answer::Without("connection refused"),
    ]),
    Case::ask("errors/no-stack", "GET", "/panic")
        .why("nothing internal in an answer: no file, no line, no backtrace")
        .then("/text/1")
        .answer(&[Answer::Problem(500), Answer::Without(".rs"), Answer::Without("backtrace"), Answer::Without("src/")]),
    gone("errors/nothing", "/nothing"),
    gone("errors/below-a-leaf", "/bytes/5/6"),
    gone("errors/trailing-slash", "/text/5/"),
    gone("errors/no-number", "/bytes"),
    gone("errors/empty-number", "/bytes/"),
    gone("errors/letters", "/bytes/abc"),
    gone("errors/negative", "/bytes/-1"),
    gone("errors/plus-sign", "/text/+5"),
    gone("errors/exponent", "/text/1e3"),
    gone("errors/fraction", "/text/1.5"),
    gone("errors/beyond-u64", "/bytes/99999999999999999999999999"),
    gone("errors/too-many-bytes", "/bytes/10000001"),
    gone("errors/too-much-text", "/text/10000001"),
    gone("errors/too-many-cookies", "/cookies/1001"),
    gone("errors/cookies-without-number", "/cookies/x"),
    gone("errors/too-many-events", "/stream/1001"),
    gone("errors/events-without-number", "/stream/"),
    gone("errors/too-slow", "/slow/60001"),
    gone("errors/slow-without-number", "/slow/soon"),
    Case::ask("errors/post-to-nothing", "POST", "/nothing").why(ELSE).body(Payload::Bytes(b"x")).answer(GONE),
];
