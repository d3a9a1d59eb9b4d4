//! Headers, cookies, and the public URL that is made of them.

use serde_json::{Value, json};

use super::{API, alb, alb_multi, bytes, lattice, url, v1, v2, with, without};
use crate::{Answer, Delivery, Is, Seen};

const ALL: &str = "every value of a repeated header, in order";
const ITSELF: &str = "what HTTP does not know costs that header and nothing else";
const HOST: &str = "a host that is none is a 400, never a panic";
const PUBLIC: &str = "the URL is the public one: signatures are made over it";
const COOKIES: &str = "one cookie header, a semicolon between";
const CLIENT: &str = "the client's address is the gateway's word";

const HONO: &str = "hono #2495";
const ELB: &str = "AWS: Lambda functions as targets (ELB), multi-value headers";
const GUIDE: &str = "AWS: HTTP API Lambda integrations, payload 2.0";
const RFC: &str = "RFC 9110, 5";
const HOSTS: &str = "RFC 9112, 3.2; lambda_http panics here";
const CONSOLE: &str = "aws-lambda-rust-runtime #368";

const fn row(name: &'static str, event: fn() -> Vec<u8>, seen: &'static [Seen]) -> Delivery {
    Delivery::new(name, event).seen(seen)
}

const fn bad(name: &'static str, event: fn() -> Vec<u8>) -> Delivery {
    Delivery::new(name, event).why(HOST, HOSTS).answer(&[Answer::Problem(400)])
}

const fn client(name: &'static str, event: fn() -> Vec<u8>, is: Is) -> Delivery {
    let answer: &'static [Answer] = match is {
        Is::Null => &[Answer::Json("/client_ip", Is::Null)],
        _ => &[Answer::Json("/client_ip", Is::Exactly("203.0.113.7"))],
    };
    Delivery::new(name, event).why(CLIENT, "AWS: request contexts; ELB, x-forwarded-for").answer(answer)
}

fn hosted(host: &str) -> Vec<u8> {
    with(url("/echo", ""), [("/headers", json!({ "host": host }))])
}

pub(super) const ROWS: &[Delivery] = &[
    row(
        "headers/rest-repeated",
        || {
            with(
                v1("/echo"),
                [
                    ("/headers", json!({ "Host": API, "x-a": "b" })),
                    ("/multiValueHeaders", json!({ "Host": [API], "x-a": ["a", "b"] })),
                ],
            )
        },
        &[Seen::Header("x-a", &["a", "b"])],
    )
    .why(ALL, HONO),
    row(
        "headers/alb-multi",
        || with(alb_multi("/echo"), [("/multiValueHeaders", json!({ "host": ["lb.example"], "x-a": ["1", "2"] }))]),
        &[Seen::Header("x-a", &["1", "2"]), Seen::Origin("https://lb.example")],
    )
    .why("host and all others come from the lists", ELB),
    row(
        "headers/lattice-lists",
        || with(lattice("/echo"), [("/headers", json!({ "host": ["svc.example"], "multi": ["x", "y"] }))]),
        &[Seen::Header("multi", &["x", "y"]), Seen::Origin("https://svc.example")],
    )
    .why(ALL, "AWS: Lambda functions as targets in VPC Lattice"),
    row(
        "headers/null",
        || with(v1("/echo"), [("/headers", Value::Null), ("/multiValueHeaders", Value::Null)]),
        &[Seen::Path("/echo"), Seen::Header("host", &[])],
    )
    .why("the console's test events have null maps", CONSOLE),
    row("headers/absent", || without(url("/echo", ""), "headers"), &[Seen::Path("/echo")])
        .why("no map is an empty one", CONSOLE),
    row(
        "headers/null-value",
        || with(url("/echo", ""), [("/headers", json!({ "host": "fn.example", "x-null": null, "x-b": "1" }))]),
        &[Seen::Header("x-null", &[]), Seen::Header("x-b", &["1"])],
    )
    .why(ITSELF, CONSOLE),
    row(
        "headers/bad-name",
        || with(url("/echo", ""), [("/headers", json!({ "host": "fn.example", "a b": "1", "": "2", "x-ok": "3" }))]),
        &[Seen::Header("x-ok", &["3"]), Seen::Header("a b", &[]), Seen::Header("", &[])],
    )
    .why(ITSELF, "hono: an event with one bad header is served"),
    row(
        "headers/bad-value",
        || with(url("/echo", ""), [("/headers", json!({ "host": "fn.example", "x-line": "a\nb: c", "x-ok": "3" }))]),
        &[Seen::Header("x-ok", &["3"]), Seen::Header("x-line", &[]), Seen::Header("b", &[])],
    )
    .why("a line break never begins another header", RFC),
    row(
        "headers/not-ascii",
        || with(url("/echo", ""), [("/headers", json!({ "host": "fn.example", "x-name": "grüße" }))]),
        &[Seen::Header("x-name", &["grüße"])],
    )
    .why("the bytes are kept", RFC),
    row(
        "headers/number-for-a-value",
        || {
            let headers = json!({ "host": "fn.example", "x-forwarded-port": 443, "x-on": true });
            with(url("/echo", ""), [("/headers", headers)])
        },
        &[Seen::Header("x-forwarded-port", &["443"]), Seen::Header("x-on", &["true"])],
    )
    .why("a test event that somebody wrote by hand is still a request", CONSOLE),
    row(
        "headers/list-for-a-value",
        || {
            let headers = json!({ "host": "fn.example", "x-list": ["a", "b"], "x-map": { "a": 1 }, "x-ok": "1" });
            with(url("/echo", ""), [("/headers", headers)])
        },
        &[Seen::Header("x-ok", &["1"]), Seen::Header("x-map", &[])],
    )
    .why(ITSELF, CONSOLE),
    row(
        "headers/empty-value",
        || with(url("/echo", ""), [("/headers", json!({ "host": "fn.example", "x-empty": "" }))]),
        &[Seen::Header("x-empty", &[""])],
    )
    .why("an empty value is a value", RFC),
    bad("headers/host-with-space", || hosted("exa mple.com")),
    bad("headers/host-of-a-port", || hosted(":99999")),
    bad("headers/host-with-bad-port", || hosted("a:99999")),
    bad("headers/host-with-user", || hosted("user@a.example")),
    bad("headers/host-with-path", || hosted("a.example/b")),
    bad("headers/host-empty", || hosted("")),
    bad("headers/rest-host-with-space", || {
        with(v1("/echo"), [("/headers", json!({ "Host": "a b" })), ("/multiValueHeaders", json!({ "Host": ["a b"] }))])
    }),
    bad("headers/alb-host-with-space", || with(alb("/echo"), [("/headers", json!({ "host": "a b" }))])),
    row("headers/url-of-a-function-url", || bytes(&url("/echo/a", "b")), &[Seen::Origin("https://fn.example")])
        .why(PUBLIC, "Twilio: Webhooks security"),
    row("headers/url-of-a-load-balancer", || bytes(&alb("/echo/a")), &[Seen::Origin("http://lb.example")])
        .why(PUBLIC, ELB),
    row("headers/url-with-a-port", || hosted("fn.example:8443"), &[Seen::Origin("https://fn.example:8443")])
        .why(PUBLIC, "Twilio: Webhooks security"),
    row(
        "headers/proto-list",
        || {
            let headers = json!({ "host": "fn.example", "x-forwarded-proto": "https,http" });
            with(url("/echo", ""), [("/headers", headers)])
        },
        &[Seen::Origin("https://fn.example")],
    )
    .why("the first proxy spoke to the client", HOSTS),
    row(
        "headers/no-host",
        || with(v2("/echo", "$default", "api.example"), [("/headers", json!({}))]),
        &[Seen::Origin("https://api.example")],
    )
    .why("without a host it is the gateway's domain", GUIDE),
    Delivery::new("headers/health-check", || {
        with(alb("/text/2"), [("/headers", json!({ "user-agent": "ELB-HealthChecker/2.0" }))])
    })
    .why("a load balancer's own check names no host", "aws_lambda_events: alb-lambda-target-request fixture")
    .answer(&[Answer::Status(200)]),
    row(
        "cookies/list",
        || with(url("/echo", ""), [("/cookies", json!(["a=1", "b=2"]))]),
        &[Seen::Header("cookie", &["a=1; b=2"])],
    )
    .why(COOKIES, GUIDE),
    row("cookies/empty-list", || with(url("/echo", ""), [("/cookies", json!([]))]), &[Seen::Header("cookie", &[])])
        .why("no cookie is no header", GUIDE),
    row(
        "cookies/alb-multi",
        || {
            let headers = json!({ "host": ["lb.example"], "cookie": ["n1=v1", "n2=v2"] });
            with(alb_multi("/echo"), [("/multiValueHeaders", headers)])
        },
        &[Seen::Header("cookie", &["n1=v1; n2=v2"])],
    )
    .why(COOKIES, ELB),
    row(
        "cookies/lattice",
        || with(lattice("/echo"), [("/headers", json!({ "host": ["svc.example"], "cookie": ["a=1", "b=2"] }))]),
        &[Seen::Header("cookie", &["a=1; b=2"])],
    )
    .why(COOKIES, "RFC 6265, 5.4"),
    client("client/function-url", || bytes(&url("/context", "")), Is::Address),
    client("client/http-api", || bytes(&v2("/context", "$default", API)), Is::Address),
    client("client/rest", || bytes(&v1("/context")), Is::Address),
    client("client/load-balancer", || bytes(&alb("/context")), Is::Address),
    client("client/lattice", || bytes(&lattice("/context")), Is::Null),
    client(
        "client/load-balancer-says-nothing",
        || with(alb("/context"), [("/headers", json!({ "host": "lb.example", "x-forwarded-for": "me" }))]),
        Is::Null,
    ),
];
