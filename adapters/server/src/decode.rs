//! A request as HTTP brings it, as a portable one: absolute URI, one host, the client's address.

use std::net::IpAddr;

use anyfn_core::Error;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, Version, header};

use crate::Settings;

/// A decoded request.
#[derive(Debug)]
#[non_exhaustive]
pub struct Received<B> {
    /// The request, with the public URL.
    pub request: http::Request<B>,
    /// The request's target as it came, where no [`Uri`] can hold it: `*`.
    pub raw_target: Option<String>,
    /// The client's address: the connection's other end, or what trusted proxies say.
    pub client_ip: Option<IpAddr>,
}

/// Decodes a request that came over a connection from `peer`.
///
/// ```
/// use anyfn_server::{Settings, decode};
///
/// let request = http::Request::get("/a?b").header("host", "example.com").body(()).unwrap();
/// let received = decode(request, [127, 0, 0, 1].into(), &Settings::default()).unwrap();
/// assert_eq!(received.request.uri(), "http://example.com/a?b");
/// ```
///
/// # Errors
/// 431 for a head over the limit, 400 for a host that is missing, repeated, contradicted or invalid (RFC 9112, section
/// 3.2, and RFC 9113, section 8.3.1), 501 for CONNECT: this is no proxy.
pub fn decode<B>(request: http::Request<B>, peer: IpAddr, settings: &Settings) -> Result<Received<B>, Error> {
    let (mut head, body) = request.into_parts();
    if size(&head) > settings.max_headers {
        return Err(Error::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)
            .detail(format!("a request's head may have {} bytes at most", settings.max_headers)));
    }
    if head.method == Method::CONNECT {
        return Err(Error::new(StatusCode::NOT_IMPLEMENTED).detail("this server is no proxy: it does not CONNECT"));
    }
    let mut target = std::mem::take(&mut head.uri).into_parts();
    if target.scheme.as_ref().is_some_and(|scheme| *scheme != Scheme::HTTP && *scheme != Scheme::HTTPS) {
        return Err(Error::bad_request("the request target is no http or https URL"));
    }
    let authority = authority(&mut head.headers, target.authority.take(), head.version)?;
    if head.version == Version::HTTP_2 {
        join_cookies(&mut head.headers);
    }
    let said = settings.proxies.said(&head.headers, peer.to_canonical());
    let path = target.path_and_query.filter(|path| !path.as_str().is_empty());
    let asterisk = path.as_ref().is_some_and(|path| path.as_str() == "*");
    // The connection is a plain one, whatever scheme a client writes.
    target.scheme = Some(said.scheme.unwrap_or(Scheme::HTTP));
    target.authority = Some(said.host.and_then(|host| valid(host).ok()).unwrap_or(authority));
    target.path_and_query = Some(path.filter(|_| !asterisk).unwrap_or(PathAndQuery::from_static("/")));
    head.uri = Uri::from_parts(target).map_err(|_| Error::bad_request("the request target is no valid URI"))?;
    Ok(Received {
        request: http::Request::from_parts(head, body),
        raw_target: asterisk.then(|| "*".to_owned()),
        client_ip: said.client,
    })
}

/// The head's size on the wire of HTTP/1.1.
fn size(head: &http::request::Parts) -> usize {
    let target = head.uri.authority().map_or(0, |authority| authority.as_str().len())
        + head.uri.path_and_query().map_or(0, |path| path.as_str().len());
    let headers = head.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len());
    head.method.as_str().len() + target + "  HTTP/1.1\r\n\r\n".len() + headers.sum::<usize>()
}

/// The host that the request is for; the `host` header says the same afterwards.
fn authority(headers: &mut HeaderMap, target: Option<Authority>, version: Version) -> Result<Authority, Error> {
    let invalid = || Error::bad_request("the request needs one valid `host` header");
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => Some(valid(Authority::try_from(host.as_bytes()).map_err(|_| invalid())?)?),
        (None, _) => None,
        (Some(_), Some(_)) => return Err(invalid()),
    };
    let Some(target) = target else {
        return match host {
            Some(host) => Ok(host),
            None if version == Version::HTTP_10 => Ok(Authority::from_static("localhost")),
            None => Err(invalid()),
        };
    };
    let target = valid(target)?;
    match host {
        None if version == Version::HTTP_11 => return Err(invalid()),
        Some(host) if version == Version::HTTP_2 && host != target => {
            return Err(Error::bad_request("`host` and `:authority` are not the same"));
        }
        Some(host) if host == target => return Ok(host),
        _ => {}
    }
    headers.insert(header::HOST, HeaderValue::from_str(target.as_str()).map_err(|_| invalid())?);
    Ok(target)
}

/// A host, no user information, and a port that is one.
fn valid(authority: Authority) -> Result<Authority, Error> {
    let text = authority.as_str();
    let port = text.rsplit(']').next().and_then(|rest| rest.split_once(':')).map_or("", |(_, port)| port);
    if authority.host().is_empty() || text.contains('@') || !(port.is_empty() || authority.port_u16().is_some()) {
        return Err(Error::bad_request("the request's host is not valid"));
    }
    Ok(authority)
}

/// RFC 9113, section 8.2.3: HTTP/2 may send cookies one by one; whoever is not HTTP/2 gets one header.
fn join_cookies(headers: &mut HeaderMap) {
    let mut cookies = headers.get_all(header::COOKIE).iter();
    if let (Some(first), Some(second)) = (cookies.next(), cookies.next()) {
        let mut joined = first.as_bytes().to_vec();
        for cookie in std::iter::once(second).chain(cookies) {
            joined.extend_from_slice(b"; ");
            joined.extend_from_slice(cookie.as_bytes());
        }
        if let Ok(joined) = HeaderValue::from_bytes(&joined) {
            headers.insert(header::COOKIE, joined);
        }
    }
}
