//! The function's answer as the client gets it.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value};

use super::LARGEST_ALB;
use crate::local::http1::{Answer, Headers};
use crate::local::lambda::Shape;

/// The members that API Gateway's REST API knows; it refuses an answer with any other.
const V1_MEMBERS: [&str; 5] = ["isBase64Encoded", "statusCode", "headers", "multiValueHeaders", "body"];
/// Stands between a streamed answer's status and headers and its body (Lambda: "Building a custom runtime").
pub(in crate::local::lambda) const SEPARATOR: [u8; 8] = [0; 8];

/// What the client gets of a whole answer, or why the gateway refuses it.
pub(super) fn whole(shape: Shape, bytes: &Bytes) -> Result<Answer, String> {
    if shape == Shape::Url {
        // A streamed answer, through a URL that buffers.
        if let Some(at) = bytes.windows(SEPARATOR.len()).position(|window| window == SEPARATOR) {
            let head = prelude(&bytes[..at])?;
            return Ok(Answer::new(head.status, head.headers, bytes.slice(at + SEPARATOR.len()..)));
        }
    }
    if bytes.len() > LARGEST_ALB && matches!(shape, Shape::Alb | Shape::AlbMulti) {
        return Err(format!("an answer of {} bytes, over the load balancer's 1 MB", bytes.len()));
    }
    let value: Value = serde_json::from_slice(bytes).map_err(|error| format!("no JSON: {error}"))?;
    match value {
        Value::Object(answer) if answer.contains_key("statusCode") => shaped(shape, &answer),
        // Payload 2.0 takes anything else for the body of a 200.
        _ if matches!(shape, Shape::V2 | Shape::Url) => Ok(Answer::typed(200, "application/json", bytes.clone())),
        _ => Err("no object with a statusCode".to_owned()),
    }
}

/// The status and headers at the beginning of a streamed answer.
pub(super) fn prelude(bytes: &[u8]) -> Result<Answer, String> {
    let value: Value = serde_json::from_slice(bytes).map_err(|error| format!("a prelude that is no JSON: {error}"))?;
    let head = value.as_object().ok_or("a prelude that is no object")?;
    let status = if head.contains_key("statusCode") { status(head)? } else { 200 };
    Ok(Answer::new(status, headers(Shape::Url, head)?, Bytes::new()))
}

fn shaped(shape: Shape, answer: &Map<String, Value>) -> Result<Answer, String> {
    if shape == Shape::V1
        && let Some(unknown) = answer.keys().find(|key| !V1_MEMBERS.contains(&key.as_str()))
    {
        return Err(format!("a member `{unknown}`, which the REST API does not know"));
    }
    let text = match answer.get("body") {
        None | Some(Value::Null) => "",
        Some(Value::String(text)) => text,
        Some(_) => return Err("a body that is no string".to_owned()),
    };
    let body = match answer.get("isBase64Encoded") {
        None | Some(Value::Null | Value::Bool(false)) => Bytes::copy_from_slice(text.as_bytes()),
        Some(Value::Bool(true)) => {
            BASE64_STANDARD.decode(text).map_err(|error| format!("a body that is no base64: {error}"))?.into()
        }
        Some(_) => return Err("an isBase64Encoded that is neither true nor false".to_owned()),
    };
    let mut headers = headers(shape, answer)?;
    if headers.get("content-type").is_none() && !body.is_empty() {
        match shape {
            Shape::V2 => headers.push("content-type", "text/plain;charset=UTF-8"),
            Shape::V1 | Shape::Url => headers.push("content-type", "application/json"),
            Shape::Alb | Shape::AlbMulti => {}
        }
    }
    let mut reply = Answer::new(status(answer)?, headers, body);
    if let (Shape::Alb | Shape::AlbMulti, Some(description)) = (shape, answer.get("statusDescription")) {
        let description = description.as_str().ok_or("a statusDescription that is no string")?;
        let (code, reason) = description.split_once(' ').unwrap_or((description, ""));
        if code != reply.status.to_string() {
            return Err(format!("the statusDescription `{description}` is not of the status {}", reply.status));
        }
        reply.reason = Some(reason.to_owned());
    }
    Ok(reply)
}

fn status(answer: &Map<String, Value>) -> Result<u16, String> {
    let status = match answer.get("statusCode") {
        Some(Value::Number(status)) => status.as_u64(),
        Some(Value::String(status)) => status.parse().ok(),
        _ => None,
    };
    let status = status.and_then(|status| u16::try_from(status).ok()).filter(|status| (200..600).contains(status));
    status.ok_or_else(|| "a statusCode that is no number from 200 to 599".to_owned())
}

fn headers(shape: Shape, answer: &Map<String, Value>) -> Result<Headers, String> {
    let mut headers = Headers::new();
    let single = shape != Shape::AlbMulti;
    if single {
        for (name, value) in object(answer, "headers")? {
            push(&mut headers, name, value)?;
        }
    }
    if matches!(shape, Shape::V1 | Shape::AlbMulti) {
        for (name, values) in object(answer, "multiValueHeaders")? {
            let values = values.as_array().ok_or_else(|| format!("multiValueHeaders has no list for `{name}`"))?;
            // API Gateway merges both maps, and where both have a name, that with the list wins.
            headers.remove(|other| other.eq_ignore_ascii_case(name));
            for value in values {
                push(&mut headers, name, value)?;
            }
        }
    }
    if matches!(shape, Shape::V2 | Shape::Url) {
        let cookies = match answer.get("cookies") {
            None | Some(Value::Null) => &[][..],
            Some(Value::Array(cookies)) => cookies,
            Some(_) => return Err("cookies that are no list".to_owned()),
        };
        for cookie in cookies {
            push(&mut headers, "set-cookie", cookie)?;
        }
    }
    Ok(headers)
}

fn object<'a>(
    answer: &'a Map<String, Value>,
    name: &str,
) -> Result<impl Iterator<Item = (&'a String, &'a Value)>, String> {
    match answer.get(name) {
        None | Some(Value::Null) => Ok(None.into_iter().flatten()),
        Some(Value::Object(map)) => Ok(Some(map).into_iter().flatten()),
        Some(_) => Err(format!("{name} that are no object")),
    }
}

fn push(headers: &mut Headers, name: &str, value: &Value) -> Result<(), String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        _ => return Err(format!("the header `{name}` has a value that is no string")),
    };
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token) || text.bytes().any(|byte| byte < b' ' && byte != b'\t') {
        return Err(format!("the header `{name}` cannot be sent"));
    }
    headers.push(name, text);
    Ok(())
}

/// What the client gets when the function failed or answered what the gateway does not understand.
pub(in crate::local::lambda) fn failure(shape: Shape) -> Answer {
    match shape {
        Shape::V2 => Answer::typed(500, "application/json", r#"{"message":"Internal Server Error"}"#),
        Shape::V1 => Answer::typed(502, "application/json", r#"{"message": "Internal server error"}"#),
        Shape::Url => Answer::typed(502, "application/json", r#"{"Message":"Internal Server Error"}"#),
        Shape::Alb | Shape::AlbMulti => {
            let body = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad \
                        Gateway</h1></center>\r\n</body>\r\n</html>\r\n";
            Answer::typed(502, "text/html", body)
        }
    }
}
