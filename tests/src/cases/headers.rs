//! Headers arrive with all their values, in order, in lower case.

use super::{ALB, STREAM, URL, V2, WORKERS, letters};
use crate::{Answer, Case, Forced, Payload, Seen};

const VALUES: &str = "RFC 9110, 5.3: the order of a field's values is kept";
const JOINED: &str = "the event joins repeated headers with a comma";
const WORKERD: &str = "workerd joins repeated headers with a comma and a space";
const LAST: &str = "without multi-value headers, a load balancer delivers the last of repeated ones";
const LATIN: &str = "echo.md: a header's value, whatever its bytes";

const LONG: &[u8] = &letters::<4000>(b"");

pub(super) const ROWS: &[Case] = &[
    Case::echo("headers/one", "GET", "/echo").why(VALUES).headers(&[("x-one", b"1")]),
    Case::echo("headers/lower-case-names", "GET", "/echo")
        .why("echo.md: names in lower case")
        .headers(&[("X-Mixed-Case", b"Value Keeps Its Case")]),
    Case::echo("headers/repeated", "GET", "/echo")
        .why(VALUES)
        .headers(&[("x-many", b"one"), ("x-many", b"two"), ("x-many", b"three")])
        .forced(&[
            Forced::on(&[V2, URL, STREAM], JOINED).sees(&[Seen::Header("x-many", &["one,two,three"])]),
            Forced::on(&[WORKERS], WORKERD).sees(&[Seen::Header("x-many", &["one, two, three"])]),
            Forced::on(&[ALB], LAST).sees(&[Seen::Header("x-many", &["three"])]),
        ]),
    Case::echo("headers/repeated-apart", "GET", "/echo")
        .why("values of one name need not stand side by side")
        .headers(&[("x-a", b"1"), ("x-b", b"2"), ("X-A", b"3")])
        .forced(&[
            Forced::on(&[V2, URL, STREAM], JOINED).sees(&[Seen::Header("x-a", &["1,3"])]),
            Forced::on(&[WORKERS], WORKERD).sees(&[Seen::Header("x-a", &["1, 3"])]),
            Forced::on(&[ALB], LAST).sees(&[Seen::Header("x-a", &["3"])]),
        ]),
    Case::echo("headers/commas", "GET", "/echo")
        .why("a comma in a value separates nothing")
        .headers(&[("x-list", b"a, b,c , d"), ("x-date", b"Tue, 17 Nov 2026 08:00:00 GMT")]),
    Case::echo("headers/empty-value", "GET", "/echo")
        .why("RFC 9110, 5.5: a value may be empty")
        .headers(&[("x-empty", b"")]),
    Case::echo("headers/white-space-around", "GET", "/echo")
        .why("RFC 9110, 5.5: white space around a value is no part of it")
        .headers(&[("x-space", b"  padded\t ")]),
    Case::echo("headers/white-space-inside", "GET", "/echo")
        .why("RFC 9110, 5.5: white space inside is")
        .headers(&[("x-space", b"a  b\tc")]),
    Case::echo("headers/odd-name", "GET", "/echo")
        .why("RFC 9110, 5.6.2: a name is a token")
        .headers(&[("x!#$%&'*+.^_`|~9", b"token")]),
    Case::echo("headers/underscore", "GET", "/echo")
        .why("some proxies drop them")
        .headers(&[("x_under_score", b"kept")]),
    Case::echo("headers/quotes-and-backslashes", "GET", "/echo")
        .why("JSON on the way must not eat them")
        .headers(&[("x-quoted", b"\"a\\b\" {\"c\":1} </script>")]),
    Case::echo("headers/utf8", "GET", "/echo").why(LATIN).headers(&[("x-name", "Grüße, 世界".as_bytes())]),
    Case::echo("headers/latin1", "GET", "/echo")
        .why("RFC 9110, 5.5: bytes above 7F are opaque data; echo shows them as Latin-1")
        .headers(&[("x-name", b"caf\xE9")])
        .seen(&[Seen::Header("x-name", &["café"])])
        .forced(&[
            Forced::on(&[WORKERS], "workerd decodes values as UTF-8").sees(&[Seen::Header("x-name", &["caf\u{FFFD}"])])
        ]),
    Case::echo("headers/long", "GET", "/echo")
        .why("4,000 bytes are within every platform's limit")
        .headers(&[("x-long", LONG)]),
    Case::echo("headers/many", "GET", "/echo").why("24 are not many").headers(&[
        ("x-01", b"1"),
        ("x-02", b"2"),
        ("x-03", b"3"),
        ("x-04", b"4"),
        ("x-05", b"5"),
        ("x-06", b"6"),
        ("x-07", b"7"),
        ("x-08", b"8"),
        ("x-09", b"9"),
        ("x-10", b"10"),
        ("x-11", b"11"),
        ("x-12", b"12"),
        ("x-13", b"13"),
        ("x-14", b"14"),
        ("x-15", b"15"),
        ("x-16", b"16"),
        ("x-17", b"17"),
        ("x-18", b"18"),
        ("x-19", b"19"),
        ("x-20", b"20"),
        ("x-21", b"21"),
        ("x-22", b"22"),
        ("x-23", b"23"),
        ("x-24", b"24"),
    ]),
    Case::echo("headers/accept", "GET", "/echo").why("content negotiation is the handler's").headers(&[
        ("accept", b"text/html;q=0.9, application/json"),
        ("accept-language", b"de-CH, de;q=0.8"),
        ("accept-encoding", b"gzip, br;q=0.5"),
    ]),
    Case::echo("headers/conditions", "GET", "/echo").why("caches are the handler's").headers(&[
        ("if-none-match", b"W/\"abc\", \"def\""),
        ("if-modified-since", b"Tue, 17 Nov 2026 08:00:00 GMT"),
        ("range", b"bytes=0-99"),
        ("cache-control", b"no-cache"),
    ]),
    Case::echo("headers/authorization", "GET", "/echo")
        .why("credentials are the handler's")
        .headers(&[("authorization", b"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")]),
    Case::echo("headers/origin-and-referer", "GET", "/echo").why("CORS is the handler's").headers(&[
        ("origin", b"https://app.example"),
        ("referer", b"https://app.example/page?x=1"),
        ("user-agent", b"anyfn-conformance/1 (+https://example.com)"),
    ]),
    Case::echo("headers/preflight", "OPTIONS", "/echo").why("CORS is the handler's").headers(&[
        ("origin", b"https://app.example"),
        ("access-control-request-method", b"PUT"),
        ("access-control-request-headers", b"content-type, x-custom"),
    ]),
    Case::echo("headers/content-type-as-sent", "POST", "/echo")
        .why("parameters and their case are kept")
        .headers(&[("content-type", b"Text/Plain;  charset=\"UTF-8\"")])
        .body(Payload::Bytes(b"typed")),
    Case::echo("headers/host", "GET", "/echo?x=1")
        .why("echo.md: the public URL as the client sent it")
        .headers(&[("host", b"shop.example")]),
    Case::echo("headers/host-with-port", "GET", "/echo/a?x=1")
        .why("echo.md: the public URL as the client sent it")
        .headers(&[("host", b"shop.example:8443")]),
    Case::ask("headers/platform-internal", "GET", "/echo")
        .why("what Vercel's runtime and platform tell each other is not the handler's")
        .answer(&[Answer::Without("x-vercel-internal-")]),
    Case::echo("headers/trace-context", "GET", "/echo").why("tracing goes through").headers(&[
        ("traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ("tracestate", b"vendor=opaque"),
    ]),
];
