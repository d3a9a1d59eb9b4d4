//! The portable answer as the platform takes it: buffered within its limit, or streamed.

use anyfn_core::{Body, Error};
use http::{HeaderMap, HeaderName, header};

use crate::MAX_BODY;

/// Checks that the platform will take the answer: one that is there as a whole may have [`MAX_BODY`] bytes (Vercel,
/// "Functions limits"), a stream any number.
///
/// ```
/// use anyfn_core::Body;
///
/// let answer = http::Response::new(Body::from("hello"));
/// assert!(anyfn_vercel::encode(answer).is_ok());
/// let answer = http::Response::new(Body::from(vec![0; 4_500_001]));
/// assert_eq!(anyfn_vercel::encode(answer).unwrap_err().status(), 500);
/// ```
///
/// # Errors
/// A 500 whose log line says how large the answer is and what to do.
pub fn encode(answer: http::Response<Body>) -> Result<http::Response<Body>, Error> {
    match answer.body().whole() {
        Some(whole) if whole.len() as u64 > MAX_BODY => Err(Error::internal(format!(
            "the answer has {} bytes, and Vercel takes {MAX_BODY} of one that is not streamed: make its body a stream \
             with Body::from_stream, or answer with a link to where the bytes are stored",
            whole.len()
        ))),
        _ => Ok(answer),
    }
}

/// Leaves the framing to the server, and the connection to the platform: a handler that hands on another server's headers
/// hands on that connection's too (RFC 9110, section 7.6.1), and a length that is not the body's would make the next
/// answer part of this one. `length` is the body's, where it is known and the request was not a HEAD.
#[cfg_attr(not(feature = "runtime"), expect(dead_code, reason = "only a server frames answers"))]
pub(crate) fn frame(headers: &mut HeaderMap, length: Option<u64>) {
    const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
    const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");
    for name in [header::CONNECTION, header::TRANSFER_ENCODING, header::UPGRADE, KEEP_ALIVE, PROXY_CONNECTION] {
        headers.remove(name);
    }
    if !headers.contains_key(header::CONTENT_LENGTH) {
        return;
    }
    let mut values = headers.get_all(header::CONTENT_LENGTH).iter();
    let said = match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok().and_then(|value| value.parse::<u64>().ok()),
        _ => None,
    };
    match length.or(said) {
        Some(length) => drop(headers.insert(header::CONTENT_LENGTH, length.into())),
        None => drop(headers.remove(header::CONTENT_LENGTH)),
    }
}
