//! Compares what came back with what a row expects, and tells every difference in words.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::expect::Expect;
use crate::{Answer, Driver, Is, Payload, Reply, Request, Seen};

/// Every difference between the answer and the expectation, apart from those of the log.
pub(crate) fn differences(driver: &dyn Driver, request: &Request, expect: &Expect, reply: &Reply) -> Vec<String> {
    let mut wrong = Vec::new();
    if let Some(how) = &reply.broken
        && !expect.answer.iter().any(|answer| matches!(answer, Answer::Broken))
    {
        wrong.push(format!("the answer broke off: {how}, status {}, body {}", reply.status, shown(&reply.body)));
    }
    for answer in &expect.answer {
        if let Err(difference) = check_answer(driver, answer, reply) {
            wrong.push(difference);
        }
    }
    // HEAD has no body to say what the handler saw.
    if expect.echoes && wrong.is_empty() && request.method != "HEAD" {
        match serde_json::from_slice::<Value>(&reply.body) {
            Ok(echo) => check_echo(driver, request, expect, &echo, &mut wrong),
            Err(error) => wrong.push(format!("/echo's answer is no JSON ({error}): {}", shown(&reply.body))),
        }
    }
    wrong
}

pub(crate) fn check_answer(driver: &dyn Driver, answer: &Answer, reply: &Reply) -> Result<(), String> {
    match *answer {
        Answer::Status(status) => {
            same("status", &status, &reply.status).map_err(|wrong| format!("{wrong}, body {}", shown(&reply.body)))
        }
        Answer::Header(name, values) => {
            let found: Vec<_> = reply.header(name).into_iter().map(String::from_utf8_lossy).collect();
            same(&format!("answer's header {name}"), &values, &&found[..])
        }
        Answer::Body(payload) => same_bytes("answer's body", &payload, &reply.body),
        Answer::Problem(status) => check_problem(status, reply),
        Answer::Broken if reply.broken.is_none() => {
            Err(format!("the answer must break off, and came to an end: {}", shown(&reply.body)))
        }
        Answer::Broken => Ok(()),
        Answer::Json(pointer, is) => {
            let json: Value = serde_json::from_slice(&reply.body)
                .map_err(|error| format!("the answer is no JSON ({error}): {}", shown(&reply.body)))?;
            check_json(driver, pointer, is, json.pointer(pointer).unwrap_or(&Value::Null))
        }
        Answer::Without(text) => {
            let has = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains(text);
            if has(&reply.body) || reply.headers.iter().any(|(_, value)| has(value)) {
                return Err(format!("{text:?} must not stand in the answer: {}", shown(&reply.body)));
            }
            Ok(())
        }
        Answer::Streamed(pieces, spread) => {
            let (first, last) = (reply.pieces.first().copied(), reply.pieces.last().copied());
            let measured = last.unwrap_or_default() - first.unwrap_or_default();
            if reply.pieces.len() < pieces || measured.as_millis() < u128::from(spread) {
                return Err(format!(
                    "not streamed: {} pieces within {} ms, expected at least {pieces} over {spread} ms",
                    reply.pieces.len(),
                    measured.as_millis()
                ));
            }
            Ok(())
        }
        Answer::Slow(least) => {
            if reply.took.as_millis() < u128::from(least) {
                return Err(format!("answered after {} ms, expected {least} at least", reply.took.as_millis()));
            }
            Ok(())
        }
        // The log is looked at by the runner, which may have to wait for it.
        Answer::Logs(_) | Answer::LogsAfter(_) | Answer::LogsBefore(_) => Ok(()),
        // Of events alone.
        Answer::Again(_) | Answer::Replied(_) | Answer::Event(_) => Ok(()),
    }
}

fn check_problem(status: u16, reply: &Reply) -> Result<(), String> {
    same("status", &status, &reply.status).map_err(|wrong| format!("{wrong}, body {}", shown(&reply.body)))?;
    same("content-type", &vec![&b"application/problem+json"[..]], &reply.header("content-type"))
        .map_err(|_| format!("the content-type is not application/problem+json, body {}", shown(&reply.body)))?;
    let json: Value = serde_json::from_slice(&reply.body)
        .map_err(|error| format!("the problem details are no JSON ({error}): {}", shown(&reply.body)))?;
    if json["status"] != status || json["title"].as_str().is_none_or(str::is_empty) {
        return Err(format!("problem details without this status and a title: {json}"));
    }
    Ok(())
}

fn check_json(driver: &dyn Driver, pointer: &str, is: Is, value: &Value) -> Result<(), String> {
    let right = match is {
        Is::Null => value.is_null(),
        Is::Bool => value.is_boolean(),
        Is::Positive => value.as_f64().is_some_and(|number| number > 0.0),
        Is::Text => value.as_str().is_some_and(|text| !text.is_empty()),
        Is::Exactly(text) => value == text,
        Is::Platform => value == driver.platform(),
        Is::Address => value.as_str().is_some_and(|text| text.parse::<IpAddr>().is_ok()),
    };
    match is {
        _ if right => Ok(()),
        Is::Platform => Err(format!("{pointer}: expected {:?}, the driver's platform, got {value}", driver.platform())),
        is => Err(format!("{pointer}: expected {is:?}, got {value}")),
    }
}

fn check_echo(driver: &dyn Driver, request: &Request, expect: &Expect, echo: &Value, wrong: &mut Vec<String>) {
    let mut check = |result: Result<(), String>| wrong.extend(result.err());
    let path = expect.path().unwrap_or(request.path());
    let query = expect.query().unwrap_or(request.query());
    check(same("method", &Value::from(expect.method().unwrap_or(request.method)), &echo["method"]));
    check(same("path", &Value::from(path), &echo["path"]));
    check(same("query", &query.map_or(Value::Null, Value::from), &echo["query"]));

    let host = request.header("host").map(|host| format!("http://{}", String::from_utf8_lossy(host)));
    let rest = query.map_or(path.to_owned(), |query| format!("{path}?{query}"));
    match expect.origin().map(str::to_owned).or(host).or_else(|| driver.origin()) {
        Some(origin) => check(same("url", &Value::from(origin + &rest), &echo["url"])),
        None if echo["url"].as_str().is_some_and(|url| url.contains("://") && url.ends_with(&rest)) => {}
        None => check(Err(format!("url: expected scheme://host{rest}, got {}", echo["url"]))),
    }

    let mut names: Vec<String> = request.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    names.extend(expect.seen.iter().filter_map(|seen| match seen {
        Seen::Header(name, _) => Some((*name).to_owned()),
        _ => None,
    }));
    names.sort();
    names.dedup();
    if let Some(cookies) = expect.cookies() {
        names.retain(|name| name != "cookie");
        let fields: Vec<_> =
            values(echo, "cookie").iter().filter_map(|value| value.as_str().map(str::to_owned)).collect();
        check(same("cookies", &cookies.to_owned(), &fields.join("; ")));
    }
    for name in names {
        let sent = request.headers.iter().filter(|(sent, _)| sent.eq_ignore_ascii_case(&name));
        let expected: Vec<String> = match expect.header(&name) {
            Some(values) => values.iter().map(|value| (*value).to_owned()).collect(),
            None => sent.map(|(_, value)| String::from_utf8_lossy(value.trim_ascii()).into_owned()).collect(),
        };
        check(same(&format!("header {name}"), &Value::from(expected), &Value::from(values(echo, &name))));
    }

    let body = expect.seen.iter().find_map(|seen| if let Seen::Body(body) = seen { Some(*body) } else { None });
    match echo["body"].as_str().map(|body| STANDARD.decode(body)) {
        Some(Ok(bytes)) => check(same_bytes("body", &body.unwrap_or(request.body), &bytes)),
        _ => check(Err(format!("body: expected padded base64, got {}", echo["body"]))),
    }
    check(check_json(driver, "/context/platform", Is::Platform, &echo["context"]["platform"]));
}

/// One thing that the handler saw.
pub(crate) fn check_seen(seen: &Seen, echo: &Value) -> Result<(), String> {
    let url = echo["url"].as_str().unwrap_or_default();
    let whole = |part: &str| if url.contains(part) { Ok(()) } else { Err(format!("url: {url:?} is without {part:?}")) };
    match *seen {
        Seen::Method(method) => same("method", &Value::from(method), &echo["method"]),
        Seen::Path(path) => same("path", &Value::from(path), &echo["path"]).and_then(|()| whole(path)),
        Seen::Query(None) => same("query", &Value::Null, &echo["query"]),
        Seen::Query(Some(query)) => {
            same("query", &Value::from(query), &echo["query"]).and_then(|()| whole(&format!("?{query}")))
        }
        Seen::Header(name, expected) => {
            same(&format!("header {name}"), &Value::from(expected.to_vec()), &Value::from(values(echo, name)))
        }
        Seen::Cookies(cookies) => {
            let fields = values(echo, "cookie");
            let fields: Vec<_> = fields.iter().filter_map(Value::as_str).collect();
            same("cookies", &cookies, &&*fields.join("; "))
        }
        Seen::Origin(origin) if url.strip_prefix(origin).is_some_and(|rest| rest.starts_with('/')) => Ok(()),
        Seen::Origin(origin) => Err(format!("url: expected one at {origin}, got {url}")),
        Seen::Body(body) => match echo["body"].as_str().map(|body| STANDARD.decode(body)) {
            Some(Ok(bytes)) => same_bytes("body", &body, &bytes),
            _ => Err(format!("body: expected padded base64, got {}", echo["body"])),
        },
    }
}

/// The values of one header, in order.
fn values(echo: &Value, name: &str) -> Vec<Value> {
    let pairs = echo["headers"].as_array().map(Vec::as_slice).unwrap_or_default();
    pairs.iter().filter(|pair| pair[0] == name).map(|pair| pair[1].clone()).collect()
}

fn same<A, B>(what: &str, expected: &A, got: &B) -> Result<(), String>
where
    A: PartialEq<B> + std::fmt::Debug,
    B: std::fmt::Debug,
{
    if expected == got { Ok(()) } else { Err(format!("{what}: expected {expected:?}, got {got:?}")) }
}

fn same_bytes(what: &str, expected: &Payload, got: &[u8]) -> Result<(), String> {
    let expected = expected.bytes();
    if *expected == *got {
        return Ok(());
    }
    let at = expected.iter().zip(got).position(|(a, b)| a != b).unwrap_or(expected.len().min(got.len()));
    Err(format!(
        "{what}: expected {} bytes {}, got {} bytes {}; they differ from byte {at} on",
        expected.len(),
        shown(&expected),
        got.len(),
        shown(got)
    ))
}

/// The first bytes, readable.
fn shown(bytes: &[u8]) -> String {
    const MOST: usize = 160;
    let text = bytes[..bytes.len().min(MOST)].escape_ascii();
    format!("\"{text}\"{}", if bytes.len() > MOST { "…" } else { "" })
}
