//! The portable error: a kind, what the caller may read, and what only the log sees.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use serde_json::Value;

use crate::Body;

/// Any error, boxed.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// What went wrong, in terms that hold on every platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The event could not be understood: 400.
    BadRequest,
    /// The event is not authenticated: 401.
    Unauthorized,
    /// The caller may not do this: 403.
    Forbidden,
    /// Nothing answers here: 404.
    NotFound,
    /// A body larger than allowed: 413.
    TooLarge,
    /// The content type is not one that the handler reads: 415.
    UnsupportedMediaType,
    /// Understood, but not acceptable: 422.
    Unprocessable,
    /// The platform's deadline passed before the handler was done: 504.
    Deadline,
    /// The handler panicked: 500.
    Panic,
    /// The handler answered with something that does not fit its event: 500.
    Mismatch,
    /// Anything else: 500, or the status that the handler chose.
    Other,
}

impl ErrorKind {
    const fn status(self) -> StatusCode {
        match self {
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Unprocessable => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Deadline => StatusCode::GATEWAY_TIMEOUT,
            Self::Panic | Self::Mismatch | Self::Other => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// A failed invocation.
///
/// Over HTTP it becomes [RFC 9457] problem details (`application/problem+json`) with the status, a title and, where one
/// was given with [`detail`](Self::detail), a detail. The source is for the log alone: `?` on any error gives a 500
/// whose answer says nothing internal. For other triggers it is the failure of the event or of that item.
///
/// ```
/// use anyfn_core::Error;
/// use http::StatusCode;
///
/// fn parse(text: &str) -> Result<u32, Error> {
///     let n: u32 = text.parse()?; // 500; the log says "invalid digit …", the caller does not see it
///     if n > 10 {
///         return Err(Error::new(StatusCode::UNPROCESSABLE_ENTITY).title("Too many").detail("At most 10 at once."));
///     }
///     Ok(n)
/// }
/// assert_eq!(parse("x").unwrap_err().status(), 500);
/// assert_eq!(parse("11").unwrap_err().status(), 422);
/// ```
///
/// [RFC 9457]: https://www.rfc-editor.org/rfc/rfc9457
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    status: StatusCode,
    title: Option<Cow<'static, str>>,
    detail: Option<Cow<'static, str>>,
    /// By name, in order, as JSON: a program that adds none does not carry what writes it.
    members: Vec<(String, String)>,
    headers: Vec<(header::HeaderName, HeaderValue)>,
    source: Option<BoxError>,
}

impl Error {
    /// An error that answers with this status, and with the status' own reason as its title.
    pub fn new(status: StatusCode) -> Self {
        Self::with_kind_and_status(ErrorKind::Other, status)
    }

    /// An error of a portable kind.
    pub fn of(kind: ErrorKind) -> Self {
        Self::with_kind_and_status(kind, kind.status())
    }

    /// A 500 whose cause goes to the log and not to the caller.
    pub fn internal(source: impl Into<BoxError>) -> Self {
        Self::of(ErrorKind::Other).source(source)
    }

    /// A 400 that tells the caller what is wrong.
    pub fn bad_request(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::of(ErrorKind::BadRequest).detail(detail)
    }

    /// A 404.
    pub fn not_found() -> Self {
        Self::of(ErrorKind::NotFound)
    }

    fn with_kind_and_status(kind: ErrorKind, status: StatusCode) -> Self {
        Self(Box::new(Inner {
            kind,
            status,
            title: None,
            detail: None,
            members: Vec::new(),
            headers: Vec::new(),
            source: None,
        }))
    }

    /// The problem's short name, the same for every occurrence. The caller reads it.
    #[must_use]
    pub fn title(mut self, title: impl Into<Cow<'static, str>>) -> Self {
        self.0.title = Some(title.into());
        self
    }

    /// What is particular to this occurrence. The caller reads it.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// A further member of the problem details, such as `type` or one of the application's own. The caller reads it.
    #[must_use]
    pub fn member(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        let (name, value) = (name.into(), value.into().to_string());
        self.0.members.retain(|(other, _)| *other != name);
        self.0.members.push((name, value));
        self
    }

    /// A header of the answer, such as `retry-after` or `www-authenticate`.
    #[must_use]
    pub fn header(mut self, name: header::HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// What caused it. The log alone sees it.
    #[must_use]
    pub fn source(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The portable kind.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The status that answers a HTTP request.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The cause, if there is one.
    pub fn source_ref(&self) -> Option<&(dyn StdError + Send + Sync + 'static)> {
        self.0.source.as_deref()
    }

    /// The cause as the type that it was made of, if it is that.
    pub fn downcast_ref<E: StdError + 'static>(&self) -> Option<&E> {
        self.0.source.as_ref()?.downcast_ref()
    }

    /// Whether the log should have it: everything that is this program's fault, nothing that is the caller's.
    pub fn is_internal(&self) -> bool {
        self.0.status.is_server_error()
    }

    /// The problem details that answer a HTTP request.
    ///
    /// ```
    /// let response = anyfn_core::Error::bad_request("`name` is missing").into_http();
    /// assert_eq!(response.headers()["content-type"], "application/problem+json");
    /// assert_eq!(
    ///     response.body().whole().unwrap(),
    ///     r#"{"type":"about:blank","title":"Bad Request","status":400,"detail":"`name` is missing"}"#
    /// );
    /// ```
    pub fn into_http(self) -> http::Response<Body> {
        let Inner { status, title, detail, members, headers, .. } = *self.0;
        let title = title.unwrap_or_else(|| status.canonical_reason().unwrap_or("Error").into());
        let kind = members.iter().find(|(name, _)| name == "type").map_or("\"about:blank\"", |(_, kind)| kind);
        let mut json = ["{\"type\":", kind, ",\"title\":", &quoted(&title), ",\"status\":", status.as_str()].concat();
        if let Some(detail) = detail {
            json.push_str(",\"detail\":");
            json.push_str(&quoted(&detail));
        }
        for (name, value) in &members {
            if !matches!(&**name, "type" | "title" | "status" | "detail") {
                json.push(',');
                json.push_str(&quoted(name));
                json.push(':');
                json.push_str(value);
            }
        }
        json.push('}');
        let mut response = http::Response::new(Body::from(Bytes::from(json)));
        *response.status_mut() = status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        for (name, value) in headers {
            response.headers_mut().append(name, value);
        }
        response
    }
}

/// A string as JSON. `serde_json::Value` would bring all of its writer into every program.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// What the log says: kind or title, detail, and the whole chain of causes.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        match &inner.title {
            Some(title) => write!(f, "{title} ({})", inner.status.as_u16())?,
            None if inner.kind == ErrorKind::Other => write!(f, "{}", inner.status)?,
            None => write!(f, "{:?} ({})", inner.kind, inner.status.as_u16())?,
        }
        if let Some(detail) = &inner.detail {
            write!(f, ": {detail}")?;
        }
        let mut cause = inner.source.as_deref().map(|source| source as &dyn StdError);
        while let Some(source) = cause {
            write!(f, ": {source}")?;
            cause = source.source();
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("status", &self.0.status)
            .field("title", &self.0.title)
            .field("detail", &self.0.detail)
            .field("source", &self.0.source)
            .finish()
    }
}

/// `?` on any error: a 500 whose cause goes to the log.
impl<E> From<E> for Error
where
    E: StdError + Send + Sync + 'static,
{
    fn from(source: E) -> Self {
        Self::internal(source)
    }
}
