//! Vercel Queues in push mode, `queue/v2beta`: a POST for each message, with its attributes as a CloudEvent's.
//!
//! A 2xx does not acknowledge a message: taking back its lease does. The lease is also what tells the platform's delivery
//! from an outsider's: before the handler runs it is renewed at the queues' API, which knows only leases that it gave out
//! to this very project, by a random handle that nobody else has seen. Where the API cannot be asked, nothing runs.

use std::convert::Infallible;
use std::time::Duration;

use anyfn_core::{
    Batch, Body, Context, Entry, Error, ErrorKind, Event, Handler, Level, Names, Order, Payload, dispatch,
};
use http::{HeaderMap, Method, StatusCode};

use super::lease::{Consumer, Lease, Refused};
use super::{Settled, done, failed, only, settled};
use crate::MAX_BODY;
use crate::context::Flight;

/// Each queue has a function of its own below this path.
pub(super) const PATHS: &str = "/_anyfn/queue/";

const TYPE: &str = "com.vercel.queue.v2beta";
/// Set, by the build, for a function that is a queue's alone; the public one takes messages nowhere but at our own path.
const QUEUE: &str = "ANYFN_QUEUE";
/// Where the API is, if not in the message's region; `vercel dev` sets it.
const BASE: &str = "VERCEL_QUEUE_BASE_URL";
/// The token for it outside the platform.
const TOKEN: &str = "VERCEL_QUEUE_TOKEN";
/// The token that the platform sends with each request.
const PLATFORM_TOKEN: &str = "x-vercel-oidc-token";

/// How long the lease lasts, in seconds, as with the vendor's own client; it is renewed while the handler runs.
const LASTS: u64 = 300;
const RENEWED: Duration = Duration::from_secs(60);
/// The longest time after which a message can be made to come again, in seconds ("Queues", Vercel documentation).
const LONGEST: u64 = 3600;

/// Whether a message is delivered at another path than ours: `vercel dev` does so, at the path of the function's source,
/// and the platform may choose one for a function that is a queue's alone.
pub(super) fn is_delivery(request: &http::Request<Body>, flight: &Flight) -> bool {
    request.headers().get("ce-type").is_some_and(|kind| kind == TYPE)
        && (flight.instance.variable(QUEUE).is_some()
            || flight.id.is_none() && flight.instance.variable(BASE).is_some())
}

pub(super) async fn serve<H: Handler>(
    handler: &H,
    request: http::Request<Body>,
    cx: &Context,
    flight: &Flight,
) -> Result<http::Response<Body>, Error> {
    only(&Method::POST, &request)?;
    let (head, body) = request.into_parts();
    let delivery = Delivery::read(&head.headers)?;
    let consumer = Consumer {
        calls: flight.instance.calls()?,
        url: delivery.url(cx.env(BASE))?,
        token: token(&head.headers, cx, flight)?,
        deployment: cx.env("VERCEL_DEPLOYMENT_ID").filter(|id| !id.is_empty()),
    };
    let forged = |refused| match refused {
        Refused::Unknown => {
            Error::of(ErrorKind::Unauthorized).detail("the queue has not delivered this message, or it is done already")
        }
        Refused::Failed(error) => unreachable("whether the queue delivered a message cannot be asked", error),
    };
    let (lease, payload) = match &delivery.receipt {
        Some(receipt) => {
            let lease = consumer.lease(receipt);
            lease.lasts(LASTS).await.map_err(forged)?;
            (lease, body.collect(MAX_BODY as usize).await?)
        }
        None => consumer.receive(&delivery.message, LASTS).await.map_err(forged)?,
    };
    let mut entry = Entry::new(delivery.message.clone(), Payload(payload));
    entry.attempts = delivery.attempts;
    let batch = Batch::new(Names::of_program(cx)?.of(&delivery.topic), Order::Unordered, [entry]);
    let handled = tokio::select! {
        handled = dispatch(handler, Event::Queue(batch), cx.clone()) => handled,
        never = renew(&lease, cx) => match never {},
    };
    match settled(handled) {
        Settled::Done => match lease.acknowledge().await {
            Ok(()) => Ok(done()),
            Err(refused) => Err(unreachable("a message is done, but not acknowledged, and comes again", refused)),
        },
        Settled::Again(None) => Err(failed()),
        // The platform would put its own time in the place of this one if the answer were no 2xx.
        Settled::Again(Some(after)) => match lease.lasts(after.as_secs().min(LONGEST)).await {
            Ok(()) => Ok(done()),
            Err(refused) => Err(unreachable("a message comes again at the platform's own time", refused)),
        },
    }
}

async fn renew(lease: &Lease<'_>, cx: &Context) -> Infallible {
    loop {
        tokio::time::sleep(RENEWED).await;
        if let Err(refused) = lease.lasts(LASTS).await {
            cx.log_at(Level::Warn, format!("anyfn: a message may come again while it is handled: {refused}"));
        }
    }
}

fn unreachable(what: &str, why: impl std::fmt::Display) -> Error {
    Error::new(StatusCode::SERVICE_UNAVAILABLE).source(format!("{what}: {why}"))
}

/// The platform's own token, and nobody's who claims to be it.
fn token(headers: &HeaderMap, cx: &Context, flight: &Flight) -> Result<String, Error> {
    let sent = || headers.get(PLATFORM_TOKEN).filter(|_| flight.id.is_some())?.to_str().ok().map(str::to_owned);
    let set = |name| cx.env(name).filter(|token| !token.is_empty());
    set(TOKEN).or_else(sent).or_else(|| set("VERCEL_OIDC_TOKEN")).ok_or_else(|| {
        Error::of(ErrorKind::Unauthorized).detail("this program takes no messages here").source(format!(
            "there is no token for the queues' API: on Vercel, switch on the project's OIDC tokens; elsewhere set `{TOKEN}`"
        ))
    })
}

/// What a delivery says of its message.
#[derive(Debug)]
struct Delivery {
    topic: String,
    consumer: String,
    message: String,
    /// None where the message is to be fetched: it is too large to be sent along.
    receipt: Option<String>,
    attempts: Option<u32>,
    region: Option<String>,
}

impl Delivery {
    fn read(headers: &HeaderMap) -> Result<Self, Error> {
        let text = |name: &str| headers.get(name)?.to_str().ok().filter(|text| !text.is_empty()).map(str::to_owned);
        let wanted = |name: &str| {
            text(name).ok_or_else(|| Error::bad_request(format!("a delivery of Vercel Queues has the header `{name}`")))
        };
        if text("ce-type").as_deref() != Some(TYPE) {
            return Err(Error::bad_request(format!("here come deliveries of Vercel Queues, with `ce-type: {TYPE}`")));
        }
        Ok(Self {
            topic: wanted("ce-vqsqueuename")?,
            consumer: wanted("ce-vqsconsumergroup")?,
            message: wanted("ce-vqsmessageid")?,
            receipt: text("ce-vqsreceipthandle"),
            attempts: text("ce-vqsdeliverycount").and_then(|count| count.parse().ok()),
            region: text("ce-vqsregion"),
        })
    }

    /// The consumer's URL.
    fn url(&self, base: Option<String>) -> Result<String, Error> {
        let base = match (base.filter(|base| !base.is_empty()), &self.region) {
            (Some(base), _) => base,
            // The token goes there: a region is no piece of a URL.
            (None, Some(region)) if is_region(region) => format!("https://{region}.vercel-queue.com"),
            (None, _) => {
                return Err(Error::bad_request("a delivery's `ce-vqsregion` is a region's name, as in `iad1`"));
            }
        };
        let Self { topic, consumer, .. } = self;
        if !is_name(topic) || !is_name(consumer) {
            return Err(Error::bad_request("a queue's and a consumer's name have letters, digits, `-` and `_`"));
        }
        Ok(format!("{}/api/v3/topic/{topic}/consumer/{consumer}", base.trim_end_matches('/')))
    }
}

fn is_name(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// Letters and one or two digits, as the vendor's own client checks it.
fn is_region(text: &str) -> bool {
    let letters = text.bytes().take_while(u8::is_ascii_lowercase).count();
    let digits = &text[letters..];
    (2..=5).contains(&letters) && (1..=2).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}
