//! GitHub: `X-Hub-Signature-256`, the HMAC-SHA256 of the body ("Validating webhook deliveries" in its documentation).
//!
//! The older `X-Hub-Signature`, of SHA-1, is not looked at.

use std::time::SystemTime;

use anyfn_core::Error;
use bytes::Bytes;
use http::HeaderMap;
use serde::de::DeserializeOwned;

use crate::hashes::{any_signs, header, hex, hmac_sha256, put};
use crate::provider::{form_field, is_form, json};
use crate::{Delivery, Provider, Refusal, Secrets};

const SIGNATURE: &str = "x-hub-signature-256";

/// GitHub's webhooks; the variable `GITHUB_WEBHOOK_SECRET` holds the secret that was given to the webhook.
#[derive(Clone, Copy, Debug)]
pub struct GitHub;

/// What happened at GitHub.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event {
    /// The delivery's identifier; a redelivery has the same. It is not signed.
    pub id: String,
    /// `push`, `issues`, `ping` and the like. It is not signed: let what the body holds decide, too, where it matters.
    pub kind: String,
    /// The bytes that were signed.
    pub body: Bytes,
    form: bool,
}

impl Event {
    /// The payload, whether the webhook's content type is `application/json` or `application/x-www-form-urlencoded`.
    ///
    /// # Errors
    /// It is not what `T` reads: a 422.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        if self.form { json(form_field(&self.body, "payload").as_bytes()) } else { json(&self.body) }
    }
}

/// Checks the signature of a body.
///
/// ```
/// use anyfn_webhooks::{Refusal, Secrets, github};
///
/// let headers = github::sign(b"{}", "secret");
/// assert_eq!(github::verify(&headers, b"{}", &Secrets::new(["new", "secret"])?), Ok(()));
/// # Ok::<(), Refusal>(())
/// ```
///
/// # Errors
/// It does not hold.
pub fn verify(headers: &HeaderMap, body: &[u8], secrets: &Secrets) -> Result<(), Refusal> {
    let given = header(headers, SIGNATURE)?;
    if !given.starts_with("sha256=") {
        return Err(Refusal::Scheme("sha256"));
    }
    any_signs(secrets, &[given], |secret| Ok(code(body, secret)))
}

/// The header with which GitHub sends this body.
pub fn sign(body: &[u8], secret: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    put(&mut headers, SIGNATURE, &code(body, secret));
    headers
}

fn code(body: &[u8], secret: &str) -> String {
    format!("sha256={}", hex(&hmac_sha256(secret.as_bytes(), &[body])))
}

impl Provider for GitHub {
    const NAME: &'static str = "GitHub";
    const SECRET: &'static str = "GITHUB_WEBHOOK_SECRET";
    type Event = Event;

    fn verify(delivery: &Delivery, secrets: &Secrets, _: SystemTime) -> Result<(), Refusal> {
        verify(&delivery.head.headers, &delivery.body, secrets)
    }

    fn read(delivery: Delivery) -> Result<Event, Error> {
        let headers = &delivery.head.headers;
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let (id, kind) = (text("x-github-delivery"), text("x-github-event"));
        Ok(Event { id, kind, form: is_form(headers), body: delivery.body })
    }

    fn sign(delivery: &Delivery, secret: &str, _: SystemTime) -> Result<HeaderMap, Refusal> {
        Ok(sign(&delivery.body, secret))
    }
}
