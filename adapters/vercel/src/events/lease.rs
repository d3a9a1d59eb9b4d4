//! The lease under which a queue hands out a message, until it is acknowledged or comes again.

use std::fmt;
use std::time::Duration;

use anyfn_core::{Body, BoxError};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Calls;

const DEPLOYMENT: HeaderName = HeaderName::from_static("vqs-deployment-id");
const LASTS: HeaderName = HeaderName::from_static("vqs-visibility-timeout-seconds");

/// The largest message that is fetched, in bytes; an instance has 2 GB of memory as a rule.
const LARGEST: usize = 256 << 20;

/// How often an acknowledgement is tried, and how long after a failure.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(200);

/// A consumer of a queue, at the queues' API.
pub(super) struct Consumer<'a> {
    pub(super) calls: &'a dyn Calls,
    /// The consumer's own URL.
    pub(super) url: String,
    pub(super) token: String,
    /// The deployment that consumes, which the API wants to know of one on the platform.
    pub(super) deployment: Option<String>,
}

/// A message's lease.
pub(super) struct Lease<'a> {
    consumer: &'a Consumer<'a>,
    url: String,
}

/// Why the API did not do as it was told.
#[derive(Debug)]
pub(super) enum Refused {
    /// There is no such lease, or none any more.
    Unknown,
    /// Anything else.
    Failed(BoxError),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => write!(f, "there is no such lease"),
            Self::Failed(error) => write!(f, "{error}"),
        }
    }
}

/// What a receipt or an identifier keeps of itself in a URL.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'~');

impl Consumer<'_> {
    /// The lease of this receipt.
    pub(super) fn lease(&self, receipt: &str) -> Lease<'_> {
        Lease { consumer: self, url: format!("{}/lease/{}", self.url, utf8_percent_encode(receipt, KEPT)) }
    }

    /// A message that is too large to be sent along with its delivery, under a lease of so many seconds.
    pub(super) async fn receive(&self, message: &str, seconds: u64) -> Result<(Lease<'_>, Bytes), Refused> {
        let url = format!("{}/id/{}", self.url, utf8_percent_encode(message, KEPT));
        let request = self.request(Method::POST, &url).map_err(Refused::Failed)?;
        let request = request.header(LASTS, seconds).header(header::ACCEPT, "multipart/mixed");
        let answer = self.call(request, Body::empty()).await?;
        let (head, body) = answer.into_parts();
        let body = body.collect(LARGEST).await.map_err(|error| Refused::Failed(error.into()))?;
        let part = Part::read(&head.headers, &body);
        let part = part.ok_or_else(|| Refused::Failed("the queues' API answered with something else".into()))?;
        Ok((self.lease(part.receipt), body.slice_ref(part.payload)))
    }

    fn request(&self, method: Method, url: &str) -> Result<http::request::Builder, BoxError> {
        let mut token = HeaderValue::try_from(format!("Bearer {}", self.token))?;
        token.set_sensitive(true);
        let request = http::Request::builder().method(method).uri(url).header(header::AUTHORIZATION, token);
        Ok(match &self.deployment {
            Some(deployment) => request.header(DEPLOYMENT, deployment),
            None => request,
        })
    }

    async fn call(&self, request: http::request::Builder, body: Body) -> Result<http::Response<Body>, Refused> {
        let request = request.body(body).map_err(|error| Refused::Failed(error.into()))?;
        let answer = self.calls.call(request).await.map_err(Refused::Failed)?;
        match answer.status() {
            status if status.is_success() => Ok(answer),
            StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND | StatusCode::CONFLICT | StatusCode::GONE => {
                Err(Refused::Unknown)
            }
            status => Err(Refused::Failed(format!("the queues' API answered {status}").into())),
        }
    }
}

impl Lease<'_> {
    /// Lets the message come again after this many seconds, and not before.
    pub(super) async fn lasts(&self, seconds: u64) -> Result<(), Refused> {
        let request = self.consumer.request(Method::PATCH, &self.url).map_err(Refused::Failed)?;
        let request = request.header(header::CONTENT_TYPE, "application/json");
        let body = serde_json::json!({ "visibilityTimeoutSeconds": seconds }).to_string();
        self.consumer.call(request, Body::from(body)).await.map(drop)
    }

    /// The message does not come again.
    pub(super) async fn acknowledge(&self) -> Result<(), Refused> {
        let mut tries = 1;
        loop {
            let request = self.consumer.request(Method::DELETE, &self.url).map_err(Refused::Failed)?;
            match self.consumer.call(request, Body::empty()).await {
                Err(Refused::Failed(_)) if tries < TRIES => {
                    tokio::time::sleep(PAUSE * tries).await;
                    tries += 1;
                }
                result => return result.map(drop),
            }
        }
    }
}

/// The first part of a multipart body.
struct Part<'a> {
    receipt: &'a str,
    payload: &'a [u8],
}

impl<'a> Part<'a> {
    fn read(headers: &HeaderMap, body: &'a [u8]) -> Option<Self> {
        let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
        let boundary = kind.split(';').find_map(|part| part.trim().strip_prefix("boundary="))?.trim_matches('"');
        let rest = body.strip_prefix(format!("--{boundary}\r\n").as_bytes())?;
        let (head, rest) = split(rest, b"\r\n\r\n")?;
        let (payload, _) = split(rest, format!("\r\n--{boundary}").as_bytes())?;
        let mut lines = std::str::from_utf8(head).ok()?.split("\r\n").filter_map(|line| line.split_once(':'));
        let (_, receipt) = lines.find(|(name, _)| name.eq_ignore_ascii_case("vqs-receipt-handle"))?;
        Some(Self { receipt: receipt.trim(), payload })
    }
}

fn split<'a>(bytes: &'a [u8], at: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let place = bytes.windows(at.len()).position(|window| window == at)?;
    Some((&bytes[..place], &bytes[place + at.len()..]))
}
