//! Paths arrive byte for byte: not decoded, not normalised, not encoded twice.

use super::{MEMORY, SERVER, V2, VERCEL, WORKERS, letters, text};
use crate::{Answer, Case, Forced, Payload, Seen};

const BYTES: &str = "echo.md: exactly the bytes that the client sent, not decoded";
const NO_DOTS: &str = "never normalise: a router or a signature decides what the dots mean";
const HTTP_API: &str = "the HTTP API delivers the decoded path, which is encoded again";
const NO_URI: &str = "a byte that no URI can hold is refused by the HTTP parser (RFC 3986)";

const NO_WIRE: &str = "in memory a URI is handed over, and none can hold this";

const LONG: &str = text(&letters::<2000>(b"/echo/"));

const fn v2(seen: &'static [Seen]) -> Forced {
    Forced::on(&[V2], HTTP_API).sees(seen)
}

pub(super) const ROWS: &[Case] = &[
    Case::echo("paths/plain", "GET", "/echo/a/b").why(BYTES),
    Case::echo("paths/trailing-slash", "GET", "/echo/").why(BYTES),
    Case::echo("paths/trailing-slash-below", "GET", "/echo/x/").why(BYTES),
    Case::echo("paths/double-slash", "GET", "/echo//a//b").why(NO_DOTS),
    Case::echo("paths/dots", "GET", "/echo/a/../b/./c").why(NO_DOTS),
    Case::echo("paths/dots-at-the-end", "GET", "/echo/a/..").why(NO_DOTS),
    Case::echo("paths/encoded-dots", "GET", "/echo/%2e%2e/%2E").why(NO_DOTS).forced(&[v2(&[Seen::Path("/echo/../.")])]),
    Case::echo("paths/encoded-space", "GET", "/echo/a%20b").why(BYTES),
    Case::echo("paths/encoded-slash", "GET", "/echo/a%2Fb")
        .why("an encoded slash is part of its segment (RFC 3986, 2.2)")
        .forced(&[v2(&[Seen::Path("/echo/a/b")])]),
    Case::echo("paths/lower-case-escape", "GET", "/echo/%c3%a9")
        .why("escapes keep the case of their digits: signatures are made over them")
        .forced(&[v2(&[Seen::Path("/echo/%C3%A9")])]),
    Case::echo("paths/needless-escape", "GET", "/echo/%41%7E").why(BYTES).forced(&[v2(&[Seen::Path("/echo/A~")])]),
    Case::echo("paths/encoded-utf8", "GET", "/echo/gr%C3%BC%C3%9Fe").why(BYTES),
    Case::echo("paths/encoded-percent", "GET", "/echo/100%25").why("encoding twice would make %2525 of it"),
    Case::echo("paths/encoded-question-mark", "GET", "/echo/a%3Fb").why("it begins no query (hono #2156)"),
    Case::echo("paths/encoded-hash", "GET", "/echo/a%23b").why("it begins no fragment (hono #2156)"),
    Case::echo("paths/encoded-plus", "GET", "/echo/a%2Bb").why(BYTES).forced(&[v2(&[Seen::Path("/echo/a+b")])]),
    Case::echo("paths/plus", "GET", "/echo/a+b").why("a plus is a plus in a path"),
    Case::echo("paths/encoded-zero", "GET", "/echo/a%00b").why(BYTES),
    Case::echo("paths/encoded-line-break", "GET", "/echo/a%0D%0Ab").why("decoding it would split a header"),
    Case::echo("paths/encoded-not-utf8", "GET", "/echo/%FF%FE")
        .why("an escape need not be UTF-8")
        .forced(&[v2(&[Seen::Path("/echo/%EF%BF%BD%EF%BF%BD")])]),
    Case::echo("paths/broken-escape", "GET", "/echo/%zz").why(BYTES).forced(&[v2(&[Seen::Path("/echo/%25zz")])]),
    Case::echo("paths/broken-escape-at-the-end", "GET", "/echo/100%")
        .why(BYTES)
        .forced(&[v2(&[Seen::Path("/echo/100%25")])]),
    Case::echo("paths/reserved", "GET", "/echo/!$&'()*,;=:@-._~")
        .why("RFC 3986, 3.3: these need no escape in a segment"),
    Case::echo("paths/semicolon", "GET", "/echo/a;v=1/b").why("RFC 3986, 3.3: parameters stay in their segment"),
    Case::echo("paths/brackets", "GET", "/echo/[a]|b").why(BYTES),
    Case::echo("paths/backslash", "GET", "/echo/a\\b").why("a backslash is no slash outside of browsers"),
    Case::echo("paths/raw-utf8", "GET", "/echo/grüße")
        .why("echo.md: bytes that no URI can hold are percent-encoded")
        .seen(&[Seen::Path("/echo/gr%C3%BC%C3%9Fe")]),
    Case::echo("paths/raw-angle-brackets", "GET", "/echo/<a>`")
        .why("echo.md: bytes that no URI can hold are percent-encoded")
        .seen(&[Seen::Path("/echo/%3Ca%3E%60")])
        .forced(&[
            Forced::on(&[SERVER, WORKERS, VERCEL], NO_URI).refuses(&[Answer::Status(400)]),
            Forced::on(&[MEMORY], NO_WIRE).not_run(),
        ]),
    Case::echo("paths/encoded-backslash", "GET", "/echo/a%5Cb").why(BYTES).forced(&[v2(&[Seen::Path("/echo/a\\b")])]),
    Case::echo("paths/encoded-semicolon", "GET", "/echo/a%3Bb").why(BYTES).forced(&[v2(&[Seen::Path("/echo/a;b")])]),
    Case::echo("paths/encoded-ampersand", "GET", "/echo/a%26b%3Dc")
        .why(BYTES)
        .forced(&[v2(&[Seen::Path("/echo/a&b=c")])]),
    Case::echo("paths/encoded-twice", "GET", "/echo/a%252Fb").why("decoding twice would make a slash of it"),
    Case::echo("paths/encoded-tab", "GET", "/echo/a%09b").why(BYTES),
    Case::echo("paths/encoded-delete", "GET", "/echo/a%7Fb").why(BYTES),
    Case::echo("paths/encoded-emoji", "GET", "/echo/%F0%9F%A6%80").why("four bytes are one character"),
    Case::echo("paths/encoded-overlong", "GET", "/echo/%C0%AF")
        .why("an overlong slash is no slash (RFC 3629, 10)")
        .forced(&[v2(&[Seen::Path("/echo/%EF%BF%BD%EF%BF%BD")])]),
    Case::echo("paths/half-an-escape", "GET", "/echo/%4/%4").why(BYTES).forced(&[v2(&[Seen::Path("/echo/%254/%254")])]),
    Case::echo("paths/backslash-dots", "GET", "/echo/..\\..\\x").why("a backslash is no slash outside of browsers"),
    Case::echo("paths/many-slashes", "GET", "/echo////").why(NO_DOTS),
    Case::echo("paths/dots-only", "GET", "/echo/./././").why(NO_DOTS),
    Case::echo("paths/three-dots", "GET", "/echo/.../....").why("three dots are a name like any other"),
    Case::echo("paths/equals", "GET", "/echo/a=b&c=d").why("they begin no query"),
    Case::echo("paths/stage-like", "GET", "/echo/prod/echo/$default")
        .why("what looks like a stage further down is none (rust-runtime #919)"),
    Case::echo("paths/many-segments", "GET", "/echo/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/u/v/w/x/y/z").why(BYTES),
    Case::echo("paths/raw-emoji", "GET", "/echo/\u{1F980}")
        .why("echo.md: bytes that no URI can hold are percent-encoded")
        .seen(&[Seen::Path("/echo/%F0%9F%A6%80")]),
    Case::echo("paths/raw-pipe-and-quotes", "GET", "/echo/a|\"b\"").why(BYTES),
    Case::echo("paths/raw-caret-and-braces", "GET", "/echo/a^{b}").why(BYTES),
    Case::echo("paths/long", "GET", LONG).why("2,000 bytes are within every platform's limit"),
    Case::ask("paths/double-slash-in-front", "GET", "//echo")
        .why("never normalise: //echo is not /echo")
        .answer(&[Answer::Problem(404)]),
    Case::ask("paths/other-case", "GET", "/ECHO").why("paths have a case").answer(&[Answer::Problem(404)]),
    Case::ask("paths/prefix", "GET", "/echoes").why("below /echo begins with a slash").answer(&[Answer::Problem(404)]),
    Case::ask("paths/absolute-form", "GET", "http://fn.example/text/2")
        .why("RFC 9112, 3.2.2: a server accepts the absolute form")
        .headers(&[("host", b"fn.example")])
        .answer(&[Answer::Body(Payload::Letters(2))]),
    Case::ask("paths/asterisk", "OPTIONS", "*")
        .why("RFC 9112, 3.2.4: the asterisk is no path that echo answers")
        .forced(&[Forced::on(&[MEMORY], NO_WIRE).not_run()])
        .answer(&[Answer::Problem(404)]),
    Case::ask("paths/root", "GET", "/").why("echo.md: anything else").answer(&[Answer::Problem(404)]),
];
