//! A request, as the JavaScript side sends it, as a portable one.

use std::fmt::Write as _;
use std::net::IpAddr;

use anyfn_core::{Body, Error};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, StatusCode, Uri};

/// A decoded request, and what the edge says of it in headers.
#[derive(Debug)]
#[non_exhaustive]
pub struct Received {
    /// The request.
    pub request: http::Request<Body>,
    /// Path and query as they came, where no [`Uri`] can hold them.
    pub raw_target: Option<String>,
    /// `cf-ray`, the edge's name of the request ("Cloudflare HTTP headers" in its documentation). Absent locally.
    pub ray: Option<String>,
    /// `cf-connecting-ip`: the edge overwrites what a client sends. Absent locally, or the client's own word.
    pub client_ip: Option<IpAddr>,
}

/// Reads `method\nurl\nname\nvalue\n…`: none of these can hold a line feed.
///
/// ```
/// use anyfn_cloudflare::decode;
/// use anyfn_core::Body;
///
/// let received = decode("GET\nhttps://example.com/a?b\naccept\n*/*".into(), Body::empty()).unwrap();
/// assert_eq!(received.request.uri().path(), "/a");
/// assert_eq!(received.request.headers()["accept"], "*/*");
/// ```
///
/// # Errors
/// 400 where the method, the URL or a header is none that HTTP knows, 431 where there are more headers than a map holds.
pub fn decode(head: String, body: Body) -> Result<Received, Error> {
    let head = Bytes::from(head);
    let mut rest = 0..head.len();
    // The parts share the head's memory: a header costs no allocation of its own.
    let mut next = || {
        if rest.start > head.len() {
            return None;
        }
        let from = rest.start;
        let end = head[from..].iter().position(|byte| *byte == b'\n').map_or(head.len(), |at| from + at);
        rest.start = end + 1;
        Some(head.slice(from..end))
    };
    let method = next().and_then(|method| Method::from_bytes(&method).ok());
    let method = method.ok_or_else(|| Error::bad_request("the request's method is none"))?;
    let url = next().ok_or_else(|| Error::bad_request("the request has no URL"))?;
    let (uri, raw_target) = target(&url)?;
    // The runtime passes on any port, and `Uri` holds it.
    if uri.authority().is_some_and(|host| host.as_str().contains('@') || bad_port(host.as_str())) {
        return Err(Error::bad_request("the request's host is not valid"));
    }
    let mut request = http::Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    let (mut ray, mut client_ip) = (None, None);
    while let Some(name) = next() {
        let bad = |_| Error::bad_request("a header of the request is none that HTTP knows");
        let name = HeaderName::from_bytes(&name).map_err(|_| bad(()))?;
        let value = next().and_then(|value| HeaderValue::from_maybe_shared(value).ok()).ok_or(()).map_err(bad)?;
        match name.as_str() {
            "cf-ray" => ray = value.to_str().ok().map(str::to_owned),
            "cf-connecting-ip" => client_ip = value.to_str().ok().and_then(|address| address.parse().ok()),
            _ => {}
        }
        request.headers_mut().try_append(name, value).map_err(|_| {
            Error::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE).detail("the request has too many headers")
        })?;
    }
    Ok(Received { request, raw_target, ray, client_ip })
}

fn bad_port(host: &str) -> bool {
    let port = host.rsplit(']').next().and_then(|rest| rest.split_once(':')).map_or("", |(_, port)| port);
    !port.is_empty() && port.parse::<u16>().is_err()
}

/// The URL as a [`Uri`]; bytes that none can hold are percent-encoded, and path and query as they came come along.
fn target(url: &Bytes) -> Result<(Uri, Option<String>), Error> {
    // The asterisk of OPTIONS is no path, and comes right after the host.
    if let Some(server) =
        url.strip_suffix(b"*").filter(|server| server.iter().filter(|byte| **byte == b'/').count() == 2)
    {
        let uri = Uri::from_maybe_shared(url.slice_ref(server))
            .map_err(|_| Error::bad_request("the request's URL is none"))?;
        return Ok((uri, Some("*".to_owned())));
    }
    // `Uri` cuts silently at a number sign.
    if !url.contains(&b'#')
        && let Ok(uri) = Uri::from_maybe_shared(url.clone())
    {
        return Ok((uri, None));
    }
    let text = String::from_utf8_lossy(url).into_owned();
    let mut encoded = String::with_capacity(text.len() + 16);
    for byte in text.bytes() {
        match byte {
            b'!' | b'$'..=b';' | b'=' | b'?'..=b'_' | b'a'..=b'z' | b'|' | b'~' => encoded.push(char::from(byte)),
            _ => {
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    let uri = Uri::try_from(encoded).map_err(|_| Error::bad_request("the request's URL is none"))?;
    let path = text.match_indices('/').nth(2).map_or(0, |(at, _)| at);
    Ok((uri, Some(text[path..].to_owned())))
}
