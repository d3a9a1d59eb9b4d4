//! A request as the platform forwards it, as a portable one: the public URL, no internal headers, the client's address.

use std::net::IpAddr;

use anyfn_core::{Error, ErrorKind};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, Method, StatusCode, Uri, header};

use crate::MAX_BODY;

const INVOCATION: HeaderName = HeaderName::from_static("x-vercel-internal-invocation-id");
const REQUEST: HeaderName = HeaderName::from_static("x-vercel-internal-request-id");
const INTERNAL_TOKEN: HeaderName = HeaderName::from_static("x-vercel-internal-oidc-token");
const TOKEN: HeaderName = HeaderName::from_static("x-vercel-oidc-token");
const INTERNAL: &str = "x-vercel-internal-";

/// What the platform calls an invocation, in every message about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvocationId {
    /// Of `x-vercel-internal-invocation-id`.
    pub invocation: String,
    /// Of `x-vercel-internal-request-id`.
    pub request: u64,
}

/// A decoded request.
#[derive(Debug)]
#[non_exhaustive]
pub struct Received<B> {
    /// The request, with the public URL and without the platform's internal headers.
    pub request: http::Request<B>,
    /// The request's target as it came, where no [`Uri`] can hold it: `*`.
    pub raw_target: Option<String>,
    /// `x-vercel-id`, the edge's name of the request.
    pub request_id: Option<String>,
    /// The client's address, which the edge writes over whatever a client claims (Vercel, "Request headers").
    pub client_ip: Option<IpAddr>,
}

/// What the platform calls this request; `None` outside the platform.
pub fn invocation(headers: &HeaderMap) -> Option<InvocationId> {
    let text = |name| headers.get(name)?.to_str().ok();
    Some(InvocationId { invocation: text(INVOCATION)?.to_owned(), request: text(REQUEST)?.parse().ok()? })
}

/// Decodes a request.
///
/// The platform's OIDC token is handed on as `x-vercel-oidc-token`, and nobody else's is.
///
/// ```
/// let request = http::Request::get("/a?b")
///     .header("host", "127.0.0.1")
///     .header("x-forwarded-host", "app.vercel.app")
///     .header("x-forwarded-proto", "https")
///     .header("x-vercel-internal-request-id", "1")
///     .body(())
///     .unwrap();
/// let received = anyfn_vercel::decode(request).unwrap();
/// assert_eq!(received.request.uri(), "https://app.vercel.app/a?b");
/// assert!(!received.request.headers().contains_key("x-vercel-internal-request-id"));
/// ```
///
/// # Errors
/// 413 for a body that is declared to be larger than [`MAX_BODY`], 400 for a host that is none (RFC 9112, section 3.2), 501
/// for CONNECT: this is no proxy.
pub fn decode<B>(request: http::Request<B>) -> Result<Received<B>, Error> {
    let (mut head, body) = request.into_parts();
    if head.method == Method::CONNECT {
        return Err(Error::new(StatusCode::NOT_IMPLEMENTED).detail("a function is no proxy: it does not CONNECT"));
    }
    let length = head.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > MAX_BODY) {
        return Err(Error::of(ErrorKind::TooLarge).detail(format!("a body may have {MAX_BODY} bytes at most")));
    }
    clean(&mut head.headers);
    let text = |name| head.headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
    let target = std::mem::take(&mut head.uri).into_parts();
    let path = target.path_and_query.filter(|path| !path.as_str().is_empty());
    let asterisk = path.as_ref().is_some_and(|path| path.as_str() == "*");
    let path = path.filter(|_| !asterisk).unwrap_or(PathAndQuery::from_static("/"));
    let host = ["x-forwarded-host", "host"].into_iter().filter_map(text).find_map(authority).or(target.authority);
    if host.is_none() && head.headers.contains_key(header::HOST) {
        return Err(Error::bad_request("the request needs a valid `host` header"));
    }
    let scheme = match text("x-forwarded-proto") {
        Some("https") => Scheme::HTTPS,
        _ => Scheme::HTTP,
    };
    let request_id = text("x-vercel-id").map(str::to_owned);
    let forwarded = || text("x-forwarded-for").and_then(|list| list.split(',').next());
    let client_ip = text("x-real-ip").or_else(forwarded).and_then(|address| address.trim().parse().ok());
    head.uri = public(scheme, host, path);
    Ok(Received {
        request: http::Request::from_parts(head, body),
        raw_target: asterisk.then(|| "*".to_owned()),
        request_id,
        client_ip,
    })
}

/// Takes out what is between platform and runtime. Inside the platform the token is the platform's or none.
fn clean(headers: &mut HeaderMap) {
    if headers.contains_key(INVOCATION) {
        headers.remove(TOKEN);
    }
    if let Some(token) = headers.remove(INTERNAL_TOKEN) {
        headers.insert(TOKEN, token);
    }
    let internal = |name: &&HeaderName| name.as_str().starts_with(INTERNAL);
    while let Some(name) = headers.keys().find(internal).cloned() {
        headers.remove(name);
    }
}

/// A host that can stand in a URL: no user information, and a port that is one.
fn authority(text: &str) -> Option<Authority> {
    let host = Authority::try_from(text).ok()?;
    let port = text.rsplit(']').next().and_then(|rest| rest.split_once(':')).map_or("", |(_, port)| port);
    (!text.contains('@') && (port.is_empty() || host.port_u16().is_some())).then_some(host)
}

fn public(scheme: Scheme, host: Option<Authority>, path: PathAndQuery) -> Uri {
    let Some(host) = host else { return Uri::from(path) };
    let mut parts = http::uri::Parts::default();
    (parts.scheme, parts.authority, parts.path_and_query) = (Some(scheme), Some(host), Some(path.clone()));
    Uri::from_parts(parts).unwrap_or_else(|_| Uri::from(path))
}
