//! An answer as bytes, and back: what whoever asks again gets.

use anyfn_core::{Body, Error, Response, Trigger};
use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use http::{HeaderName, HeaderValue, StatusCode};

/// What was kept, in its first byte.
const NOTHING: u8 = 0;
const HTTP: u8 = 1;
const JSON: u8 = 2;

/// What stands for the answer in a record; `None` for what cannot be kept: a stream, and what is longer than `most` bytes.
pub(crate) fn keep(response: &Response, most: usize) -> Option<Bytes> {
    let kept = match response {
        Response::Done => Bytes::from_static(&[NOTHING]),
        Response::Json(json) => [&[JSON][..], json].concat().into(),
        Response::Http(answer) => http(answer)?,
        _ => return None,
    };
    (kept.len() <= most).then_some(kept)
}

fn http(answer: &http::Response<Body>) -> Option<Bytes> {
    let body = answer.body().whole()?;
    let mut kept = BytesMut::with_capacity(body.len() + 512);
    kept.put_u8(HTTP);
    kept.put_u16(answer.status().as_u16());
    kept.put_u32(u32::try_from(answer.headers().len()).ok()?);
    for (name, value) in answer.headers() {
        for part in [name.as_str().as_bytes(), value.as_bytes()] {
            kept.put_u32(u32::try_from(part.len()).ok()?);
            kept.put_slice(part);
        }
    }
    kept.put_slice(body);
    Some(kept.freeze())
}

/// Whether the event was dealt with, as core judges what fits an event.
pub(crate) fn is_done(trigger: Trigger, response: &Response) -> bool {
    match (trigger, response) {
        (Trigger::Http, Response::Http(answer)) => is_final(answer.status()),
        (Trigger::Custom, Response::Http(answer)) => answer.status().is_success() && !answer.body().is_stream(),
        (Trigger::Http | Trigger::Custom, Response::Json(_)) | (_, Response::Done) => true,
        _ => false,
    }
}

/// Whether it is the answer for good: not where it is the program's own fault, or says that the same may go better later.
pub(crate) fn is_final(status: StatusCode) -> bool {
    !status.is_server_error()
        && !matches!(
            status,
            StatusCode::UNAUTHORIZED
                | StatusCode::FORBIDDEN
                | StatusCode::PROXY_AUTHENTICATION_REQUIRED
                | StatusCode::REQUEST_TIMEOUT
                | StatusCode::CONFLICT
                | StatusCode::TOO_EARLY
                | StatusCode::TOO_MANY_REQUESTS
        )
}

/// The answer that was kept.
pub(crate) fn again(kept: Bytes) -> Result<Response, Error> {
    read(kept)
        .ok_or_else(|| Error::internal("the store's answer is none that this version of anyfn-idempotency has kept"))
}

fn read(mut kept: Bytes) -> Option<Response> {
    match kept.try_get_u8().ok()? {
        NOTHING => Some(Response::Done),
        JSON => Some(Response::Json(kept)),
        HTTP => {
            let status = StatusCode::from_u16(kept.try_get_u16().ok()?).ok()?;
            let mut answer = http::Response::new(Body::empty());
            *answer.status_mut() = status;
            for _ in 0..kept.try_get_u32().ok()? {
                let name = HeaderName::from_bytes(&part(&mut kept)?).ok()?;
                let value = HeaderValue::from_maybe_shared(part(&mut kept)?).ok()?;
                answer.headers_mut().try_append(name, value).ok()?;
            }
            *answer.body_mut() = Body::from(kept);
            Some(Response::Http(answer))
        }
        _ => None,
    }
}

fn part(kept: &mut Bytes) -> Option<Bytes> {
    let length = usize::try_from(kept.try_get_u32().ok()?).ok()?;
    (length <= kept.len()).then(|| kept.split_to(length))
}

#[cfg(test)]
mod tests {
    use anyfn_core::{Body, Response};
    use bytes::Bytes;

    #[test]
    fn an_answer_comes_back_as_it_was_and_broken_bytes_are_none() {
        let answer = http::Response::builder()
            .status(299)
            .header("set-cookie", "a=1")
            .header("x", http::HeaderValue::from_bytes(b"\xff\t").unwrap())
            .header("set-cookie", "b=2")
            .body(Body::from(vec![0, 255, 10]))
            .unwrap();
        let (headers, body) = (answer.headers().clone(), answer.body().whole().cloned());
        let answer = Response::Http(answer);
        let kept = super::keep(&answer, 1 << 10).unwrap();
        let Some(Response::Http(again)) = super::read(kept.clone()) else { panic!("{kept:?}") };
        assert_eq!((again.status().as_u16(), again.headers()), (299, &headers));
        assert_eq!(again.body().whole(), body.as_ref());
        let body = kept.len() - 3;
        for length in 0..body {
            assert!(super::read(kept.slice(..length)).is_none(), "{length}");
        }
        for at in 0..body {
            let mut broken = kept.to_vec();
            broken[at] = 0xff;
            let _ = super::read(broken.into());
        }
        assert!(super::keep(&answer, kept.len() - 1).is_none());
        assert!(super::read(Bytes::from_static(b"\x03")).is_none());
    }
}
