//! Cookies, in and out.

use super::{ALB, STREAM, URL, V2, WORKERS};
use crate::{Answer, Case, Forced, Payload, Seen};

const IN: &str = "RFC 6265, 4.2: the user agent's cookies, as they were sent";
const OUT: &str = "RFC 6265, 3: set-cookie fields are never joined; their order is kept";
const JOINED: &str = "the answer's JSON has one value for a header: others than set-cookie are joined";
const LAST: &str = "without multi-value headers, a load balancer delivers the last of repeated ones";
const WORKERD: &str = "workerd joins repeated headers, cookies too, with a comma and a space";
const MULTI: Answer = Answer::Header("x-multi", &["a", "b"]);
const ONE_MULTI: &[Forced] =
    &[Forced::on(&[V2, URL, STREAM, ALB], JOINED).answers(&[Answer::Header("x-multi", &["a, b"])])];

pub(super) const ROWS: &[Case] = &[
    Case::echo("cookies/one-in", "GET", "/echo").why(IN).headers(&[("cookie", b"session=abc")]),
    Case::echo("cookies/several-in", "GET", "/echo").why(IN).headers(&[("cookie", b"a=1; b=2; c=3")]),
    Case::echo("cookies/odd-values-in", "GET", "/echo")
        .why(IN)
        .headers(&[("cookie", b"empty=; quoted=\"q, r\"; eq=a=b==; esc=%20%3B")]),
    Case::echo("cookies/two-headers-in", "GET", "/echo")
        .why("RFC 9113, 8.2.3: several cookie fields mean the same as one, joined with a semicolon")
        .headers(&[("cookie", b"a=1"), ("cookie", b"b=2")])
        .seen(&[Seen::Cookies("a=1; b=2")])
        .forced(&[
            Forced::on(&[ALB], LAST).sees(&[Seen::Cookies("b=2")]),
            Forced::on(&[WORKERS], WORKERD).sees(&[Seen::Cookies("a=1, b=2")]),
        ]),
    Case::ask("cookies/none-out", "GET", "/cookies/0")
        .why(OUT)
        .answer(&[Answer::Header("set-cookie", &[]), MULTI])
        .forced(ONE_MULTI),
    Case::ask("cookies/one-out", "GET", "/cookies/1")
        .why(OUT)
        .answer(&[Answer::Header("set-cookie", &["c0=0; Path=/"]), MULTI])
        .forced(ONE_MULTI),
    Case::ask("cookies/two-out", "GET", "/cookies/2")
        .why(OUT)
        .answer(&[Answer::Header("set-cookie", &["c0=0; Path=/", "c1=1; Path=/; HttpOnly"]), MULTI])
        .forced(ONE_MULTI),
    Case::ask("cookies/five-out", "GET", "/cookies/5")
        .why(OUT)
        .answer(&[
            Answer::Header(
                "set-cookie",
                &["c0=0; Path=/", "c1=1; Path=/; HttpOnly", "c2=2; Path=/", "c3=3; Path=/; HttpOnly", "c4=4; Path=/"],
            ),
            MULTI,
        ])
        .forced(ONE_MULTI),
    Case::ask("cookies/out-on-head", "HEAD", "/cookies/2")
        .why("RFC 9110, 9.3.2: the header fields of GET")
        .answer(&[
            Answer::Header("set-cookie", &["c0=0; Path=/", "c1=1; Path=/; HttpOnly"]),
            MULTI,
            Answer::Body(Payload::None),
        ])
        .forced(ONE_MULTI),
];
