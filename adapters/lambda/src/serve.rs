//! The runtime: AWS' loop, and what is done with each invocation.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, SystemTime};

use anyfn_core::{Body, BoxError, Context, Error, ErrorKind, Handler, Level, Names, Response, dispatch, dispatch_http};
use bytes::Bytes;
use http_body::Body as _;
use lambda_runtime::{LambdaEvent, LambdaInvocation as Invoked, Runtime};

use crate::background::Background;
use crate::context::{Between, LambdaInvocation};
use crate::decode::{Http, Received, Shape, decode};
use crate::encode::{MAX_ANSWER, encode, prelude, too_large};
use crate::events::{self, Decoded, Source};
use crate::logs;
use crate::post::Post;
use crate::shutdown::{Ending, shutdown};

/// How long before the function's timeout an unfinished handler is given up, so that its caller gets an answer and the
/// instance lives on.
const MARGIN: Duration = Duration::from_millis(200);

/// The longest that a function may run ("Lambda quotas", Lambda developer guide).
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// Whether Lambda has started this process.
pub fn detected() -> bool {
    std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some()
}

/// Serves the handler until Lambda ends the process.
///
/// # Errors
/// The process was not started by Lambda, or its Runtime API cannot be reached.
pub fn run<H: Handler>(handler: H) -> Result<(), BoxError> {
    // `lambda_runtime` panics where one of them is missing.
    for name in [
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
    ] {
        if std::env::var_os(name).is_none() {
            return Err(format!(
                "the variable {name} is not set, so this is no Lambda: try the function locally with `cargo xtask run --target lambda`"
            )
            .into());
        }
    }
    let at_once = std::env::var("AWS_LAMBDA_MAX_CONCURRENCY").ok().and_then(|n| n.parse().ok()).unwrap_or(1).max(1);
    let streams = std::env::var_os("ANYFN_LAMBDA_STREAMING").is_some_and(|value| value == "1");
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async move {
        let init = Context::new(Between::default());
        let names = Names::of_program(&init).map_err(|error| error.to_string())?;
        // Lambda gives the time before the first invocation more of the processor than those after.
        let started = caught(async { handler.start(init.clone()).await }).await;
        if let Err(error) = started.unwrap_or_else(|| Err(Error::of(ErrorKind::Panic))) {
            init.log_at(
                Level::Error,
                format!("anyfn: the program could not prepare, and tries again when it is invoked: {error}"),
            );
        }
        let post = Post::new(at_once);
        let ending = if handler.has_shutdown() { Ending::ask(&post).await } else { None };
        let inner = Arc::new(Inner { handler, post: post.clone(), names, streams });
        let function = Function(Arc::clone(&inner));
        let runtime = Runtime::new(Never).layer(Layer(function)).register_snapstart_resource(Arc::new(post));
        // It ends, or panics, when the Runtime API sends what is no event; Lambda then starts another process.
        let serving = async {
            match caught(runtime.run_concurrent()).await {
                Some(ended) => {
                    ended.map_err(|error| format!("Lambda's Runtime API gave no event: {}", chain(&*error)).into())
                }
                None => Err("Lambda's Runtime API gave what is no event".into()),
            }
        };
        let Some(mut ending) = ending else { return serving.await };
        tokio::select! {
            ended = serving => ended,
            // No event is being handled by then: an instance ends between two.
            () = async { ending.told().await; shutdown(&inner.handler).await } => Ok(()),
        }
    })
}

/// An error with what caused it.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

struct Inner<H> {
    handler: H,
    post: Post,
    names: Names,
    streams: bool,
}

/// The handler as the service that gets raw invocations.
struct Function<H>(Arc<Inner<H>>);

impl<H> Clone for Function<H> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<H: Handler> tower_service::Service<Invoked> for Function<H> {
    type Response = ();
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, invoked: Invoked) -> Self::Future {
        let inner = Arc::clone(&self.0);
        Box::pin(async move {
            let id = invoked.context.request_id.clone();
            // A handler's panic is caught nearer to it. One that got here would end the process.
            if caught(inner.invoke(&id, invoked)).await.is_none() {
                inner.post.fail(&id, &Error::of(ErrorKind::Panic)).await;
            }
            Ok(())
        })
    }
}

impl<H: Handler> Inner<H> {
    async fn invoke(&self, id: &str, Invoked { body: event, context, .. }: Invoked) {
        let deadline = ends(&context).unwrap_or_else(|| SystemTime::now() + LONGEST);
        let background = Arc::<Background>::default();
        let invocation = LambdaInvocation::new(event.clone(), context, Arc::clone(&background));
        match decode(&event) {
            Ok(Received::Http(http)) => self.http(id, deadline, invocation, *http).await,
            Ok(Received::Event(source)) => self.event(id, deadline, invocation, source, &event).await,
            Ok(Received::Refused(shape, error)) => {
                logs::write(Some(id), Level::Warn, &format!("anyfn: a request was refused: {error}"));
                self.answer(id, deadline, shape, error.into_http()).await;
            }
            Err(error) => {
                logs::write(Some(id), Level::Error, &format!("anyfn: an event was refused: {error}"));
                self.post.fail(id, &error).await;
            }
        }
        background.finish(left(deadline)).await;
    }

    async fn http(&self, id: &str, deadline: SystemTime, invocation: LambdaInvocation, http: Http) {
        let Http { request, shape, client_ip, raw_target } = http;
        let cx = Context::new(invocation.http(client_ip, raw_target));
        let answer = tokio::time::timeout(left(deadline), dispatch_http(&self.handler, request, cx.clone())).await;
        self.answer(id, deadline, shape, answer.unwrap_or_else(|_| late(id).into_http())).await;
    }

    async fn answer(&self, id: &str, deadline: SystemTime, shape: Shape, answer: http::Response<Body>) {
        let (head, body) = answer.into_parts();
        // Lambda takes a URL's answer for a stream wherever the URL is set up for streams.
        if self.streams && shape == Shape::Url {
            match prelude(&head) {
                Ok(prelude) => return self.post.stream(id, prelude, body, left(deadline)).await,
                Err(error) => return self.post.fail(id, &error).await,
            }
        }
        let length = body.size_hint().lower();
        if length > MAX_ANSWER as u64 {
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            return self.instead(id, shape, too_large(length, MAX_ANSWER)).await;
        }
        // What is streamed here is gathered: the gateway waits for the end anyway.
        match tokio::time::timeout(left(deadline), body.collect(MAX_ANSWER)).await {
            Ok(Ok(body)) => self.whole(id, shape, &head, body).await,
            Ok(Err(anyfn_core::BodyError::TooLarge { .. })) => {
                self.instead(id, shape, too_large(MAX_ANSWER + 1, MAX_ANSWER)).await;
            }
            Ok(Err(error)) => self.instead(id, shape, Error::internal(error)).await,
            Err(_) => self.instead(id, shape, late(id)).await,
        }
    }

    async fn whole(&self, id: &str, shape: Shape, head: &http::response::Parts, body: Bytes) {
        match encode(shape, head, &body) {
            Ok(json) => self.post.answer(id, json).await,
            Err(error) => {
                logs::write(Some(id), Level::Error, &format!("anyfn: the answer cannot be sent: {error}"));
                let (head, body) = error.into_http().into_parts();
                match encode(shape, &head, &body.whole().cloned().unwrap_or_default()) {
                    Ok(json) => self.post.answer(id, json).await,
                    Err(error) => self.post.fail(id, &error).await,
                }
            }
        }
    }

    /// Answers with an error in place of the handler's answer.
    async fn instead(&self, id: &str, shape: Shape, error: Error) {
        logs::write(Some(id), Level::Error, &format!("anyfn: http event failed after its handler: {error}"));
        let (head, body) = error.into_http().into_parts();
        self.whole(id, shape, &head, body.whole().cloned().unwrap_or_default()).await;
    }

    async fn event(&self, id: &str, deadline: SystemTime, invocation: LambdaInvocation, source: Source, event: &Bytes) {
        let cx = Context::new(invocation);
        let Decoded { event, reply } = match events::decode(source, event, &self.names) {
            Ok(decoded) => decoded,
            Err(error) => {
                cx.log_at(Level::Error, format!("anyfn: an event was refused: {error}"));
                return self.post.fail(id, &error).await;
            }
        };
        let outcomes = event.outcomes();
        let result = match tokio::time::timeout(left(deadline), dispatch(&self.handler, event, cx.clone())).await {
            Ok(result) => result,
            // What was done by then must not come again.
            Err(_) => {
                let error = late(id);
                outcomes.map_or(Err(error), |outcomes| Ok(Response::Batch(outcomes.take())))
            }
        };
        match reply.encode(result) {
            Ok(json) if json.len() > MAX_ANSWER => self.post.fail(id, &too_large(json.len(), MAX_ANSWER)).await,
            Ok(json) => self.post.answer(id, json).await,
            Err(error) => self.post.fail(id, &error).await,
        }
    }
}

/// Runs a future; `None` if it panics, which has a line of its own in the log.
async fn caught<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|cx| {
        catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))).map_or(Poll::Ready(None), |polled| polled.map(Some))
    })
    .await
}

/// When Lambda ends the invocation. `cargo lambda watch` says the function's timeout where the time should stand: that is
/// over since 1970, and no word on the end.
pub(crate) fn ends(context: &lambda_runtime::Context) -> Option<SystemTime> {
    /// 2014-11-13, when Lambda was announced, in milliseconds since 1970.
    const FIRST: u64 = 1_415_836_800_000;
    (context.deadline >= FIRST).then(|| context.deadline())
}

/// The time until the function's timeout, less what an answer takes.
fn left(deadline: SystemTime) -> Duration {
    deadline.duration_since(SystemTime::now()).unwrap_or_default().saturating_sub(MARGIN)
}

fn late(id: &str) -> Error {
    logs::write(
        Some(id),
        Level::Error,
        "anyfn: the handler was given up shortly before the function's timeout: set a longer one",
    );
    Error::of(ErrorKind::Deadline)
}

/// Replaces the service below it, which would read the event in its own way.
struct Layer<H>(Function<H>);

impl<S, H> tower_layer::Layer<S> for Layer<H> {
    type Service = Function<H>;

    fn layer(&self, _: S) -> Function<H> {
        self.0.clone()
    }
}

/// What [`Layer`] replaces.
struct Never;

impl tower_service::Service<LambdaEvent<serde::de::IgnoredAny>> for Never {
    type Response = ();
    type Error = lambda_runtime::Error;
    type Future = std::future::Ready<Result<(), lambda_runtime::Error>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> Poll<Result<(), lambda_runtime::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: LambdaEvent<serde::de::IgnoredAny>) -> Self::Future {
        std::future::ready(Err("unreachable: a layer answers".into()))
    }
}

#[cfg(test)]
mod tests {
    use super::ends;

    #[test]
    fn a_time_long_before_lambda_is_no_deadline() {
        let mut context = lambda_runtime::Context::default();
        context.deadline = 600_000;
        assert_eq!(ends(&context), None);
        context.deadline = 1_795_446_760_000;
        assert_eq!(ends(&context), Some(context.deadline()));
    }
}
