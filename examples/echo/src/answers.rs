//! The answers of each path.

use std::convert::Infallible;
use std::time::Duration;

use anyfn::{Body, BodyError, Context, Error};
use bytes::Bytes;
use futures_util::stream;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName, LOCATION, SET_COOKIE};
use http::{HeaderValue, Response, StatusCode};

use crate::limits;

/// What a path answers with.
pub(crate) type Answer = Result<Response<Body>, Error>;

/// The gzip of `hello gzip`.
const GZIP: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\x02\xff\xcbH\xcd\xc9\xc9WH\xaf\xca,\0\0\x19j\xd2\xdf\n\0\0\0";

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const BYTES: HeaderValue = HeaderValue::from_static("application/octet-stream");
const MULTI: HeaderName = HeaderName::from_static("x-multi");

/// An answer of this status, type and body.
pub(crate) fn answer(status: StatusCode, content_type: HeaderValue, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

/// 200 with this text.
pub(crate) fn text(text: impl Into<Body>) -> Answer {
    Ok(answer(StatusCode::OK, TEXT, text))
}

/// 200 with this JSON.
pub(crate) fn json(value: &impl serde::Serialize) -> Answer {
    let body = serde_json::to_vec(value)?;
    Ok(answer(StatusCode::OK, HeaderValue::from_static("application/json"), body))
}

/// The whole body of a request.
pub(crate) async fn read(body: Body) -> Result<Bytes, Error> {
    body.collect(limits::BYTES).await.map_err(|error| match error {
        BodyError::TooLarge { limit } => {
            Error::new(StatusCode::PAYLOAD_TOO_LARGE).detail(format!("At most {limit} bytes are read."))
        }
        other => Error::bad_request("The body broke off before its end.").source(other),
    })
}

/// `/mirror`: the same bytes.
pub(crate) async fn mirror(request: http::Request<Body>) -> Answer {
    let (parts, body) = request.into_parts();
    let content_type = parts.headers.get(CONTENT_TYPE).cloned().unwrap_or(BYTES);
    Ok(answer(StatusCode::OK, content_type, read(body).await?))
}

/// `/status/{code}`.
pub(crate) fn status(code: &str) -> Answer {
    // `from_bytes` takes three digits and nothing else.
    let status = StatusCode::from_bytes(code.as_bytes()).map_err(|_| Error::not_found())?;
    if !(200..600).contains(&status.as_u16()) {
        return Err(Error::not_found());
    }
    Ok(answer(status, TEXT, code.to_owned()))
}

/// `/cookies/{n}`.
pub(crate) fn cookies(n: usize) -> Answer {
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    for i in 0..n {
        let attributes = if i % 2 == 0 { "Path=/" } else { "Path=/; HttpOnly" };
        headers.append(SET_COOKIE, HeaderValue::try_from(format!("c{i}={i}; {attributes}"))?);
    }
    headers.append(MULTI, HeaderValue::from_static("a"));
    headers.append(MULTI, HeaderValue::from_static("b"));
    Ok(response)
}

/// `/bytes/{n}`: the i-th is `i % 256`.
pub(crate) fn bytes(n: usize) -> Answer {
    let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(n).collect();
    Ok(answer(StatusCode::OK, BYTES, bytes))
}

/// `/gzip`.
pub(crate) fn gzip() -> Answer {
    let mut response = answer(StatusCode::OK, HeaderValue::from_static("text/plain"), GZIP);
    response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    Ok(response)
}

/// `/stream/{n}`: the first event at once, each further one after 50 ms.
pub(crate) fn stream(n: usize, cx: Context) -> Answer {
    let events = stream::unfold(0, move |i| {
        let cx = cx.clone();
        async move {
            if i == n {
                return None;
            }
            if i > 0 {
                cx.sleep(Duration::from_millis(50)).await;
            }
            Some((Ok::<_, Infallible>(format!("data: {i}\n\n")), i + 1))
        }
    });
    Ok(answer(StatusCode::OK, HeaderValue::from_static("text/event-stream"), Body::from_stream(events)))
}

/// `/redirect?to=…`: `to` is not decoded.
pub(crate) fn redirect(query: Option<&str>) -> Answer {
    let to = query
        .and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("to=")))
        .ok_or_else(Error::not_found)?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::FOUND;
    response.headers_mut().insert(LOCATION, HeaderValue::try_from(to)?);
    Ok(response)
}

/// `/background/{id}`: the work takes longer than the answer, so that the log shows which came first.
pub(crate) fn background(id: &str, cx: &Context) -> Answer {
    let line = format!("background {id} done");
    cx.wait_until({
        let cx = cx.clone();
        async move {
            cx.sleep(Duration::from_millis(300)).await;
            cx.log(line);
        }
    });
    Ok(answer(StatusCode::ACCEPTED, TEXT, "accepted"))
}

/// `/slow/{ms}`.
pub(crate) async fn slow(ms: usize, cx: &Context) -> Answer {
    cx.sleep(Duration::from_millis(ms as u64)).await;
    text(format!("{ms} ms"))
}

/// `/env/{NAME}`: a deployed echo gives no credentials away.
pub(crate) fn env(name: &str, cx: &Context) -> Answer {
    match cx.env(name).filter(|_| name.starts_with("ECHO_")) {
        Some(value) => text(value),
        None => Err(Error::not_found()),
    }
}
