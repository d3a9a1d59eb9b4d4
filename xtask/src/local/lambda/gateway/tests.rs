//! What AWS's gateways were recorded or documented to do.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{Call, Gateway, Shape};
use crate::local::http1::{Answer, Headers, Outgoing};

const SHAPES: [Shape; 5] = [Shape::V2, Shape::V1, Shape::Url, Shape::Alb, Shape::AlbMulti];

fn call(
    shape: Shape,
    stage: Option<&str>,
    target: &str,
    headers: &[(&str, &[u8])],
    body: &[u8],
) -> Result<Value, Answer> {
    let mut all = Headers::new().with("Host", "fn.example:8080");
    for (name, value) in headers {
        all.push(*name, *value);
    }
    let gateway = Gateway::new(shape, stage.map(str::to_owned));
    let event = gateway.event(&Call {
        method: "PROPFIND",
        target: target.as_bytes(),
        headers: &all,
        body: &Bytes::copy_from_slice(body),
        client: [192, 0, 2, 7].into(),
        port: 8080,
    })?;
    Ok(serde_json::from_slice(&event).unwrap())
}

fn event(shape: Shape, target: &str) -> Value {
    with_headers(shape, target, &[])
}

fn with_headers(shape: Shape, target: &str, headers: &[(&str, &[u8])]) -> Value {
    call(shape, None, target, headers, b"").ok().unwrap()
}

fn answer(shape: Shape, answer: impl Into<Bytes>) -> Result<Answer, String> {
    Gateway::new(shape, None).answer(&answer.into())
}

fn body(answer: &Answer) -> &[u8] {
    match &answer.body {
        Outgoing::Whole(body) => body,
        _ => panic!("a whole answer gives a whole body"),
    }
}

fn values(answer: &Answer, name: &str) -> Vec<String> {
    answer.headers.all(name).map(|value| String::from_utf8(value.to_vec()).unwrap()).collect()
}

const RECORDED: &str = "/capture/space%20value?repeat=one&repeat=two&redirect=https%3A%2F%2Fexample.com%2Fa%2Fb\
                        &literalPlus=a+b&encodedPlus=a%2Bb&empty=";

#[test]
fn a_function_url_delivers_path_and_query_as_sent_and_a_decoded_map() {
    let event = event(Shape::Url, RECORDED);
    assert_eq!(event["rawPath"], "/capture/space%20value");
    assert_eq!(event["rawQueryString"], RECORDED.split_once('?').unwrap().1);
    assert_eq!(
        event["queryStringParameters"],
        json!({"repeat": "one,two", "redirect": "https://example.com/a/b", "literalPlus": "a b", "encodedPlus": "a+b", "empty": ""})
    );
    assert!(event["requestContext"]["domainName"].as_str().unwrap().contains(".lambda-url."));
    assert_eq!(event["requestContext"]["stage"], "$default");
}

#[test]
fn an_http_api_decodes_the_path_and_leaves_the_query() {
    let event = event(Shape::V2, RECORDED);
    assert_eq!(event["version"], "2.0");
    assert_eq!(event["rawPath"], "/capture/space value");
    assert_eq!(event["requestContext"]["http"]["path"], "/capture/space value");
    assert_eq!(event["rawQueryString"], RECORDED.split_once('?').unwrap().1);
    assert_eq!(event["requestContext"]["domainName"], "fn.example");
    for (sent, delivered) in [
        ("/a%2Fb", "/a/b"),
        ("/%3F%23", "/?#"),
        ("/100%25", "/100%"),
        ("/%zz%4", "/%zz%4"),
        ("/%FF", "/\u{FFFD}"),
        ("/a/../b//c/", "/a/../b//c/"),
        ("/gr%C3%BC%C3%9Fe", "/grüße"),
    ] {
        assert_eq!(self::event(Shape::V2, sent)["rawPath"], delivered, "{sent}");
    }
}

#[test]
fn a_rest_api_delivers_the_path_as_sent_and_decoded_parameters() {
    let event = event(Shape::V1, RECORDED);
    assert_eq!(event["path"], "/capture/space%20value");
    assert_eq!(event["resource"], "/{proxy+}");
    assert_eq!(event["queryStringParameters"]["repeat"], "two");
    assert_eq!(event["multiValueQueryStringParameters"]["repeat"], json!(["one", "two"]));
    assert_eq!(event["multiValueQueryStringParameters"]["literalPlus"], json!(["a b"]));
    assert_eq!(event["multiValueQueryStringParameters"]["encodedPlus"], json!(["a+b"]));
    let bare = self::event(Shape::V1, "/");
    assert_eq!((&bare["queryStringParameters"], &bare["body"]), (&Value::Null, &Value::Null));
}

#[test]
fn a_load_balancer_decodes_nothing_and_keeps_the_last_or_all() {
    let single = event(Shape::Alb, RECORDED);
    assert_eq!(single["path"], "/capture/space%20value");
    assert_eq!(single["queryStringParameters"]["redirect"], "https%3A%2F%2Fexample.com%2Fa%2Fb");
    assert_eq!(single["queryStringParameters"]["repeat"], "two");
    assert_eq!(single["queryStringParameters"]["literalPlus"], "a+b");
    assert!(single.get("multiValueHeaders").is_none());
    let multi = event(Shape::AlbMulti, RECORDED);
    assert_eq!(multi["multiValueQueryStringParameters"]["repeat"], json!(["one", "two"]));
    assert_eq!(multi["multiValueHeaders"]["host"], json!(["fn.example:8080"]));
    assert!(multi.get("headers").is_none() && multi.get("queryStringParameters").is_none());
    let broken = event(Shape::Alb, "/?q=a%26b%3Dc&r=100%25&s=%%URL%%");
    assert_eq!(broken["queryStringParameters"], json!({"q": "a%26b%3Dc", "r": "100%25", "s": "%%URL%%"}));
}

#[test]
fn parameters_keep_their_order_and_flags_are_empty() {
    let v1 = event(Shape::V1, "/?b=2&&a=1&b=3&c&=x")["multiValueQueryStringParameters"].to_string();
    assert_eq!(v1, r#"{"b":["2","3"],"a":["1"],"c":[""],"":["x"]}"#);
    assert_eq!(event(Shape::V2, "/?b=2&a=1&b=3&c")["rawQueryString"], "b=2&a=1&b=3&c");
}

#[test]
fn a_stage_stands_in_the_raw_path_of_v2_and_in_the_context_of_v1() {
    let staged = |shape, target| call(shape, Some("prod"), target, &[], b"");
    let v2 = staged(Shape::V2, "/prod/hello").ok().unwrap();
    assert_eq!((&v2["rawPath"], &v2["requestContext"]["stage"]), (&json!("/prod/hello"), &json!("prod")));
    assert!(v2["requestContext"]["domainName"].as_str().unwrap().contains(".execute-api."));
    assert_eq!(staged(Shape::V2, "/prod").ok().unwrap()["rawPath"], "/prod");
    let v1 = staged(Shape::V1, "/prod/hello").ok().unwrap();
    assert_eq!((&v1["path"], &v1["requestContext"]["path"]), (&json!("/hello"), &json!("/prod/hello")));
    assert_eq!(staged(Shape::V1, "/prod").ok().unwrap()["path"], "/");
    assert_eq!(staged(Shape::V2, "/production").err().unwrap().status, 404);
    assert_eq!(staged(Shape::V1, "/hello").err().unwrap().status, 403);
    assert_eq!(event(Shape::V1, "/hello")["requestContext"]["path"], "/hello");
}

#[test]
fn headers_are_joined_last_or_listed() {
    let headers: &[(&str, &[u8])] =
        &[("X-Many", b"a, b"), ("x-many", b"c"), ("X-Latin", b"caf\xE9"), ("connection", b"close")];
    let v2 = with_headers(Shape::V2, "/", headers);
    assert_eq!((&v2["headers"]["x-many"], &v2["headers"]["x-latin"]), (&json!("a, b,c"), &json!("café")));
    assert!(v2["headers"].get("connection").is_none());
    assert_eq!(with_headers(Shape::Alb, "/", headers)["headers"]["x-many"], "c");
    assert_eq!(with_headers(Shape::AlbMulti, "/", headers)["multiValueHeaders"]["x-many"], json!(["a, b", "c"]));
    let v1 = with_headers(Shape::V1, "/", headers);
    assert_eq!(v1["multiValueHeaders"]["X-Many"], json!(["a, b"]));
    assert_eq!(v1["headers"]["Host"], "fn.example:8080");
}

#[test]
fn payload_2_takes_cookies_out_of_the_headers() {
    let headers: &[(&str, &[u8])] = &[("cookie", b"a=1; b=2"), ("Cookie", b"c=3")];
    for shape in [Shape::V2, Shape::Url] {
        let event = with_headers(shape, "/", headers);
        assert_eq!(event["cookies"], json!(["a=1", "b=2", "c=3"]));
        assert!(event["headers"].get("cookie").is_none());
    }
    assert_eq!(with_headers(Shape::AlbMulti, "/", headers)["multiValueHeaders"]["cookie"], json!(["a=1; b=2", "c=3"]));
    assert!(event(Shape::V2, "/").get("cookies").is_none());
}

#[test]
fn the_client_is_named_by_the_gateway_after_what_it_claims_itself() {
    let forged: &[(&str, &[u8])] = &[("x-forwarded-for", b"203.0.113.9"), ("x-forwarded-proto", b"https")];
    for shape in SHAPES {
        let event = with_headers(shape, "/", forged);
        let headers = event.get("headers").or(event.get("multiValueHeaders")).unwrap();
        let header = |name: &str| headers.get(name).map(|value| value.get(0).unwrap_or(value).clone());
        let (chain, proto) = if shape == Shape::V1 {
            (header("X-Forwarded-For"), header("X-Forwarded-Proto"))
        } else {
            (header("x-forwarded-for"), header("x-forwarded-proto"))
        };
        assert_eq!(chain.unwrap(), "203.0.113.9, 192.0.2.7", "{shape:?}");
        assert_eq!(proto.unwrap(), "http", "{shape:?}");
    }
    assert_eq!(event(Shape::V2, "/")["requestContext"]["http"]["sourceIp"], "192.0.2.7");
    assert_eq!(event(Shape::V1, "/")["requestContext"]["identity"]["sourceIp"], "192.0.2.7");
}

#[test]
fn text_is_delivered_as_text_and_all_else_in_base64() {
    let send = |shape, content_type: &[u8], body: &[u8]| {
        let headers: &[(&str, &[u8])] = if content_type.is_empty() { &[] } else { &[("content-type", content_type)] };
        let event = call(shape, None, "/", headers, body).ok().unwrap();
        (event["body"].clone(), event["isBase64Encoded"].clone())
    };
    for shape in SHAPES {
        assert_eq!(send(shape, b"text/plain; charset=utf-8", "grüße".as_bytes()), (json!("grüße"), json!(false)));
        assert_eq!(send(shape, b"Application/JSON", b"{}"), (json!("{}"), json!(false)));
        assert_eq!(send(shape, b"text/plain", b"\xff"), (json!("/w=="), json!(true)));
        assert_eq!(send(shape, b"multipart/form-data; boundary=b", b"--b"), (json!("LS1i"), json!(true)));
        assert_eq!(send(shape, b"", b"\0"), (json!("AA=="), json!(true)));
    }
    let gzipped = call(Shape::Alb, None, "/", &[("content-type", b"text/plain"), ("content-encoding", b"gzip")], b"x");
    assert_eq!(gzipped.ok().unwrap()["isBase64Encoded"], true);
    assert_eq!(send(Shape::Alb, b"", b"").0, "", "a load balancer sends an empty string");
    assert_eq!(send(Shape::V1, b"", b"").0, Value::Null);
    assert!(event(Shape::V2, "/").get("body").is_none());
}

#[test]
fn what_is_too_large_for_lambda_is_refused_before_it() {
    let large = vec![b'x'; 5_000_000];
    assert_eq!(call(Shape::V2, None, "/", &[], &large).err().unwrap().status, 413, "6.7 MB as base64");
    assert!(call(Shape::V2, None, "/", &[("content-type", b"text/plain")], &large).is_ok());
    assert_eq!(call(Shape::Alb, None, "/", &[("content-type", b"text/plain")], &large).err().unwrap().status, 413);
}

#[test]
fn absolute_and_odd_targets_have_a_path() {
    let path = |target| event(Shape::Url, target)["rawPath"].as_str().unwrap().to_owned();
    assert_eq!(path("http://fn.example/text/2?a"), "/text/2");
    assert_eq!(path("HTTP://fn.example?a"), "/");
    assert_eq!(path("*"), "*");
    assert_eq!(path("//a//b"), "//a//b");
    assert_eq!(event(Shape::Url, "/?q=grüße\"<>")["rawQueryString"], "q=grüße\"<>");
}

#[test]
fn payload_2_sends_single_headers_and_cookies() {
    for shape in [Shape::V2, Shape::Url] {
        let json = r#"{"statusCode":"201","headers":{"X-A":"a, b","n":7},"multiValueHeaders":{"x-b":["1"]},"cookies":["a=1","b=2"],"body":"hi"}"#;
        let answer = answer(shape, json).unwrap();
        assert_eq!((answer.status, body(&answer)), (201, &b"hi"[..]));
        assert_eq!(values(&answer, "x-a"), ["a, b"]);
        assert_eq!(values(&answer, "n"), ["7"]);
        assert_eq!(values(&answer, "set-cookie"), ["a=1", "b=2"]);
        assert!(values(&answer, "x-b").is_empty(), "payload 2.0 knows no multiValueHeaders");
    }
}

#[test]
fn a_rest_api_merges_both_maps_and_the_list_wins() {
    let json = r#"{"statusCode":200,"headers":{"X-A":"single","x-b":"b"},"multiValueHeaders":{"x-a":["1","2"],"set-cookie":["a=1","b=2"]}}"#;
    let answer = answer(Shape::V1, json).unwrap();
    assert_eq!(values(&answer, "x-a"), ["1", "2"]);
    assert_eq!(values(&answer, "x-b"), ["b"]);
    assert_eq!(values(&answer, "set-cookie"), ["a=1", "b=2"]);
}

#[test]
fn a_load_balancer_reads_only_the_map_of_its_mode() {
    let json = r#"{"statusCode":200,"statusDescription":"200 Fine","headers":{"x":"s","set-cookie":"a=1","Set-cookie":"b=2"},"multiValueHeaders":{"x":["m","n"]},"body":""}"#;
    let single = answer(Shape::Alb, json).unwrap();
    assert_eq!(values(&single, "x"), ["s"]);
    assert_eq!(values(&single, "set-cookie"), ["a=1", "b=2"]);
    assert_eq!(single.reason.as_deref(), Some("Fine"));
    assert_eq!(values(&answer(Shape::AlbMulti, json).unwrap(), "x"), ["m", "n"]);
    assert!(answer(Shape::Alb, json.replace("200 Fine", "204 No")).is_err());
}

#[test]
fn base64_bodies_are_decoded_and_wrong_ones_refused() {
    for shape in SHAPES {
        let good = answer(shape, r#"{"statusCode":200,"isBase64Encoded":true,"body":"AP8="}"#).unwrap();
        assert_eq!(body(&good), b"\0\xff");
        assert!(answer(shape, r#"{"statusCode":200,"isBase64Encoded":true,"body":"!"}"#).is_err());
    }
}

#[test]
fn malformed_answers_are_refused() {
    for shape in SHAPES {
        for malformed in [
            r#"{"statusCode":99}"#,
            r#"{"statusCode":600}"#,
            r#"{"statusCode":null}"#,
            r#"{"statusCode":200,"body":{}}"#,
            r#"{"statusCode":200,"isBase64Encoded":"true"}"#,
            "no json",
        ] {
            assert!(answer(shape, malformed).is_err(), "{shape:?} {malformed}");
        }
    }
    assert!(answer(Shape::V2, r#"{"statusCode":200,"headers":{"a b":"c"}}"#).is_err());
    assert!(answer(Shape::V2, r#"{"statusCode":200,"headers":{"a":"b\r\nc: d"}}"#).is_err());
    assert!(answer(Shape::V1, r#"{"statusCode":200,"cookies":["a=1"]}"#).is_err(), "REST knows no cookies");
    assert!(answer(Shape::V1, r#"{"body":"no status"}"#).is_err());
    assert!(answer(Shape::Alb, vec![b' '; (1 << 20) + 1]).is_err(), "a load balancer takes 1 MB");
}

#[test]
fn an_answer_without_a_status_is_a_body_to_payload_2() {
    for shape in [Shape::V2, Shape::Url] {
        let answer = answer(shape, r#""Hello, world!""#).unwrap();
        assert_eq!((answer.status, body(&answer)), (200, &br#""Hello, world!""#[..]));
        assert_eq!(values(&answer, "content-type"), ["application/json"]);
    }
}

#[test]
fn a_missing_content_type_is_the_gateways_own() {
    let plain = r#"{"statusCode":200,"body":"x"}"#;
    assert_eq!(values(&answer(Shape::V2, plain).unwrap(), "content-type"), ["text/plain;charset=UTF-8"]);
    assert_eq!(values(&answer(Shape::V1, plain).unwrap(), "content-type"), ["application/json"]);
    assert!(values(&answer(Shape::V1, r#"{"statusCode":204}"#).unwrap(), "content-type").is_empty());
}

#[test]
fn a_streamed_answer_is_put_together_by_a_url_only() {
    let streamed = b"{\"statusCode\":201,\"cookies\":[\"a=1\"]}\0\0\0\0\0\0\0\0one\0two";
    let url = answer(Shape::Url, &streamed[..]).unwrap();
    assert_eq!((url.status, body(&url)), (201, &b"one\0two"[..]));
    assert_eq!(values(&url, "set-cookie"), ["a=1"]);
    assert!(answer(Shape::V2, &streamed[..]).is_err());
}

#[test]
fn times_are_written_as_api_gateway_writes_them() {
    assert_eq!(super::time::clf(0), "01/Jan/1970:00:00:00 +0000");
    assert_eq!(super::time::clf(1_709_210_096), "29/Feb/2024:12:34:56 +0000");
    assert_eq!(super::time::clf(1_795_427_001), "23/Nov/2026:09:43:21 +0000");
}
