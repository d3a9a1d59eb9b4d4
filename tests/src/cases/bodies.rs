//! Bodies are bytes, in and out, whatever the content type says.

use crate::{Answer, Case, Need, Payload};

const SAME: &str = "echo.md: the body unchanged";
const ALL_BYTES: &[u8] = &all_bytes();
const NOT_UTF8: &[u8] = b"\xff\xfe\x00\x80 not text";
const KILO: usize = 1000;
const MEGA: usize = 1_000_000;

/// The gzip of `hello gzip`.
const GZIP: &[u8] =
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xcbH\xcd\xc9\xc9WH\xaf\xca,\x00\x00\x19j\xd2\xdf\n\x00\x00\x00";

const MULTIPART: &[u8] =
    b"--b\r\ncontent-disposition: form-data; name=\"f\"; filename=\"x.bin\"\r\n\r\n\x00\xff\r\n\x0d\x0a\r\n--b--\r\n";

const fn all_bytes() -> [u8; 256] {
    let mut bytes = [0; 256];
    let mut at = 0;
    while at < 256 {
        bytes[at] = at as u8;
        at += 1;
    }
    bytes
}

/// A body to `/mirror` and back.
const fn mirror(name: &'static str, content_type: &'static [(&'static str, &'static [u8])], body: Payload) -> Case {
    Case::ask(name, "POST", "/mirror").why(SAME).headers(content_type).body(body)
}

pub(super) const ROWS: &[Case] = &[
    Case::echo("bodies/text-in", "POST", "/echo")
        .why(SAME)
        .headers(&[("content-type", b"text/plain; charset=utf-8")])
        .body(Payload::Bytes("Grüße, 世界 \u{1F980}".as_bytes())),
    Case::echo("bodies/json-in", "POST", "/echo")
        .why("white space and escapes are part of the bytes")
        .headers(&[("content-type", b"application/json")])
        .body(Payload::Bytes(b"{ \"a\" : \"\\u00fc\\n\" ,\r\n\t\"b\":[1.0,2e3] }")),
    Case::echo("bodies/form-in", "POST", "/echo")
        .why(SAME)
        .headers(&[("content-type", b"application/x-www-form-urlencoded")])
        .body(Payload::Bytes(b"a=1&b=%20+&a=2")),
    Case::echo("bodies/not-utf8-in", "POST", "/echo")
        .why("a text type does not make text of it")
        .headers(&[("content-type", b"text/plain")])
        .body(Payload::Bytes(NOT_UTF8)),
    Case::echo("bodies/every-byte-in", "POST", "/echo")
        .why(SAME)
        .headers(&[("content-type", b"application/octet-stream")])
        .body(Payload::Bytes(ALL_BYTES)),
    Case::echo("bodies/no-type-in", "POST", "/echo").why(SAME).body(Payload::Bytes(ALL_BYTES)),
    Case::echo("bodies/base64-in", "POST", "/echo")
        .why("what looks like base64 is not decoded")
        .headers(&[("content-type", b"text/plain")])
        .body(Payload::Bytes(b"aGVsbG8=")),
    Case::echo("bodies/multipart-in", "POST", "/echo")
        .why("a file's bytes are exact")
        .headers(&[("content-type", b"multipart/form-data; boundary=b")])
        .body(Payload::Bytes(MULTIPART)),
    Case::echo("bodies/gzip-in", "POST", "/echo")
        .why("what the client compressed is the handler's to unpack")
        .headers(&[("content-type", b"text/plain"), ("content-encoding", b"gzip")])
        .body(Payload::Bytes(GZIP)),
    Case::echo("bodies/br-in", "POST", "/echo")
        .why("what the client compressed is the handler's to unpack")
        .headers(&[("content-type", b"application/json"), ("content-encoding", b"br")])
        .body(Payload::Bytes(b"\x8b\x03\x80hello br\x03")),
    Case::echo("bodies/zstd-in", "POST", "/echo")
        .why("what the client compressed is the handler's to unpack")
        .headers(&[("content-type", b"text/plain"), ("content-encoding", b"zstd")])
        .body(Payload::Bytes(b"\x28\xb5\x2f\xfd\x20\x0a\x51\x00\x00hello zstd")),
    Case::echo("bodies/encoding-that-lies-in", "POST", "/echo")
        .why("nothing unpacks it on the way, so nothing fails")
        .headers(&[("content-type", b"text/plain"), ("content-encoding", b"gzip")])
        .body(Payload::Bytes(b"not gzip at all")),
    Case::echo("bodies/utf16-in", "POST", "/echo")
        .why("a charset is the handler's to read")
        .headers(&[("content-type", b"text/plain; charset=utf-16")])
        .body(Payload::Bytes(b"\xff\xfeh\x00i\x00")),
    Case::echo("bodies/latin1-in", "POST", "/echo")
        .why("a charset is the handler's to read")
        .headers(&[("content-type", b"text/plain; charset=iso-8859-1")])
        .body(Payload::Bytes(b"caf\xe9")),
    Case::echo("bodies/bom-in", "POST", "/echo")
        .why("a byte order mark is three bytes of the body")
        .headers(&[("content-type", b"text/plain; charset=utf-8")])
        .body(Payload::Bytes(b"\xef\xbb\xbfhi")),
    Case::echo("bodies/control-characters-in", "POST", "/echo")
        .why("JSON on the way escapes them, and back")
        .headers(&[("content-type", b"text/plain")])
        .body(Payload::Bytes(b"\x00\x01\x08\x0b\x1f\x7f \xe2\x80\xa8 \\u0000 \\")),
    Case::echo("bodies/json-null-in", "POST", "/echo")
        .why("the text null is a body")
        .headers(&[("content-type", b"application/json")])
        .body(Payload::Bytes(b"null")),
    Case::echo("bodies/json-surrogate-in", "POST", "/echo")
        .why("half a surrogate pair, escaped, is the bytes of that escape")
        .headers(&[("content-type", b"application/json")])
        .body(Payload::Bytes(b"{\"a\":\"\\ud83e\"}")),
    Case::echo("bodies/white-space-in", "POST", "/echo")
        .why("nothing trims it: signatures are made over the bytes")
        .headers(&[("content-type", b"text/plain")])
        .body(Payload::Bytes(b" \r\n\t \n")),
    Case::echo("bodies/one-byte-chunks-in", "POST", "/echo")
        .why("RFC 9112, 7.1: chunks are framing, not content")
        .headers(&[("content-type", b"text/plain; charset=utf-8")])
        .body(Payload::Chunks(&[b"\xf0", b"\x9f", b"\xa6", b"\x80", b"!"])),
    Case::echo("bodies/chunked-in", "POST", "/echo")
        .why("RFC 9112, 7.1: chunks are framing, not content")
        .headers(&[("content-type", b"text/plain")])
        .body(Payload::Chunks(&[b"one ", b"two ", b"three"])),
    Case::echo("bodies/chunked-empty-in", "POST", "/echo")
        .why("RFC 9112, 7.1: no chunk is no content")
        .body(Payload::Chunks(&[])),
    Case::echo("bodies/100-kb-in", "POST", "/echo").why(SAME).body(Payload::Counting(100 * KILO)),
    mirror("bodies/mirror-empty", &[], Payload::Bytes(b""))
        .answer(&[Answer::Header("content-type", &["application/octet-stream"]), Answer::Body(Payload::None)]),
    mirror("bodies/mirror-text", &[("content-type", b"text/plain; charset=utf-8")], Payload::Bytes("Grüße".as_bytes()))
        .answer(&[
            Answer::Header("content-type", &["text/plain; charset=utf-8"]),
            Answer::Body(Payload::Bytes("Grüße".as_bytes())),
        ]),
    mirror(
        "bodies/mirror-json",
        &[("content-type", b"application/problem+json")],
        Payload::Bytes(b"{\"a\":\"\xc3\xa9\"}"),
    )
    .answer(&[
        Answer::Header("content-type", &["application/problem+json"]),
        Answer::Body(Payload::Bytes(b"{\"a\":\"\xc3\xa9\"}")),
    ]),
    mirror("bodies/mirror-not-utf8-text", &[("content-type", b"text/plain; charset=latin1")], Payload::Bytes(NOT_UTF8))
        .answer(&[
            Answer::Header("content-type", &["text/plain; charset=latin1"]),
            Answer::Body(Payload::Bytes(NOT_UTF8)),
        ]),
    mirror("bodies/mirror-image", &[("content-type", b"image/png")], Payload::Bytes(ALL_BYTES))
        .answer(&[Answer::Header("content-type", &["image/png"]), Answer::Body(Payload::Bytes(ALL_BYTES))]),
    mirror("bodies/mirror-no-type", &[], Payload::Bytes(b"\x00")).answer(&[
        Answer::Header("content-type", &["application/octet-stream"]),
        Answer::Body(Payload::Bytes(b"\x00")),
    ]),
    mirror("bodies/mirror-html", &[("content-type", b"text/html")], Payload::Bytes(b"<p>\"\\ </p>\r\n\x00\x7f"))
        .answer(&[
            Answer::Header("content-type", &["text/html"]),
            Answer::Body(Payload::Bytes(b"<p>\"\\ </p>\r\n\x00\x7f")),
        ]),
    Case::ask("bodies/mirror-put", "PUT", "/mirror")
        .why("echo.md: any method with a body")
        .body(Payload::Bytes(b"put"))
        .answer(&[Answer::Body(Payload::Bytes(b"put"))]),
    Case::ask("bodies/mirror-delete", "DELETE", "/mirror")
        .why("echo.md: any method with a body")
        .body(Payload::Bytes(b"deleted"))
        .answer(&[Answer::Body(Payload::Bytes(b"deleted"))]),
    mirror("bodies/mirror-chunked", &[], Payload::Chunks(&[b"\x00\x01", b"\xff", b"end"]))
        .answer(&[Answer::Body(Payload::Bytes(b"\x00\x01\xffend"))]),
    mirror("bodies/mirror-after-continue", &[("expect", b"100-continue")], Payload::Bytes(b"expected"))
        .answer(&[Answer::Body(Payload::Bytes(b"expected"))]),
    mirror("bodies/mirror-700-kb", &[], Payload::Counting(700 * KILO))
        .needs(Need::Both(700 * KILO))
        .answer(&[Answer::Body(Payload::Counting(700 * KILO))]),
    mirror("bodies/mirror-4-mb", &[], Payload::Counting(4 * MEGA))
        .needs(Need::Both(4 * MEGA))
        .answer(&[Answer::Body(Payload::Counting(4 * MEGA))]),
    mirror("bodies/mirror-5-mb", &[], Payload::Counting(5 * MEGA))
        .needs(Need::Both(5 * MEGA))
        .answer(&[Answer::Body(Payload::Counting(5 * MEGA))]),
    Case::ask("bodies/no-bytes-out", "GET", "/bytes/0")
        .why("echo.md")
        .answer(&[Answer::Header("content-type", &["application/octet-stream"]), Answer::Body(Payload::None)]),
    Case::ask("bodies/one-byte-out", "GET", "/bytes/1").why("echo.md").answer(&[Answer::Body(Payload::Counting(1))]),
    Case::ask("bodies/every-byte-out", "GET", "/bytes/256").why("echo.md").answer(&[
        Answer::Header("content-type", &["application/octet-stream"]),
        Answer::Header("content-encoding", &[]),
        Answer::Body(Payload::Counting(256)),
    ]),
    Case::ask("bodies/500-kb-out", "GET", "/bytes/500000")
        .why("echo.md")
        .answer(&[Answer::Body(Payload::Counting(500 * KILO))]),
    Case::ask("bodies/4-mb-out", "GET", "/bytes/4000000")
        .why("echo.md; within Lambda's 6 MB as base64")
        .needs(Need::Answer(4 * MEGA))
        .answer(&[Answer::Body(Payload::Counting(4 * MEGA))]),
    Case::ask("bodies/10-mb-out", "GET", "/bytes/10000000")
        .why("echo.md: the largest that it makes")
        .needs(Need::Answer(10 * MEGA))
        .answer(&[Answer::Body(Payload::Counting(10 * MEGA))]),
    Case::ask("bodies/no-text-out", "GET", "/text/0")
        .why("echo.md")
        .answer(&[Answer::Header("content-type", &["text/plain; charset=utf-8"]), Answer::Body(Payload::None)]),
    Case::ask("bodies/text-out", "GET", "/text/800000").why("echo.md").answer(&[
        Answer::Header("content-type", &["text/plain; charset=utf-8"]),
        Answer::Body(Payload::Letters(800 * KILO)),
    ]),
    Case::ask("bodies/gzip-out", "GET", "/gzip")
        .why("what the handler compressed is compressed once (hono #1294)")
        .headers(&[("accept-encoding", b"gzip")])
        .answer(&[
            Answer::Header("content-encoding", &["gzip"]),
            Answer::Header("content-type", &["text/plain"]),
            Answer::Body(Payload::Bytes(GZIP)),
        ]),
    Case::ask("bodies/gzip-out-unasked", "GET", "/gzip")
        .why("nothing between may unpack it")
        .answer(&[Answer::Header("content-encoding", &["gzip"]), Answer::Body(Payload::Bytes(GZIP))]),
];
