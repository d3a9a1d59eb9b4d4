//! hyper's request as a portable one: absolute URI, limited body.

use std::pin::Pin;
use std::task::{Context, Poll};

use anyfn_core::{Body, BodyError, BoxError, Error, ErrorKind};
use bytes::Bytes;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Uri, header};
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;

use crate::MAX_BODY;

/// # Errors
/// 400 for a Host that is missing (HTTP/1.1), repeated or invalid (RFC 9112, section 3.2); 413 for a body that says it is too
/// large.
pub(crate) fn decode(request: http::Request<Incoming>) -> Result<http::Request<Body>, Error> {
    let (mut head, body) = request.into_parts();
    if head.uri.authority().is_none() {
        let mut hosts = head.headers.get_all(header::HOST).iter();
        let host = match (hosts.next(), hosts.next()) {
            (Some(host), None) => Authority::try_from(host.as_bytes()).ok(),
            (None, _) if head.version == http::Version::HTTP_10 => Some(Authority::from_static("localhost")),
            _ => None,
        };
        let host = host.ok_or_else(|| Error::bad_request("the request needs one valid `host` header"))?;
        let mut parts = head.uri.into_parts();
        parts.scheme = Some(Scheme::HTTP);
        parts.authority = Some(host);
        parts.path_and_query.get_or_insert(PathAndQuery::from_static("/"));
        head.uri = Uri::from_parts(parts).map_err(|_| Error::bad_request("the request target is no valid URI"))?;
    }
    if http_body::Body::size_hint(&body).lower() > MAX_BODY {
        return Err(Error::of(ErrorKind::TooLarge).detail(format!("a body may have {MAX_BODY} bytes at most")));
    }
    Ok(http::Request::from_parts(head, Body::new(Limited { body, left: MAX_BODY })))
}

/// Ends a body that grows beyond the limit with [`BodyError::TooLarge`].
struct Limited {
    body: Incoming,
    left: u64,
}

impl http_body::Body for Limited {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx).map_err(BoxError::from);
        if let Poll::Ready(Some(Ok(frame))) = &frame
            && let Some(data) = frame.data_ref()
        {
            match self.left.checked_sub(data.len() as u64) {
                Some(left) => self.left = left,
                None => {
                    let limit = usize::try_from(MAX_BODY).unwrap_or(usize::MAX);
                    return Poll::Ready(Some(Err(BodyError::TooLarge { limit }.into())));
                }
            }
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
