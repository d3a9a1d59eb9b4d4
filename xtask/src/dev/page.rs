//! The page at `/_anyfn`, and the JSON that it is made of.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::platform::only;
use super::record::{Input, Outcome};
use super::samples::{SAMPLES, named};
use super::{Shared, Stage, ansi, front, send};
use crate::local::events::Event;
use crate::local::http1::{Answer, Headers, Outgoing, Request, channel};
use crate::local::origin;

const PAGE: &str = include_str!("page.html");
/// Nothing from elsewhere, and in nobody's frame.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; \
                      img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// More than anybody types.
const LARGEST: usize = 1 << 20;
/// Changes come in swarms.
const PAUSE: Duration = Duration::from_millis(50);

/// Whether a request is for the page, not for the function.
pub(super) fn is_for(target: &[u8]) -> bool {
    let path = path(target);
    path == b"/_anyfn" || path == b"/_anyfn/" || path.starts_with(b"/_anyfn/api/")
}

fn path(target: &[u8]) -> &[u8] {
    target.split(|byte| *byte == b'?').next().unwrap_or_default()
}

/// Answers the page and its data.
pub(super) async fn answer(shared: &Arc<Shared>, mut request: Request) -> Answer {
    if let Err(why) = origin::own(&request.headers, shared.addr.port()) {
        return problem(403, why);
    }
    let path = path(&request.target).to_vec();
    match (request.method.as_str(), path.as_slice()) {
        ("GET" | "HEAD", b"/_anyfn" | b"/_anyfn/") => {
            let headers = Headers::new()
                .with("content-type", "text/html; charset=utf-8")
                .with("content-security-policy", POLICY)
                .with("x-content-type-options", "nosniff")
                .with("cache-control", "no-store");
            Answer::new(200, headers, PAGE)
        }
        ("GET", b"/_anyfn/api/state") => data(200, &state(shared)),
        ("GET", b"/_anyfn/api/changes") => changes(shared),
        ("POST", b"/_anyfn/api/send" | b"/_anyfn/api/retry") => {
            // A form of another site cannot send this type.
            let json = request.headers.get("content-type").is_some_and(|kind| kind.starts_with(b"application/json"));
            if !json {
                return problem(415, "the content-type is to be application/json");
            }
            let body = request.body.collect(LARGEST).await.ok().flatten();
            let Some(body) = body else { return problem(413, "a body of 1 MB at most") };
            let done = if path.ends_with(b"send") {
                sent(shared, request, &body).await
            } else {
                retried(shared, request, &body).await
            };
            match done {
                Ok(id) => data(200, &shared.records.get(id).map_or(Value::Null, |(view, _)| json!(view))),
                Err(error) => problem(400, &format!("{error:#}")),
            }
        }
        _ => problem(
            404,
            "there is GET /_anyfn, /_anyfn/api/state, /_anyfn/api/changes, and POST /_anyfn/api/send, retry",
        ),
    }
}

fn data(status: u16, json: &Value) -> Answer {
    let headers = Headers::new()
        .with("content-type", "application/json")
        .with("x-content-type-options", "nosniff")
        .with("cache-control", "no-store");
    Answer::new(status, headers, json.to_string())
}

pub(super) fn problem(status: u16, why: &str) -> Answer {
    data(status, &json!({ "error": why }))
}

/// All that the page shows.
fn state(shared: &Shared) -> Value {
    let stage = shared.stage.borrow().clone();
    let mut json = json!({
        "package": shared.function.package,
        "target": shared.target.name(),
        "debug": shared.plan.target.is_none(),
        "invocations": shared.records.all(),
    });
    match stage {
        Stage::Building => json["stage"] = json!("building"),
        Stage::Broken(failure) => {
            json["stage"] = json!("broken");
            json["failure"] = json!({ "title": failure.title, "html": ansi::html(failure.text.trim_end()) });
        }
        Stage::Serving(generation) => {
            json["stage"] = json!("serving");
            let triggers = generation.triggers.iter().map(|trigger| {
                let samples = SAMPLES.iter().filter(|sample| sample.kind == trigger.kind);
                let samples: Vec<_> = samples
                    .map(|sample| json!({ "name": sample.names[0], "what": sample.what, "data": sample.data() }))
                    .collect();
                json!({ "kind": trigger.kind, "name": trigger.name, "handler": trigger.handler, "samples": samples })
            });
            json["triggers"] = triggers.collect();
        }
    }
    json
}

/// The state, and again after each change (server-sent events).
fn changes(shared: &Arc<Shared>) -> Answer {
    let (sender, body) = channel();
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        let mut version = shared.records.version.subscribe();
        loop {
            version.borrow_and_update();
            // JSON has no line breaks of its own here, and so is one event.
            sender.data(Bytes::from(format!("data: {}\n\n", state(&shared))));
            // A page that is frozen reads nothing, and misses nothing: what it gets next is all of it again.
            if !sender.taken().await {
                return;
            }
            tokio::time::sleep(PAUSE).await;
            tokio::select! {
                () = sender.closed() => return,
                changed = version.changed() => if changed.is_err() { return },
            }
        }
    });
    let headers = Headers::new().with("content-type", "text/event-stream").with("cache-control", "no-store");
    Answer { status: 200, reason: None, headers, body: Outgoing::Stream { length: None, body } }
}

/// What the page asks to be sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, untagged)]
enum Wish {
    Http {
        method: String,
        target: String,
        #[serde(default)]
        content_type: Option<String>,
        #[serde(default)]
        body: String,
    },
    Sample {
        sample: String,
        #[serde(default)]
        name: String,
        #[serde(default)]
        data: Vec<String>,
    },
}

async fn sent(shared: &Arc<Shared>, request: Request, body: &[u8]) -> Result<u64> {
    let wish = serde_json::from_slice(body).map_err(|_| anyhow!("neither a request nor a sample"))?;
    match wish {
        Wish::Sample { sample, name, data } => {
            let sample = named(&sample).with_context(|| format!("there is no sample `{sample}`"))?;
            let event = sample
                .event(name, data)
                .map_err(|error| anyhow!(format!("{error:#}").replace("--data", "the data")))?;
            Ok(send::event(shared, event).await)
        }
        Wish::Http { method, target, content_type, body } => {
            if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-') {
                bail!("the method is a word");
            }
            if !target.starts_with('/') || target.contains([' ', '\r', '\n', '\t']) || !target.is_ascii() {
                bail!("the path begins with / and has its spaces and foreign letters escaped (%20)");
            }
            if is_for(target.as_bytes()) {
                bail!("this path is the page's own");
            }
            let mut headers = Headers::new().with("host", shared.addr.to_string()).with("accept", "*/*");
            if let Some(kind) =
                content_type.filter(|kind| !kind.is_empty() && kind.bytes().all(|b| (32..127).contains(&b)))
            {
                headers = headers.with("content-type", kind);
            }
            let body = (!body.is_empty()).then(|| Bytes::from(body));
            let input = Input::Http { method, target: target.into_bytes(), headers, body };
            Ok(front::again(shared, request, input).await)
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Retry {
    id: u64,
    /// Only the items that failed.
    #[serde(default)]
    failed: bool,
}

async fn retried(shared: &Arc<Shared>, request: Request, body: &[u8]) -> Result<u64> {
    let Retry { id, failed } = serde_json::from_slice(body).context("say {\"id\": NUMBER}")?;
    let (view, input) = shared.records.get(id).with_context(|| format!("invocation {id} is forgotten"))?;
    if view.outcome == Outcome::Running {
        bail!("invocation {id} goes on");
    }
    if failed && view.failed.is_empty() {
        bail!("no item of invocation {id} failed");
    }
    match input.with_context(|| format!("what invocation {id} carried was too large to be kept"))? {
        Input::Event(Event::Queue { name, bodies }) if failed => {
            let again = bodies.into_iter().enumerate().filter(|(place, _)| view.failed.contains(place));
            let bodies = again.map(|(_, body)| body).collect();
            Ok(send::event(shared, Event::Queue { name, bodies }).await)
        }
        Input::Event(event) => Ok(send::event(shared, event).await),
        Input::Raw(json) if failed => {
            let json = only(&json, &view.failed).context("it has no items")?;
            Ok(send::raw_json(shared, json).await.0)
        }
        Input::Raw(json) => Ok(send::raw_json(shared, json).await.0),
        input @ Input::Http { .. } => Ok(front::again(shared, request, input).await),
    }
}

#[cfg(test)]
mod tests {
    use super::is_for;

    #[test]
    fn events_of_the_function_are_not_the_pages() {
        for target in ["/_anyfn", "/_anyfn/", "/_anyfn?a", "/_anyfn/api/state", "/_anyfn/api/x"] {
            assert!(is_for(target.as_bytes()), "{target}");
        }
        for target in ["/", "/_anyfn/events", "/_anyfn/cron/x", "/_anyfnx", "/a/_anyfn", "http://a/_anyfn"] {
            assert!(!is_for(target.as_bytes()), "{target}");
        }
    }
}
