//! What a handler does wrong, or in an unusual way (`tests/docs/faults.md`).

use super::{ALB, ALB_MULTI, MEMORY, STREAM, URL, V1, V2, WORKERS};
use crate::{Answer, Case, Forced, Is, Need, Payload};

const BREAKS: &str = "who reads a cut answer must be able to tell: never an end, never an error's text in the body";
const BUFFERED: &str = "the platform takes whole answers: what has no end is none";
const LENGTH: &str = "RFC 9110, 8.6: a wrong length would cut the answer, or make the next one part of it";
const OWN: &str = "`?` on an error that says how it is answered";
const ENCODED: &str = "RFC 9110, 8.4: what the handler encoded is encoded once, and by nobody else decoded";
const ODD: &str = "RFC 9110, 5.5: a field's value, as the handler set it";
const RAW: &str = "what no URI can hold, and what a gateway changed, stays within reach (Context::raw_target)";

/// Where an answer's headers are text.
const TEXT: &[&str] = &[V1, V2, URL, ALB, ALB_MULTI, STREAM, WORKERS];
/// Where answers are not streamed.
const WHOLE: &[&str] = &[V1, V2, URL, ALB, ALB_MULTI];

const fn fault(name: &'static str, target: &'static str, why: &'static str, answer: &'static [Answer]) -> Case {
    Case::ask(name, "GET", target).why(why).needs(Need::Faults).answer(answer)
}

const fn breaks(name: &'static str, target: &'static str, answer: &'static [Answer]) -> Case {
    const CLEAR: &[Answer] = &[Answer::Problem(500), Answer::Without("db.internal"), Answer::Without("data:")];
    const INSTEAD: &[Forced] = &[Forced::on(WHOLE, BUFFERED).refuses(CLEAR)];
    fault(name, target, BREAKS, answer)
        .source("AWS: custom runtimes, errors in a streamed answer; RFC 9112, 8")
        .then("/text/1")
        .forced(INSTEAD)
}

const fn length(name: &'static str, target: &'static str) -> Case {
    fault(name, target, LENGTH, &[Answer::Body(Payload::Bytes(b"hello"))]).then("/text/1")
}

const fn encoded(
    name: &'static str,
    target: &'static str,
    accept: &'static [(&'static str, &'static [u8])],
    answer: &'static [Answer],
) -> Case {
    fault(name, target, ENCODED, answer).headers(accept)
}

const fn odd(name: &'static str, target: &'static str, answer: &'static [Answer]) -> Case {
    fault(name, target, ODD, answer)
}

const BR: Answer = Answer::Body(Payload::Bytes(b"\x8b\x03\x80hello br\x03"));
const DEFLATE: Answer = Answer::Body(Payload::Bytes(
    b"\x78\x9c\xcb\x48\xcd\xc9\xc9\x57\x48\x49\x4d\xcb\x49\x2c\x49\x05\x00\x23\x0c\x05\x0a",
));
const ZSTD: Answer = Answer::Body(Payload::Bytes(b"\x28\xb5\x2f\xfd\x20\x0a\x51\x00\x00hello zstd"));

pub(super) const ROWS: &[Case] = &[
    breaks(
        "faults/stream-breaks",
        "/faults/broken/3",
        &[
            Answer::Header("content-type", &["text/event-stream"]),
            Answer::Body(Payload::Events(3)),
            Answer::Broken,
            Answer::Without("db.internal"),
        ],
    ),
    breaks(
        "faults/stream-panics",
        "/faults/panics/2",
        &[
            Answer::Header("content-type", &["text/event-stream"]),
            Answer::Body(Payload::Events(2)),
            Answer::Broken,
            Answer::Without("asked to"),
        ],
    ),
    length("faults/length-too-short", "/faults/length/3"),
    length("faults/length-too-long", "/faults/length/500"),
    length("faults/length-nothing", "/faults/length/0"),
    length("faults/length-no-number", "/faults/length/abc"),
    length("faults/length-right", "/faults/length/5"),
    Case::ask("faults/length-on-head", "HEAD", "/faults/length/500")
        .why("RFC 9110, 8.6: HEAD may say the length that GET would have")
        .needs(Need::Faults)
        .then("/text/1")
        .answer(&[Answer::Body(Payload::None)]),
    fault(
        "faults/own-error",
        "/faults/own/sold-out",
        OWN,
        &[Answer::Problem(409), Answer::Json("/title", Is::Exactly("Sold out")), Answer::Without("db.internal")],
    ),
    fault("faults/own-error-none", "/faults/own/12", OWN, &[Answer::Body(Payload::Bytes(b"12"))]),
    fault(
        "faults/own-error-internal",
        "/faults/own/abc",
        "what an error keeps to itself goes to the log alone",
        &[
            Answer::Problem(500),
            Answer::Without("db.internal"),
            Answer::Without("invalid digit"),
            Answer::Logs("db.internal:5432 sent no number: invalid digit found in string"),
        ],
    ),
    fault(
        "faults/std-error",
        "/faults/own/std",
        "`?` on any other error is a 500 without its text",
        &[Answer::Problem(500), Answer::Without("invalid digit")],
    ),
    encoded(
        "faults/encoded-br",
        "/faults/encoded/br",
        &[("accept-encoding", b"br, gzip")],
        &[Answer::Header("content-encoding", &["br"]), BR],
    ),
    encoded("faults/encoded-br-unasked", "/faults/encoded/br", &[], &[Answer::Header("content-encoding", &["br"]), BR]),
    encoded(
        "faults/encoded-deflate",
        "/faults/encoded/deflate",
        &[("accept-encoding", b"deflate")],
        &[Answer::Header("content-encoding", &["deflate"]), DEFLATE],
    ),
    encoded(
        "faults/encoded-zstd",
        "/faults/encoded/zstd",
        &[("accept-encoding", b"zstd, br, gzip")],
        &[Answer::Header("content-encoding", &["zstd"]), ZSTD],
    ),
    encoded(
        "faults/encoded-zstd-unasked",
        "/faults/encoded/zstd",
        &[],
        &[Answer::Header("content-encoding", &["zstd"]), ZSTD],
    ),
    encoded(
        "faults/encoded-identity",
        "/faults/encoded/identity",
        &[],
        &[Answer::Body(Payload::Bytes(b"hello identity"))],
    ),
    odd("faults/header-utf8", "/faults/headers/utf8", &[Answer::Header("x-odd", &["grüße"])]),
    // The byte E9 alone: read as UTF-8 it is nothing.
    odd("faults/header-latin1", "/faults/headers/latin1", &[Answer::Header("x-odd", &["caf\u{FFFD}"])]).forced(&[
        Forced::on(
            TEXT,
            "the platform takes values as text and sends UTF-8: bytes that are none are taken for Latin-1",
        )
        .answers(&[Answer::Header("x-odd", &["café"])]),
    ]),
    odd("faults/header-empty", "/faults/headers/empty", &[Answer::Header("x-odd", &[""])]),
    odd("faults/header-tab", "/faults/headers/tab", &[Answer::Header("x-odd", &["a\tb"])]),
    odd("faults/header-commas", "/faults/headers/commas", &[Answer::Header("x-odd", &["a, b,c"])]),
    odd("faults/header-quotes", "/faults/headers/quotes", &[Answer::Header("x-odd", &["\"a\\b\" </x>"])]),
    odd(
        "faults/header-line-break",
        "/faults/headers/line-break",
        &[
            Answer::Problem(500),
            Answer::Header("x-odd", &[]),
            Answer::Header("x-injected", &[]),
            Answer::Without("injected"),
        ],
    )
    .then("/text/1"),
    fault(
        "faults/hop-by-hop",
        "/faults/hop/by-hop",
        "RFC 9110, 7.6.1: another connection's headers are not this one's",
        &[
            Answer::Header("keep-alive", &[]),
            Answer::Header("proxy-connection", &[]),
            Answer::Header("upgrade", &[]),
            Answer::Body(Payload::Bytes(b"hop")),
        ],
    )
    .forced(&[Forced::on(&[MEMORY], "in memory there is no connection that they could disturb").not_run()])
    .then("/text/1"),
    fault("faults/raw-target-plain", "/faults/target/x?a=1", RAW, &[Answer::Json("/raw_target", Is::Null)]),
    Case::ask("faults/client-leaves", "GET", "/faults/stays/left")
        .why("work that nobody waits for any more is given up")
        .leaves(400)
        .answer(&[Answer::Logs("stays left given up")]),
    Case::ask("faults/post-client-leaves", "POST", "/faults/stays/posted")
        .why("work that nobody waits for any more is given up")
        .body(Payload::Bytes(b"body"))
        .leaves(400)
        .answer(&[Answer::Logs("stays posted given up")]),
    fault("faults/none-of-these", "/faults/none/x", "tests/docs/faults.md", &[Answer::Problem(404)]),
];
