//! What an event is answered with, and what becomes an answer.

mod parts;
mod sse;

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

pub use self::parts::{AppendHeaders, IntoResponseParts, Redirect, SetCookie};
pub use self::sse::{Sse, SseEvent};

use crate::batch::Outcome;
use crate::{Body, Error, ErrorKind, Json, Trigger};

/// The answer to an event.
#[derive(Debug)]
#[non_exhaustive]
pub enum Response {
    /// To an HTTP request.
    Http(http::Response<Body>),
    /// The event is dealt with, and nobody waits for more.
    Done,
    /// What became of each item of a batch, in the batch's order.
    Batch(Vec<Outcome>),
    /// JSON for whoever invoked the function directly.
    Json(Bytes),
}

/// What a function may return.
///
/// `()` is an empty 200, or done; text, bytes, [`Json`], [`Sse`], [`Redirect`], a [`StatusCode`], an
/// [`http::Response`] and [`Body`] are what they say; `(status, headers, value)` adds to a value; a `Result` is either.
///
/// An error type of your own implements it too:
///
/// ```
/// use anyfn_core::{Error, IntoResponse, Response, Result};
/// use http::StatusCode;
///
/// enum ShopError { SoldOut, Db(std::io::Error) }
///
/// impl IntoResponse for ShopError {
///     fn into_response(self) -> Result<Response> {
///         match self {
///             Self::SoldOut => Err(Error::new(StatusCode::CONFLICT).title("Sold out")),
///             Self::Db(source) => Err(Error::internal(source)),
///         }
///     }
/// }
///
/// async fn buy() -> Result<&'static str, ShopError> { Err(ShopError::SoldOut) }
/// # anyfn_core::test::block_on(async {
/// assert_eq!(anyfn_core::test::post("/").send(buy).await.status(), 409);
/// # });
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an answer",
    label = "not an answer",
    note = "return `Json<T>`, `String`, `StatusCode`, `(StatusCode, T)`, `http::Response<Body>`, `()` or a `Result` of those; an error type is `anyfn::Error` or implements `IntoResponse`"
)]
pub trait IntoResponse {
    /// Makes the answer.
    ///
    /// # Errors
    /// The event fails with it; over HTTP the caller reads it as problem details.
    fn into_response(self) -> Result<Response, Error>;
}

impl IntoResponse for Response {
    fn into_response(self) -> Result<Response, Error> {
        Ok(self)
    }
}

impl IntoResponse for () {
    fn into_response(self) -> Result<Response, Error> {
        Ok(Response::Done)
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Result<Response, Error> {
        Err(self)
    }
}

impl IntoResponse for std::convert::Infallible {
    fn into_response(self) -> Result<Response, Error> {
        match self {}
    }
}

impl<T: IntoResponse, E: IntoResponse> IntoResponse for Result<T, E> {
    fn into_response(self) -> Result<Response, Error> {
        match self {
            Ok(value) => value.into_response(),
            Err(error) => error.into_response(),
        }
    }
}

impl IntoResponse for Outcome {
    fn into_response(self) -> Result<Response, Error> {
        Ok(Response::Batch(vec![self]))
    }
}

impl<B> IntoResponse for http::Response<B>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<crate::BoxError>,
{
    fn into_response(self) -> Result<Response, Error> {
        Ok(Response::Http(self.map(Body::new)))
    }
}

impl IntoResponse for StatusCode {
    fn into_response(self) -> Result<Response, Error> {
        let mut response = http::Response::new(Body::empty());
        *response.status_mut() = self;
        Ok(Response::Http(response))
    }
}

impl IntoResponse for Body {
    fn into_response(self) -> Result<Response, Error> {
        Ok(Response::Http(http::Response::new(self)))
    }
}

pub(crate) fn typed(kind: &'static str, body: Body) -> http::Response<Body> {
    let mut response = http::Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

macro_rules! body_of {
    ($kind:literal: $($type:ty),*) => {$(
        impl IntoResponse for $type {
            fn into_response(self) -> Result<Response, Error> {
                Ok(Response::Http(typed($kind, Body::from(self))))
            }
        }
    )*};
}
body_of!("text/plain; charset=utf-8": &'static str, String);
body_of!("application/octet-stream": &'static [u8], Vec<u8>, Bytes);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Result<Response, Error> {
        Ok(Response::Http(typed("application/json", Body::from(serde_json::to_vec(&self.0)?))))
    }
}

impl Response {
    /// What it is, in words. `Debug` would bring the printing of every header into every program.
    pub(crate) fn what(&self) -> &'static str {
        match self {
            Self::Http(_) => "an HTTP response",
            Self::Done => "nothing",
            Self::Batch(_) => "the outcomes of a batch",
            Self::Json(_) => "JSON",
        }
    }
}

/// An answer made to fit its event, or an error: never a success that nobody meant.
pub(crate) fn fit(response: Response, trigger: Trigger) -> Result<Response, Error> {
    match (trigger, response) {
        (Trigger::Http, Response::Done) => Ok(Response::Http(http::Response::new(Body::empty()))),
        (Trigger::Http, Response::Json(json)) => Ok(Response::Http(typed("application/json", Body::from(json)))),
        (Trigger::Http, response @ Response::Http(_)) => Ok(response),
        (Trigger::Custom, Response::Http(response)) if response.status().is_success() => {
            let body = response.into_body().try_into_whole();
            body.map(Response::Json).map_err(|_| {
                Error::of(ErrorKind::Mismatch).source("a direct invocation cannot be answered with a stream")
            })
        }
        (Trigger::Custom, response @ (Response::Done | Response::Json(_))) => Ok(response),
        (Trigger::Schedule, Response::Done) => Ok(Response::Done),
        (trigger, response) => Err(Error::of(ErrorKind::Mismatch)
            .source(format!("the handler of a {trigger} event answered with {}", response.what()))),
    }
}
