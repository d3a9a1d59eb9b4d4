//! Whose word on the client is believed.

use anyfn_server::{Proxies, Settings, decode};

use crate::common::{On, mirror, start, start_with};

const PEER: [u8; 4] = [10, 0, 0, 9];

/// Client address and URL of a request that came through `trusted` proxies.
fn seen(trusted: &str, headers: &[(&str, &str)]) -> (Option<String>, String) {
    let mut settings = Settings::default();
    settings.proxies = trusted.parse().unwrap();
    let mut request = http::Request::get("/p").header("host", "inner");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let received = decode(request.body(()).unwrap(), PEER.into(), &settings).unwrap();
    (received.client_ip.map(|address| address.to_string()), received.request.uri().to_string())
}

fn client(trusted: &str, headers: &[(&str, &str)]) -> Option<String> {
    seen(trusted, headers).0
}

#[test]
fn nobody_is_believed_by_default() {
    let forged = [
        ("x-forwarded-for", "1.1.1.1"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "evil"),
        ("forwarded", "for=1.1.1.1;proto=https;host=evil"),
    ];
    assert_eq!(seen("0", &forged), (Some("10.0.0.9".into()), "http://inner/p".into()));
    assert_eq!(Settings::default().proxies, Proxies::new(0));
}

#[test]
fn entries_are_counted_from_the_right_over_all_lines() {
    let lines = [("x-forwarded-for", "6.6.6.6, 1.1.1.1"), ("x-forwarded-for", "2.2.2.2,3.3.3.3")];
    for (trusted, address) in [("1", "3.3.3.3"), ("2", "2.2.2.2"), ("3", "1.1.1.1"), ("9", "6.6.6.6")] {
        assert_eq!(client(trusted, &lines).as_deref(), Some(address));
    }
    assert_eq!(client("1", &[]).as_deref(), Some("10.0.0.9"));
}

#[test]
fn addresses_are_read_with_and_without_ports() {
    for (text, address) in [
        ("192.0.2.1:4711", Some("192.0.2.1")),
        ("2001:db8::1", Some("2001:db8::1")),
        ("[2001:db8::1]", Some("2001:db8::1")),
        ("[2001:db8::1]:4711", Some("2001:db8::1")),
        ("::ffff:192.0.2.1", Some("192.0.2.1")),
        ("unknown", None),
        ("1.2.3", None),
        ("\u{e9}", None),
    ] {
        assert_eq!(client("1", &[("x-forwarded-for", text)]).as_deref(), address, "{text}");
    }
}

#[test]
fn the_scheme_is_the_proxys_and_the_host_only_where_it_is_said_so() {
    let headers = [("x-forwarded-proto", "HTTPS"), ("x-forwarded-host", "public.example:444")];
    assert_eq!(seen("1", &headers).1, "https://inner/p");
    assert_eq!(seen("1,host", &headers).1, "https://public.example:444/p");
    let nonsense = [("x-forwarded-proto", "javascript"), ("x-forwarded-host", "a@b")];
    assert_eq!(seen("1,host", &nonsense).1, "http://inner/p");
}

#[test]
fn forwarded_is_read_where_the_proxies_write_it() {
    let line = "for=6.6.6.6;proto=http, For=\"[2001:db8::1]:47\" ; Proto=https;host=\"pub\\lic.example\", for=10.0.0.1";
    let seen = |trusted| seen(trusted, &[("forwarded", line), ("x-forwarded-for", "6.6.6.6")]);
    assert_eq!(seen("2,forwarded"), (Some("2001:db8::1".into()), "https://public.example/p".into()));
    assert_eq!(seen("1,forwarded"), (Some("10.0.0.1".into()), "http://inner/p".into()));
}

#[test]
fn a_quote_that_a_client_leaves_open_hides_no_proxy() {
    for line in ["for=\"6.6.6.6, for=10.0.0.1", "for=\"6.6.6.6, for=\"[2001:db8::1]:80\"", "for=\"\\, for=10.0.0.1"] {
        assert_eq!(client("1,forwarded", &[("forwarded", line)]), None, "{line}");
    }
}

#[tokio::test]
async fn the_client_is_the_connections_other_end() {
    let server = start(On(mirror)).await;
    let answer = server.ask("GET / HTTP/1.1\r\nhost: h\r\nx-forwarded-for: 6.6.6.6\r\n\r\n").await;
    assert_eq!(answer.json()["client"], "127.0.0.1");
}

#[tokio::test]
async fn a_trusted_proxy_names_client_and_scheme() {
    let server = start_with(On(mirror), |settings| settings.proxies = Proxies::new(1)).await;
    let request = "GET /a HTTP/1.1\r\nhost: h\r\nx-forwarded-for: 6.6.6.6, 9.9.9.9\r\nx-forwarded-proto: https\r\n\r\n";
    let answer = server.ask(request).await.json();
    assert_eq!((&answer["client"], &answer["url"]), (&"9.9.9.9".into(), &"https://h/a".into()));
}
