//! Status, headers, cookies and redirects around a value.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Extensions, StatusCode};

use super::{IntoResponse, Response, fit};
use crate::{Body, Error, Trigger};

/// What can be put on a response beside its body: headers and cookies.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be put on a response",
    note = "use a `HeaderMap`, an array of `(name, value)`, `AppendHeaders` or `SetCookie`"
)]
pub trait IntoResponseParts {
    /// Puts it on.
    ///
    /// # Errors
    /// A name or a value is no valid header: the answer is a 500.
    fn apply(self, headers: &mut HeaderMap, extensions: &mut Extensions) -> Result<(), Error>;
}

impl IntoResponseParts for HeaderMap {
    fn apply(self, headers: &mut HeaderMap, _: &mut Extensions) -> Result<(), Error> {
        headers.extend(self);
        Ok(())
    }
}

fn pair<K, V>(name: K, value: V) -> Result<(HeaderName, HeaderValue), Error>
where
    K: TryInto<HeaderName>,
    V: TryInto<HeaderValue>,
{
    match (name.try_into(), value.try_into()) {
        (Ok(name), Ok(value)) => Ok((name, value)),
        (Err(_), _) => Err(Error::internal("the handler set a header whose name is invalid")),
        (Ok(name), Err(_)) => {
            Err(Error::internal(format!("the handler set `{name}` to a value that no header can hold")))
        }
    }
}

/// Sets each header, in place of one that the value had.
impl<K: TryInto<HeaderName>, V: TryInto<HeaderValue>, const N: usize> IntoResponseParts for [(K, V); N] {
    fn apply(self, headers: &mut HeaderMap, _: &mut Extensions) -> Result<(), Error> {
        for (name, value) in self {
            let (name, value) = pair(name, value)?;
            headers.insert(name, value);
        }
        Ok(())
    }
}

/// Adds headers, each as a line of its own, beside those that are there.
#[derive(Clone, Debug)]
pub struct AppendHeaders<I>(pub I);

impl<I, K, V> IntoResponseParts for AppendHeaders<I>
where
    I: IntoIterator<Item = (K, V)>,
    K: TryInto<HeaderName>,
    V: TryInto<HeaderValue>,
{
    fn apply(self, headers: &mut HeaderMap, _: &mut Extensions) -> Result<(), Error> {
        for (name, value) in self.0 {
            let (name, value) = pair(name, value)?;
            headers.append(name, value);
        }
        Ok(())
    }
}

/// A cookie for the client, as the text of one `Set-Cookie` line (RFC 6265, section 4.1); the `cookie` crate's
/// `Cookie::to_string` makes it.
///
/// ```
/// use anyfn_core::response::SetCookie;
/// async fn login() -> (SetCookie, &'static str) {
///     (SetCookie("session=abc; Path=/; HttpOnly; Secure".into()), "welcome")
/// }
/// # anyfn_core::test::block_on(async {
/// let answer = anyfn_core::test::get("/").send(login).await;
/// assert_eq!(answer.headers()["set-cookie"], "session=abc; Path=/; HttpOnly; Secure");
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct SetCookie(pub String);

impl IntoResponseParts for SetCookie {
    fn apply(self, headers: &mut HeaderMap, _: &mut Extensions) -> Result<(), Error> {
        let (name, value) = pair(header::SET_COOKIE, self.0)?;
        headers.append(name, value);
        Ok(())
    }
}

impl IntoResponseParts for () {
    fn apply(self, _: &mut HeaderMap, _: &mut Extensions) -> Result<(), Error> {
        Ok(())
    }
}

fn http_of(value: impl IntoResponse) -> Result<http::Response<Body>, Error> {
    match fit(value.into_response()?, Trigger::Http)? {
        Response::Http(response) => Ok(response),
        other => Err(Error::of(crate::ErrorKind::Mismatch).source(format!("{} is no HTTP response", other.what()))),
    }
}

impl<T: IntoResponse> IntoResponse for (StatusCode, T) {
    fn into_response(self) -> Result<Response, Error> {
        let mut response = http_of(self.1)?;
        *response.status_mut() = self.0;
        Ok(Response::Http(response))
    }
}

impl<P: IntoResponseParts, T: IntoResponse> IntoResponse for (P, T) {
    fn into_response(self) -> Result<Response, Error> {
        let (mut head, body) = http_of(self.1)?.into_parts();
        self.0.apply(&mut head.headers, &mut head.extensions)?;
        Ok(Response::Http(http::Response::from_parts(head, body)))
    }
}

impl<P: IntoResponseParts, T: IntoResponse> IntoResponse for (StatusCode, P, T) {
    fn into_response(self) -> Result<Response, Error> {
        (self.0, (self.1, self.2)).into_response()
    }
}

/// A redirect. The target stands in `location` byte for byte.
#[derive(Clone, Debug)]
pub struct Redirect {
    status: StatusCode,
    to: String,
}

impl Redirect {
    /// 302 Found: the client may turn a POST into a GET.
    pub fn found(to: impl Into<String>) -> Self {
        Self { status: StatusCode::FOUND, to: to.into() }
    }

    /// 303 See Other: the client makes a GET, as after a form.
    pub fn see_other(to: impl Into<String>) -> Self {
        Self { status: StatusCode::SEE_OTHER, to: to.into() }
    }

    /// 307 Temporary Redirect: method and body stay.
    pub fn temporary(to: impl Into<String>) -> Self {
        Self { status: StatusCode::TEMPORARY_REDIRECT, to: to.into() }
    }

    /// 308 Permanent Redirect: method and body stay.
    pub fn permanent(to: impl Into<String>) -> Self {
        Self { status: StatusCode::PERMANENT_REDIRECT, to: to.into() }
    }
}

impl IntoResponse for Redirect {
    fn into_response(self) -> Result<Response, Error> {
        let location = HeaderValue::from_bytes(self.to.as_bytes())
            .map_err(|_| Error::internal("the handler redirected to a text that no header can hold"))?;
        (self.status, ([(header::LOCATION, location)], ())).into_response()
    }
}
