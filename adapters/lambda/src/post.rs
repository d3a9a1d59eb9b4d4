//! Answers to the Runtime API ("Using the Lambda runtime API for custom runtimes", Lambda developer guide).
//!
//! `lambda_runtime` would write the error of a stream that breaks off into the body, as text; so answers are posted here.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use anyfn_core::{Body, BoxError, Error, ErrorKind, Level};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, header};
use http_body::Frame;
use lambda_runtime::SnapStartResource;
use lambda_runtime_api_client::{PooledClient, body};
use tokio::time::Sleep;

use crate::logs;

const ERROR_TYPE: &str = "lambda-runtime-function-error-type";
const ERROR_BODY: &str = "lambda-runtime-function-error-body";
const IDENTIFIER: &str = "lambda-extension-identifier";

/// What a streamed answer that has come to its time gets for its last chunk and trailers.
const GRACE: Duration = Duration::from_millis(100);

/// The client for answers. It has connections of its own, which a snapshot outlives no better than `lambda_runtime`'s.
#[derive(Clone)]
pub(crate) struct Post(Arc<PooledClient>);

impl Post {
    pub(crate) fn new(connections: usize) -> Self {
        Self(Arc::new(PooledClient::builder().with_pool_size(connections).build()))
    }

    /// Posts a whole answer.
    pub(crate) async fn answer(&self, id: &str, json: Bytes) {
        self.send(request(id, "response"), json.into()).await;
    }

    /// Posts a streamed one: `prelude`, and then the body as it comes within this time.
    pub(crate) async fn stream(&self, id: &str, prelude: Bytes, answer: Body, time: Duration) {
        let request = request(id, "response")
            .header("lambda-runtime-function-response-mode", "streaming")
            .header(header::CONTENT_TYPE, "application/vnd.awslambda.http-integration-response")
            .header(header::TRANSFER_ENCODING, "chunked")
            .header(header::TRAILER, format!("{ERROR_TYPE}, {ERROR_BODY}"));
        let end = Box::pin(tokio::time::sleep(time));
        let sent = self.send(request, body::Body::new(Streamed { prelude: Some(prelude), answer: Some(answer), end }));
        // Where a slow reader holds it up, the body is not asked for its end; that must not cost the instance.
        if tokio::time::timeout(time + GRACE, sent).await.is_err() {
            log("anyfn: the streamed answer broke off: its reader is slow and the function's timeout near");
        }
    }

    /// Says that the invocation failed.
    pub(crate) async fn fail(&self, id: &str, error: &Error) {
        let request = request(id, "error").header(ERROR_TYPE, kind(error));
        self.send(request, described(error).into()).await;
    }

    /// Registers an extension that asks for no event, and gives the identifier that Lambda knows it by.
    pub(crate) async fn register(&self, name: &str) -> Result<HeaderValue, BoxError> {
        let request = Request::post("/2020-01-01/extension/register").header("lambda-extension-name", name);
        let answer = self.0.call(request.body(r#"{"events":[]}"#.to_owned().into())?).await?;
        let identifier = answer.headers().get(IDENTIFIER).cloned();
        identifier.ok_or_else(|| format!("Lambda registered no extension: it answered {}", answer.status()).into())
    }

    /// Waits for an event of that extension's.
    pub(crate) async fn wait(&self, extension: &HeaderValue) -> Result<(), BoxError> {
        let request = Request::get("/2020-01-01/extension/event/next").header(IDENTIFIER, extension);
        let answer = self.0.call(request.body(body::Body::empty())?).await?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status => Err(format!("Lambda answered {status}").into()),
        }
    }

    async fn send(&self, request: http::request::Builder, body: body::Body) {
        let sent = match request.body(body) {
            Ok(request) => self.0.call(request).await,
            Err(error) => Err(error.into()),
        };
        match sent {
            Ok(answer) if answer.status().is_success() => {}
            Ok(answer) => log(&format!("anyfn: Lambda refused the answer with {}", answer.status())),
            // The next invocation is asked for, and that tells whether Lambda is still there.
            Err(error) => log(&format!("anyfn: the answer could not be posted: {error}")),
        }
    }
}

impl SnapStartResource for Post {
    fn after_restore(&self) -> Pin<Box<dyn Future<Output = Result<(), lambda_runtime::Error>> + Send + '_>> {
        self.0.reset_pool();
        Box::pin(std::future::ready(Ok(())))
    }
}

fn request(id: &str, what: &str) -> http::request::Builder {
    Request::post(format!("/2018-06-01/runtime/invocation/{id}/{what}"))
}

fn kind(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::Panic => "anyfn.Panic",
        ErrorKind::Mismatch => "anyfn.Mismatch",
        ErrorKind::Deadline => "anyfn.Deadline",
        ErrorKind::BadRequest => "anyfn.BadEvent",
        _ => "anyfn.Error",
    }
}

fn described(error: &Error) -> Vec<u8> {
    serde_json::json!({ "errorType": kind(error), "errorMessage": error.to_string() }).to_string().into_bytes()
}

/// A streamed answer; where it breaks off, the trailers say so.
struct Streamed {
    prelude: Option<Bytes>,
    /// Gone after its end.
    answer: Option<Body>,
    /// When it is given up.
    end: Pin<Box<Sleep>>,
}

impl Streamed {
    fn break_off(&mut self, why: impl fmt::Display) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        log(&format!("anyfn: the streamed answer broke off: {why}"));
        self.answer = None;
        Poll::Ready(Some(Ok(Frame::trailers(broken()))))
    }
}

impl http_body::Body for Streamed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Some(prelude) = self.prelude.take() {
            return Poll::Ready(Some(Ok(Frame::data(prelude))));
        }
        if self.answer.is_some() && self.end.as_mut().poll(cx).is_ready() {
            return self.break_off("the function's timeout is near: set a longer one");
        }
        loop {
            let Some(answer) = &mut self.answer else { return Poll::Ready(None) };
            match Pin::new(answer).poll_frame(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(frame))) if frame.is_data() => return Poll::Ready(Some(Ok(frame))),
                // Lambda's own trailers are the only ones.
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Ready(Some(Err(error))) => {
                    return self.break_off(error);
                }
            }
        }
    }
}

fn log(line: &str) {
    logs::write(None, Level::Error, line);
}

/// What the client's side may know: that it broke off, and nothing of why.
fn broken() -> HeaderMap {
    let mut trailers = HeaderMap::new();
    trailers.insert(ERROR_TYPE, HeaderValue::from_static("anyfn.BrokenAnswer"));
    let body = STANDARD.encode(r#"{"errorType":"anyfn.BrokenAnswer","errorMessage":"the answer broke off"}"#);
    if let Ok(body) = HeaderValue::try_from(body) {
        trailers.insert(ERROR_BODY, body);
    }
    trailers
}
