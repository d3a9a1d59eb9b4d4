//! What a provider of webhooks has to say.

use std::time::SystemTime;

use anyfn_core::{Error, ErrorKind, MaybeSend};
use bytes::Bytes;
use http::{HeaderMap, Request, header, request};
use serde::de::DeserializeOwned;

use crate::{Refusal, Secrets};

/// A request with all of its body, as it came.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Delivery {
    /// Method, public URL and headers.
    pub head: request::Parts,
    /// Path and query as the platform delivered them, where the URL's own differ.
    pub raw_target: Option<String>,
    /// The body's bytes.
    pub body: Bytes,
}

impl Delivery {
    /// A request whose URL is the one that was asked for.
    pub fn new(request: Request<impl Into<Bytes>>) -> Self {
        let (head, body) = request.into_parts();
        Self { head, raw_target: None, body: body.into() }
    }
}

/// Who signs requests, and how.
///
/// One of your own may stand on those that are here, as for a second endpoint with a secret of its own:
///
/// ```
/// use std::time::SystemTime;
/// use anyfn_core::Error;
/// use anyfn_webhooks::{Delivery, Provider, Refusal, Secrets, Stripe, stripe};
///
/// struct Connect;
///
/// impl Provider for Connect {
///     const NAME: &'static str = "Stripe Connect";
///     const SECRET: &'static str = "STRIPE_CONNECT_SECRET";
///     type Event = stripe::Event;
///
///     fn verify(delivery: &Delivery, secrets: &Secrets, now: SystemTime) -> Result<(), Refusal> {
///         Stripe::verify(delivery, secrets, now)
///     }
///
///     fn read(delivery: Delivery) -> Result<stripe::Event, Error> { Stripe::read(delivery) }
///
///     fn sign(delivery: &Delivery, secret: &str, now: SystemTime) -> Result<http::HeaderMap, Refusal> {
///         Stripe::sign(delivery, secret, now)
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no provider of webhooks",
    note = "there are `Stripe`, `GitHub`, `Twilio`, `Slack` and `StandardWebhooks`; others implement `anyfn_webhooks::Provider`"
)]
pub trait Provider: 'static {
    /// What the log calls it.
    const NAME: &'static str;
    /// The variable that holds its [`Secrets`].
    const SECRET: &'static str;
    /// What a handler gets of a request that is signed.
    type Event: MaybeSend;

    /// Checks a request's signature.
    ///
    /// # Errors
    /// It is not one by these secrets, or not of this time.
    fn verify(delivery: &Delivery, secrets: &Secrets, now: SystemTime) -> Result<(), Refusal>;

    /// Reads a request whose signature holds.
    ///
    /// # Errors
    /// What is signed is not what the provider sends: a 4xx, which the provider shows.
    fn read(delivery: Delivery) -> Result<Self::Event, Error>;

    /// The headers with which the provider would send this request.
    ///
    /// # Errors
    /// The secret is none of this provider's.
    fn sign(delivery: &Delivery, secret: &str, now: SystemTime) -> Result<HeaderMap, Refusal>;
}

/// The same request with the provider's signature: for tests.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use anyfn_core::test::{self, Memory, TestRequest};
/// use anyfn_webhooks::{GitHub, Verified, signed};
///
/// async fn pushed(Verified(event): Verified<GitHub>) -> String { event.kind }
///
/// # test::block_on(async {
/// let request = http::Request::post("https://fn.example/github").header("x-github-event", "push").body("{}").unwrap();
/// let request = signed::<GitHub>(request, "secret", SystemTime::now());
/// let memory = Memory::default().env("GITHUB_WEBHOOK_SECRET", "secret");
/// let answer = TestRequest::from(request).within(&memory).send(pushed).await;
/// assert_eq!((answer.status(), answer.text()), (200, "push"));
/// # });
/// ```
///
/// # Panics
/// Where the secret is none of this provider's: a test's own mistake.
pub fn signed<P: Provider>(request: Request<impl Into<Bytes>>, secret: &str, now: SystemTime) -> Request<Bytes> {
    let delivery = Delivery::new(request);
    let signature = P::sign(&delivery, secret, now).unwrap_or_else(|why| panic!("{} cannot sign: {why}", P::NAME));
    let mut request = Request::from_parts(delivery.head, delivery.body);
    request.headers_mut().extend(signature);
    request
}

/// Reads what is signed.
pub(crate) fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(body).map_err(|source| {
        Error::of(ErrorKind::Unprocessable).detail(format!("the event is not the JSON that is read here: {source}"))
    })
}

/// Whether the body is said to be a form.
pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// A form's field, empty where there is none.
pub(crate) fn form_field(body: &[u8], name: &str) -> String {
    let mut fields = form_urlencoded::parse(body);
    fields.find(|(field, _)| field == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}
