//! Events, each as its gateway's documentation and recorded calls have it.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

use super::Call;
use super::target::{form_decoded, parameters, percent_decoded, split, text};
use crate::local::http1::{Answer, Headers};
use crate::local::lambda::{REGION, Shape, ids};

const ACCOUNT: &str = "123456789012";
const API: &str = "a1b2c3d4e5";

/// The event of this shape.
pub(super) fn event(shape: Shape, stage: Option<&str>, call: &Call<'_>) -> Result<Value, Answer> {
    match shape {
        Shape::V2 => v2(stage, call),
        Shape::Url => Ok(url(call)),
        Shape::V1 => v1(stage, call),
        Shape::Alb => Ok(alb(call, false)),
        Shape::AlbMulti => Ok(alb(call, true)),
    }
}

/// API Gateway's HTTP API, payload 2.0 (API Gateway: "Create AWS Lambda proxy integrations for HTTP APIs").
fn v2(stage: Option<&str>, call: &Call<'_>) -> Result<Value, Answer> {
    let (path, _) = split(call.target);
    let path = String::from_utf8_lossy(&percent_decoded(path)).into_owned();
    if let Some(stage) = stage {
        below_stage(&path, stage)
            .ok_or_else(|| Answer::typed(404, "application/json", r#"{"message":"Not Found"}"#))?;
    }
    let domain = match stage {
        Some(_) => format!("{API}.execute-api.{REGION}.amazonaws.com"),
        None => host_name(call.headers),
    };
    Ok(payload2(call, &path, &domain, ACCOUNT, API, stage.unwrap_or("$default")))
}

/// A function URL (Lambda: "Invoking Lambda function URLs"): payload 2.0, with the path as it was sent.
fn url(call: &Call<'_>) -> Value {
    const ID: &str = "a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6";
    let domain = format!("{ID}.lambda-url.{REGION}.on.aws");
    payload2(call, &text(split(call.target).0), &domain, "anonymous", ID, "$default")
}

fn payload2(call: &Call<'_>, path: &str, domain: &str, account: &str, api: &str, stage: &str) -> Value {
    let query = split(call.target).1;
    let mut event = Map::new();
    let mut set = |key: &str, value: Value| event.insert(key.to_owned(), value);
    set("version", json!("2.0"));
    set("routeKey", json!("$default"));
    set("rawPath", json!(path));
    set("rawQueryString", json!(text(query.unwrap_or_default())));
    let cookies: Vec<String> = cookies(call.headers);
    if !cookies.is_empty() {
        set("cookies", json!(cookies));
    }
    let mut headers = joined(lower_case(call).iter().filter(|(name, _)| *name != "cookie"));
    headers.extend(forwarded(call).iter().map(|(name, value)| (name.to_owned(), json!(text(value)))));
    set("headers", headers.into());
    let mut decoded = Map::new();
    for (name, value) in parameters(query.unwrap_or_default()) {
        append(&mut decoded, form_decoded(name), &form_decoded(value));
    }
    if !decoded.is_empty() {
        set("queryStringParameters", decoded.into());
    }
    let (time, epoch) = now();
    set(
        "requestContext",
        json!({
            "accountId": account,
            "apiId": api,
            "domainName": domain,
            "domainPrefix": domain.split('.').next(),
            "http": {
                "method": call.method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": call.client.to_string(),
                "userAgent": text(call.headers.get("user-agent").unwrap_or_default()),
            },
            "requestId": ids::uuid(),
            "routeKey": "$default",
            "stage": stage,
            "time": time,
            "timeEpoch": epoch,
        }),
    );
    let (body, base64) = body(call);
    if let Some(body) = body {
        set("body", json!(body));
    }
    set("isBase64Encoded", json!(base64));
    event.into()
}

/// API Gateway's REST API, payload 1.0 (API Gateway: "Lambda proxy integrations in API Gateway").
fn v1(stage: Option<&str>, call: &Call<'_>) -> Result<Value, Answer> {
    let (full, query) = split(call.target);
    let full = text(full);
    let path = match stage {
        Some(stage) => below_stage(&full, stage)
            .ok_or_else(|| Answer::typed(403, "application/json", r#"{"message":"Forbidden"}"#))?,
        None => &full,
    };
    let domain = match stage {
        Some(_) => format!("{API}.execute-api.{REGION}.amazonaws.com"),
        None => host_name(call.headers),
    };
    // A regional endpoint keeps the names' letters, and adds its own in capitals.
    let mut headers = Headers::new();
    for (name, value) in call.headers.iter().filter(|(name, _)| !is_hop(name) && !is_forwarded(name)) {
        headers.push(name, value);
    }
    for (name, value) in forwarded(call).iter() {
        let name: Vec<_> = name.split('-').map(|part| part[..1].to_uppercase() + &part[1..]).collect();
        headers.push(name.join("-"), value);
    }
    let decoded: Vec<_> =
        parameters(query.unwrap_or_default()).map(|(name, value)| (form_decoded(name), form_decoded(value))).collect();
    let or_null = |map: Map<String, Value>| if map.is_empty() { Value::Null } else { map.into() };
    let (time, epoch) = now();
    let (body, base64) = body(call);
    Ok(json!({
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": call.method,
        "headers": last_of(headers.iter().map(|(name, value)| (name, text(value)))),
        "multiValueHeaders": all_of(headers.iter().map(|(name, value)| (name, text(value)))),
        "queryStringParameters": or_null(last_of(decoded.iter().map(|(name, value)| (name.as_str(), value.clone())))),
        "multiValueQueryStringParameters":
            or_null(all_of(decoded.iter().map(|(name, value)| (name.as_str(), value.clone())))),
        "pathParameters": { "proxy": path.trim_start_matches('/') },
        "stageVariables": null,
        "requestContext": {
            "resourceId": "x1y2z3",
            "resourcePath": "/{proxy+}",
            "httpMethod": call.method,
            "extendedRequestId": "JKJaXmPLvHcESHA=",
            "requestTime": time,
            "path": full,
            "accountId": ACCOUNT,
            "protocol": "HTTP/1.1",
            "stage": stage.unwrap_or("prod"),
            "domainPrefix": domain.split('.').next(),
            "requestTimeEpoch": epoch,
            "requestId": ids::uuid(),
            "identity": {
                "cognitoIdentityPoolId": null,
                "accountId": null,
                "cognitoIdentityId": null,
                "caller": null,
                "sourceIp": call.client.to_string(),
                "principalOrgId": null,
                "accessKey": null,
                "cognitoAuthenticationType": null,
                "cognitoAuthenticationProvider": null,
                "userArn": null,
                "userAgent": call.headers.get("user-agent").map(text),
                "user": null,
            },
            "domainName": domain,
            "apiId": API,
        },
        "body": body,
        "isBase64Encoded": base64,
    }))
}

/// A load balancer's Lambda target (ELB: "Use Lambda functions as targets of an Application Load Balancer").
///
/// Names and values of parameters are not decoded; without multi-value headers the last of several is kept.
fn alb(call: &Call<'_>, multi: bool) -> Value {
    let (path, query) = split(call.target);
    let mut headers = lower_case(call);
    for (name, value) in forwarded(call).iter() {
        headers.push(name, value);
    }
    let (body, base64) = body(call);
    let query: Vec<_> = parameters(query.unwrap_or_default()).map(|(name, value)| (text(name), text(value))).collect();
    let query = query.iter().map(|(name, value)| (name.as_str(), value.clone()));
    let headers = headers.iter().map(|(name, value)| (name, text(value)));
    let (headers, query) = if multi {
        (("multiValueHeaders", all_of(headers)), ("multiValueQueryStringParameters", all_of(query)))
    } else {
        (("headers", last_of(headers)), ("queryStringParameters", last_of(query)))
    };
    json!({
        "requestContext": {
            "elb": {
                "targetGroupArn": format!(
                    "arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/function/6d0ecf831eec9f09"
                ),
            },
        },
        "httpMethod": call.method,
        "path": text(path),
        query.0: query.1,
        headers.0: headers.1,
        "body": body.unwrap_or_default(),
        "isBase64Encoded": base64,
    })
}

/// The path below its stage; `None` when it is not.
fn below_stage<'a>(path: &'a str, stage: &str) -> Option<&'a str> {
    let rest = path.strip_prefix('/')?.strip_prefix(stage)?;
    match rest {
        "" => Some("/"),
        rest if rest.starts_with('/') => Some(rest),
        _ => None,
    }
}

/// The body as text or, what is not known to be text, in base64; `None` where there is none.
///
/// The types are those that HTTP APIs, function URLs and load balancers take for text; the REST API stands for one whose
/// `binaryMediaTypes` name all others. Bytes that are no text go in base64, whatever their type claims, since JSON could
/// not carry them.
fn body(call: &Call<'_>) -> (Option<String>, bool) {
    if call.body.is_empty() {
        return (None, false);
    }
    let content_type = call.headers.get("content-type").map(text).unwrap_or_default().to_ascii_lowercase();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let is_text = essence.starts_with("text/")
        || ["application/json", "application/javascript", "application/xml"].contains(&essence);
    match std::str::from_utf8(call.body) {
        Ok(body) if is_text && call.headers.get("content-encoding").is_none() => (Some(body.to_owned()), false),
        _ => (Some(BASE64_STANDARD.encode(call.body)), true),
    }
}

/// The client's headers, names in lower case, without those of the connection and of a proxy in front.
fn lower_case(call: &Call<'_>) -> Headers {
    let mut headers = Headers::new();
    for (name, value) in call.headers.iter().filter(|(name, _)| !is_hop(name) && !is_forwarded(name)) {
        headers.push(name.to_ascii_lowercase(), value);
    }
    headers
}

/// What a gateway says about where the request came from.
fn forwarded(call: &Call<'_>) -> Headers {
    let mut chain: Vec<String> = call.headers.all("x-forwarded-for").map(text).collect();
    chain.push(call.client.to_string());
    let trace = ids::uuid().replace('-', "");
    let mut headers = Headers::new()
        .with("x-forwarded-for", chain.join(", "))
        .with("x-forwarded-port", call.port.to_string())
        // What the client of this local front used, so that URLs built of it lead back here.
        .with("x-forwarded-proto", "http");
    match call.headers.get("x-amzn-trace-id") {
        Some(given) => headers.push("x-amzn-trace-id", given),
        None => headers.push("x-amzn-trace-id", format!("Root=1-{}-{}", &trace[..8], &trace[8..])),
    }
    headers
}

fn is_forwarded(name: &str) -> bool {
    ["x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", "x-amzn-trace-id"]
        .iter()
        .any(|other| name.eq_ignore_ascii_case(other))
}

/// Headers that concern one connection only (RFC 9110, 7.6.1).
fn is_hop(name: &str) -> bool {
    ["connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "proxy-connection", "expect"]
        .iter()
        .any(|other| name.eq_ignore_ascii_case(other))
}

/// The client's cookies, one by one.
fn cookies(headers: &Headers) -> Vec<String> {
    let lines = headers.all("cookie").map(text);
    lines
        .flat_map(|line| line.split(';').map(|cookie| cookie.trim().to_owned()).collect::<Vec<_>>())
        .filter(|cookie| !cookie.is_empty())
        .collect()
}

fn host_name(headers: &Headers) -> String {
    let host = headers.get("host").map(text).unwrap_or_default();
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name.to_owned(),
        _ => host,
    }
}

fn joined<'a>(headers: impl Iterator<Item = (&'a str, &'a [u8])>) -> Map<String, Value> {
    let mut map = Map::new();
    for (name, value) in headers {
        append(&mut map, name.to_owned(), &text(value));
    }
    map
}

/// Adds to what is there, with a comma between.
fn append(map: &mut Map<String, Value>, name: String, value: &str) {
    match map.get_mut(&name) {
        Some(Value::String(before)) => {
            before.push(',');
            before.push_str(value);
        }
        _ => {
            map.insert(name, json!(value));
        }
    }
}

fn last_of<'a>(pairs: impl Iterator<Item = (&'a str, String)>) -> Map<String, Value> {
    pairs.map(|(name, value)| (name.to_owned(), json!(value))).collect()
}

fn all_of<'a>(pairs: impl Iterator<Item = (&'a str, String)>) -> Map<String, Value> {
    let mut map: Map<String, Value> = Map::new();
    for (name, value) in pairs {
        match map.get_mut(name) {
            Some(Value::Array(values)) => values.push(json!(value)),
            _ => {
                map.insert(name.to_owned(), json!([value]));
            }
        }
    }
    map
}

/// The time as API Gateway writes it (`23/Nov/2026:09:30:00 +0000`), and in milliseconds.
fn now() -> (String, u64) {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
    (clf(since.as_secs()), millis)
}

pub(super) fn clf(seconds: u64) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (mut days, time) = (seconds / 86_400, seconds % 86_400);
    let leap = |year: u64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let mut year = 1970;
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let mut month = 0;
    let lengths = [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    while days >= lengths[month] {
        days -= lengths[month];
        month += 1;
    }
    let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
    format!("{:02}/{}/{year}:{hour:02}:{minute:02}:{second:02} +0000", days + 1, MONTHS[month])
}
