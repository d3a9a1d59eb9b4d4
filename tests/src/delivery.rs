//! One row of the table of deliveries: an event as one of Lambda's gateways writes it, what the handler sees of it, and
//! what the gateway is answered.
//!
//! No request on a wire leads to some of them through every gateway, and to some through none: base64 that is none, a map
//! that is null, a gateway that anyfn does not serve.

use serde_json::Value;

use crate::check::{check_answer, check_seen};
use crate::{Answer, Driver, Reply, Request, Seen};

/// One row of the table of deliveries.
///
/// ```
/// use anyfn_conformance::{DELIVERIES, Verdict, judge_delivery};
///
/// // A function that fails at everything.
/// let verdict = judge_delivery(&DELIVERIES[0], &Err("Runtime.ExitError".to_owned()));
/// assert!(matches!(verdict, Verdict::Failed(_)));
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Delivery {
    /// `subject/behaviour`, unique in the table.
    pub name: &'static str,
    /// The rule that the row follows.
    pub why: &'static str,
    /// Where that stands: the vendor's document, a recorded event, an issue.
    pub source: &'static str,
    /// The event, as it is handed to the function.
    pub event: fn() -> Vec<u8>,
    /// What the handler of the echo function saw of it.
    pub seen: &'static [Seen],
    /// What the client gets of the answer; a status of 200 where none is named.
    pub answer: &'static [Answer],
    /// What the gateway itself gets.
    pub gives: &'static [Gives],
}

/// What the gateway, or whoever else invokes the function, gets.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Gives {
    /// The answer's JSON has this value at this JSON pointer.
    Member(&'static str, &'static str),
    /// It has nothing there.
    Nothing(&'static str),
    /// The whole answer is this JSON: the event was no request.
    Json(&'static str),
    /// The invocation fails, with an error that says this.
    Refusal(&'static str),
}

impl Delivery {
    /// An event that is answered with 200.
    pub const fn new(name: &'static str, event: fn() -> Vec<u8>) -> Self {
        Self { name, why: "", source: "", event, seen: &[], answer: &[], gives: &[] }
    }

    /// The rule, and where it stands.
    pub const fn why(mut self, why: &'static str, source: &'static str) -> Self {
        (self.why, self.source) = (why, source);
        self
    }

    /// What the handler saw.
    pub const fn seen(mut self, seen: &'static [Seen]) -> Self {
        self.seen = seen;
        self
    }

    /// What the client gets.
    pub const fn answer(mut self, answer: &'static [Answer]) -> Self {
        self.answer = answer;
        self
    }

    /// What the gateway gets.
    pub const fn gives(mut self, gives: &'static [Gives]) -> Self {
        self.gives = gives;
        self
    }
}

/// Compares what an invocation gave (the function's JSON, or why it failed) with what the row expects.
pub fn judge_delivery(row: &Delivery, told: &Result<Vec<u8>, String>) -> crate::Verdict {
    match differences(row, told) {
        wrong if wrong.is_empty() => crate::Verdict::Passed,
        wrong => crate::Verdict::Failed(wrong),
    }
}

fn differences(row: &Delivery, told: &Result<Vec<u8>, String>) -> Vec<String> {
    let refusal = row.gives.iter().find_map(|gives| if let Gives::Refusal(text) = gives { Some(*text) } else { None });
    let bytes = match (told, refusal) {
        (Err(why), Some(text)) if why.contains(text) => return Vec::new(),
        (Err(why), Some(text)) => {
            return vec![format!("the invocation must fail with {text:?}, and failed with {why}")];
        }
        (Err(why), None) => return vec![format!("the invocation failed: {why}")],
        (Ok(bytes), Some(text)) => {
            return vec![format!("expected a failure with {text:?}, got {}", String::from_utf8_lossy(bytes))];
        }
        (Ok(bytes), None) => bytes,
    };
    let Ok(json) = serde_json::from_slice::<Value>(bytes) else {
        return vec![format!("the answer is no JSON: {}", String::from_utf8_lossy(bytes))];
    };
    let mut wrong: Vec<_> = row.gives.iter().filter_map(|gives| check_gives(gives, &json).err()).collect();
    if row.gives.iter().any(|gives| matches!(gives, Gives::Json(_))) {
        return wrong;
    }
    let reply = match reply(&json) {
        Ok(reply) => reply,
        Err(why) => return vec![format!("{why}: {json}")],
    };
    let has_status = row.answer.iter().any(|answer| matches!(answer, Answer::Status(_) | Answer::Problem(_)));
    let status = if has_status { None } else { Some(Answer::Status(200)) };
    wrong.extend(row.answer.iter().chain(&status).filter_map(|answer| check_answer(&Lambda, answer, &reply).err()));
    if wrong.is_empty() && !row.seen.is_empty() {
        match serde_json::from_slice::<Value>(&reply.body) {
            Ok(echo) => wrong.extend(row.seen.iter().filter_map(|seen| check_seen(seen, &echo).err())),
            Err(_) => wrong.push(format!("/echo's answer is no JSON: {}", String::from_utf8_lossy(&reply.body))),
        }
    }
    wrong
}

fn check_gives(gives: &Gives, json: &Value) -> Result<(), String> {
    let (at, expected) = match *gives {
        Gives::Member(pointer, text) => (pointer, text),
        Gives::Json(text) => ("", text),
        Gives::Nothing(pointer) => {
            return json
                .pointer(pointer)
                .map_or(Ok(()), |found| Err(format!("{pointer}: expected nothing, got {found}")));
        }
        Gives::Refusal(_) => return Ok(()),
    };
    let expected: Value = serde_json::from_str(expected).map_err(|error| format!("the row is no JSON: {error}"))?;
    match json.pointer(at) {
        Some(found) if *found == expected => Ok(()),
        found => Err(format!("{at}: expected {expected}, got {}", found.unwrap_or(&Value::Null))),
    }
}

/// What a client gets of the answer's JSON, whichever gateway it is for.
fn reply(json: &Value) -> Result<Reply, String> {
    use base64::Engine as _;
    let status = json["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok());
    let mut reply = Reply { status: status.ok_or("an answer without a statusCode")?, ..Reply::default() };
    let text = json["body"].as_str().unwrap_or_default();
    reply.body = if json["isBase64Encoded"] == true {
        base64::engine::general_purpose::STANDARD.decode(text).map_err(|error| format!("wrong base64 ({error})"))?
    } else {
        text.as_bytes().to_vec()
    };
    let mut push = |name: &str, value: &Value| {
        reply.headers.push((name.to_owned(), value.as_str().unwrap_or_default().as_bytes().to_vec()));
    };
    for (name, value) in json["headers"].as_object().into_iter().flatten() {
        push(name, value);
    }
    for (name, values) in json["multiValueHeaders"].as_object().into_iter().flatten() {
        values.as_array().into_iter().flatten().for_each(|value| push(name, value));
    }
    json["cookies"].as_array().into_iter().flatten().for_each(|value| push("set-cookie", value));
    Ok(reply)
}

/// The platform, for those checks that ask which it is.
struct Lambda;

impl Driver for Lambda {
    fn name(&self) -> &str {
        "lambda"
    }

    fn send(&self, _: &Request) -> std::io::Result<Reply> {
        Err(std::io::Error::other("a delivery is no request"))
    }
}
