//! Asking a local runtime as a client would.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use bytes::Bytes;

use super::http1::{Headers, Outgoing, send};

/// The largest answer that is read.
const LARGEST: usize = 64 << 20;

/// An answer, as far as a person looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The status code.
    pub status: u16,
    /// The media type, where one is named.
    pub content_type: Option<String>,
    /// The whole body.
    pub body: Bytes,
}

/// Sends a request without a body, its target byte for byte, and reads the whole answer.
///
/// # Errors
/// When no whole answer comes back.
pub async fn ask(addr: SocketAddr, method: &str, target: &str) -> Result<Answered> {
    let headers = Headers::new().with("host", addr.to_string()).with("accept", "*/*");
    exchange(addr, method, target, &headers, Outgoing::None).await
}

/// [`ask`], with a body: JSON where it is some, text otherwise.
///
/// # Errors
/// When no whole answer comes back.
pub async fn ask_with(addr: SocketAddr, method: &str, target: &str, data: &str) -> Result<Answered> {
    let json = serde_json::from_str::<serde::de::IgnoredAny>(data).is_ok();
    let kind = if json { "application/json" } else { "text/plain; charset=utf-8" };
    let headers = Headers::new().with("host", addr.to_string()).with("accept", "*/*").with("content-type", kind);
    exchange(addr, method, target, &headers, Outgoing::Whole(data.to_owned().into())).await
}

/// Posts a body, as JSON where `headers` say nothing else, and reads the whole answer.
pub(super) async fn post(addr: SocketAddr, target: &str, headers: &[(&str, &str)], body: &str) -> Result<Answered> {
    let mut all = Headers::new().with("host", addr.to_string());
    if headers.is_empty() {
        all = all.with("content-type", "application/json");
    }
    for (name, value) in headers {
        all = all.with(name, *value);
    }
    exchange(addr, "POST", target, &all, Outgoing::Whole(body.to_owned().into())).await
}

async fn exchange(addr: SocketAddr, method: &str, target: &str, headers: &Headers, body: Outgoing) -> Result<Answered> {
    let mut reply =
        send(addr, method, target.as_bytes(), headers, body).await.with_context(|| format!("no answer from {addr}"))?;
    let body = reply.body.collect(LARGEST).await.with_context(|| format!("the answer of {addr} broke off"))?;
    Ok(Answered {
        status: reply.status,
        content_type: reply.headers.get("content-type").map(|value| String::from_utf8_lossy(value).into_owned()),
        body: body.with_context(|| format!("the answer of {addr} is over {LARGEST} bytes"))?,
    })
}
