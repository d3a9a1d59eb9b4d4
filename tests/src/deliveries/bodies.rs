//! Bodies and methods.

use serde_json::{Value, json};

use super::{alb, lattice, url, v1, with, without};
use crate::{Answer, Delivery, Payload, Seen};

const NONE: &str = "null, an empty text and nothing are no body";
const BYTES: &str = "the bytes that the client sent";
const WRONG: &str = "base64 that is none is a 400, never a panic";
const METHOD: &str = "any method is kept";

const GUIDE: &str = "AWS: payload formats; recorded events";
const BASE64: &str = "RFC 4648, 4; lambda_http panics here";
const RFC: &str = "RFC 9110, 9.1";

const fn body(name: &'static str, event: fn() -> Vec<u8>, seen: &'static [Seen]) -> Delivery {
    Delivery::new(name, event).seen(seen).why(BYTES, GUIDE)
}

fn base64(text: &str) -> Vec<u8> {
    with(url("/echo", ""), [("/body", json!(text)), ("/isBase64Encoded", json!(true))])
}

const fn wrong(name: &'static str, event: fn() -> Vec<u8>) -> Delivery {
    Delivery::new(name, event).why(WRONG, BASE64).answer(&[Answer::Problem(400)])
}

const EMPTY: &[Seen] = &[Seen::Body(Payload::None)];

pub(super) const ROWS: &[Delivery] = &[
    body("bodies/null", || with(url("/echo", ""), [("/body", Value::Null)]), EMPTY).why(NONE, GUIDE),
    body("bodies/empty", || with(alb("/echo"), [("/body", json!(""))]), EMPTY)
        .why(NONE, "AWS: a load balancer sends \"\""),
    body("bodies/absent", || without(url("/echo", ""), "body"), EMPTY).why(NONE, GUIDE),
    body("bodies/empty-base64", || base64(""), EMPTY).why(NONE, GUIDE),
    body(
        "bodies/text",
        || with(url("/echo", ""), [("/body", json!("a\"b\\ü\n\u{0}"))]),
        &[Seen::Body(Payload::Bytes("a\"b\\ü\n\0".as_bytes()))],
    ),
    body("bodies/base64", || base64("AP+A"), &[Seen::Body(Payload::Bytes(b"\0\xff\x80"))]),
    body("bodies/base64-of-text", || base64("dGV4dA=="), &[Seen::Body(Payload::Bytes(b"text"))]),
    body(
        "bodies/base64-of-multipart",
        || base64("LS1iDQoNCgD/DQotLWItLQ0K"),
        &[Seen::Body(Payload::Bytes(b"--b\r\n\r\n\x00\xff\r\n--b--\r\n"))],
    ),
    body(
        "bodies/looks-like-base64",
        || with(url("/echo", ""), [("/body", json!("dGV4dA=="))]),
        &[Seen::Body(Payload::Bytes(b"dGV4dA=="))],
    )
    .why("what is not said to be base64 is text", GUIDE),
    body(
        "bodies/flag-absent",
        || {
            let mut event = url("/echo", "");
            event["body"] = json!("dGV4dA==");
            without(event, "isBase64Encoded")
        },
        &[Seen::Body(Payload::Bytes(b"dGV4dA=="))],
    )
    .why("what is not said to be base64 is text", GUIDE),
    body(
        "bodies/flag-null",
        || with(url("/echo", ""), [("/body", json!("dGV4")), ("/isBase64Encoded", Value::Null)]),
        &[Seen::Body(Payload::Bytes(b"dGV4"))],
    )
    .why("what is not said to be base64 is text", GUIDE),
    body(
        "bodies/lattice-base64",
        || with(lattice("/echo"), [("/body", json!("AP+A")), ("/isBase64Encoded", json!(true))]),
        &[Seen::Body(Payload::Bytes(b"\0\xff\x80"))],
    ),
    wrong("bodies/base64-cut-short", || base64("AP+")),
    wrong("bodies/base64-of-no-letters", || base64("!")),
    wrong("bodies/base64-with-space", || base64("AP +A")),
    wrong("bodies/base64-without-padding", || base64("dGV4dA")),
    wrong("bodies/base64-of-the-url-alphabet", || base64("AP-A_w==")),
    wrong("bodies/rest-base64", || with(v1("/echo"), [("/body", json!("?")), ("/isBase64Encoded", json!(true))])),
    wrong("bodies/alb-base64", || with(alb("/echo"), [("/body", json!("?")), ("/isBase64Encoded", json!(true))])),
    Delivery::new("methods/odd", || with(url("/echo", ""), [("/requestContext/http/method", json!("PROPFIND"))]))
        .why(METHOD, RFC)
        .seen(&[Seen::Method("PROPFIND")]),
    Delivery::new("methods/lower-case", || with(url("/echo", ""), [("/requestContext/http/method", json!("get"))]))
        .why("a method has a case", RFC)
        .seen(&[Seen::Method("get")]),
    Delivery::new("methods/head", || with(v1("/text/5"), [("/httpMethod", json!("HEAD"))]))
        .why("RFC 9110, 9.3.2: GET's header fields, and no content", RFC)
        .answer(&[Answer::Header("content-length", &["5"]), Answer::Body(Payload::None)]),
    Delivery::new("methods/none", || with(v1("/echo"), [("/httpMethod", json!("G T"))]))
        .why("a method that is none is a 400", RFC)
        .answer(&[Answer::Problem(400)]),
    Delivery::new("methods/empty", || with(url("/echo", ""), [("/requestContext/http/method", json!(""))]))
        .why("a method that is none is a 400", RFC)
        .answer(&[Answer::Problem(400)]),
];
