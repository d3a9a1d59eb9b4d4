//! Queries: verbatim where they come so, encoded again where they were decoded.

use serde_json::json;

use super::{alb, alb_multi, lattice, url, v1, with, without};
use crate::{Delivery, Seen};

const VERBATIM: &str = "the raw query is kept: order, repeats, flags";
const NO_PANIC: &str = "what no URI can hold is escaped, and stops nothing";
const ENCODED: &str = "the REST API decodes: each name and value is encoded again";
const SENT: &str = "the load balancer does not decode: what it delivers is what was sent";
const EITHER: &str = "AWS does not say whether it is decoded: escapes are kept, separators escaped";

const GUIDE: &str = "AWS: HTTP API Lambda integrations, payload 2.0; aws-lambda-go #469";
const CRASHES: &str = "aws-lambda-web-adapter #491, ministack #1035";
const RECORDED: &str = "recorded from AWS (REST)";
const ELB: &str = "AWS: Lambda functions as targets (ELB); serverless-http #204";
const LATTICE: &str = "AWS: Lambda functions as targets in VPC Lattice";

const fn query(name: &'static str, event: fn() -> Vec<u8>, seen: &'static [Seen]) -> Delivery {
    Delivery::new(name, event).seen(seen)
}

fn balanced(value: &str) -> Vec<u8> {
    with(alb("/echo"), [("/queryStringParameters", json!({ "q": value }))])
}

pub(super) const ROWS: &[Delivery] = &[
    query(
        "queries/raw",
        || url("/echo", "b=2&a=1&b=3&c").to_string().into_bytes(),
        &[Seen::Query(Some("b=2&a=1&b=3&c"))],
    )
    .why(VERBATIM, GUIDE),
    query(
        "queries/raw-odd",
        || url("/echo", "d=&=e&&%zz&a+b").to_string().into_bytes(),
        &[Seen::Query(Some("d=&=e&&%zz&a+b"))],
    )
    .why(VERBATIM, GUIDE),
    query("queries/raw-space", || url("/echo", "q=a b").to_string().into_bytes(), &[Seen::Query(Some("q=a%20b"))])
        .why(NO_PANIC, CRASHES),
    query(
        "queries/raw-quotes",
        || url("/echo", "q=\"<>\"").to_string().into_bytes(),
        &[Seen::Query(Some("q=%22%3C%3E%22"))],
    )
    .why(NO_PANIC, CRASHES),
    query(
        "queries/raw-utf8-and-hash",
        || url("/echo", "q=ü#").to_string().into_bytes(),
        &[Seen::Query(Some("q=%C3%BC%23"))],
    )
    .why(NO_PANIC, CRASHES),
    query(
        "queries/raw-line-break",
        || url("/echo", "q=a\r\nb\u{0}").to_string().into_bytes(),
        &[Seen::Query(Some("q=a%0D%0Ab%00"))],
    )
    .why(NO_PANIC, CRASHES),
    query(
        "queries/no-raw",
        || {
            let mut event = url("/echo", "");
            event["queryStringParameters"] = json!({ "a": "b c" });
            without(event, "rawQueryString")
        },
        &[Seen::Query(Some("a=b%20c"))],
    )
    .why("without a raw query it is made of the map", GUIDE),
    query(
        "queries/rest-repeats",
        || {
            with(
                v1("/echo"),
                [
                    ("/queryStringParameters", json!({ "a": "2", "b": "x" })),
                    ("/multiValueQueryStringParameters", json!({ "a": ["1", "2"], "b": ["x"] })),
                ],
            )
        },
        &[Seen::Query(Some("a=1&a=2&b=x"))],
    )
    .why("the single map has the last value alone", RECORDED),
    query(
        "queries/rest-order",
        || {
            let event = with(v1("/echo"), [("/multiValueQueryStringParameters", json!("HERE"))]);
            let text = String::from_utf8(event).unwrap_or_default();
            text.replace("\"HERE\"", r#"{"z":["1"],"a":["2"],"m":["3","4"]}"#).into_bytes()
        },
        &[Seen::Query(Some("z=1&a=2&m=3&m=4"))],
    )
    .why("names in the event's order, not in a hash map's", RECORDED),
    query(
        "queries/rest-separators",
        || with(v1("/echo"), [("/multiValueQueryStringParameters", json!({ "q": ["a&b=c d"] }))]),
        &[Seen::Query(Some("q=a%26b%3Dc%20d"))],
    )
    .why(ENCODED, RECORDED),
    query(
        "queries/rest-percent-and-plus",
        || with(v1("/echo"), [("/multiValueQueryStringParameters", json!({ "q": ["100%+1"], "ü": ["é"] }))]),
        &[Seen::Query(Some("q=100%25%2B1&%C3%BC=%C3%A9"))],
    )
    .why(ENCODED, RECORDED),
    query(
        "queries/rest-empty-value",
        || with(v1("/echo"), [("/multiValueQueryStringParameters", json!({ "a": [""] }))]),
        &[Seen::Query(Some("a="))],
    )
    .why(ENCODED, RECORDED),
    query(
        "queries/rest-single-map-alone",
        || with(v1("/echo"), [("/queryStringParameters", json!({ "a": "1" }))]),
        &[Seen::Query(Some("a=1"))],
    )
    .why("a map that is null counts as none", "AWS: the console's test events"),
    query("queries/rest-none", || v1("/echo").to_string().into_bytes(), &[Seen::Query(None)])
        .why("null is no query", RECORDED),
    query("queries/alb-ampersand", || balanced("a%26b%3Dc"), &[Seen::Query(Some("q=a%26b%3Dc"))]).why(SENT, ELB),
    query("queries/alb-percent", || balanced("100%25"), &[Seen::Query(Some("q=100%25"))]).why(SENT, ELB),
    query("queries/alb-plus", || balanced("x+y"), &[Seen::Query(Some("q=x+y"))]).why(SENT, ELB),
    query("queries/alb-template", || balanced("%%URL%%"), &[Seen::Query(Some("q=%%URL%%"))]).why(SENT, ELB),
    query(
        "queries/alb-multi-repeats",
        || with(alb_multi("/echo"), [("/multiValueQueryStringParameters", json!({ "q": ["a%20b", "2"] }))]),
        &[Seen::Query(Some("q=a%20b&q=2"))],
    )
    .why(SENT, ELB),
    query(
        "queries/lattice-repeats",
        || with(lattice("/echo"), [("/queryStringParameters", json!({ "multi": ["a", "DEF"] }))]),
        &[Seen::Query(Some("multi=a&multi=DEF"))],
    )
    .why("every value is delivered", LATTICE),
    query(
        "queries/lattice-escapes",
        || with(lattice("/echo"), [("/queryStringParameters", json!({ "a": ["x%26y"], "b": ["x&y z"] }))]),
        &[Seen::Query(Some("a=x%26y&b=x%26y%20z"))],
    )
    .why(EITHER, LATTICE),
];
