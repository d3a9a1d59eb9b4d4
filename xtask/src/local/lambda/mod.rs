//! AWS Lambda: a runtime that invokes the bootstrap, behind an emulated gateway that makes events of requests.

mod config;
mod gateway;
pub(super) mod ids;
mod rie;
mod runtime_api;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use bytes::{Bytes, BytesMut};

pub use self::config::{Api, Lambda, Shape};
use self::gateway::{Call, Gateway, SEPARATOR, failure};
use self::rie::Emulator;
use self::runtime_api::RuntimeApi;
use super::http1::{Answer, Body, Headers, Outgoing, Request, channel, serve};
use super::logs::Logs;
use super::origin;
use super::process::Group;
use super::server::listen;
use super::{Options, Running};

/// The region that all of this pretends to be in.
const REGION: &str = "eu-west-1";
const ARN: &str = "arn:aws:lambda:eu-west-1:123456789012:function:function";
/// The largest request body that API Gateway takes (API Gateway quotas: 10 MB).
const LARGEST_BODY: usize = 10 << 20;
/// The largest status and headers in front of a streamed body.
const LARGEST_PRELUDE: usize = 1 << 20;
/// What a streamed answer's content type is when status and headers come first in it.
const INTEGRATION: &[u8] = b"application/vnd.awslambda.http-integration-response";

/// What became of an invocation.
enum Outcome {
    /// The function's whole answer.
    Whole(Bytes),
    /// An answer on its way; its body fails when the function does half way.
    Stream { content_type: Option<Vec<u8>>, body: Body },
    /// The function failed; this is for the log.
    Failed(String),
}

enum Engine {
    Emulator(Emulator),
    Own(RuntimeApi),
}

impl Engine {
    async fn invoke(&self, event: Vec<u8>) -> Outcome {
        match self {
            Self::Emulator(emulator) => emulator.invoke(event).await,
            Self::Own(api) => api.invoke(event).await,
        }
    }
}

/// Starts a bootstrap and a gateway in front of it.
///
/// AWS's emulator is installed when it is not there yet, and starts the bootstrap with the first request.
///
/// # Errors
/// When the emulator cannot be installed or does not start, or (on our own Runtime API) the bootstrap does not ask for
/// work.
pub async fn start(bootstrap: &Path, lambda: &Lambda, options: &Options) -> Result<Running> {
    let bootstrap = std::path::absolute(bootstrap).with_context(|| format!("cannot find {}", bootstrap.display()))?;
    let logs = Logs::new(options.sink.clone()).reporting(options.reports.clone());
    let group = Arc::<Group>::default();
    let listener = listen(options.port).await?;
    let addr = listener.local_addr()?;
    // From here on, whatever goes wrong ends what was started.
    let mut running = Running::new(addr, logs.clone(), Arc::clone(&group));
    let engine = match lambda.api {
        Api::Emulator => {
            let program = tokio::task::spawn_blocking(crate::tools::rie).await??;
            Engine::Emulator(
                Emulator::start(program, bootstrap, lambda.timeout, &options.env, logs.clone(), group).await?,
            )
        }
        Api::Own { instances, streaming } => {
            let mut env = options.env.clone();
            if streaming {
                env.push((crate::build::lambda::STREAMING.to_owned(), "1".to_owned()));
            }
            let (api, tasks) = RuntimeApi::start(&bootstrap, instances, lambda.timeout, &env, &logs, &group).await?;
            running.tasks.extend(tasks);
            Engine::Own(api)
        }
    };
    let streaming = matches!(lambda.api, Api::Own { streaming: true, .. }) && lambda.shape == Shape::Url;
    let gateway = Gateway::new(lambda.shape, lambda.stage.clone());
    let front = Arc::new(Front { gateway, engine, streaming, logs });
    let events = listen(0).await?;
    running.events = Some(events.local_addr()?);
    let invoked = Arc::clone(&front);
    running.tasks.push(serve(events, move |request| {
        let front = Arc::clone(&invoked);
        async move { front.invoke(request).await }
    }));
    running.tasks.push(serve(listener, move |request| {
        let front = Arc::clone(&front);
        async move { front.answer(request).await }
    }));
    Ok(running)
}

/// The environment that Lambda gives a function (Lambda: "Defined runtime environment variables").
fn environment(bootstrap: &Path, timeout: u32) -> Vec<(String, String)> {
    let root = bootstrap.parent().unwrap_or(Path::new("/")).display().to_string();
    [
        ("AWS_REGION", REGION),
        ("AWS_DEFAULT_REGION", REGION),
        ("AWS_LAMBDA_FUNCTION_NAME", "function"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_FUNCTION_TIMEOUT", &timeout.to_string()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/function"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/01/01/[$LATEST]local"),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_SESSION_TOKEN", "local"),
        ("LAMBDA_TASK_ROOT", &root),
        ("LAMBDA_RUNTIME_DIR", "/var/runtime"),
        ("LANG", "en_US.UTF-8"),
        ("TZ", ":UTC"),
        ("_HANDLER", "bootstrap"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// What answers the client: the gateway, and behind it the function.
struct Front {
    gateway: Gateway,
    engine: Engine,
    streaming: bool,
    logs: Logs,
}

impl Front {
    /// Hands an event to the function as it is: 200 and its answer, or 500 and why it failed.
    async fn invoke(&self, mut request: Request) -> Answer {
        if let Err(why) = origin::own(&request.headers, request.local.port()) {
            return Answer::typed(403, "text/plain", format!("{why}\n"));
        }
        let event = match request.body.collect(LARGEST_BODY).await {
            Ok(Some(event)) => event,
            Ok(None) => return Answer::typed(413, "text/plain", "an event has 6 MB at most\n"),
            Err(error) => return Answer::typed(400, "text/plain", format!("{error}\n")),
        };
        match self.engine.invoke(event.to_vec()).await {
            Outcome::Whole(bytes) => Answer::typed(200, "application/json", bytes),
            Outcome::Stream { mut body, .. } => match body.collect(LARGEST_BODY).await {
                Ok(Some(bytes)) => Answer::typed(200, "application/json", bytes),
                Ok(None) => Answer::typed(500, "text/plain", "an answer that is too large to be buffered"),
                Err(error) => Answer::typed(500, "text/plain", format!("a streamed answer that failed: {error}")),
            },
            Outcome::Failed(why) => {
                self.logs.push(&why);
                Answer::typed(500, "text/plain", why)
            }
        }
    }

    async fn answer(&self, mut request: Request) -> Answer {
        let body = match request.body.collect(LARGEST_BODY).await {
            Ok(Some(body)) => body,
            Ok(None) => return self.gateway.too_large(),
            Err(error) => return Answer::typed(400, "text/plain", format!("{error}\n")),
        };
        let call = Call {
            method: &request.method,
            target: &request.target,
            headers: &request.headers,
            body: &body,
            client: request.peer.ip(),
            port: request.local.port(),
        };
        let event = match self.gateway.event(&call) {
            Ok(event) => event,
            Err(answer) => return answer,
        };
        let answer = match self.engine.invoke(event).await {
            Outcome::Whole(bytes) => self.gateway.answer(&bytes),
            Outcome::Stream { content_type, body } if self.streaming => stream(content_type, body).await,
            // The other gateways wait for all of it and take it for the answer.
            Outcome::Stream { mut body, .. } => match body.collect(LARGEST_BODY).await {
                Ok(Some(bytes)) => self.gateway.answer(&bytes),
                Ok(None) => Err("an answer that is too large to be buffered".to_owned()),
                Err(error) => Err(format!("a streamed answer that failed: {error}")),
            },
            Outcome::Failed(why) => {
                self.logs.push(&why);
                return failure(self.gateway.shape());
            }
        };
        answer.unwrap_or_else(|why| {
            self.logs.push(&format!("the gateway refuses the function's answer: {why}"));
            failure(self.gateway.shape())
        })
    }
}

/// A streaming function URL's answer: status and headers first, then the body as it comes.
async fn stream(content_type: Option<Vec<u8>>, mut body: Body) -> Result<Answer, String> {
    let failed = |error: std::io::Error| format!("a streamed answer that failed before its body: {error}");
    if content_type.as_deref() != Some(INTEGRATION) {
        let content_type = content_type.unwrap_or_else(|| b"application/octet-stream".to_vec());
        let headers = Headers::new().with("content-type", content_type);
        return Ok(Answer { status: 200, reason: None, headers, body: Outgoing::Stream { length: None, body } });
    }
    let mut start = BytesMut::new();
    let at = loop {
        if let Some(at) = start.windows(SEPARATOR.len()).position(|window| window == SEPARATOR) {
            break at;
        }
        match body.next().await.map_err(failed)? {
            Some(piece) if start.len() < LARGEST_PRELUDE => start.extend_from_slice(&piece),
            _ => return Err("a streamed answer without the eight zero bytes after its prelude".to_owned()),
        }
    };
    let mut answer = Gateway::prelude(&start[..at])?;
    let first = start.freeze().slice(at + SEPARATOR.len()..);
    let (sender, rest) = channel();
    tokio::spawn(async move {
        sender.data(first);
        loop {
            match body.next().await {
                Ok(Some(piece)) => drop(sender.data(piece)),
                Ok(None) => return sender.end(Headers::new()),
                Err(error) => return sender.fail(error),
            }
        }
    });
    answer.body = Outgoing::Stream { length: None, body: rest };
    Ok(answer)
}
