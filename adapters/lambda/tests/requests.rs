//! HTTP requests as each gateway delivers them: what a handler sees, and what becomes of bad ones.

use anyfn_core::test::block_on;
use anyfn_lambda::{Http, Received, Shape, decode};
use bytes::Bytes;
use serde_json::{Value, json};

fn http(event: &Value) -> Http {
    match decode(&Bytes::from(event.to_string())).unwrap() {
        Received::Http(http) => *http,
        other => panic!("{other:?}"),
    }
}

fn url(path: &str, query: &str) -> Value {
    json!({
        "version": "2.0", "rawPath": path, "rawQueryString": query, "headers": { "host": "fn.example" },
        "requestContext": { "domainName": "abc.lambda-url.eu-west-1.on.aws", "stage": "$default",
                            "http": { "method": "GET", "sourceIp": "203.0.113.7" } },
    })
}

fn v2(path: &str, stage: &str, domain: &str) -> Value {
    json!({
        "version": "2.0", "rawPath": path, "rawQueryString": "", "headers": { "host": domain },
        "requestContext": { "domainName": domain, "stage": stage, "http": { "method": "GET", "sourceIp": "203.0.113.7" } },
    })
}

const API: &str = "abc.execute-api.eu-west-1.amazonaws.com";

fn v1(path: &str) -> Value {
    json!({
        "httpMethod": "GET", "resource": "/{proxy+}", "path": path, "headers": { "Host": API },
        "requestContext": { "domainName": API, "stage": "prod", "path": format!("/prod{path}"),
                            "identity": { "sourceIp": "203.0.113.7" } },
    })
}

fn alb(path: &str) -> Value {
    json!({
        "httpMethod": "GET", "path": path, "queryStringParameters": {}, "body": "", "isBase64Encoded": false,
        "headers": { "host": "lb.example", "x-forwarded-proto": "http", "x-forwarded-for": "6.6.6.6, 203.0.113.7" },
        "requestContext": { "elb": { "targetGroupArn": "arn:aws:elasticloadbalancing:x" } },
    })
}

fn with(mut event: Value, member: &str, value: Value) -> Value {
    event[member] = value;
    event
}

fn target(event: &Value) -> String {
    http(event).request.uri().path_and_query().unwrap().to_string()
}

fn body(event: &Value) -> Vec<u8> {
    block_on(http(event).request.into_body().collect(1 << 20)).unwrap().to_vec()
}

#[test]
fn a_stage_is_taken_off_where_api_gateways_own_domain_has_it() {
    for (path, stage, domain, seen) in [
        ("/prod/hello", "prod", API, "/hello"),
        ("/prod", "prod", API, "/"),
        ("/prod/", "prod", API, "/"),
        ("/production", "prod", API, "/production"),
        ("/hello", "prod", "api.example", "/hello"),
        ("/prod/hello", "prod", "api.example", "/prod/hello"),
        ("/prod/prod", "prod", API, "/prod"),
        ("/hello", "$default", API, "/hello"),
    ] {
        let http = http(&v2(path, stage, domain));
        assert_eq!(http.request.uri().path(), seen, "{path} {stage} {domain}");
        assert_eq!(http.raw_target.as_deref(), (path != seen).then_some(path));
    }
    let rest = http(&v1("/hello"));
    assert_eq!((rest.request.uri().path(), rest.raw_target.as_deref()), ("/hello", Some("/prod/hello")));
}

#[test]
fn a_path_that_was_sent_stays_as_it_is() {
    for path in ["/a%20b%2Fc", "/a/../b/./c", "//a//b", "/x/", "/%zz", "/a;v=1/b", "/a%25b"] {
        assert_eq!(target(&url(path, "")), path);
        assert_eq!(target(&v1(path)), path);
        assert_eq!(target(&alb(path)), path);
    }
}

#[test]
fn a_path_that_was_decoded_is_encoded_again() {
    for (decoded, seen) in [
        ("/capture/space value", "/capture/space%20value"),
        ("/a?b", "/a%3Fb"),
        ("/a#b", "/a%23b"),
        ("/100%", "/100%25"),
        ("/grüße", "/gr%C3%BC%C3%9Fe"),
        ("/a/../b", "/a/../b"),
    ] {
        assert_eq!(target(&v2(decoded, "$default", API)), seen);
        assert_eq!(target(&with(v1(decoded), "version", json!("1.0"))), seen);
    }
}

#[test]
fn what_no_uri_holds_is_escaped_and_kept_as_it_came() {
    for (path, seen) in [
        ("/a b", "/a%20b"),
        ("/<a>`", "/%3Ca%3E%60"),
        ("/a#b?c", "/a%23b%3Fc"),
        ("/ü", "/%C3%BC"),
        ("", "/"),
        ("a", "/a"),
    ] {
        let http = http(&url(path, ""));
        assert_eq!((http.request.uri().path(), http.raw_target.as_deref()), (seen, Some(path)), "{path}");
    }
    for (query, seen) in [("a b", "a%20b"), ("q=\"<>\"", "q=%22%3C%3E%22"), ("ü#", "%C3%BC%23"), ("\u{0}\n", "%00%0A")]
    {
        assert_eq!(target(&url("/", query)), format!("/?{seen}"));
    }
}

#[test]
fn a_raw_query_is_kept_with_its_order_and_flags() {
    assert_eq!(target(&url("/", "b=2&a=1&b=3&c&d=&=e&&%zz&a+b")), "/?b=2&a=1&b=3&c&d=&=e&&%zz&a+b");
    assert_eq!(target(&url("/", "")), "/");
}

#[test]
fn a_query_that_comes_as_a_map_is_rebuilt_without_loss() {
    let several =
        json!({ "repeat": ["one", "two"], "plus": ["a b"], "amp": ["a&b=c d"], "empty": [""], "pct": ["100%"] });
    let rest = with(v1("/"), "multiValueQueryStringParameters", several);
    let rest = with(rest, "queryStringParameters", json!({ "repeat": "two" }));
    let query = "repeat=one&repeat=two&plus=a%20b&amp=a%26b%3Dc%20d&empty=&pct=100%25";
    // `Value` sorts its members, the event's order is kept: a text shows that.
    assert_eq!(target(&rest).split_once('?').unwrap().1.len(), query.len());
    let event = rest.to_string().replace(
        r#"{"amp":["a&b=c d"],"empty":[""],"pct":["100%"],"plus":["a b"],"repeat":["one","two"]}"#,
        r#"{"repeat":["one","two"],"plus":["a b"],"amp":["a&b=c d"],"empty":[""],"pct":["100%"]}"#,
    );
    let Received::Http(http) = decode(&Bytes::from(event)).unwrap() else { panic!() };
    assert_eq!(http.request.uri().query(), Some(query));
    let mut without = url("/", "");
    without.as_object_mut().unwrap().remove("rawQueryString");
    let without = with(without, "queryStringParameters", json!({ "a": "b c" }));
    assert_eq!(target(&without), "/?a=b%20c");
}

#[test]
fn a_load_balancers_query_is_passed_on_as_it_was_sent() {
    for value in ["a%26b%3Dc", "100%25", "x+y", "%%URL%%"] {
        assert_eq!(target(&with(alb("/"), "queryStringParameters", json!({ "q": value }))), format!("/?q={value}"));
        let multi = with(alb("/"), "multiValueQueryStringParameters", json!({ "q": [value, "2"] }));
        assert_eq!(target(&multi), format!("/?q={value}&q=2"));
    }
}

#[test]
fn the_url_is_the_public_one() {
    assert_eq!(http(&url("/a", "b")).request.uri(), "https://fn.example/a?b");
    assert_eq!(http(&alb("/a")).request.uri(), "http://lb.example/a");
    let proxied = json!({ "host": "fn.example:8443", "x-forwarded-proto": "https,http" });
    assert_eq!(http(&with(url("/", ""), "headers", proxied)).request.uri(), "https://fn.example:8443/");
    let without = with(url("/", ""), "headers", json!({}));
    assert_eq!(http(&without).request.uri(), "https://abc.lambda-url.eu-west-1.on.aws/");
    // The load balancer's own health check names no host.
    let check = with(alb("/"), "headers", json!({ "user-agent": "ELB-HealthChecker/2.0" }));
    assert_eq!(http(&check).request.uri(), "/");
}

#[test]
fn a_bad_host_is_a_400() {
    for host in ["exa mple.com", ":99999", "a:99999", "a:b", "", "user@a", "a/b", "[::1", "ü\u{1}"] {
        let event = with(url("/", ""), "headers", json!({ "host": host }));
        match decode(&Bytes::from(event.to_string())).unwrap() {
            Received::Refused(Shape::Url, error) => assert_eq!(error.status(), 400, "{host}"),
            // A value that HTTP does not know costs the header alone.
            Received::Http(http) => assert!(!http.request.headers().contains_key("host"), "{host}"),
            other => panic!("{host}: {other:?}"),
        }
    }
}

/// Without a `host` header a domain that is none is no reason to refuse: there is no authority then.
#[test]
fn a_bad_domain_is_nobodys_name() {
    let request = |domain: &str| {
        let event = with(url("/", ""), "headers", json!({}));
        let context = json!({ "domainName": domain, "http": { "method": "GET", "sourceIp": "203.0.113.7" } });
        http(&with(event, "requestContext", context)).request.uri().to_string()
    };
    assert_eq!(request("abc.example"), "https://abc.example/");
    for domain in ["execute-a@pi.example", "a b", "a.example:99999", ""] {
        assert_eq!(request(domain), "/", "{domain}");
    }
}

#[test]
fn every_value_of_a_repeated_header_arrives() {
    let event = with(v1("/"), "headers", json!({ "x-a": "b", "Host": API }));
    let event = with(event, "multiValueHeaders", json!({ "x-a": ["a", "b"], "Host": [API] }));
    let headers = http(&event).request.into_parts().0.headers;
    assert_eq!(headers.get_all("x-a").iter().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(headers["host"], API);
    let event = with(alb("/"), "headers", Value::Null);
    let multi = with(event, "multiValueHeaders", json!({ "host": ["lb.example"], "x-a": ["1", "2"] }));
    let http = http(&multi);
    assert_eq!((http.shape, http.request.uri().host()), (Shape::AlbMulti, Some("lb.example")));
    assert_eq!(http.request.headers().get_all("x-a").iter().count(), 2);
}

#[test]
fn headers_that_http_does_not_know_cost_themselves_alone() {
    let odd = json!({ "host": "fn.example", "a b": "1", "": "2", "x-line": "a\nb", "x-null": null, "x-ok": "grüße", "x-tab": "a\tb" });
    let headers = http(&with(url("/", ""), "headers", odd)).request.into_parts().0.headers;
    assert_eq!(headers["x-ok"].as_bytes(), "grüße".as_bytes());
    assert_eq!(headers["x-tab"], "a\tb");
    assert_eq!(headers.len(), 3);
}

#[test]
fn cookies_are_one_header() {
    let event = with(url("/", ""), "cookies", json!(["a=1", "b=2"]));
    assert_eq!(http(&event).request.headers()["cookie"], "a=1; b=2");
    let event = with(alb("/"), "multiValueHeaders", json!({ "host": ["a"], "cookie": ["n1=v1", "n2=v2"] }));
    let cookies = http(&event).request.into_parts().0.headers;
    assert_eq!(cookies.get_all("cookie").iter().collect::<Vec<_>>(), ["n1=v1; n2=v2"]);
}

#[test]
fn missing_maps_and_bodies_are_none() {
    let console = json!({ "httpMethod": "GET", "path": "/", "headers": null, "multiValueHeaders": null, "body": null,
                          "queryStringParameters": null, "multiValueQueryStringParameters": null, "requestContext": {} });
    let http = http(&console);
    assert_eq!((http.shape, http.request.headers().len()), (Shape::V1, 0));
    for empty in [Value::Null, json!("")] {
        assert_eq!(body(&with(url("/", ""), "body", empty)), b"");
    }
    assert_eq!(body(&url("/", "")), b"");
}

#[test]
fn bodies_are_the_bytes_that_were_sent() {
    assert_eq!(body(&with(url("/", ""), "body", json!("a\"b\\ü\n"))), "a\"b\\ü\n".as_bytes());
    assert_eq!(body(&with(url("/", ""), "body", json!("plain"))), b"plain");
    let encoded = |text: &str| with(with(url("/", ""), "body", json!(text)), "isBase64Encoded", json!(true));
    assert_eq!(body(&encoded("AP+A")), b"\0\xff\x80");
    assert_eq!(body(&encoded("dGV4dA==")), b"text");
    for wrong in ["AP+", "!", "a b", "dGV4dA"] {
        let Received::Refused(Shape::Url, error) = decode(&Bytes::from(encoded(wrong).to_string())).unwrap() else {
            panic!("{wrong}")
        };
        assert_eq!(error.status(), 400);
    }
}

#[test]
fn any_method_is_kept_and_none_is_a_400() {
    for method in ["HEAD", "PROPFIND", "QUERY", "x"] {
        let mut event = url("/", "");
        event["requestContext"]["http"]["method"] = json!(method);
        assert_eq!(http(&event).request.method(), method);
    }
    let event = with(v1("/"), "httpMethod", json!("G T"));
    assert!(matches!(decode(&Bytes::from(event.to_string())).unwrap(), Received::Refused(Shape::V1, _)));
}

#[test]
fn the_client_is_whom_the_gateway_saw() {
    for event in [url("/", ""), v2("/", "$default", API), v1("/"), alb("/")] {
        assert_eq!(http(&event).client_ip, Some("203.0.113.7".parse().unwrap()));
    }
    for (said, client) in [
        ("me", None),
        ("192.0.2.1, 203.0.113.7", Some("203.0.113.7")),
        ("192.0.2.1, 203.0.113.7:4711", Some("203.0.113.7")),
        ("[2001:db8::7]:4711", Some("2001:db8::7")),
        ("2001:db8::7", Some("2001:db8::7")),
    ] {
        let seen = http(&with(alb("/"), "headers", json!({ "x-forwarded-for": said }))).client_ip;
        assert_eq!(seen, client.map(|address| address.parse().unwrap()), "{said}");
    }
}

#[test]
fn what_anyfn_does_not_serve_is_refused_with_what_to_do() {
    for (event, says) in [
        (json!({ "requestContext": { "connectionId": "x", "eventType": "CONNECT" }, "headers": {} }), "WebSocket"),
        (json!({ "raw_path": "/", "method": "GET", "headers": {} }), "event structure version to V2"),
        (json!({ "Records": [{ "cf": { "request": {} } }] }), "Lambda@Edge"),
        (
            json!({ "type": "REQUEST", "methodArn": "arn", "httpMethod": "GET", "path": "/", "requestContext": {} }),
            "authorizer",
        ),
        (
            json!({ "version": "2.0", "type": "REQUEST", "routeArn": "arn", "requestContext": { "http": { "method": "GET" } } }),
            "authorizer",
        ),
    ] {
        let error = decode(&Bytes::from(event.to_string())).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
    for text in ["", "{", "\u{0}"] {
        assert!(decode(&Bytes::from(text)).unwrap_err().to_string().contains("no JSON"));
    }
}

#[test]
fn what_is_no_request_is_an_event() {
    use anyfn_lambda::events::Source;
    for (event, is) in [
        (json!({}), Source::Direct),
        (json!([1]), Source::Direct),
        (json!("text"), Source::Direct),
        (json!({ "headers": 5, "path": [] }), Source::Direct),
        (json!({ "Records": [] }), Source::Direct),
        (json!({ "Records": [{ "eventSource": "aws:sqs" }] }), Source::Sqs),
        (json!({ "Records": [{ "EventSource": "aws:sns" }] }), Source::Sns),
        (json!({ "Records": [{ "eventSource": "aws:kinesis" }] }), Source::Kinesis),
        (json!({ "Records": [{ "eventSource": "aws:dynamodb" }] }), Source::DynamoDb),
        (json!({ "Records": [{ "eventSource": "aws:s3" }] }), Source::S3),
        (json!({ "eventSource": "aws:kafka", "records": {} }), Source::Kafka),
        (json!({ "eventSource": "SelfManagedKafka", "records": {} }), Source::Kafka),
        (json!({ "version": "0", "detail-type": "x", "source": "y", "detail": {} }), Source::EventBridge),
    ] {
        match decode(&Bytes::from(event.to_string())).unwrap() {
            Received::Event(source) => assert_eq!(source, is, "{event}"),
            other => panic!("{event}: {other:?}"),
        }
    }
}

#[test]
fn no_event_panics_the_decoder() {
    let seeds = [url("/a", "b"), v2("/p/x", "p", API), v1("/a"), alb("/a")].map(|event| event.to_string().into_bytes());
    // A small linear generator: the same mutations on every run.
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) as usize
    };
    for round in 0..40_000 {
        let mut event = seeds[round % seeds.len()].clone();
        for _ in 0..=next() % 4 {
            let at = next() % event.len();
            match next() % 3 {
                0 => event[at] = (next() % 256) as u8,
                1 => drop(event.splice(at..at, *b"\\u0000")),
                _ => event.truncate(at.max(1)),
            }
        }
        let _ = decode(&Bytes::from(event));
    }
}
