//! The payloads of HTTP requests.

use std::net::{IpAddr, SocketAddr};

use anyfn_core::{Body, Error};
use bytes::Bytes;
use http::header::MaxSizeReached;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::cut::decoded;
use super::target::{
    below_mapping, below_stage, decoded_path, push_decoded, push_either, push_sent, sent_path, sent_query,
};
use super::text::{Pairs, Text};
use super::{Http, Shape};

/// All that the payloads have, each its part of it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Envelope<'a> {
    #[serde(borrow, default)]
    pub(super) version: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) http_method: Option<Text<'a>>,
    /// VPC Lattice's word for it.
    #[serde(borrow, default)]
    pub(super) method: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) path: Option<Text<'a>>,
    /// The route of a REST API, with its parameters in braces.
    #[serde(borrow, default)]
    resource: Option<Text<'a>>,
    /// That of an HTTP API, after a method.
    #[serde(borrow, default)]
    route_key: Option<Text<'a>>,
    #[serde(borrow, default)]
    path_parameters: Option<Pairs<'a>>,
    #[serde(borrow, default)]
    raw_path: Option<Text<'a>>,
    #[serde(borrow, default)]
    raw_query_string: Option<Text<'a>>,
    #[serde(borrow, default)]
    query_string_parameters: Option<Pairs<'a>>,
    #[serde(borrow, default)]
    multi_value_query_string_parameters: Option<Pairs<'a>>,
    #[serde(borrow, default)]
    headers: Option<Pairs<'a>>,
    #[serde(borrow, default)]
    pub(super) multi_value_headers: Option<Pairs<'a>>,
    #[serde(borrow, default)]
    cookies: Option<Vec<Text<'a>>>,
    #[serde(borrow, default)]
    pub(super) request_context: Option<Around<'a>>,
    #[serde(borrow, default)]
    pub(super) body: Option<Text<'a>>,
    #[serde(default)]
    pub(super) is_base64_encoded: Option<bool>,
    /// An authorizer's request has one of these.
    #[serde(default)]
    pub(super) method_arn: Option<IgnoredAny>,
    #[serde(default)]
    pub(super) route_arn: Option<IgnoredAny>,
    /// VPC Lattice's first payload has this.
    #[serde(default, rename = "raw_path")]
    pub(super) raw_path_of_lattice: Option<IgnoredAny>,
}

/// The request's context.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Around<'a> {
    #[serde(borrow, default)]
    pub(super) http: Option<Method2<'a>>,
    #[serde(borrow, default)]
    pub(super) domain_name: Option<Text<'a>>,
    #[serde(borrow, default)]
    stage: Option<Text<'a>>,
    #[serde(borrow, default)]
    path: Option<Text<'a>>,
    #[serde(borrow, default)]
    identity: Option<Identity<'a>>,
    #[serde(default)]
    pub(super) elb: Option<IgnoredAny>,
    #[serde(default)]
    pub(super) connection_id: Option<IgnoredAny>,
    #[serde(default)]
    pub(super) service_network_arn: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Method2<'a> {
    #[serde(borrow, default)]
    method: Text<'a>,
    #[serde(borrow, default)]
    source_ip: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity<'a> {
    #[serde(borrow, default)]
    source_ip: Option<Text<'a>>,
}

/// The request in an event of this shape.
pub(super) fn request(envelope: &Envelope<'_>, shape: Shape, body: Result<Body, Error>) -> Result<Http, Error> {
    let headers = headers(envelope).map_err(|_| {
        Error::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE).detail("the request has too many headers")
    })?;
    let mut request = http::Request::new(body?);
    let context = envelope.request_context.as_ref();
    let method = match shape {
        Shape::V2 | Shape::Url => context.and_then(|context| context.http.as_ref()).map(|http| &*http.method),
        Shape::Lattice => envelope.method.as_deref(),
        _ => envelope.http_method.as_deref(),
    };
    let method = Method::from_bytes(method.unwrap_or_default().as_bytes());
    *request.method_mut() = method.map_err(|_| Error::bad_request("the request's method is none"))?;
    let target = target(envelope, shape);
    *request.uri_mut() = uri(&headers, context.and_then(|context| context.domain_name.as_deref()), &target.sent)?;
    let client_ip = client_ip(envelope, &headers, shape);
    *request.headers_mut() = headers;
    Ok(Http { request, shape, client_ip, raw_target: target.raw.filter(|raw| *raw != target.sent) })
}

fn headers(envelope: &Envelope<'_>) -> Result<HeaderMap, MaxSizeReached> {
    let single = envelope.headers.as_ref().map(|pairs| &pairs.0[..]).unwrap_or_default();
    let several = envelope.multi_value_headers.as_ref().map(|pairs| &pairs.0[..]).unwrap_or_default();
    let mut headers = HeaderMap::try_with_capacity(single.len().max(several.len()) + 1)?;
    let mut add = |name: &Text<'_>, value: &Text<'_>| {
        // What HTTP does not know costs itself and nothing else.
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value.as_bytes()))
        {
            headers.try_append(name, value)?;
        }
        Ok(())
    };
    // Where there are several values, the other map has but the last.
    let lists = if several.is_empty() { single } else { several };
    lists.iter().try_for_each(|(name, values)| values.iter().try_for_each(|value| add(name, value)))?;
    if let Some(cookies) = envelope.cookies.as_ref().filter(|cookies| !cookies.is_empty()) {
        let joined = cookies.iter().map(|cookie| &**cookie).collect::<Vec<_>>().join("; ");
        if let Ok(value) = HeaderValue::from_bytes(joined.as_bytes()) {
            headers.try_insert(header::COOKIE, value)?;
        }
    } else if headers.get_all(header::COOKIE).iter().count() > 1 {
        // One header, as RFC 6265 has it (section 5.4): a load balancer passes on how HTTP/2 splits it.
        let all: Vec<&[u8]> = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes).collect();
        if let Ok(value) = HeaderValue::from_bytes(&all.join(&b"; "[..])) {
            headers.insert(header::COOKIE, value);
        }
    }
    Ok(headers)
}

/// The body of an event that was read whole.
pub(super) fn body(event: &Bytes, envelope: &mut Envelope<'_>) -> Result<Body, Error> {
    let Some(text) = envelope.body.take().filter(|text| !text.is_empty()) else { return Ok(Body::empty()) };
    if envelope.is_base64_encoded == Some(true) {
        return decoded(text.as_bytes());
    }
    Ok(match text.0 {
        // It stands in the event as it is: no copy.
        std::borrow::Cow::Borrowed(text) => Body::from(event.slice_ref(text.as_bytes())),
        std::borrow::Cow::Owned(text) => Body::from(text),
    })
}

/// Path and query for the URI, and as they came.
struct Target {
    sent: String,
    raw: Option<String>,
}

fn target(envelope: &Envelope<'_>, shape: Shape) -> Target {
    let context = envelope.request_context.as_ref();
    let stage = context.and_then(|context| context.stage.as_deref()).unwrap_or_default();
    let domain = context.and_then(|context| context.domain_name.as_deref()).unwrap_or_default();
    // A custom domain maps a path to the stage; API Gateway's own has the stage in the path.
    let own = domain.contains(".execute-api.");
    let staged = own && !stage.is_empty() && stage != "$default";
    let below = |path| match mapped_route(envelope) {
        Some(route) if !own && !domain.is_empty() => below_mapping(path, route, |name| {
            let pairs = envelope.path_parameters.as_ref().map(|pairs| &pairs.0[..]).unwrap_or_default();
            pairs.iter().find(|(other, _)| **other == *name)?.1.iter().next().map(|value| &**value)
        }),
        _ => path,
    };
    let (path, came) = match shape {
        Shape::Url => {
            let raw = envelope.raw_path.as_deref().unwrap_or("/");
            (sent_path(raw), raw)
        }
        Shape::V2 => {
            let raw = envelope.raw_path.as_deref().unwrap_or("/");
            (decoded_path(if staged { below_stage(raw, stage) } else { below(raw) }), raw)
        }
        Shape::V1 => {
            let path = envelope.path.as_deref().unwrap_or("/");
            let raw = context.and_then(|context| context.path.as_deref()).unwrap_or(path);
            // An HTTP API that is asked for payload 1.0 says so, and decodes the path.
            if envelope.version.as_deref() == Some("1.0") {
                (decoded_path(if staged { below_stage(path, stage) } else { below(path) }), raw)
            } else {
                (sent_path(below(path)), raw)
            }
        }
        Shape::Alb | Shape::AlbMulti | Shape::Lattice => {
            let path = envelope.path.as_deref().unwrap_or("/");
            (sent_path(path), path)
        }
    };
    let (query, raw_query) = query(envelope, shape);
    let mut sent = path;
    let mut raw = came.to_owned();
    if let Some(query) = query {
        sent.push('?');
        sent.push_str(&query);
        raw.push('?');
        raw.push_str(raw_query.unwrap_or(&query));
    }
    Target { sent, raw: Some(raw) }
}

/// The route that the request came by; `None` for one that says nothing of the path.
fn mapped_route<'a>(envelope: &'a Envelope<'_>) -> Option<&'a str> {
    let key = || envelope.route_key.as_deref().and_then(|key| key.split_once(' ')).map(|(_, route)| route);
    envelope.resource.as_deref().or_else(key)
}

/// The query, and how it came where that is known.
fn query<'a>(envelope: &'a Envelope<'_>, shape: Shape) -> (Option<String>, Option<&'a str>) {
    if let Some(raw) = envelope.raw_query_string.as_deref() {
        return (Some(sent_query(raw)).filter(|query| !query.is_empty()), Some(raw));
    }
    // A load balancer passes on what was sent; API Gateway decodes.
    let push = match shape {
        Shape::Alb | Shape::AlbMulti => push_sent,
        Shape::Lattice => push_either,
        _ => push_decoded,
    };
    let mut query = String::new();
    let several = envelope.multi_value_query_string_parameters.as_ref().filter(|pairs| !pairs.0.is_empty());
    if let Some(Pairs(pairs)) = several.or(envelope.query_string_parameters.as_ref()) {
        pairs.iter().for_each(|(name, values)| values.iter().for_each(|value| push(&mut query, name, value)));
    }
    (Some(query).filter(|query| !query.is_empty()), None)
}

fn uri(headers: &HeaderMap, domain: Option<&str>, target: &str) -> Result<Uri, Error> {
    let mut parts = http::uri::Parts::default();
    let target = PathAndQuery::try_from(target).map_err(|_| Error::bad_request("the request's target is none"))?;
    parts.path_and_query = Some(target);
    let host = match headers.get(header::HOST) {
        Some(host) => {
            let host = Authority::try_from(host.as_bytes()).ok().filter(is_host);
            Some(host.ok_or_else(|| Error::bad_request("the request needs a valid `host` header"))?)
        }
        None => domain.and_then(|domain| Authority::try_from(domain).ok()).filter(is_host),
    };
    if let Some(host) = host {
        parts.authority = Some(host);
        // Several proxies make a list; the first one spoke to the client.
        let scheme = headers.get("x-forwarded-proto").and_then(|scheme| scheme.to_str().ok()).unwrap_or("https");
        let scheme = scheme.split(',').next().unwrap_or_default().trim();
        parts.scheme = Some(if scheme.eq_ignore_ascii_case("http") { Scheme::HTTP } else { Scheme::HTTPS });
    }
    Uri::from_parts(parts).map_err(|_| Error::bad_request("the request's target is none"))
}

/// Nobody's name, and a port that is one: `Authority` takes both, and a URI with them is none.
fn is_host(authority: &Authority) -> bool {
    let text = authority.as_str();
    let port = text.rfind(':').filter(|at| !text[*at..].contains(']')).map(|at| &text[at + 1..]);
    !authority.host().is_empty() && !text.contains('@') && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

fn client_ip(envelope: &Envelope<'_>, headers: &HeaderMap, shape: Shape) -> Option<IpAddr> {
    let context = envelope.request_context.as_ref()?;
    let address = match shape {
        Shape::V2 | Shape::Url => context.http.as_ref()?.source_ip.as_deref()?,
        Shape::V1 => context.identity.as_ref()?.source_ip.as_deref()?,
        // Nothing says who wrote its headers.
        Shape::Lattice => return None,
        // The load balancer appends the address that it saw, with the port where its client port preservation is on; what
        // stands before is the client's own word.
        Shape::Alb | Shape::AlbMulti => {
            headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?.rsplit(',').next()?.trim()
        }
    };
    address.parse().ok().or_else(|| Some(address.parse::<SocketAddr>().ok()?.ip()))
}
