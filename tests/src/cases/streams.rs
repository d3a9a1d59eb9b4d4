//! Streams, redirects, and answers that take their time.

use super::V1;
use crate::{Answer, Case, Forced, Need, Payload};

const STREAM: &str = "echo.md: n events, 50 ms apart";
const AS_GIVEN: &str = "echo.md: location as given, byte for byte";
const DECODED: &str = "the REST API delivers decoded parameters, which are encoded again";

const fn location(name: &'static str, target: &'static str, answer: &'static [Answer]) -> Case {
    Case::ask(name, "GET", target).why(AS_GIVEN).answer(answer)
}

pub(super) const ROWS: &[Case] = &[
    Case::ask("streams/whole", "GET", "/stream/5").why(STREAM).answer(&[
        Answer::Header("content-type", &["text/event-stream"]),
        Answer::Body(Payload::Events(5)),
        Answer::Slow(200),
    ]),
    Case::ask("streams/none", "GET", "/stream/0")
        .why(STREAM)
        .answer(&[Answer::Header("content-type", &["text/event-stream"]), Answer::Body(Payload::None)]),
    Case::ask("streams/one", "GET", "/stream/1").why(STREAM).answer(&[Answer::Body(Payload::Events(1))]),
    Case::ask("streams/each-when-ready", "GET", "/stream/10")
        .why("echo.md: each is sent when it is ready")
        .needs(Need::Streaming)
        .alone()
        .answer(&[Answer::Body(Payload::Events(10)), Answer::Streamed(5, 250)]),
    Case::ask("streams/slow", "GET", "/slow/200").why("echo.md: 200 after that time").answer(&[Answer::Slow(200)]),
    Case::ask("streams/not-slow", "GET", "/slow/0").why("echo.md: 200 after that time").answer(&[Answer::Status(200)]),
    location("redirects/path", "/redirect?to=/here", &[Answer::Status(302), Answer::Header("location", &["/here"])])
        .forced(&[Forced::on(&[V1], DECODED).answers(&[Answer::Header("location", &["%2Fhere"])])]),
    location(
        "redirects/escapes",
        "/redirect?to=here%2F%C3%BC%20%25",
        &[Answer::Status(302), Answer::Header("location", &["here%2F%C3%BC%20%25"])],
    ),
    location(
        "redirects/absolute",
        "/redirect?to=https://example.com/a?b=c%26d",
        &[Answer::Status(302), Answer::Header("location", &["https://example.com/a?b=c%26d"])],
    )
    .forced(&[Forced::on(&[V1], DECODED)
        .answers(&[Answer::Header("location", &["https%3A%2F%2Fexample.com%2Fa%3Fb%3Dc%26d"])])]),
    Case::ask("redirects/nowhere", "GET", "/redirect").why("echo.md: anything else").answer(&[Answer::Problem(404)]),
];
