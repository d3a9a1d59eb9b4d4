//! Every method arrives as it was sent, with a body and without.

use crate::{Answer, Case, Payload};

const ANY: &str = "echo.md: any method";

pub(super) const ROWS: &[Case] = &[
    Case::echo("methods/get", "GET", "/echo").why(ANY),
    Case::echo("methods/post-without-body", "POST", "/echo").why(ANY).body(Payload::Bytes(b"")),
    Case::echo("methods/post", "POST", "/echo").why(ANY).body(Payload::Bytes(b"posted")),
    Case::echo("methods/put", "PUT", "/echo").why(ANY).body(Payload::Bytes(b"put")),
    Case::echo("methods/patch", "PATCH", "/echo").why(ANY).body(Payload::Bytes(b"patched")),
    Case::echo("methods/delete", "DELETE", "/echo").why(ANY),
    Case::echo("methods/delete-with-body", "DELETE", "/echo")
        .why("RFC 9110, 9.3.5: content has no meaning there, and is not forbidden")
        .body(Payload::Bytes(b"deleted")),
    Case::echo("methods/options", "OPTIONS", "/echo").why(ANY),
    Case::echo("methods/trace", "TRACE", "/echo").why(ANY),
    Case::echo("methods/purge", "PURGE", "/echo").why("echo.md: PURGE, of caches"),
    Case::echo("methods/propfind", "PROPFIND", "/echo").why("echo.md: PROPFIND (RFC 4918)"),
    Case::echo("methods/propfind-with-body", "PROPFIND", "/echo")
        .why("RFC 4918, 9.1: PROPFIND carries XML")
        .headers(&[("content-type", b"application/xml")])
        .body(Payload::Bytes(b"<propfind xmlns=\"DAV:\"><allprop/></propfind>")),
    Case::echo("methods/query", "QUERY", "/echo")
        .why("echo.md: QUERY, a safe method with content")
        .headers(&[("content-type", b"application/json")])
        .body(Payload::Bytes(b"{\"select\":1}")),
    Case::echo("methods/get-with-body", "GET", "/echo")
        .why("RFC 9110, 9.3.1: content in a GET has no meaning, and is not forbidden")
        .body(Payload::Bytes(b"odd")),
    Case::ask("methods/head", "HEAD", "/text/5")
        .why("RFC 9110, 9.3.2: the header fields of GET, and no content")
        .answer(&[
            Answer::Header("content-type", &["text/plain; charset=utf-8"]),
            Answer::Header("content-length", &["5"]),
            Answer::Body(Payload::None),
        ]),
    Case::ask("methods/head-large", "HEAD", "/bytes/100000")
        .why("RFC 9110, 9.3.2: the header fields of GET, and no content")
        .answer(&[
            Answer::Header("content-type", &["application/octet-stream"]),
            Answer::Header("content-length", &["100000"]),
            Answer::Body(Payload::None),
        ]),
    Case::ask("methods/head-of-a-stream", "HEAD", "/stream/3")
        .why("RFC 9110, 9.3.2: no content, even where GET streams")
        .answer(&[Answer::Header("content-type", &["text/event-stream"]), Answer::Body(Payload::None)]),
    Case::ask("methods/head-of-nothing", "HEAD", "/nothing")
        .why("RFC 9110, 9.3.2: the header fields of GET, and no content")
        .answer(&[
            Answer::Status(404),
            Answer::Header("content-type", &["application/problem+json"]),
            Answer::Body(Payload::None),
        ]),
    Case::ask("methods/post-to-text", "POST", "/text/3")
        .why("echo.md: a path without a method answers any")
        .body(Payload::Bytes(b"ignored"))
        .answer(&[Answer::Body(Payload::Letters(3))]),
];
