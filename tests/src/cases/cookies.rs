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
    Case::ask("cookies/twenty-out", "GET", "/cookies/20")
        .why("every one of them, behind a load balancer too (serverless-express #392)")
        .answer(&[
            Answer::Header(
                "set-cookie",
                &[
                    "c0=0; Path=/",
                    "c1=1; Path=/; HttpOnly",
                    "c2=2; Path=/",
                    "c3=3; Path=/; HttpOnly",
                    "c4=4; Path=/",
                    "c5=5; Path=/; HttpOnly",
                    "c6=6; Path=/",
                    "c7=7; Path=/; HttpOnly",
                    "c8=8; Path=/",
                    "c9=9; Path=/; HttpOnly",
                    "c10=10; Path=/",
                    "c11=11; Path=/; HttpOnly",
                    "c12=12; Path=/",
                    "c13=13; Path=/; HttpOnly",
                    "c14=14; Path=/",
                    "c15=15; Path=/; HttpOnly",
                    "c16=16; Path=/",
                    "c17=17; Path=/; HttpOnly",
                    "c18=18; Path=/",
                    "c19=19; Path=/; HttpOnly",
                ],
            ),
            MULTI,
        ])
        .forced(ONE_MULTI),
    Case::echo("cookies/json-in", "GET", "/echo")
        .why(IN)
        .headers(&[("cookie", b"prefs=%7B%22a%22%3A1%7D; raw={\"b\":[2,3]}")]),
    Case::echo("cookies/no-name-in", "GET", "/echo").why(IN).headers(&[("cookie", b"=v; justname; a=1")]),
    Case::echo("cookies/same-name-twice-in", "GET", "/echo")
        .why("two paths may have a cookie of one name (RFC 6265, 5.4)")
        .headers(&[("cookie", b"sid=inner; sid=outer")]),
    Case::echo("cookies/utf8-in", "GET", "/echo").why(IN).headers(&[("cookie", "n=grüße".as_bytes())]),
    Case::ask("cookies/out-on-post", "POST", "/cookies/2")
        .why(OUT)
        .body(Payload::Bytes(b"login"))
        .answer(&[Answer::Header("set-cookie", &["c0=0; Path=/", "c1=1; Path=/; HttpOnly"]), MULTI])
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
