//! What each gateway is answered, in the form that it reads.

use serde_json::{Value, json};

use super::{API, alb, alb_multi, bytes, lattice, url, v1, v2, with};
use crate::Gives::{Member, Nothing};
use crate::{Answer, Delivery, Gives, Payload};

const TWO: &str = "payload 2.0: cookies apart, in order; other repeats joined; no multi-value map";
const ONE: &str = "payload 1.0: the maps are merged, and any other member is a 502";
const SINGLE: &str = "one value a name: cookies differ in the case of their names, so that none is lost";
const MULTI: &str = "lists where the request had lists, and nothing beside them";
const BASE64: &str = "base64 only where it must be: no text, or encoded";
const NAMED: &str = "what is text goes as text, whatever its type is called";
const EMPTY: &str = "no content is an empty text";
const LIVES: &str = "a value that is no UTF-8 is answered, and the process lives";
const LARGE: &str = "an answer that the platform does not carry is a clear error, before it is posted";

const GUIDE: &str = "AWS: HTTP API Lambda integrations, payload 2.0; hono #2921";
const REST: &str = "AWS: Lambda proxy integrations; srvx #300";
const ELB: &str = "AWS: Lambda functions as targets (ELB)";
const TRICK: &str = "serverless-express #392, Mangum";
const HONO: &str = "hono #1294";
const TYPES: &str = "aws-lambda-rust-runtime #531, #667; web-adapter #265, #41";
const SAFE: &str = "lambda_http ends the process here";
const QUOTA: &str = "AWS: Lambda quotas (6 MB), ELB (1 MB)";

const fn row(name: &'static str, event: fn() -> Vec<u8>, gives: &'static [Gives]) -> Delivery {
    Delivery::new(name, event).gives(gives)
}

/// The event as a POST of this type.
fn mirror(mut event: Value, kind: &str) -> Value {
    match event.pointer_mut("/requestContext/http/method") {
        Some(method) => *method = json!("POST"),
        None => event["httpMethod"] = json!("POST"),
    }
    event["headers"]["content-type"] = json!(kind);
    if event["multiValueHeaders"].is_object() {
        event["multiValueHeaders"]["content-type"] = json!([kind]);
    }
    event
}

fn mirrored(event: Value, kind: &str, text: &str) -> Vec<u8> {
    with(mirror(event, kind), [("/body", json!(text))])
}

const COOKIES: &str = r#"["c0=0; Path=/", "c1=1; Path=/; HttpOnly"]"#;
const PLAIN: Gives = Member("/isBase64Encoded", "false");
const CODED: Gives = Member("/isBase64Encoded", "true");

pub(super) const ROWS: &[Delivery] = &[
    row(
        "answers/http-api-cookies",
        || bytes(&v2("/cookies/2", "$default", API)),
        &[
            Member("/cookies", COOKIES),
            Member("/headers/x-multi", "\"a, b\""),
            Nothing("/headers/set-cookie"),
            Nothing("/multiValueHeaders"),
        ],
    )
    .why(TWO, GUIDE),
    row(
        "answers/url-cookies",
        || bytes(&url("/cookies/2", "")),
        &[Member("/cookies", COOKIES), Member("/headers/x-multi", "\"a, b\""), Nothing("/multiValueHeaders")],
    )
    .why(TWO, GUIDE),
    row(
        "answers/rest-cookies",
        || bytes(&v1("/cookies/2")),
        &[
            Member("/multiValueHeaders/set-cookie", COOKIES),
            Member("/multiValueHeaders/x-multi", r#"["a", "b"]"#),
            Nothing("/headers/set-cookie"),
            Nothing("/cookies"),
            Nothing("/statusDescription"),
        ],
    )
    .why(ONE, REST),
    row(
        "answers/rest-one-cookie",
        || bytes(&v1("/cookies/1")),
        &[
            Member("/headers/set-cookie", "\"c0=0; Path=/\""),
            Nothing("/multiValueHeaders/set-cookie"),
            Nothing("/cookies"),
        ],
    )
    .why(ONE, REST),
    row(
        "answers/alb-cookies",
        || bytes(&alb("/cookies/3")),
        &[
            Member("/headers/set-cookie", "\"c0=0; Path=/\""),
            Member("/headers/Set-cookie", "\"c1=1; Path=/; HttpOnly\""),
            Member("/headers/sEt-cookie", "\"c2=2; Path=/\""),
            Member("/headers/x-multi", "\"a, b\""),
            Nothing("/multiValueHeaders"),
            Nothing("/cookies"),
        ],
    )
    .why(SINGLE, TRICK),
    row(
        "answers/alb-multi-cookies",
        || bytes(&alb_multi("/cookies/2")),
        &[
            Member("/multiValueHeaders/set-cookie", COOKIES),
            Member("/multiValueHeaders/x-multi", r#"["a", "b"]"#),
            Nothing("/headers"),
            Nothing("/cookies"),
        ],
    )
    .why(MULTI, ELB),
    row(
        "answers/lattice-cookies",
        || bytes(&lattice("/cookies/2")),
        &[
            Member("/headers/set-cookie", "\"c0=0; Path=/\""),
            Member("/headers/Set-cookie", "\"c1=1; Path=/; HttpOnly\""),
            Nothing("/multiValueHeaders"),
        ],
    )
    .why(SINGLE, "AWS: Lambda functions as targets in VPC Lattice, which says nothing of repeats"),
    row("answers/alb-description", || bytes(&alb("/text/1")), &[Member("/statusDescription", "\"200 OK\"")])
        .why("a load balancer is told the status in words", ELB),
    row(
        "answers/alb-description-of-404",
        || bytes(&alb_multi("/nothing")),
        &[Member("/statusDescription", "\"404 Not Found\""), Member("/statusCode", "404")],
    )
    .why("a load balancer is told the status in words", ELB)
    .answer(&[Answer::Problem(404)]),
    row(
        "answers/alb-description-of-599",
        || bytes(&alb("/status/599")),
        &[Member("/statusDescription", "\"599 Unknown\"")],
    )
    .why("a status without a name has a description too", ELB)
    .answer(&[Answer::Status(599)]),
    row("answers/text", || bytes(&v1("/text/3")), &[PLAIN, Member("/body", "\"xxx\"")]).why(BASE64, TYPES),
    row("answers/json", || bytes(&v2("/context", "$default", API)), &[PLAIN]).why(BASE64, TYPES),
    row("answers/problem-json", || bytes(&v1("/nothing")), &[PLAIN]).why(BASE64, TYPES).answer(&[Answer::Problem(404)]),
    row("answers/bytes", || bytes(&url("/bytes/256", "")), &[CODED])
        .why(BASE64, TYPES)
        .answer(&[Answer::Body(Payload::Counting(256))]),
    row("answers/bytes-that-are-text", || bytes(&alb("/bytes/1")), &[PLAIN, Member("/body", r#""\u0000""#)])
        .why(BASE64, TYPES),
    row(
        "answers/svg",
        || mirrored(v1("/mirror"), "image/svg+xml", "<svg>ü</svg>"),
        &[PLAIN, Member("/body", "\"<svg>ü</svg>\"")],
    )
    .why(NAMED, TYPES),
    row("answers/form", || mirrored(alb("/mirror"), "application/x-www-form-urlencoded", "a=1&b=%20"), &[PLAIN])
        .why(NAMED, TYPES),
    row("answers/vendor-json", || mirrored(url("/mirror", ""), "application/vnd.api+json", "{}"), &[PLAIN])
        .why(NAMED, TYPES),
    row(
        "answers/latin1-text",
        || {
            let event = mirror(url("/mirror", ""), "text/plain; charset=latin1");
            with(event, [("/body", json!("Y2Fm6Q==")), ("/isBase64Encoded", json!(true))])
        },
        &[CODED, Member("/body", "\"Y2Fm6Q==\"")],
    )
    .why("a text type whose bytes are no UTF-8 loses nothing", "lambda_http replaces them")
    .answer(&[Answer::Body(Payload::Bytes(b"caf\xe9"))]),
    row(
        "answers/gzip",
        || bytes(&v2("/gzip", "$default", API)),
        &[CODED, Member("/headers/content-encoding", "\"gzip\"")],
    )
    .why(BASE64, HONO),
    row("answers/encoded-text", || bytes(&v1("/faults/encoded/identity")), &[CODED])
        .why("whatever has a content-encoding goes as bytes", HONO)
        .answer(&[Answer::Body(Payload::Bytes(b"hello identity"))]),
    row("answers/no-content", || bytes(&alb("/status/204")), &[PLAIN, Member("/body", "\"\"")])
        .why(EMPTY, ELB)
        .answer(&[Answer::Status(204)]),
    row("answers/not-modified", || bytes(&v1("/status/304")), &[PLAIN, Member("/body", "\"\"")])
        .why(EMPTY, REST)
        .answer(&[Answer::Status(304)]),
    row("answers/empty-bytes", || bytes(&url("/bytes/0", "")), &[PLAIN, Member("/body", "\"\"")]).why(EMPTY, GUIDE),
    row(
        "answers/header-not-utf8",
        || bytes(&v2("/faults/headers/latin1", "$default", API)),
        &[Member("/headers/x-odd", "\"café\"")],
    )
    .why(LIVES, SAFE),
    row(
        "answers/header-not-utf8-multi",
        || bytes(&alb_multi("/faults/headers/latin1")),
        &[Member("/multiValueHeaders/x-odd", "[\"café\"]")],
    )
    .why(LIVES, SAFE),
    row(
        "answers/header-of-line-breaks",
        || bytes(&url("/faults/headers/line-break", "")),
        &[Nothing("/headers/x-odd")],
    )
    .why("a value that no header can hold is the handler's error", SAFE)
    .answer(&[Answer::Problem(500)]),
    row(
        "answers/hop-by-hop",
        || bytes(&alb("/faults/hop/x")),
        &[
            Nothing("/headers/connection"),
            Nothing("/headers/transfer-encoding"),
            Nothing("/headers/keep-alive"),
            Nothing("/headers/upgrade"),
        ],
    )
    .why("another connection's headers are not this one's", "RFC 9110, 7.6.1"),
    row("answers/length-that-lies", || bytes(&alb("/faults/length/3")), &[Member("/body", "\"hello\"")])
        .why("a length that is said is the body's", "RFC 9110, 8.6")
        .answer(&[Answer::Header("content-length", &["5"])]),
    row("answers/panic", || bytes(&v2("/panic", "$default", API)), &[Member("/statusCode", "500")])
        .why("a panic is an answer like any other", "RFC 9457")
        .answer(&[Answer::Problem(500), Answer::Without("echo panics")]),
    row("answers/error", || bytes(&v1("/error")), &[Member("/statusCode", "500")])
        .why("an error is an answer like any other", "RFC 9457")
        .answer(&[Answer::Problem(500), Answer::Without("connection refused")]),
    row("answers/stream", || bytes(&v2("/stream/3", "$default", API)), &[PLAIN])
        .why("a stream is gathered where the gateway waits for its end", "AWS: response streaming, Function URLs alone")
        .answer(&[Answer::Body(Payload::Events(3))]),
    row("answers/stream-breaks", || bytes(&alb("/faults/broken/2")), &[Member("/statusCode", "500")])
        .why("half an answer is none", "RFC 9112, 8")
        .answer(&[Answer::Problem(500), Answer::Without("data:"), Answer::Without("db.internal")]),
    row("answers/over-6-mb", || bytes(&v2("/text/6300000", "$default", API)), &[])
        .why(LARGE, QUOTA)
        .answer(&[Answer::Problem(500), Answer::Without("xxxx")]),
    row("answers/over-6-mb-as-base64", || bytes(&v1("/bytes/4800000")), &[])
        .why(LARGE, QUOTA)
        .answer(&[Answer::Problem(500)]),
    row("answers/over-1-mb", || bytes(&alb("/text/1100000")), &[]).why(LARGE, QUOTA).answer(&[Answer::Problem(500)]),
    row("answers/lattice-over-1-mb", || bytes(&lattice("/text/1100000")), &[])
        .why("VPC Lattice carries 6 MB", QUOTA)
        .answer(&[Answer::Body(Payload::Letters(1_100_000))]),
];
