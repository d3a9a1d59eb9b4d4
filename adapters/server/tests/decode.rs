//! The decoder alone: nothing that a client sends may panic it, and what it accepts is what it says.

use anyfn_server::{Settings, decode};
use http::{HeaderName, HeaderValue, Version};

/// Pieces that parsers trip over.
const PIECES: &[&[u8]] = &[
    b"",
    b" ",
    b",",
    b";",
    b"=",
    b"\"",
    b"\\",
    b"[",
    b"]",
    b":",
    b"@",
    b"/",
    b"?",
    b"*",
    b"%",
    b"\xff",
    b"\xc3\xa9",
    b"a",
    b"h.example",
    b"80",
    b"65536",
    b"1.2.3.4",
    b"::1",
    b"for=",
    b"host=",
    b"proto=https",
    b"unknown",
    b"http",
];

const NAMES: &[&str] =
    &["host", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "forwarded", "cookie", "x-request-id"];

/// Numbers that are the same in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

#[test]
fn no_headers_panic_it_and_what_it_accepts_has_an_absolute_url() {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let mut accepted = 0;
    for _ in 0..200_000 {
        let mut request = http::Request::new(());
        *request.version_mut() = [Version::HTTP_10, Version::HTTP_11, Version::HTTP_2][numbers.below(3)];
        *request.uri_mut() = ["/", "*", "http://h.example", "https://h.example:80/a?b", "ftp://h/", "h:80"]
            [numbers.below(6)]
        .parse()
        .unwrap();
        for _ in 0..numbers.below(5) {
            let name = HeaderName::from_static(NAMES[numbers.below(NAMES.len())]);
            let value: Vec<u8> =
                (0..numbers.below(6)).flat_map(|_| PIECES[numbers.below(PIECES.len())]).copied().collect();
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                request.headers_mut().append(name, value);
            }
        }
        let mut settings = Settings::default();
        settings.proxies = ["0", "1", "2,host", "1,forwarded", "3,forwarded"][numbers.below(5)].parse().unwrap();
        match decode(request, [10, 0, 0, 9].into(), &settings) {
            Ok(received) => {
                accepted += 1;
                let uri = received.request.uri();
                assert!(uri.scheme().is_some() && uri.host().is_some_and(|host| !host.is_empty()), "{uri}");
                assert!(uri.to_string().parse::<http::Uri>().is_ok_and(|again| again == *uri), "{uri}");
            }
            Err(error) => assert_eq!(error.status(), 400, "{error}"),
        }
    }
    // Enough of both for this to say something.
    assert!((10_000..190_000).contains(&accepted), "{accepted}");
}
