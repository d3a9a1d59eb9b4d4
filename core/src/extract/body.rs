//! Extractors that consume a request's body.

use bytes::Bytes;
use http::{HeaderMap, header};
use serde::de::DeserializeOwned;

use super::http::no_http;
use super::{Consumes, FromEvent};
use crate::{Body, BodyError, Context, Custom, Error, ErrorKind, Event, MaybeSend, MaybeSync};

impl From<BodyError> for ErrorKind {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge { .. } => Self::TooLarge,
            BodyError::Read(_) => Self::BadRequest,
        }
    }
}

/// Whole bodies only: the platform or its adapter has set the limit already.
async fn read(event: Event) -> Result<(HeaderMap, Bytes), Error> {
    match event {
        Event::Http(request) => {
            let (head, body) = request.into_parts();
            let bytes = body.collect(usize::MAX).await.map_err(unread)?;
            Ok((head.headers, bytes))
        }
        Event::Custom(Custom { data, .. }) => {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
            Ok((headers, data.0))
        }
        other => Err(no_http(&other)),
    }
}

/// An adapter that refuses a body in mid-read says so with an [`Error`]'s text; a limit of its own is a
/// [`BodyError::TooLarge`] inside the stream's error.
fn unread(error: BodyError) -> Error {
    let too_large = match &error {
        BodyError::TooLarge { .. } => true,
        BodyError::Read(source) => matches!(source.downcast_ref(), Some(BodyError::TooLarge { .. })),
    };
    if too_large {
        let detail = match &error {
            BodyError::Read(source) => source.to_string(),
            other => other.to_string(),
        };
        return Error::of(ErrorKind::TooLarge).detail(detail);
    }
    Error::of(ErrorKind::BadRequest).detail("the body could not be read to its end").source(error)
}

/// JSON: as the last argument the request's body (or a direct invocation's), as a result the response's.
///
/// A body that does not say `application/json` (or `…+json`) answers 415, one that is no JSON 400, one that is not the
/// JSON that `T` reads 422. `Option<Json<T>>` is `None` where there is no body.
///
/// ```
/// use anyfn_core::{Json, test};
///
/// #[derive(serde::Deserialize, serde::Serialize)]
/// struct Point { x: i32 }
///
/// async fn double(Json(point): Json<Point>) -> Json<Point> { Json(Point { x: point.x * 2 }) }
/// # test::block_on(async {
/// let answer = test::post("/").json(&Point { x: 21 }).send(double).await;
/// assert_eq!(answer.text(), r#"{"x":42}"#);
/// assert_eq!(test::post("/").body("x=1").send(double).await.status(), 415);
/// # });
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Json<T>(pub T);

impl<S: MaybeSync, T: DeserializeOwned + MaybeSend> FromEvent<S> for Json<T> {
    async fn from_event(event: Event, _: &Context, _: &S) -> Result<Self, Error> {
        let (headers, bytes) = read(event).await?;
        if !is_json(&headers) {
            return Err(
                Error::of(ErrorKind::UnsupportedMediaType).detail("send the body as `content-type: application/json`")
            );
        }
        serde_json::from_slice(&bytes).map(Self).map_err(|source| {
            let kind = match source.classify() {
                serde_json::error::Category::Data => ErrorKind::Unprocessable,
                _ => ErrorKind::BadRequest,
            };
            Error::of(kind).detail(format!("the body is not the JSON that is read here: {source}"))
        })
    }
}

fn content_type(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next().unwrap_or_default().trim())
}

fn is_json(headers: &HeaderMap) -> bool {
    content_type(headers).is_some_and(|kind| {
        let kind = kind.to_ascii_lowercase();
        kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
    })
}

/// A form: the body as `application/x-www-form-urlencoded`, or the query of a GET or HEAD, read by `serde`.
///
/// Another content type answers 415, a form that does not fit 422.
#[derive(Clone, Copy, Debug, Default)]
pub struct Form<T>(pub T);

impl<S: MaybeSync, T: DeserializeOwned + MaybeSend> FromEvent<S> for Form<T> {
    async fn from_event(event: Event, _: &Context, _: &S) -> Result<Self, Error> {
        let parse = |text: &[u8]| {
            serde_html_form::from_bytes(text).map(Self).map_err(|source| {
                Error::of(ErrorKind::Unprocessable).detail(format!("the form cannot be read: {source}"))
            })
        };
        if let Event::Http(request) = &event
            && matches!(*request.method(), http::Method::GET | http::Method::HEAD)
        {
            return parse(request.uri().query().unwrap_or_default().as_bytes());
        }
        let (headers, bytes) = read(event).await?;
        if !content_type(&headers).is_some_and(|kind| kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")) {
            return Err(Error::of(ErrorKind::UnsupportedMediaType)
                .detail("send the body as `content-type: application/x-www-form-urlencoded`"));
        }
        parse(&bytes)
    }
}

impl<S: MaybeSync> FromEvent<S> for Bytes {
    async fn from_event(event: Event, _: &Context, _: &S) -> Result<Self, Error> {
        Ok(read(event).await?.1)
    }
}

impl<S: MaybeSync> FromEvent<S> for String {
    async fn from_event(event: Event, _: &Context, _: &S) -> Result<Self, Error> {
        Self::from_utf8(read(event).await?.1.into())
            .map_err(|source| Error::bad_request(format!("the body is not UTF-8: {}", source.utf8_error())))
    }
}

impl<S: MaybeSync> FromEvent<S> for http::Request<Body> {
    async fn from_event(event: Event, _: &Context, _: &S) -> Result<Self, Error> {
        match event {
            Event::Http(request) => Ok(request),
            other => Err(no_http(&other)),
        }
    }
}

impl<S: MaybeSync> FromEvent<S> for Body {
    async fn from_event(event: Event, _: &Context, _: &S) -> Result<Self, Error> {
        match event {
            Event::Http(request) => Ok(request.into_body()),
            other => Err(no_http(&other)),
        }
    }
}

/// Absent where there is no body.
impl<S: MaybeSync, T: FromEvent<S, Consumes> + MaybeSend> FromEvent<S, Option<Consumes>> for Option<T> {
    async fn from_event(event: Event, cx: &Context, state: &S) -> Result<Self, Error> {
        if let Event::Http(request) = &event
            && http_body::Body::is_end_stream(request.body())
        {
            return Ok(None);
        }
        T::from_event(event, cx, state).await.map(Some)
    }
}

impl<S: MaybeSync, T: FromEvent<S, Consumes> + MaybeSend> FromEvent<S, Result<Consumes, ()>> for Result<T, Error> {
    async fn from_event(event: Event, cx: &Context, state: &S) -> Result<Self, Error> {
        Ok(T::from_event(event, cx, state).await)
    }
}
