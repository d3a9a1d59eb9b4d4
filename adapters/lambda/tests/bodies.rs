//! Bodies are read past `serde_json`, in one pass; whatever they hold, that gives what reading the event whole gives.

use anyfn_core::test::block_on;
use anyfn_lambda::{Received, decode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use proptest::prelude::*;

/// What comes of an event: the body, or how it is refused.
fn outcome(event: &[u8]) -> Result<Vec<u8>, String> {
    match decode(&Bytes::copy_from_slice(event)) {
        Ok(Received::Http(http)) => Ok(block_on(http.request.into_body().collect(1 << 20)).unwrap().to_vec()),
        // Where in the event it is wrong is not the same, a space further on.
        other => Err(format!("{other:?}").replace(|c: char| c.is_ascii_digit(), "")),
    }
}

/// An event with these bytes between the body's quotes, `space` after the colon, and another member `body` further in.
fn event(body: &[u8], base64: bool, space: &str, deeper: bool) -> Vec<u8> {
    let deeper = if deeper { r#","authorizer":{"lambda":{"body":"not this"}}"# } else { "" };
    let head = format!(
        r#"{{"version":"2.0","rawPath":"/","headers":{{"host":"a.example"}},"requestContext":{{"http":{{"method":"POST"}}{deeper}}},"isBase64Encoded":{base64},"body":{space}""#
    );
    [head.as_bytes(), body, b"\"}"].concat()
}

/// A space after the colon is what the fast way does not know.
fn same(body: &[u8], base64: bool, deeper: bool) {
    let (fast, whole) = (event(body, base64, "", deeper), event(body, base64, " ", deeper));
    assert_eq!(outcome(&fast), outcome(&whole), "{}", String::from_utf8_lossy(&fast));
}

/// What JSON's strings are made of, right and wrong.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => "[ -~]{0,40}".prop_map(String::into_bytes),
        2 => "\\PC{0,8}".prop_map(String::into_bytes),
        3 => prop::sample::select(vec![
            r#"\""#, r"\\", r"\/", r"\b", r"\f", r"\n", r"\r", r"\t", r"\u0041", r"\ud83d\ude00", r"\ud83d", r"\u00", r"\x", r"\",
            "\n", "\u{0}", "\u{7f}", "\"", r#"","body":""#,
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_between_the_quotes_are_read_as_the_whole_event_is(
        body in pieces(), base64 in any::<bool>(), deeper in any::<bool>(),
    ) {
        same(&body, base64, deeper);
    }

    #[test]
    fn a_text_arrives_as_it_was(text in any::<String>(), deeper in any::<bool>()) {
        let json = serde_json::to_string(&text).unwrap();
        let body = &json.as_bytes()[1..json.len() - 1];
        prop_assert_eq!(outcome(&event(body, false, "", deeper)), Ok(text.into_bytes()));
        same(body, false, deeper);
    }

    #[test]
    fn bytes_arrive_as_they_were(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let text = STANDARD.encode(&bytes);
        prop_assert_eq!(outcome(&event(text.as_bytes(), true, "", false)), Ok(bytes));
    }
}

#[test]
fn what_is_no_json_is_no_request_also_where_it_says_base64() {
    for body in [&b"QQ\n=="[..], b"QQ==\xff", b"Q\\u0051==", b"QQ\\n=="] {
        same(body, true, false);
    }
    assert!(outcome(&event(b"QQ\n==", true, "", false)).unwrap_err().contains("JSON"));
}
