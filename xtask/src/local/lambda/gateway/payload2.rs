//! Payload 2.0: HTTP APIs and function URLs.

use serde_json::{Map, Value, json};

use super::Call;
use super::parts::{ACCOUNT, API, below_stage, body, forwarded, host_name, lower_case};
use super::target::{form_decoded, parameters, percent_decoded, split, text};
use super::time::now;
use crate::local::http1::{Answer, Headers};
use crate::local::lambda::{REGION, ids};

/// API Gateway's HTTP API, payload 2.0 (API Gateway: "Create AWS Lambda proxy integrations for HTTP APIs").
pub(super) fn http_api(stage: Option<&str>, call: &Call<'_>) -> Result<Value, Answer> {
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
pub(super) fn function_url(call: &Call<'_>) -> Value {
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

/// The client's cookies, one by one.
fn cookies(headers: &Headers) -> Vec<String> {
    let lines = headers.all("cookie").map(text);
    lines
        .flat_map(|line| line.split(';').map(|cookie| cookie.trim().to_owned()).collect::<Vec<_>>())
        .filter(|cookie| !cookie.is_empty())
        .collect()
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
