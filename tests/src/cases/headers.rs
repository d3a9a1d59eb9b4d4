//! Headers arrive with all their values, in order, in lower case.

use super::{ALB, MEMORY, STREAM, URL, V2, WORKERS, letters};
use crate::{Answer, Case, Forced, Payload, Seen};

const VALUES: &str = "RFC 9110, 5.3: the order of a field's values is kept";
const JOINED: &str = "the event joins repeated headers with a comma";
const WORKERD: &str = "workerd joins repeated headers with a comma and a space";
const LAST: &str = "without multi-value headers, a load balancer delivers the last of repeated ones";
const LATIN: &str = "echo.md: a header's value, whatever its bytes";

const NO_WIRE: &str = "in memory a URI is handed over, and none can hold this";

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
    Case::echo("headers/public-url", "POST", "/echo/sms?a=1&b=%20x")
        .why("Twilio signs scheme, host, port, path and query as the client sent them")
        .source("Twilio: Webhooks security")
        .headers(&[("host", b"hooks.example:8443"), ("content-type", b"application/x-www-form-urlencoded")])
        .body(Payload::Bytes(b"From=%2B41&Body=hi")),
    Case::echo("headers/host-upper-case", "GET", "/echo")
        .why("the host as it was sent")
        .headers(&[("host", b"Shop.Example")]),
    Case::echo("headers/host-ipv6", "GET", "/echo")
        .why("RFC 3986, 3.2.2: an address in brackets")
        .headers(&[("host", b"[::1]:8080")]),
    Case::ask("headers/forwarded-host", "GET", "/echo")
        .why("the URL's host is not what any client writes beside it")
        .headers(&[("host", b"shop.example"), ("x-forwarded-host", b"evil.example"), ("x-original-url", b"/admin")])
        .answer(&[
            Answer::Json("/path", crate::Is::Exactly("/echo")),
            Answer::Json("/url", crate::Is::Exactly("http://shop.example/echo")),
        ]),
    Case::ask("headers/bad-host", "GET", "/echo")
        .why("RFC 9112, 3.2: an invalid host is a 400, never a crash")
        .headers(&[("host", b"exa mple.com")])
        .answer(&[Answer::Status(400)])
        .forced(&[Forced::on(&[MEMORY], NO_WIRE).not_run()])
        .then("/text/1"),
    Case::ask("headers/bad-port", "GET", "/echo")
        .why("RFC 9112, 3.2: an invalid host is a 400, never a crash")
        .headers(&[("host", b"example.com:99999")])
        .answer(&[Answer::Status(400)])
        .forced(&[Forced::on(&[MEMORY], NO_WIRE).not_run()])
        .then("/text/1"),
    Case::echo("headers/empty-beside-full", "GET", "/echo")
        .why("an empty value is a value")
        .headers(&[("x-some", b""), ("x-other", b"1")]),
    Case::ask("headers/hop-by-hop-in", "GET", "/text/2")
        .why("RFC 9110, 7.6.1: what concerns the connection disturbs no answer")
        .headers(&[("te", b"trailers"), ("keep-alive", b"timeout=5"), ("proxy-connection", b"keep-alive")])
        .answer(&[Answer::Body(Payload::Letters(2))]),
    Case::echo("headers/cache-and-cdn", "GET", "/echo").why("what is not hop-by-hop goes through").headers(&[
        ("via", b"1.1 cache.example"),
        ("cdn-loop", b"anyfn-test"),
        ("priority", b"u=1, i"),
        ("dnt", b"1"),
        ("x-request-id", b"9f0c"),
    ]),
    Case::echo("headers/signatures", "POST", "/echo")
        .why("webhooks are signed: GitHub's, Stripe's and Svix' headers arrive as they are")
        .headers(&[
            ("x-hub-signature-256", b"sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"),
            ("stripe-signature", b"t=1492774577,v1=5257a869,v0=6ffbb59b"),
            ("webhook-signature", b"v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="),
            ("x-twilio-signature", b"RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        ])
        .body(Payload::Bytes(b"{\"a\":1}\n")),
    Case::echo("headers/trace-context", "GET", "/echo").why("tracing goes through").headers(&[
        ("traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ("tracestate", b"vendor=opaque"),
    ]),
];
