//! Requests as they come, and as they are handed on.

use http::{Method, Request};

use crate::decode;

/// (what it is about, the target, headers, the URL, the client)
type Row = (&'static str, &'static str, &'static [(&'static str, &'static str)], &'static str, Option<&'static str>);

const ROWS: &[Row] = &[
    (
        "what the edge says",
        "/a?b",
        &[
            ("host", "127.0.0.1:1"),
            ("x-forwarded-host", "app.vercel.app"),
            ("x-forwarded-proto", "https"),
            ("x-real-ip", "203.0.113.9"),
        ],
        "https://app.vercel.app/a?b",
        Some("203.0.113.9"),
    ),
    ("no edge", "/a", &[("host", "127.0.0.1:3000")], "http://127.0.0.1:3000/a", None),
    ("bytes as they are", "/%2F/a%20b/../c;d?&&x=%zz+", &[("host", "h")], "http://h/%2F/a%20b/../c;d?&&x=%zz+", None),
    ("an empty query", "/a?", &[("host", "h")], "http://h/a?", None),
    ("two slashes", "//a", &[("host", "h")], "http://h//a", None),
    ("an absolute target", "http://fn.example/a?b", &[("x-forwarded-host", "h")], "http://h/a?b", None),
    ("an absolute target without a host", "http://fn.example", &[], "http://fn.example/", None),
    ("no host at all", "/a", &[], "/a", None),
    ("a host that is none", "/a", &[("x-forwarded-host", "a b"), ("host", "h")], "http://h/a", None),
    ("user information", "/a", &[("x-forwarded-host", "me@evil"), ("host", "h")], "http://h/a", None),
    (
        "IPv6",
        "/a",
        &[("host", "[::1]:80"), ("x-forwarded-for", "2001:db8::1, 192.0.2.1")],
        "http://[::1]:80/a",
        Some("2001:db8::1"),
    ),
    ("an odd scheme", "/a", &[("host", "h"), ("x-forwarded-proto", "ftp")], "http://h/a", None),
    ("an address that is none", "/a", &[("host", "h"), ("x-real-ip", "unknown")], "http://h/a", None),
];

fn request(target: &str, headers: &[(&str, &str)]) -> Request<()> {
    let request = Request::builder().uri(target);
    headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).body(()).unwrap()
}

#[test]
fn a_request_has_its_public_url_and_its_clients_address() {
    for (what, target, headers, url, client) in ROWS {
        let received = decode(request(target, headers)).unwrap();
        assert_eq!(received.request.uri().to_string(), *url, "{what}");
        assert_eq!(received.client_ip, client.map(|client| client.parse().unwrap()), "{what}");
        assert_eq!(received.raw_target, None, "{what}");
    }
}

#[test]
fn a_host_that_is_none_is_a_400() {
    for host in ["h:99999", "me@h", "a b", ""] {
        let error = decode(request("/a", &[("x-forwarded-host", "me@evil"), ("host", host)])).unwrap_err();
        assert_eq!(error.status(), 400, "{host}");
    }
}

#[test]
fn an_asterisk_is_the_root_and_is_told() {
    let received = decode(request("*", &[("host", "h")])).unwrap();
    assert_eq!(received.request.uri(), "http://h/");
    assert_eq!(received.raw_target.as_deref(), Some("*"));
}

#[test]
fn headers_arrive_as_they_are_but_for_the_platforms_own() {
    let headers = [("x-a", "1"), ("x-vercel-internal-span-id", "s"), ("x-a", "2"), ("x-vercel-id", "fra1::x")];
    let received = decode(request("/", &headers)).unwrap();
    assert_eq!(received.request_id.as_deref(), Some("fra1::x"));
    let headers = received.request.headers();
    assert_eq!(headers.get_all("x-a").iter().collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(headers.len(), 3);
}

#[test]
fn what_no_function_can_take_is_refused() {
    let large = request("/", &[("content-length", "4500001")]);
    assert_eq!(decode(large).unwrap_err().status(), 413);
    assert!(decode(request("/", &[("content-length", "4500000")])).is_ok());
    let mut connect = request("h:1", &[]);
    *connect.method_mut() = Method::CONNECT;
    assert_eq!(decode(connect).unwrap_err().status(), 501);
}
