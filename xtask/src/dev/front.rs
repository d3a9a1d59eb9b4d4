//! The listener that stays: each request goes to the process of the last good build, and what became of it is written down.

use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;

use super::failure::Failure;
use super::generation::InFlight;
use super::platform::recognised;
use super::record::{Input, Outcome, millis};
use super::send::{Clock, finish, shown};
use super::{Shared, page};
use crate::local::http1::{Answer, Framing, Headers, Outgoing, Request, channel, send};
use crate::local::origin;

/// The largest body that is kept, so that the request can be sent again.
const KEPT: u64 = 1 << 20;
/// As much of an answer as is kept to be shown.
const SHOWN: usize = 16 << 10;
/// Where CloudEvents come in.
const EVENTS: &[u8] = b"/_anyfn/events";
/// Where the platforms' events come in; the tokens that they need are known to everybody here.
const PLATFORM: &[u8] = b"/_anyfn/";

/// Answers a request: the page's own, or through the function.
pub(super) async fn answer(shared: &Arc<Shared>, request: Request) -> Answer {
    if page::is_for(&request.target) {
        return page::answer(shared, request).await;
    }
    if request.target.starts_with(PLATFORM)
        && let Err(why) = origin::own(&request.headers, shared.addr.port())
    {
        return page::problem(403, why);
    }
    let (head, body, input) = match taken(request).await {
        Ok(taken) => taken,
        Err(error) => return Answer::typed(400, "text/plain", format!("{error}\n")),
    };
    forward(shared, head, body, input).await.1
}

/// Sends a request again.
pub(super) async fn again(shared: &Arc<Shared>, mut request: Request, input: Input) -> u64 {
    let Input::Http { method, target, headers, body } = input.clone() else { return 0 };
    (request.method, request.target, request.headers) = (method, target, headers);
    let body = body.map_or(Outgoing::None, Outgoing::Whole);
    let (id, answer) = forward(shared, request, body, Some(input)).await;
    if let Outgoing::Stream { mut body, .. } = answer.body {
        while let Ok(Some(_)) = body.next().await {}
    }
    id
}

/// A request's body, whole where it is small.
async fn taken(mut request: Request) -> std::io::Result<(Request, Outgoing, Option<Input>)> {
    let length = match request.framing {
        Framing::None => Some(0),
        Framing::Length(length) => Some(length),
        Framing::Chunked | Framing::UntilClose => None,
    };
    if length.is_none_or(|length| length > KEPT) {
        let (_, nothing) = channel();
        let body = std::mem::replace(&mut request.body, nothing);
        return Ok((request, Outgoing::Stream { length, body }, None));
    }
    let none = request.framing == Framing::None;
    let body = request.body.collect(usize::MAX).await?.unwrap_or_default();
    let input = Input::Http {
        method: request.method.clone(),
        target: request.target.clone(),
        headers: request.headers.clone(),
        body: (!none).then(|| body.clone()),
    };
    Ok((request, if none { Outgoing::None } else { Outgoing::Whole(body) }, Some(input)))
}

async fn forward(shared: &Arc<Shared>, request: Request, body: Outgoing, input: Option<Input>) -> (u64, Answer) {
    let target = String::from_utf8_lossy(&request.target).into_owned();
    let mut title = format!("{} {target}", request.method);
    let (mut kind, mut sent) = ("http".to_owned(), String::new());
    if let Outgoing::Whole(bytes) = &body {
        sent = shown(&String::from_utf8_lossy(bytes));
        if request.target == EVENTS {
            let (event, name, _) = recognised(&String::from_utf8_lossy(bytes));
            (kind, title) = (event.clone(), format!("{event} {name}"));
        }
    }
    let id = shared.records.begin(&kind, title, sent, 1, input);
    let arrived = Instant::now();
    let generation = match shared.serving().await {
        Ok(generation) => generation,
        Err(failure) => return (id, refused(shared, id, &failure, &request)),
    };
    let waited = arrived.elapsed();
    let (tell, told) = tokio::sync::oneshot::channel();
    // On a task of its own: what has begun is ended and written down, even when the client has gone.
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        shared.records.update(id, |view| view.waited = millis(waited));
        relay(&shared, &generation, id, &request, body, tell).await;
    });
    let answer = told.await.unwrap_or_else(|_| Answer::typed(502, "text/plain", "the function was not asked\n"));
    (id, answer)
}

/// Asks the function, tells the beginning of its answer, and passes the rest on.
async fn relay(
    shared: &Arc<Shared>,
    generation: &InFlight,
    id: u64,
    request: &Request,
    body: Outgoing,
    tell: tokio::sync::oneshot::Sender<Answer>,
) {
    let _turn = generation.turn().await;
    let clock = Clock::start(shared, generation, id);
    let addr = generation.running.addr();
    let reply = send(addr, &request.method, &request.target, &request.headers, body).await;
    let execute = clock.elapsed();
    let mut reply = match reply {
        Ok(reply) => reply,
        Err(error) => {
            let why = format!("the function gave no answer: {error}\n");
            finish(shared, generation, id, &clock, (execute, execute), None, |view| {
                (view.outcome, view.status, view.answer) = (Outcome::Failed, Some(502), why.clone());
            });
            let _ = tell.send(Answer::typed(502, "text/plain; charset=utf-8", why));
            return;
        }
    };
    let content_type = reply.headers.get("content-type").map(|value| String::from_utf8_lossy(value).into_owned());
    shared.records.update(id, |view| {
        (view.status, view.content_type, view.execute) = (Some(reply.status), content_type, Some(millis(execute)));
    });
    let length = match reply.framing {
        Framing::Length(length) => Some(length),
        _ => None,
    };
    let (sender, passed_on) = channel();
    let none = reply.framing == Framing::None;
    let _ = tell.send(Answer {
        status: reply.status,
        reason: Some(std::mem::take(&mut reply.reason)),
        headers: std::mem::replace(&mut reply.headers, Headers::new()),
        body: if none { Outgoing::None } else { Outgoing::Stream { length, body: passed_on } },
    });
    let (mut kept, mut total) = (BytesMut::new(), 0);
    let outcome = loop {
        match reply.body.next().await {
            Ok(Some(piece)) => {
                total += piece.len();
                kept.extend_from_slice(&piece[..piece.len().min(SHOWN.saturating_sub(kept.len()))]);
                if !sender.data(piece) && !none {
                    break Outcome::Done;
                }
            }
            Ok(None) => {
                sender.end(Headers::new());
                break Outcome::Done;
            }
            Err(error) => {
                sender.fail(error);
                break Outcome::Failed;
            }
        }
    };
    let whole = clock.elapsed();
    // The function need not go on for a client that has gone.
    drop(reply);
    let report = generation.report().await;
    finish(shared, generation, id, &clock, (execute, whole), report.as_ref(), |view| {
        view.outcome = if view.status.is_some_and(|status| status >= 500) { Outcome::Failed } else { outcome };
        view.answer = match std::str::from_utf8(&kept) {
            Ok(text) if total > kept.len() => format!("{text}… ({total} bytes)"),
            Ok(text) => text.to_owned(),
            Err(_) if total > SHOWN => format!("{}… ({total} bytes)", String::from_utf8_lossy(&kept)),
            Err(_) => format!("({total} bytes that are no text)"),
        };
    });
}

/// The answer in place of a function that does not compile or start.
fn refused(shared: &Shared, id: u64, failure: &Failure, request: &Request) -> Answer {
    let answer = failure.answer(request);
    shared.records.end(id, |view| {
        (view.outcome, view.status) = (Outcome::Failed, Some(answer.status));
        view.answer = shown(&super::ansi::plain(&failure.text));
    });
    if let Some((view, _)) = shared.records.get(id) {
        shared.say.invocation(&view);
    }
    answer
}
