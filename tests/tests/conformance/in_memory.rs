//! The echo function behind the adapter's decoder and encoder, without a process.

use std::net::IpAddr;
use std::time::Duration;

use anyfn_conformance::ENV;
use anyfn_core::test::{Memory, block_on};
use anyfn_core::{App, Body, BoxFuture, Context, Error, Invocation, Level, Names, dispatch, dispatch_http};
use anyfn_lambda::{Http, MAX_ANSWER, Received, Shape, decode, encode, events};

/// What the adapter's decoder and encoder make of an event around the echo function.
pub(crate) fn in_memory(app: &App, event: Vec<u8>) -> Result<Vec<u8>, String> {
    let event = bytes::Bytes::from(event);
    let told = match decode(&event) {
        Ok(Received::Http(http)) => {
            let Http { request, shape, client_ip, raw_target, .. } = *http;
            let cx = Context::new(Delivered { cx: context(), client_ip, raw_target });
            block_on(whole(shape, dispatch_http(app, request, cx)))
        }
        Ok(Received::Refused(shape, error)) => block_on(whole(shape, async { error.into_http() })),
        Ok(Received::Event(source)) => events::decode(source, &event, &Names::default()).and_then(|decoded| {
            let answer = block_on(dispatch(app, decoded.event, context()));
            decoded.reply.encode(answer)
        }),
        Ok(other) => return Err(format!("{other:?} is unknown to the table")),
        Err(error) => Err(error),
    };
    told.map(|json| json.to_vec()).map_err(|error| error.to_string())
}

/// The answer in the shape of its request, or the error that it is instead.
async fn whole(shape: Shape, answer: impl Future<Output = http::Response<Body>>) -> Result<bytes::Bytes, Error> {
    let (head, body) = answer.await.into_parts();
    let sent = match body.collect(MAX_ANSWER).await {
        Ok(body) => encode(shape, &head, &body),
        Err(error) => Err(Error::internal(error)),
    };
    match sent {
        Ok(json) => Ok(json),
        Err(error) => {
            let (head, body) = error.into_http().into_parts();
            encode(shape, &head, &body.collect(MAX_ANSWER).await.map_err(Error::internal)?)
        }
    }
}

fn context() -> Context {
    ENV.iter().fold(Memory::default(), |memory, (name, value)| memory.env(name, value)).context()
}

/// The memory's invocation with what the gateway says.
struct Delivered {
    cx: Context,
    client_ip: Option<IpAddr>,
    raw_target: Option<String>,
}

impl Invocation for Delivered {
    fn platform(&self) -> &'static str {
        "lambda"
    }
    fn client_ip(&self) -> Option<IpAddr> {
        self.client_ip
    }
    fn raw_target(&self) -> Option<&str> {
        self.raw_target.as_deref()
    }
    fn env(&self, name: &str) -> Option<String> {
        self.cx.env(name)
    }
    fn sleep(&self, duration: Duration) -> BoxFuture<()> {
        let cx = self.cx.clone();
        Box::pin(async move { cx.sleep(duration).await })
    }
    fn wait_until(&self, work: BoxFuture<()>) {
        self.cx.wait_until(work);
    }
    fn log(&self, level: Level, line: &str) {
        self.cx.log_at(level, line);
    }
}
