//! What an adapter made of an event, and how two of them differ.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// What an adapter made of an event.
pub(crate) enum Told {
    /// The invocation failed.
    Failed(String),
    /// The event was no request.
    Json(Value),
    /// A request's answer.
    Answer(Answer),
}

pub(crate) struct Answer {
    status: u64,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// What `/echo` saw.
    echo: Option<Value>,
    /// What `/context` says.
    context: Option<Value>,
}

impl Told {
    pub(crate) fn of(told: &Result<Vec<u8>, String>) -> Self {
        let json: Value = match told {
            Ok(json) => serde_json::from_slice(json).unwrap_or_default(),
            Err(why) => return Self::Failed(why.clone()),
        };
        let Some(status) = json["statusCode"].as_u64() else { return Self::Json(json) };
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let mut headers: Vec<(String, String)> = Vec::new();
        for (name, values) in json["multiValueHeaders"].as_object().into_iter().flatten() {
            let values = values.as_array().into_iter().flatten();
            headers.extend(values.map(|value| (name.to_lowercase(), text(value))));
        }
        for (name, value) in json["headers"].as_object().into_iter().flatten() {
            // Where a name stands in both maps, API Gateway takes them together.
            let header = (name.to_lowercase(), text(value));
            if !headers.contains(&header) {
                headers.push(header);
            }
        }
        headers.extend(
            json["cookies"].as_array().into_iter().flatten().map(|value| ("set-cookie".to_owned(), text(value))),
        );
        // The order of one name's values counts.
        headers.sort_by(|one, other| one.0.cmp(&other.0));
        let body = json["body"].as_str().unwrap_or_default();
        let body = match json["isBase64Encoded"] == true {
            true => STANDARD.decode(body).unwrap_or_default(),
            false => body.as_bytes().to_vec(),
        };
        let json = |has: fn(&Value) -> bool| serde_json::from_slice(&body).ok().filter(has);
        let echo = json(|echo| echo["url"].is_string());
        let context = json(|context| context.get("client_ip").is_some());
        Self::Answer(Answer { status, headers, body, echo, context })
    }

    fn short(&self) -> String {
        match self {
            Self::Failed(why) => format!("fails: {why}"),
            Self::Json(json) => cut(&json.to_string()),
            Self::Answer(answer) => answer.status.to_string(),
        }
    }
}

/// What of it differs, what the one has and what the other.
pub(crate) fn differences(ours: &Told, theirs: &Told) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    let mut add = |what: &str, one: String, other: String| {
        if one != other {
            found.push((what.to_owned(), cut(&one), cut(&other)));
        }
    };
    match (ours, theirs) {
        (Told::Failed(_), Told::Failed(_)) => {}
        (Told::Json(one), Told::Json(other)) => add("answer", one.to_string(), other.to_string()),
        (Told::Answer(one), Told::Answer(other)) => match (&one.echo, &other.echo, &one.context, &other.context) {
            (Some(one), Some(other), ..) => requests(one, other, add),
            (.., Some(one), Some(other)) => add("client_ip", client(one), client(other)),
            _ => {
                add("status", one.status.to_string(), other.status.to_string());
                // An error's answer is the framework's own, and says nothing of the adapter.
                if one.status < 400 && other.status < 400 {
                    let body = |answer: &Answer| String::from_utf8_lossy(&answer.body).into_owned();
                    add("answer's body", body(one), body(other));
                    lists(&one.headers, &other.headers, "answer's", add);
                }
            }
        },
        _ => add("outcome", ours.short(), theirs.short()),
    }
    found
}

/// Two requests, as `/echo` saw them.
fn requests(ours: &Value, theirs: &Value, mut add: impl FnMut(&str, String, String)) {
    let text = |echo: &Value, name: &str| echo[name].as_str().unwrap_or("none").to_owned();
    for name in ["method", "path", "query", "body"] {
        add(name, text(ours, name), text(theirs, name));
    }
    let origin = |echo: &Value| text(echo, "url").splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    add("origin", origin(ours), origin(theirs));
    let headers = |echo: &Value| {
        let pairs = echo["headers"].as_array().into_iter().flatten();
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let mut pairs: Vec<_> = pairs.map(|pair| (text(&pair[0]), text(&pair[1]))).collect();
        pairs.sort_by(|one, other| one.0.cmp(&other.0));
        pairs
    };
    add("client_ip", client(&ours["context"]), client(&theirs["context"]));
    lists(&headers(ours), &headers(theirs), "request's", add);
}

/// The client's address, as much of a context as these adapters know.
fn client(context: &Value) -> String {
    context["client_ip"].as_str().unwrap_or("none").to_owned()
}

/// Two lists of headers, name by name.
fn lists(
    ours: &[(String, String)],
    theirs: &[(String, String)],
    whose: &str,
    mut add: impl FnMut(&str, String, String),
) {
    let mut names: Vec<&str> = ours.iter().chain(theirs).map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let of = |list: &[(String, String)]| {
            let values: Vec<_> =
                list.iter().filter(|(other, _)| other == name).map(|(_, value)| value.clone()).collect();
            if values.is_empty() { "none".to_owned() } else { values.join(" | ") }
        };
        add(&format!("{whose} {name}"), of(ours), of(theirs));
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
