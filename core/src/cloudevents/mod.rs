//! Events that come over HTTP as [CloudEvents 1.0], where no platform delivers them in its own way: from Knative, from
//! Eventarc, from Debezium, or from a `curl` of yours.
//!
//! They come to [`PATH`] by POST, in any of the [HTTP binding]'s modes (binary, structured, batched), with
//! `authorization: Bearer …` and the token that the variable [`TOKEN`] holds; while that is unset, none is let in.
//!
//! | `type` | becomes |
//! |---|---|
//! | `dev.anyfn.schedule`, `dev.knative.sources.ping` | [`Schedule`](crate::Schedule), due at `time` |
//! | `dev.anyfn.queue.message`, `dev.knative.kafka.event` | [`Event::Queue`], with the data as its payload |
//! | `dev.anyfn.object.created`, `….removed`, `com.amazonaws.s3.…`, `google.cloud.storage.object.v1.…` | [`Event::Object`] |
//! | `dev.anyfn.change.insert`, `….update`, `….remove`, `io.debezium.…` | [`Event::Change`] |
//! | `dev.anyfn.message`, `com.amazonaws.sns.Notification`, `google.cloud.pubsub.topic.v1.messagePublished` | [`Event::Message`] |
//! | anything else | [`Event::Custom`] |
//!
//! The extension `anyfnname` names the schedule, queue, bucket, table or topic as the program does; without it the name is
//! the last part of `source`, or what [`Names`] has for that. Answers: 204 where all is done, 200 with the JSON that a custom event is answered with, 503
//! where something failed and should come again.
//!
//! [CloudEvents 1.0]: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
//! [HTTP binding]: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md

mod map;
mod read;

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderValue, StatusCode, header};
use subtle::ConstantTimeEq as _;

use crate::{Body, Context, Error, ErrorKind, Event, Handler, Names, Outcome, Response, dispatch};

pub use map::event;
pub use read::{read, structured};

/// Where CloudEvents come in.
pub const PATH: &str = "/_anyfn/events";

/// The variable that holds the token which every sender must know.
pub const TOKEN: &str = "ANYFN_EVENT_TOKEN";

/// Answers a request to [`PATH`]: checks who sends it, and runs the handler for each event it brings, in order.
pub async fn serve<H: Handler>(handler: &H, request: http::Request<Body>, cx: Context) -> http::Response<Body> {
    match authorize(request.headers(), cx.env(TOKEN).as_deref(), TOKEN) {
        Ok(()) => receive(handler, request, cx).await,
        Err(error) => refused(error, &cx),
    }
}

/// As [`serve`], and asks nobody for a token: for an adapter that knows who can reach it.
pub async fn receive<H: Handler>(handler: &H, request: http::Request<Body>, cx: Context) -> http::Response<Body> {
    match run(handler, request, &cx).await {
        Ok(answer) => answer,
        Err(error) => refused(error, &cx),
    }
}

fn refused(error: Error, cx: &Context) -> http::Response<Body> {
    cx.log_at(crate::Level::Warn, format!("anyfn: a CloudEvent was refused: {error}"));
    error.into_http()
}

async fn run<H: Handler>(
    handler: &H,
    request: http::Request<Body>,
    cx: &Context,
) -> Result<http::Response<Body>, Error> {
    if request.method() != http::Method::POST {
        return Err(Error::new(StatusCode::METHOD_NOT_ALLOWED)
            .header(header::ALLOW, HeaderValue::from_static("POST"))
            .detail("CloudEvents come by POST"));
    }
    let events = read(request).await?.into_iter().map(event).collect::<Result<Vec<Event>, Error>>()?;
    let names = Names::of_program(cx)?;
    let mut answer = Answer::default();
    for mut event in events {
        names.apply(&mut event);
        answer.add(dispatch(handler, event, cx.clone()).await);
    }
    Ok(answer.into_http())
}

/// Lets a request pass that carries the token; `name` is the variable that should hold it.
///
/// # Errors
/// 401 where the token is missing, wrong, or not set at all.
pub fn authorize(headers: &HeaderMap, token: Option<&str>, name: &str) -> Result<(), Error> {
    let refused =
        || Error::of(ErrorKind::Unauthorized).header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    let Some(token) = token.filter(|token| !token.is_empty()) else {
        return Err(refused().detail("this program takes no events over HTTP").source(format!(
            "events over HTTP are off until the variable `{name}` holds a token that their sender knows"
        )));
    };
    let given = headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes).unwrap_or_default();
    let given = match given.split_at_checked(7) {
        Some((scheme, given)) if scheme.eq_ignore_ascii_case(b"bearer ") => given,
        _ => b"",
    };
    if bool::from(given.ct_eq(token.as_bytes())) {
        return Ok(());
    }
    Err(refused().detail("the event's bearer token is missing or wrong"))
}

/// RFC 3339, as events write their times.
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// let time = anyfn_core::cloudevents::time("1970-01-01T01:00:00.5+00:30");
/// assert_eq!(time, Some(SystemTime::UNIX_EPOCH + Duration::from_millis(1_800_500)));
/// ```
pub fn time(text: &str) -> Option<SystemTime> {
    time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok().map(Into::into)
}

/// What several events come to: the gravest counts.
#[derive(Default)]
struct Answer {
    json: Option<bytes::Bytes>,
    again: Option<Option<Duration>>,
    error: Option<Error>,
}

impl Answer {
    fn add(&mut self, result: Result<Response, Error>) {
        match result {
            Ok(Response::Json(json)) => self.json = Some(json),
            Ok(Response::Batch(outcomes)) => {
                for outcome in outcomes {
                    match outcome {
                        Outcome::Retry { after, .. } => self.again = self.again.flatten().max(after).into(),
                        Outcome::NotProcessed => self.again = Some(self.again.flatten()),
                        Outcome::Done | Outcome::Drop { .. } => {}
                    }
                }
            }
            Ok(_) => {}
            Err(error) => self.error = Some(error),
        }
    }

    fn into_http(self) -> http::Response<Body> {
        if let Some(error) = self.error {
            return error.into_http();
        }
        if let Some(after) = self.again {
            let mut error = Error::new(StatusCode::SERVICE_UNAVAILABLE).detail("an item failed: send it again");
            if let Some(after) = after {
                error = error.header(header::RETRY_AFTER, HeaderValue::from(after.as_secs()));
            }
            return error.into_http();
        }
        let mut response = http::Response::new(Body::empty());
        match self.json {
            Some(json) => {
                response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
                *response.body_mut() = json.into();
            }
            None => *response.status_mut() = StatusCode::NO_CONTENT,
        }
        response
    }
}
