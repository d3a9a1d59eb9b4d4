//! Queries arrive byte for byte: order, repeats, flags, pluses and escapes.

use super::{ALB, ALB_MULTI, MEMORY, SERVER, STREAM, URL, V1, V2, VERCEL, WORKERS, letters, text};
use crate::{Answer, Case, Forced, Seen};

const BYTES: &str = "echo.md: exactly the bytes that the client sent, not decoded";
const DECODED: &str = "the REST API delivers decoded parameters, which are encoded again";
const MAPS: &str = "the event has a map of parameters: a flag is one with an empty value, repeats stand together";
const LAST: &str = "without multi-value headers, a load balancer delivers the last of repeated parameters";
const NO_EMPTY: &str = "the event has no word for a query that is there and empty";
const NO_URI: &str = "a byte that no URI can hold is refused by the HTTP parser (RFC 3986)";

const NO_WIRE: &str = "in memory a URI is handed over, and none can hold this";

const LONG: &str = text(&letters::<4000>(b"/echo?long="));

const fn v1(seen: &'static [Seen]) -> Forced {
    Forced::on(&[V1], DECODED).sees(seen)
}

const fn maps(seen: &'static [Seen]) -> Forced {
    Forced::on(&[V1, ALB, ALB_MULTI], MAPS).sees(seen)
}

pub(super) const ROWS: &[Case] = &[
    Case::echo("queries/none", "GET", "/echo").why("echo.md: null where there is none"),
    Case::echo("queries/empty", "GET", "/echo?").why(BYTES).forced(&[Forced::on(
        &[V1, V2, URL, STREAM, ALB, ALB_MULTI],
        NO_EMPTY,
    )
    .sees(&[Seen::Query(None)])]),
    Case::echo("queries/one", "GET", "/echo?name=Ada").why(BYTES),
    Case::echo("queries/two", "GET", "/echo?a=1&b=2").why(BYTES),
    Case::echo("queries/order-and-repeats", "GET", "/echo?b=2&a=1&b=3")
        .why("order can matter (aws-lambda-go #469)")
        .forced(&[
            Forced::on(&[V1, ALB_MULTI], MAPS).sees(&[Seen::Query(Some("b=2&b=3&a=1"))]),
            Forced::on(&[ALB], LAST).sees(&[Seen::Query(Some("b=3&a=1"))]),
        ]),
    Case::echo("queries/repeats-side-by-side", "GET", "/echo?a=1&a=2&a=3")
        .why("a form's checkboxes share one name")
        .forced(&[Forced::on(&[ALB], LAST).sees(&[Seen::Query(Some("a=3"))])]),
    Case::echo("queries/flag", "GET", "/echo?flag").why(BYTES).forced(&[maps(&[Seen::Query(Some("flag="))])]),
    Case::echo("queries/empty-value", "GET", "/echo?a=").why(BYTES),
    Case::echo("queries/empty-name", "GET", "/echo?=a").why(BYTES),
    Case::echo("queries/plus", "GET", "/echo?a=b+c")
        .why("a plus is a space to forms and a plus to others: it is kept")
        .forced(&[v1(&[Seen::Query(Some("a=b%20c"))])]),
    Case::echo("queries/encoded-plus", "GET", "/echo?a=b%2Bc").why("decoding it would make a space of it"),
    Case::echo("queries/encoded-space", "GET", "/echo?a=b%20c").why(BYTES),
    Case::echo("queries/encoded-ampersand", "GET", "/echo?q=a%26b%3Dc").why("decoding it would make two parameters"),
    Case::echo("queries/encoded-percent", "GET", "/echo?a=100%25").why("encoding twice would make %2525 of it"),
    Case::echo("queries/lower-case-escape", "GET", "/echo?a=%c3%a9")
        .why("signatures are made over the bytes")
        .forced(&[v1(&[Seen::Query(Some("a=%C3%A9"))])]),
    Case::echo("queries/needless-escape", "GET", "/echo?%61=%62").why(BYTES).forced(&[v1(&[Seen::Query(Some("a=b"))])]),
    Case::echo("queries/encoded-utf8", "GET", "/echo?name=gr%C3%BC%C3%9Fe").why(BYTES),
    Case::echo("queries/encoded-not-utf8", "GET", "/echo?a=%FF")
        .why("an escape need not be UTF-8")
        .forced(&[v1(&[Seen::Query(Some("a=%EF%BF%BD"))])]),
    Case::echo("queries/broken-escape", "GET", "/echo?a=%zz&b=%")
        .why(BYTES)
        .forced(&[v1(&[Seen::Query(Some("a=%25zz&b=%25"))])]),
    Case::echo("queries/question-mark", "GET", "/echo?a=b?c")
        .why("RFC 3986, 3.4: a query may hold question marks")
        .forced(&[v1(&[Seen::Query(Some("a=b%3Fc"))])]),
    Case::echo("queries/url", "GET", "/echo?to=https://example.com/a/b:c@d")
        .why("RFC 3986, 3.4: slashes, colons and @ need no escape")
        .forced(&[v1(&[Seen::Query(Some("to=https%3A%2F%2Fexample.com%2Fa%2Fb%3Ac%40d"))])]),
    Case::echo("queries/brackets", "GET", "/echo?a[]=1&b[x]=2")
        .why("PHP's and Rails' lists")
        .forced(&[v1(&[Seen::Query(Some("a%5B%5D=1&b%5Bx%5D=2"))])]),
    Case::echo("queries/semicolon", "GET", "/echo?a=1;b=2")
        .why("a semicolon no longer separates (URL Standard)")
        .forced(&[v1(&[Seen::Query(Some("a=1%3Bb%3D2"))])]),
    Case::echo("queries/empty-pairs", "GET", "/echo?&a=1&&b=2&").why(BYTES).forced(&[Forced::on(
        &[V1, ALB, ALB_MULTI],
        MAPS,
    )
    .sees(&[Seen::Query(Some("a=1&b=2"))])]),
    Case::echo("queries/quote", "GET", "/echo?a='b'")
        .why("the URL Standard would make %27 of it")
        .forced(&[v1(&[Seen::Query(Some("a=%27b%27"))])]),
    Case::echo("queries/json", "GET", "/echo?q=%7B%22a%22%3A%5B1%5D%7D").why(BYTES),
    Case::echo("queries/raw-braces", "GET", "/echo?q={a|b}^`")
        .why(BYTES)
        .forced(&[v1(&[Seen::Query(Some("q=%7Ba%7Cb%7D%5E%60"))])]),
    Case::echo("queries/raw-utf8", "GET", "/echo?q=grüße")
        .why("echo.md: bytes that no URI can hold are percent-encoded")
        .seen(&[Seen::Query(Some("q=gr%C3%BC%C3%9Fe"))]),
    Case::echo("queries/raw-quotes-and-angles", "GET", "/echo?q=\"<b>\"")
        .why("they once crashed a decoder (web-adapter #491)")
        .seen(&[Seen::Query(Some("q=%22%3Cb%3E%22"))])
        .forced(&[
            Forced::on(&[SERVER, WORKERS, VERCEL], NO_URI).refuses(&[Answer::Status(400)]),
            Forced::on(&[MEMORY], NO_WIRE).not_run(),
        ]),
    Case::echo("queries/encoded-path-beside", "GET", "/echo/a%20b?c=d%20e").why("path and query keep to themselves"),
    Case::echo("queries/on-post", "POST", "/echo?a=1").why("a query on any method"),
    Case::echo("queries/encoded-hash", "GET", "/echo?a=%23b").why("it begins no fragment"),
    Case::echo("queries/encoded-twice", "GET", "/echo?a=%2520").why("decoding twice would make a space of it"),
    Case::echo("queries/encoded-line-break", "GET", "/echo?a=%0D%0Ab").why("decoding it would split a header"),
    Case::echo("queries/encoded-zero", "GET", "/echo?a=%00").why(BYTES),
    Case::echo("queries/encoded-name", "GET", "/echo?a%20b=c&d%26e=f").why("names are encoded like values"),
    Case::echo("queries/encoded-emoji", "GET", "/echo?a=%F0%9F%A6%80").why("four bytes are one character"),
    Case::echo("queries/percent-template", "GET", "/echo?q=%%URL%%")
        .why("what is no escape is passed on, never encoded twice (serverless-http #204)")
        .forced(&[v1(&[Seen::Query(Some("q=%25%25URL%25%25"))])]),
    Case::echo("queries/equals-in-value", "GET", "/echo?a=b=c==")
        .why("the first equals sign ends the name")
        .forced(&[v1(&[Seen::Query(Some("a=b%3Dc%3D%3D"))])]),
    Case::echo("queries/empty-values-repeated", "GET", "/echo?a=&a=&a=1")
        .why("an empty value is a value")
        .forced(&[Forced::on(&[ALB], LAST).sees(&[Seen::Query(Some("a=1"))])]),
    Case::echo("queries/names-in-two-cases", "GET", "/echo?A=1&a=2").why("names have a case"),
    Case::echo("queries/signed", "GET", "/echo?X-Amz-Signature=ab%2Fcd&X-Amz-Date=20261123T000000Z")
        .why("a signature is made over the bytes"),
    Case::echo("queries/only-ampersands", "GET", "/echo?&&").why(BYTES).forced(&[Forced::on(
        &[V1, ALB, ALB_MULTI],
        MAPS,
    )
    .sees(&[Seen::Query(None)])]),
    Case::echo("queries/tilde-and-star", "GET", "/echo?a=-_.~&b=*!()")
        .why(BYTES)
        .forced(&[v1(&[Seen::Query(Some("a=-_.~&b=%2A%21%28%29"))])]),
    Case::echo("queries/raw-pipe", "GET", "/echo?a=b|c\\d")
        .why(BYTES)
        .forced(&[v1(&[Seen::Query(Some("a=b%7Cc%5Cd"))])]),
    Case::echo(
        "queries/twenty-repeats",
        "GET",
        "/echo?a=1&a=2&a=3&a=4&a=5&a=6&a=7&a=8&a=9&a=10&a=11&a=12&a=13&a=14&a=15",
    )
    .why("their order is kept")
    .forced(&[Forced::on(&[ALB], LAST).sees(&[Seen::Query(Some("a=15"))])]),
    Case::echo("queries/long", "GET", LONG).why("4,000 bytes are within every platform's limit"),
];
