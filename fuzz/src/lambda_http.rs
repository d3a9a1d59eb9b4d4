//! HTTP requests of Lambda's six payloads.

use anyfn_core::test::block_on;
use anyfn_core::{Body, Names};
use anyfn_lambda::{Http, Received, Shape, decode, encode, events};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, header};
use serde_json::{Map, Value, json};

use crate::input::{Message, decoder, grouped, pairs, unescaped};
use crate::lambda_answers::answers;

/// The first byte says which gateway delivers the request that follows (`0` to `5`), that bytes follow which may be an event or
/// not (`6`), or an answer (`7`); the next bits that the body is base64 (8), and wrong (16).
pub fn lambda_http(data: &[u8]) {
    let Some((kind, rest)) = decoder(data, 8) else { return };
    match kind % 8 {
        6 => raw(rest),
        7 => answers(rest),
        shape => delivered(SHAPES[usize::from(shape)], &Message::read(rest), kind & 8 != 0, kind & 24 == 24),
    }
}

const SHAPES: [Shape; 6] = [Shape::V1, Shape::V2, Shape::Url, Shape::Alb, Shape::AlbMulti, Shape::Lattice];

/// Any bytes: an event of some kind, or an error.
pub(crate) fn raw(bytes: &[u8]) {
    match decode(&Bytes::copy_from_slice(bytes)) {
        Ok(Received::Http(http)) => sound(*http),
        Ok(Received::Refused(shape, error)) => {
            let status = error.status();
            assert!(status.is_client_error(), "{status}");
            answered(shape, error);
        }
        Ok(Received::Event(source)) => drop(events::decode(source, &Bytes::copy_from_slice(bytes), &Names::default())),
        Ok(_) => unreachable!(),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// An error can always be told.
fn answered(shape: Shape, error: anyfn_core::Error) {
    let status = error.status().as_u16();
    let (head, body) = error.into_http().into_parts();
    let json = encode(shape, &head, body.whole().expect("problem details are whole")).expect("an error is small");
    let json: Value = serde_json::from_slice(&json).expect("an answer is JSON");
    assert_eq!(json["statusCode"], status);
}

/// A request whose URI says the same when it is written and read.
fn sound(http: Http) {
    let uri = http.request.uri();
    assert!(uri.path().starts_with('/'), "{uri:?}");
    assert_eq!(&uri.to_string().parse::<http::Uri>().expect("a URI"), uri);
    if uri.authority().is_some() {
        assert!(!uri.host().unwrap_or_default().is_empty(), "{uri:?}");
        assert!(!uri.authority().is_some_and(|host| host.as_str().contains('@')), "{uri:?}");
    }
    assert!(http.request.body().whole().is_some());
}

/// The event that a gateway makes of a request, and what comes of it.
fn delivered(shape: Shape, message: &Message, base64: bool, wrong: bool) {
    let (method, path, query) = message.request_line();
    let mut event = Map::new();
    let base64 = base64 || std::str::from_utf8(&message.body).is_err();
    let mut body = if base64 { STANDARD.encode(&message.body) } else { String::from_utf8_lossy(&message.body).into() };
    if wrong {
        body.push('!');
    }
    event.insert("body".to_owned(), if body.is_empty() { Value::Null } else { body.into() });
    event.insert("isBase64Encoded".to_owned(), base64.into());

    // A header's name is one in any case, and a map has it once.
    let lower: Vec<(String, &str)> =
        message.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.as_str())).collect();
    let headers = grouped(lower.iter().map(|(name, value)| (name.as_str(), *value)));
    let query_pairs = pairs(query.unwrap_or_default());
    let parameters = grouped(query_pairs.iter().copied());
    let context = match shape {
        Shape::V1 => {
            json!({ "stage": "prod", "path": format!("/prod{path}"), "identity": { "sourceIp": "203.0.113.7" } })
        }
        Shape::V2 => json!({ "stage": "$default", "http": { "method": method } }),
        Shape::Url => json!({ "domainName": "x.lambda-url.eu-west-1.on.aws", "http": { "method": method } }),
        Shape::Alb | Shape::AlbMulti => json!({ "elb": {} }),
        _ => json!({ "serviceNetworkArn": "arn" }),
    };
    event.insert("requestContext".to_owned(), context);
    match shape {
        Shape::V2 | Shape::Url => {
            event.insert("version".to_owned(), "2.0".into());
            event.insert("rawPath".to_owned(), path.into());
            event.insert("rawQueryString".to_owned(), query.unwrap_or_default().into());
            let (cookies, others): (Vec<_>, Vec<_>) = headers.iter().partition(|(name, _)| name == "cookie");
            event.insert("headers".to_owned(), map(others, |values| values.join(",").into()));
            if let Some((_, cookies)) = cookies.first() {
                event.insert("cookies".to_owned(), (*cookies).clone().into());
            }
        }
        _ => {
            event.insert("path".to_owned(), path.into());
            event.insert(if shape == Shape::Lattice { "method" } else { "httpMethod" }.to_owned(), method.into());
            let last = |values: &[&str]| values.last().copied().into();
            let several = |values: &[&str]| values.to_vec().into();
            if matches!(shape, Shape::V1 | Shape::Alb) {
                event.insert("headers".to_owned(), map(&headers, last));
                event.insert("queryStringParameters".to_owned(), map(&parameters, last));
            }
            if matches!(shape, Shape::V1 | Shape::AlbMulti) {
                event.insert("multiValueHeaders".to_owned(), map(&headers, several));
                event.insert("multiValueQueryStringParameters".to_owned(), map(&parameters, several));
            }
            if shape == Shape::Lattice {
                event.insert("headers".to_owned(), map(&headers, several));
                event.insert("queryStringParameters".to_owned(), map(&parameters, several));
            }
        }
    }
    let event = Bytes::from(Value::Object(event).to_string());
    let http = match decode(&event).expect("a gateway's event is a request") {
        Received::Http(http) => *http,
        Received::Refused(refused, error) => {
            assert_eq!(refused, shape);
            assert_eq!(error.status(), 400, "{error}");
            let host = headers.iter().find(|(name, _)| name == "host");
            let bad = Method::from_bytes(method.as_bytes()).is_err();
            assert!(wrong || bad || host.is_some(), "refused for nothing: {error} {event:?}");
            return answered(shape, error);
        }
        other => panic!("{other:?} of {event:?}"),
    };
    assert!(!wrong, "wrong base64 was let pass");
    assert_eq!((http.shape, http.request.method().as_str()), (shape, method));

    let uri = http.request.uri();
    let rooted = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    // What is decoded by the gateway means every byte; what is not is unescaped on both sides.
    let meant = if shape == Shape::V2 { rooted.clone().into_bytes() } else { unescaped(&rooted) };
    assert_eq!(unescaped(uri.path()), meant, "{uri}");
    if shape != Shape::V2
        && rooted.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:@".contains(&byte))
    {
        assert_eq!(uri.path(), rooted);
    }
    queried(shape, uri.query(), query, &parameters);
    headed(shape, &http.request, &headers);
    let body = http.request.body().whole().cloned().unwrap_or_default();
    assert_eq!(body, message.body, "the body's bytes");
    again(http);
}

/// The query says what was sent.
fn queried(shape: Shape, seen: Option<&str>, query: Option<&str>, parameters: &[(String, Vec<&str>)]) {
    if matches!(shape, Shape::V2 | Shape::Url) {
        assert_eq!(unescaped(seen.unwrap_or_default()), unescaped(query.unwrap_or_default()));
        return;
    }
    let seen: Vec<(Vec<u8>, Vec<u8>)> = pairs(seen.unwrap_or_default()).into_iter().map(both).collect();
    let sent = parameters.iter().flat_map(|(name, values)| {
        // One value for each name is all that there is of a load balancer without multi-value headers.
        let values = if shape == Shape::Alb { &values[values.len() - 1..] } else { &values[..] };
        values.iter().map(move |value| (name.as_str(), *value))
    });
    let literal = |(name, value): (&str, &str)| (name.as_bytes().to_vec(), value.as_bytes().to_vec());
    let sent: Vec<_> = if shape == Shape::V1 { sent.map(literal).collect() } else { sent.map(both).collect() };
    assert_eq!(seen, sent, "{shape:?}");
}

fn both((name, value): (&str, &str)) -> (Vec<u8>, Vec<u8>) {
    (unescaped(name), unescaped(value))
}

/// Every header that HTTP knows, with all its values in order.
fn headed(shape: Shape, request: &http::Request<Body>, headers: &[(String, Vec<&str>)]) {
    let mut expected = 0;
    for (name, values) in headers {
        let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else { continue };
        let known = |value: &&&str| HeaderValue::from_bytes(value.as_bytes()).is_ok();
        let two = matches!(shape, Shape::V2 | Shape::Url);
        let sent: Vec<String> = match shape {
            _ if two && name == header::COOKIE => vec![values.join("; ")],
            _ if two => vec![values.join(",")],
            Shape::Alb => values[values.len() - 1..].iter().map(|value| (*value).to_owned()).collect(),
            _ => values.iter().filter(known).map(|value| (*value).to_owned()).collect(),
        };
        let mut sent: Vec<String> =
            sent.into_iter().filter(|value| HeaderValue::from_bytes(value.as_bytes()).is_ok()).collect();
        if name == header::COOKIE && sent.len() > 1 {
            sent = vec![sent.join("; ")];
        }
        let seen: Vec<&[u8]> = request.headers().get_all(&name).iter().map(HeaderValue::as_bytes).collect();
        assert_eq!(seen, sent.iter().map(String::as_bytes).collect::<Vec<_>>(), "{name} {shape:?}");
        expected += usize::from(!sent.is_empty());
    }
    assert_eq!(request.headers().keys_len(), expected, "headers that nobody sent");
}

/// The request as an event of a Function URL is the same request again.
fn again(http: Http) {
    let (head, body) = http.request.into_parts();
    let Ok(host) = head.headers.get(header::HOST).map(|host| host.to_str()).transpose() else { return };
    let body = block_on(body.collect(1 << 24)).expect("a whole body");
    let event = json!({
        "version": "2.0", "rawPath": head.uri.path(), "rawQueryString": head.uri.query().unwrap_or_default(),
        "headers": { "host": host }, "body": STANDARD.encode(&body), "isBase64Encoded": true,
        "requestContext": { "domainName": "x.lambda-url.eu-west-1.on.aws", "http": { "method": head.method.as_str() } },
    });
    let Ok(Received::Http(twice)) = decode(&event.to_string().into()) else { panic!("{event}") };
    let uri = twice.request.uri();
    assert_eq!((uri.path(), uri.query().unwrap_or_default()), (head.uri.path(), head.uri.query().unwrap_or_default()));
    assert_eq!(twice.request.body().whole(), Some(&body));
}

fn map<'a>(groups: impl IntoIterator<Item = &'a (String, Vec<&'a str>)>, value: impl Fn(&[&'a str]) -> Value) -> Value {
    Value::Object(groups.into_iter().map(|(name, values)| (name.clone(), value(values))).collect())
}
