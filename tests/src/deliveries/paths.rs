//! Stages, base paths and what stands in a path.

use serde_json::json;

use super::{API, CUSTOM, alb, bytes, lattice, url, v1, v2, with};
use crate::{Answer, Delivery, Is, Seen};

const STAGE: &str = "the stage is the gateway's, not the function's: a link made of both would double it";
const MAPPED: &str = "a custom domain maps a base path to the API: it is the domain's, not the function's";
const REACHABLE: &str = "what is taken off stays within reach (Context::raw_target)";
const DECODED: &str = "the HTTP API delivers the path decoded: it is encoded again, its percent signs too";
const SENT: &str = "the path is delivered as it was sent: nothing in it is encoded twice, decoded or normalised";
const AUTHORIZER: &str = "whoever authorized the request saw the raw path";

const RUST_450: &str = "aws-lambda-rust-runtime #450, #919";
const GUIDE: &str = "AWS: HTTP API Lambda integrations, payload 2.0";
const MAPPINGS: &str = "AWS: API mappings for custom domains; Mangum, api_gateway_base_path";
const HONO: &str = "hono #2156";
const RECORDED: &str = "recorded from AWS (Function URL, REST, HTTP API, ALB)";

const fn path(name: &'static str, event: fn() -> Vec<u8>, seen: &'static [Seen]) -> Delivery {
    Delivery::new(name, event).seen(seen)
}

pub(super) const ROWS: &[Delivery] = &[
    path("paths/stage", || bytes(&v2("/prod/echo/hello", "prod", API)), &[Seen::Path("/echo/hello")])
        .why(STAGE, RUST_450),
    Delivery::new("paths/stage-alone", || bytes(&v2("/echo", "echo", API)))
        .why("a request for the stage alone is one for the root, which echo does not answer", RUST_450)
        .answer(&[Answer::Problem(404)]),
    path("paths/stage-twice", || bytes(&v2("/echo/echo/echo", "echo", API)), &[Seen::Path("/echo/echo")])
        .why("one of them is the function's", RUST_450),
    path("paths/stage-default", || bytes(&v2("/echo/a", "$default", API)), &[Seen::Path("/echo/a")]).why(STAGE, GUIDE),
    path("paths/stage-is-a-prefix", || bytes(&v2("/echo/x", "ech", API)), &[Seen::Path("/echo/x")])
        .why("a stage is a whole segment", GUIDE),
    path("paths/stage-on-a-custom-domain", || bytes(&v2("/echo/hello", "prod", CUSTOM)), &[Seen::Path("/echo/hello")])
        .why("a custom domain has no stage in its paths", RUST_450),
    path("paths/stage-name-on-a-custom-domain", || bytes(&v2("/echo/x", "echo", CUSTOM)), &[Seen::Path("/echo/x")])
        .why("a segment that is called as the stage is the function's there", GUIDE),
    Delivery::new("paths/stage-within-reach", || bytes(&v2("/prod/faults/target/x", "prod", API)))
        .why(REACHABLE, GUIDE)
        .answer(&[Answer::Json("/raw_target", Is::Exactly("/prod/faults/target/x"))]),
    path("paths/rest-stage", || bytes(&v1("/echo/hello")), &[Seen::Path("/echo/hello")])
        .why("the REST API takes it off itself, and tells it in the context", RECORDED),
    Delivery::new("paths/rest-stage-within-reach", || bytes(&v1("/faults/target/x")))
        .why(REACHABLE, RECORDED)
        .answer(&[Answer::Json("/raw_target", Is::Exactly("/prod/faults/target/x"))]),
    path(
        "paths/rest-base-path",
        || {
            with(
                v1("/echo/a%20b"),
                [
                    ("/path", json!("/shop/echo/a%20b")),
                    ("/requestContext/path", json!("/shop/echo/a%20b")),
                    ("/requestContext/domainName", json!(CUSTOM)),
                ],
            )
        },
        &[Seen::Path("/echo/a%20b")],
    )
    .why(MAPPED, MAPPINGS),
    path(
        "paths/rest-base-path-of-two-segments",
        || {
            with(
                v1("/echo/x"),
                [
                    ("/path", json!("/v1/shop/echo/x")),
                    ("/requestContext/path", json!("/v1/shop/echo/x")),
                    ("/requestContext/domainName", json!(CUSTOM)),
                ],
            )
        },
        &[Seen::Path("/echo/x")],
    )
    .why(MAPPED, MAPPINGS),
    path(
        "paths/rest-base-path-fixed-resource",
        || {
            with(
                v1("/x"),
                [
                    ("/path", json!("/shop/echo/42")),
                    ("/resource", json!("/echo/{id}")),
                    ("/pathParameters", json!({ "id": "42" })),
                    ("/requestContext/path", json!("/shop/echo/42")),
                    ("/requestContext/domainName", json!(CUSTOM)),
                ],
            )
        },
        &[Seen::Path("/echo/42")],
    )
    .why(MAPPED, MAPPINGS),
    Delivery::new("paths/rest-base-path-within-reach", || {
        with(
            v1("/faults/target/x"),
            [
                ("/path", json!("/shop/faults/target/x")),
                ("/requestContext/path", json!("/shop/faults/target/x")),
                ("/requestContext/domainName", json!(CUSTOM)),
            ],
        )
    })
    .why(REACHABLE, MAPPINGS)
    .answer(&[Answer::Json("/raw_target", Is::Exactly("/shop/faults/target/x"))]),
    path(
        "paths/http-api-base-path",
        || {
            with(
                v2("/shop/echo/x", "prod", CUSTOM),
                [("/routeKey", json!("ANY /{proxy+}")), ("/pathParameters", json!({ "proxy": "echo/x" }))],
            )
        },
        &[Seen::Path("/echo/x")],
    )
    .why(MAPPED, MAPPINGS),
    path(
        "paths/http-api-route-of-that-name",
        || {
            with(
                v2("/echo/shop/x", "$default", CUSTOM),
                [("/routeKey", json!("GET /echo/{proxy+}")), ("/pathParameters", json!({ "proxy": "shop/x" }))],
            )
        },
        &[Seen::Path("/echo/shop/x")],
    )
    .why("what a route is called by is the function's", MAPPINGS),
    path(
        "paths/decoded-space",
        || bytes(&v2("/echo/space value", "$default", API)),
        &[Seen::Path("/echo/space%20value")],
    )
    .why(DECODED, RECORDED),
    path(
        "paths/decoded-question-mark",
        || bytes(&v2("/echo/a?b", "$default", API)),
        &[Seen::Path("/echo/a%3Fb"), Seen::Query(None)],
    )
    .why("it begins no query", HONO),
    path("paths/decoded-hash", || bytes(&v2("/echo/a#b", "$default", API)), &[Seen::Path("/echo/a%23b")])
        .why("it cuts nothing off", HONO),
    path("paths/decoded-percent", || bytes(&v2("/echo/100%", "$default", API)), &[Seen::Path("/echo/100%25")])
        .why(DECODED, "standard-server #93"),
    path("paths/decoded-utf8", || bytes(&v2("/echo/grüße", "$default", API)), &[Seen::Path("/echo/gr%C3%BC%C3%9Fe")])
        .why(DECODED, "standard-server #93"),
    path(
        "paths/decoded-in-payload-1",
        || with(v1("/echo/a b%"), [("/version", json!("1.0"))]),
        &[Seen::Path("/echo/a%20b%25")],
    )
    .why("an HTTP API decodes in payload 1.0 too", "standard-server #93"),
    path("paths/url-escapes", || bytes(&url("/echo/a%20b%2Fc", "")), &[Seen::Path("/echo/a%20b%2Fc")])
        .why(SENT, RECORDED),
    path("paths/rest-escapes", || bytes(&v1("/echo/a%20b%2Fc")), &[Seen::Path("/echo/a%20b%2Fc")]).why(SENT, RECORDED),
    path("paths/alb-escapes", || bytes(&alb("/echo/a%20b%2Fc")), &[Seen::Path("/echo/a%20b%2Fc")]).why(SENT, RECORDED),
    path("paths/url-dots", || bytes(&url("/echo/a/../b/./c", "")), &[Seen::Path("/echo/a/../b/./c")])
        .why(SENT, AUTHORIZER),
    path("paths/rest-dots", || bytes(&v1("/echo/a/../b/./c")), &[Seen::Path("/echo/a/../b/./c")]).why(SENT, AUTHORIZER),
    path("paths/alb-dots", || bytes(&alb("/echo/a/../b/./c")), &[Seen::Path("/echo/a/../b/./c")]).why(SENT, AUTHORIZER),
    path("paths/http-api-dots", || bytes(&v2("/echo/a/../b", "$default", API)), &[Seen::Path("/echo/a/../b")])
        .why(SENT, AUTHORIZER),
    path("paths/alb-slashes", || bytes(&alb("/echo//a//b/")), &[Seen::Path("/echo//a//b/")]).why(SENT, AUTHORIZER),
    path("paths/url-raw-space", || bytes(&url("/echo/a b", "")), &[Seen::Path("/echo/a%20b")])
        .why("what no URI can hold is escaped", "RFC 3986, 3.3"),
    path("paths/url-raw-hash", || bytes(&url("/echo/a#b?c", "")), &[Seen::Path("/echo/a%23b%3Fc"), Seen::Query(None)])
        .why("what comes in the path is the path's", "RFC 3986, 3.3"),
    path("paths/url-raw-utf8", || bytes(&url("/echo/ü", "")), &[Seen::Path("/echo/%C3%BC")])
        .why("what no URI can hold is escaped", "RFC 3986, 3.3"),
    path("paths/lattice", || bytes(&lattice("/echo/a%20b//c")), &[Seen::Path("/echo/a%20b//c")])
        .why(SENT, "AWS: Lambda functions as targets in VPC Lattice"),
];
