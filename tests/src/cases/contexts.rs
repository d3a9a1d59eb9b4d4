//! What the handler may know and do: environment, context, work after the answer.

use super::{ALB, ALB_MULTI, MEMORY, SERVER, URL, V1, V2, VERCEL, WORKERS};
use crate::{Answer, Case, Forced, Is, Need, Payload};

const SAYS: &str = "echo.md: null where the platform does not say";
const GONE: &[Answer] = &[Answer::Problem(404)];
const NO_SECRETS: &str = "echo.md: a deployed echo gives no credentials away";

/// Where AWS' emulator runs the function.
const EMULATED: &[&str] = &[V1, V2, URL, ALB, ALB_MULTI];
const HELD_BACK: &str = "AWS' emulator passes an answer on when the function asks for the next invocation";

pub(super) const ROWS: &[Case] =
    &[
        Case::ask("env/set", "GET", "/env/ECHO_GREETING")
            .why("echo.md: the value of that variable or secret as text")
            .answer(&[Answer::Body(Payload::Bytes("grüß dich, =&\"'".as_bytes()))]),
        Case::ask("env/empty", "GET", "/env/ECHO_EMPTY")
            .why("set to nothing is set")
            .answer(&[Answer::Body(Payload::None)]),
        Case::ask("env/unset", "GET", "/env/ECHO_UNSET").why("echo.md: 404 where it is unset").answer(GONE),
        Case::ask("env/path", "GET", "/env/PATH").why(NO_SECRETS).answer(GONE),
        Case::ask("env/credentials", "GET", "/env/AWS_SECRET_ACCESS_KEY").why(NO_SECRETS).answer(GONE),
        Case::ask("env/other-case", "GET", "/env/echo_greeting").why(NO_SECRETS).answer(GONE),
        Case::ask("env/no-name", "GET", "/env/").why(NO_SECRETS).answer(GONE),
        Case::ask("context/platform", "GET", "/context")
            .why("the name that --target has")
            .answer(&[Answer::Header("content-type", &["application/json"]), Answer::Json("/platform", Is::Platform)]),
        Case::ask("context/request-id", "GET", "/context").why(SAYS).answer(&[Answer::Json("/request_id", Is::Text)]),
        Case::ask("context/client-ip", "GET", "/context")
            .why(SAYS)
            .answer(&[Answer::Json("/client_ip", Is::Address)])
            .forced(&[Forced::on(&[WORKERS], "run locally, the platform names no client")
                .answers(&[Answer::Json("/client_ip", Is::Null)])]),
        Case::ask("context/client-ip-not-forged", "GET", "/context")
            .why("the address is the platform's word, never the client's")
            .headers(&[
                ("x-forwarded-for", b"203.0.113.9"),
                ("x-real-ip", b"203.0.113.9"),
                ("forwarded", b"for=203.0.113.9"),
            ])
            .answer(&[Answer::Without("203.0.113.9")]),
        Case::ask("context/cold-start", "GET", "/context").why(SAYS).answer(&[Answer::Json("/cold_start", Is::Bool)]),
        Case::ask("context/deadline", "GET", "/context")
            .why(SAYS)
            .answer(&[Answer::Json("/remaining_ms", Is::Positive)])
            .forced(&[Forced::on(&[MEMORY, SERVER, WORKERS, VERCEL], "the platform names no deadline")
                .answers(&[Answer::Json("/remaining_ms", Is::Null)])]),
        Case::ask("context/region", "GET", "/context")
            .why(SAYS)
            .answer(&[Answer::Json("/region", Is::Text)])
            .forced(&[Forced::on(&[MEMORY, SERVER, WORKERS, VERCEL], "run locally, the platform names no region")
                .answers(&[Answer::Json("/region", Is::Null)])]),
        Case::ask("context/in-echo", "GET", "/echo")
            .why("echo.md: the same object as /context gives")
            .answer(&[Answer::Json("/context/platform", Is::Platform), Answer::Json("/context/cold_start", Is::Bool)]),
        Case::ask("background/after-the-answer", "GET", "/background/one")
            .why("echo.md: 202 at once, and the line after it")
            .needs(Need::Background)
            .alone()
            .answer(&[Answer::Status(202), Answer::LogsAfter("background one done")])
            .forced(&[Forced::on(EMULATED, HELD_BACK)
                .answers(&[Answer::Status(202), Answer::LogsBefore("background one done")])]),
        Case::ask("background/post", "POST", "/background/two")
            .why("echo.md: 202 at once, and the line after it")
            .needs(Need::Background)
            .alone()
            .body(Payload::Bytes(b"body"))
            .answer(&[Answer::Status(202), Answer::LogsAfter("background two done")])
            .forced(&[Forced::on(EMULATED, HELD_BACK)
                .answers(&[Answer::Status(202), Answer::LogsBefore("background two done")])]),
        Case::ask("background/then-the-next", "GET", "/background/three")
            .why("work after the answer holds nobody up for good")
            .needs(Need::Background)
            .then("/text/1")
            .answer(&[Answer::Status(202), Answer::Logs("background three done")]),
        Case::ask("background/no-id", "GET", "/background/").why("echo.md: anything else").answer(GONE),
    ];
