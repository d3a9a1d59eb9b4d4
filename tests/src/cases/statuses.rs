//! Every status from 200 to 599 that the handler chooses.

use crate::{Answer, Case, Payload};

const CHOSEN: &str = "echo.md: 200 to 599";
const EMPTY: &str = "RFC 9110, 6.4.1: this status has no content";
const OUT: &str = "echo.md: a malformed code, or one outside 200 to 599";

macro_rules! status {
    ($code:literal) => {
        Case::ask(concat!("statuses/", $code), "GET", concat!("/status/", $code))
            .why(CHOSEN)
            .answer(&[Answer::Status($code), Answer::Body(Payload::Bytes(stringify!($code).as_bytes()))])
    };
    ($code:literal without body) => {
        Case::ask(concat!("statuses/", $code), "GET", concat!("/status/", $code))
            .why(EMPTY)
            .answer(&[Answer::Status($code), Answer::Body(Payload::None)])
    };
    ($code:literal refused) => {
        Case::ask(concat!("statuses/not-", $code), "GET", concat!("/status/", $code))
            .why(OUT)
            .answer(&[Answer::Problem(404)])
    };
}

pub(super) const ROWS: &[Case] = &[
    status!(200),
    status!(201),
    status!(202),
    status!(203),
    status!(204 without body),
    status!(205 without body),
    status!(206),
    status!(226),
    status!(299),
    status!(300),
    status!(301),
    status!(303),
    status!(304 without body),
    status!(307),
    status!(308),
    status!(400),
    status!(401),
    status!(402),
    status!(403),
    status!(404),
    status!(405),
    status!(407),
    status!(408),
    status!(409),
    status!(410),
    status!(412),
    status!(416),
    status!(418),
    status!(421),
    status!(422),
    status!(425),
    status!(429),
    status!(431),
    status!(451),
    status!(499),
    status!(500),
    status!(501),
    status!(502),
    status!(503),
    status!(504),
    status!(511),
    status!(599),
    status!(100 refused),
    status!(199 refused),
    status!(600 refused),
    status!(999 refused),
    status!("abc" refused),
    status!("2000" refused),
    status!("-200" refused),
    Case::ask("statuses/none", "GET", "/status/").why(OUT).answer(&[Answer::Problem(404)]),
    Case::ask("statuses/post-204", "POST", "/status/204")
        .why(EMPTY)
        .body(Payload::Bytes(b"x"))
        .answer(&[Answer::Status(204), Answer::Body(Payload::None)]),
];
