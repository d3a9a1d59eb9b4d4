//! What crosses between JavaScript and the program, both ways.

use std::time::{Duration, SystemTime};

use anyfn_cloudflare::{decode, encode, tick};
use anyfn_core::{Body, Event, Names};

fn head_of(answer: http::response::Builder) -> anyfn_cloudflare::Head {
    encode(&answer.body(()).unwrap().into_parts().0)
}

#[test]
fn repeated_headers_arrive_in_order() {
    let received =
        decode("POST\nhttps://a.example/\nset-cookie\na=1\nx-b\n\nset-cookie\nb=2".into(), Body::empty()).unwrap();
    let headers = received.request.headers();
    assert_eq!(headers.get_all("set-cookie").iter().collect::<Vec<_>>(), ["a=1", "b=2"]);
    assert_eq!(headers["x-b"], "");
}

#[test]
fn a_url_that_a_uri_holds_is_taken_as_it_is() {
    for url in ["https://a.example/a/../b//c%2f%zz?d=e&&f=%41|{}", "http://[::1]:8787/?", "http://127.0.0.1/ü?ü"] {
        let received = decode(format!("QUERY\n{url}"), Body::empty()).unwrap();
        assert_eq!((received.request.uri().to_string(), received.raw_target), (url.to_owned(), None));
    }
}

#[test]
fn what_no_uri_holds_is_percent_encoded_and_kept_as_it_came() {
    for (raw, held) in [("/<a> b?\"`", "/%3Ca%3E%20b?%22%60"), ("/a#b?c", "/a%23b?c"), ("/<ü>%41", "/%3C%C3%BC%3E%41")]
    {
        let received = decode(format!("GET\nhttps://a.example{raw}"), Body::empty()).unwrap();
        assert_eq!(received.request.uri().to_string(), format!("https://a.example{held}"));
        assert_eq!(received.raw_target.as_deref(), Some(raw));
    }
}

#[test]
fn the_edge_names_the_request_and_its_client() {
    let received = decode(
        "GET\nhttps://a.example/\ncf-connecting-ip\n2001:db8::1\ncf-ray\n8a1b-AMS\nx-forwarded-for\n203.0.113.9".into(),
        Body::empty(),
    )
    .unwrap();
    assert_eq!(received.ray.as_deref(), Some("8a1b-AMS"));
    assert_eq!(received.client_ip, Some("2001:db8::1".parse().unwrap()));
    let nobody = decode("GET\nhttps://a.example/\ncf-connecting-ip\nme".into(), Body::empty()).unwrap();
    assert_eq!((nobody.ray, nobody.client_ip), (None, None));
}

#[test]
fn an_asterisk_is_the_root_and_is_told() {
    let received = decode("OPTIONS\nhttps://a.example:8443*".into(), Body::empty()).unwrap();
    assert_eq!(received.request.uri(), "https://a.example:8443/");
    assert_eq!(received.raw_target.as_deref(), Some("*"));
}

#[test]
fn heads_that_http_does_not_know_are_refused() {
    for head in [
        "",
        "GET",
        "G T\nhttps://a.example/",
        "GET\n",
        "GET\nhttps://",
        "GET\nhttps://a.example:99999/",
        "GET\nhttps://me@a.example/",
        "GET\nhttps://a.example/\nb ad\nx",
        "GET\nhttps://a.example/\nx-a",
        "GET\nhttps://a.example/\nx-a\na\u{1}",
    ] {
        let error = decode(head.into(), Body::empty()).unwrap_err();
        assert_eq!(error.status(), 400, "{head:?}");
    }
}

#[test]
fn more_headers_than_a_map_holds_are_refused() {
    let lines = |count: usize| (0..count).map(|n| format!("\nx-{n}\n1")).collect::<String>();
    let head = |count| format!("GET\nhttps://a.example/{}", lines(count));
    assert_eq!(decode(head(20_000), Body::empty()).unwrap().request.headers().len(), 20_000);
    assert_eq!(decode(head(40_000), Body::empty()).unwrap_err().status(), 431);
}

#[test]
fn a_tick_is_due_when_the_runtime_says_and_no_time_panics() {
    for (at, seconds) in [(1_000.0, 1), (-1.0, 0), (f64::NAN, 0), (1e22, 0), (f64::MAX, 0)] {
        let Event::Schedule(tick) = tick("0 3 * * *", at, &Names::default()) else { panic!() };
        assert_eq!(tick.scheduled_at, SystemTime::UNIX_EPOCH + Duration::from_secs(seconds), "{at}");
    }
}

#[test]
fn no_head_panics_the_decoder() {
    const PIECES: &[&str] =
        &["GET", "\n", "https://", "a.example", "/", "?", "#", "<", "ü", "\u{0}", ":", "x-a", "[", " "];
    // A small linear generator: the same heads on every run.
    let mut seed = 1_u32;
    for _ in 0..20_000 {
        let mut head = String::new();
        for _ in 0..seed % 12 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            head.push_str(PIECES[(seed >> 16) as usize % PIECES.len()]);
        }
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        if let Ok(received) = decode(head.clone(), Body::empty()) {
            assert!(head.starts_with(received.request.method().as_str()));
        }
    }
}

#[test]
fn each_repeated_header_of_an_answer_keeps_its_line() {
    let head = head_of(http::Response::builder().status(201).header("set-cookie", "a=1").header("set-cookie", "b=2"));
    assert_eq!((head.status, &*head.headers), (201, "set-cookie\na=1\nset-cookie\nb=2\n"));
}

#[test]
fn bytes_that_are_no_text_become_latin1() {
    let head = head_of(http::Response::builder().header("x-a", b"caf\xE9".as_slice()).header("x-b", "é".as_bytes()));
    assert_eq!(head.headers, "x-a\ncaf\u{E9}\nx-b\n\u{E9}\n");
}

#[test]
fn an_encoded_body_and_its_length_are_told() {
    let head = head_of(http::Response::builder().header("content-encoding", "gzip").header("content-length", "77"));
    assert_eq!((head.encoded, head.length), (true, Some(77)));
    let head = head_of(http::Response::builder().header("content-length", "soon"));
    assert_eq!((head.encoded, head.length), (false, None));
}
