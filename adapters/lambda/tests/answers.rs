//! Answers in the shape that each gateway reads.

use anyfn_lambda::{MAX_ALB_ANSWER, MAX_ANSWER, Shape, encode, prelude};
use bytes::Bytes;
use http::response::Parts;
use serde_json::{Value, json};

const SHAPES: [Shape; 6] = [Shape::V1, Shape::V2, Shape::Url, Shape::Alb, Shape::AlbMulti, Shape::Lattice];

fn head(status: u16, headers: &[(&'static str, &[u8])]) -> Parts {
    let mut answer = http::Response::new(());
    *answer.status_mut() = status.try_into().unwrap();
    for (name, value) in headers {
        answer.headers_mut().append(*name, http::HeaderValue::from_bytes(value).unwrap());
    }
    answer.into_parts().0
}

fn answer(shape: Shape, headers: &[(&'static str, &[u8])], body: &'static [u8]) -> Value {
    serde_json::from_slice(&encode(shape, &head(200, headers), &Bytes::from_static(body)).unwrap()).unwrap()
}

/// Two cookies, a header twice, a header once.
const SEVERAL: &[(&str, &[u8])] =
    &[("set-cookie", b"a=1; Path=/"), ("x-multi", b"a"), ("set-cookie", b"b=2"), ("x-multi", b"b"), ("x-one", b"1")];

#[test]
fn repeated_headers_and_cookies_take_the_form_that_the_gateway_reads() {
    for (shape, expected) in [
        // "Create AWS Lambda proxy integrations for HTTP APIs", payload 2.0: no multiValueHeaders, cookies apart.
        (Shape::V2, json!({ "headers": { "x-multi": "a, b", "x-one": "1" }, "cookies": ["a=1; Path=/", "b=2"] })),
        (Shape::Url, json!({ "headers": { "x-multi": "a, b", "x-one": "1" }, "cookies": ["a=1; Path=/", "b=2"] })),
        // "Lambda proxy integrations in API Gateway": the maps are merged; any other member is a 502.
        (
            Shape::V1,
            json!({ "headers": { "x-one": "1" },
                    "multiValueHeaders": { "set-cookie": ["a=1; Path=/", "b=2"], "x-multi": ["a", "b"] } }),
        ),
        // "Lambda functions as targets": one of the maps, by the target group's setting.
        (
            Shape::Alb,
            json!({ "headers": { "x-multi": "a, b", "x-one": "1", "set-cookie": "a=1; Path=/", "Set-cookie": "b=2" },
                    "statusDescription": "200 OK" }),
        ),
        (
            Shape::Lattice,
            json!({ "headers": { "x-multi": "a, b", "x-one": "1", "set-cookie": "a=1; Path=/", "Set-cookie": "b=2" },
                    "statusDescription": "200 OK" }),
        ),
        (
            Shape::AlbMulti,
            json!({ "multiValueHeaders": { "set-cookie": ["a=1; Path=/", "b=2"], "x-multi": ["a", "b"], "x-one": ["1"] },
                    "statusDescription": "200 OK" }),
        ),
    ] {
        let mut expected = expected;
        for (member, value) in [("statusCode", json!(200)), ("body", json!("")), ("isBase64Encoded", json!(false))] {
            expected[member] = value;
        }
        assert_eq!(answer(shape, SEVERAL, b""), expected, "{shape:?}");
    }
}

#[test]
fn a_hundred_cookies_behind_a_load_balancer_all_have_names_of_their_own() {
    let cookies: Vec<_> = (0..100).map(|_| ("set-cookie", &b"a=1"[..])).collect();
    let answer = answer(Shape::Alb, &cookies, b"");
    let names: Vec<_> = answer["headers"].as_object().unwrap().keys().collect();
    assert_eq!(names.len(), 100);
    assert!(names.iter().all(|name| name.eq_ignore_ascii_case("set-cookie")));
}

/// There are no more ways to write the name.
#[test]
fn a_cookie_too_many_behind_a_load_balancer_is_an_error_and_none_is_lost() {
    let cookies = |number| (0..number).map(|_| ("set-cookie", &b"a=1"[..])).collect::<Vec<_>>();
    let names = answer(Shape::Alb, &cookies(512), b"")["headers"].as_object().unwrap().len();
    assert_eq!(names, 512);
    for shape in [Shape::Alb, Shape::Lattice] {
        let error = encode(shape, &head(200, &cookies(513)), &Bytes::new()).unwrap_err();
        assert!(error.to_string().contains("513 cookies"), "{error}");
    }
    assert_eq!(
        answer(Shape::AlbMulti, &cookies(513), b"")["multiValueHeaders"]["set-cookie"].as_array().unwrap().len(),
        513
    );
}

#[test]
fn bytes_are_base64_only_where_they_must_be() {
    for (headers, body, expected) in [
        (&[][..], &b"plain"[..], ("plain", false)),
        (&[("content-type", &b"image/svg+xml"[..])], b"<svg/>", ("<svg/>", false)),
        (&[("content-type", b"application/json")], b"{\"a\":\"\xc3\xa9\"}", ("{\"a\":\"é\"}", false)),
        (&[("content-type", b"image/png")], b"\x89PNG", ("iVBORw==", true)),
        (&[("content-type", b"text/plain")], b"\xff", ("/w==", true)),
        (&[("content-encoding", b"br")], b"text", ("dGV4dA==", true)),
        (&[("content-encoding", b"gzip")], b"", ("", false)),
    ] {
        for shape in SHAPES {
            let answer = answer(shape, headers, body);
            let got = (answer["body"].as_str().unwrap(), answer["isBase64Encoded"].as_bool().unwrap());
            assert_eq!(got, expected, "{shape:?} {headers:?}");
        }
    }
}

#[test]
fn a_header_that_is_no_text_is_taken_for_latin_1() {
    for (shape, map) in
        [(Shape::V1, "headers"), (Shape::V2, "headers"), (Shape::Url, "headers"), (Shape::Alb, "headers")]
    {
        assert_eq!(answer(shape, &[("x-name", b"caf\xe9")], b"")[map]["x-name"], "café", "{shape:?}");
    }
    assert_eq!(answer(Shape::AlbMulti, &[("x-name", b"\xe9")], b"")["multiValueHeaders"]["x-name"], json!(["é"]));
    assert_eq!(answer(Shape::V2, &[("set-cookie", b"a=\xe9")], b"")["cookies"], json!(["a=é"]));
}

#[test]
fn a_status_without_a_name_still_has_a_description() {
    let json = encode(Shape::Alb, &head(599, &[]), &Bytes::new()).unwrap();
    let answer: Value = serde_json::from_slice(&json).unwrap();
    assert_eq!((&answer["statusCode"], &answer["statusDescription"]), (&json!(599), &json!("599 Unknown")));
}

#[test]
fn the_largest_answer_is_measured_as_it_is_sent() {
    for (shape, limit) in [(Shape::V2, MAX_ANSWER), (Shape::V1, MAX_ANSWER), (Shape::AlbMulti, MAX_ALB_ANSWER)] {
        let around = encode(shape, &head(200, &[]), &Bytes::new()).unwrap().len();
        let fits = |length: usize| encode(shape, &head(200, &[]), &Bytes::from(vec![b'x'; length]));
        assert_eq!(fits(limit - around).unwrap().len(), limit, "{shape:?}");
        let error = fits(limit - around + 1).unwrap_err();
        assert!(error.to_string().contains(&format!("{} bytes of JSON", limit + 1)), "{error}");
        // As base64 it takes a third more.
        assert!(encode(shape, &head(200, &[]), &Bytes::from(vec![0xff; limit * 3 / 4])).is_err());
    }
}

#[test]
fn headers_of_another_connection_and_lengths_that_lie_stay_here() {
    const HOP: &[(&str, &[u8])] = &[
        ("connection", b"close"),
        ("keep-alive", b"timeout=5"),
        ("transfer-encoding", b"chunked"),
        ("content-length", b"3"),
        ("x-kept", b"1"),
    ];
    for shape in SHAPES {
        let answer = answer(shape, HOP, b"hello");
        let map = if shape == Shape::AlbMulti { &answer["multiValueHeaders"] } else { &answer["headers"] };
        assert_eq!(map.as_object().unwrap().keys().collect::<Vec<_>>(), ["x-kept"], "{shape:?}");
    }
    // Of a HEAD: the length that GET would have.
    assert_eq!(answer(Shape::V2, &[("content-length", b"5")], b"")["headers"], json!({ "content-length": "5" }));
}

#[test]
fn a_streams_head_ends_with_eight_zeros() {
    let bytes = prelude(&head(201, SEVERAL)).unwrap();
    let (head, zeros) = bytes.split_at(bytes.len() - 8);
    assert_eq!(zeros, [0; 8]);
    let head: Value = serde_json::from_slice(head).unwrap();
    let headers = json!({ "x-multi": "a, b", "x-one": "1" });
    assert_eq!(head, json!({ "statusCode": 201, "headers": headers, "cookies": ["a=1; Path=/", "b=2"] }));
}
