//! Slack: `X-Slack-Signature`, the HMAC-SHA256 of version, time and body ("Verifying requests from Slack" in its documentation).

use std::time::SystemTime;

use anyfn_core::{Error, ErrorKind};
use bytes::Bytes;
use http::HeaderMap;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::hashes::{any_signs, header, hex, hmac_sha256, put};
use crate::provider::{form_field, is_form, json};
use crate::window::{seconds, timestamp};
use crate::{Delivery, Provider, Refusal, Secrets, Window};

const SIGNATURE: &str = "x-slack-signature";
const TIMESTAMP: &str = "x-slack-request-timestamp";

/// Slack's events, commands and interactions; the variable `SLACK_SIGNING_SECRET` holds the app's signing secret.
#[derive(Clone, Copy, Debug)]
pub struct Slack;

/// What happened in Slack: JSON from the Events API, a form from a slash command or an interaction.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event {
    /// How often it was delivered before this time.
    pub retries: u32,
    /// The bytes that were signed.
    pub body: Bytes,
    form: bool,
}

impl Event {
    /// The `type` of what [`json`](Self::json) reads; a slash command has none.
    pub fn kind(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Kind {
            r#type: String,
        }
        self.json::<Kind>().ok().map(|kind| kind.r#type)
    }

    /// What Slack wants back, as it is, when a URL is entered for the Events API.
    ///
    /// ```
    /// use anyfn_core::Result;
    /// use anyfn_webhooks::{Slack, Verified};
    ///
    /// async fn slack(Verified(event): Verified<Slack>) -> Result<String> {
    ///     if let Some(challenge) = event.challenge() {
    ///         return Ok(challenge);
    ///     }
    ///     Ok(String::new())
    /// }
    /// ```
    pub fn challenge(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Verification {
            r#type: String,
            challenge: String,
        }
        let asked: Verification = self.json().ok()?;
        (asked.r#type == "url_verification").then_some(asked.challenge)
    }

    /// The event as JSON; of an interaction, which is a form, the `payload` in it.
    ///
    /// # Errors
    /// It is not what `T` reads: a 422.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        if self.form { json(form_field(&self.body, "payload").as_bytes()) } else { json(&self.body) }
    }

    /// A slash command's form.
    ///
    /// # Errors
    /// It is not what `T` reads: a 422.
    pub fn form<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_html_form::from_bytes(&self.body).map_err(|source| {
            Error::of(ErrorKind::Unprocessable).detail(format!("the form is not the one that is read here: {source}"))
        })
    }
}

/// Checks the signature of a body.
///
/// # Errors
/// It does not hold, or is older than the window.
pub fn verify(headers: &HeaderMap, body: &[u8], secrets: &Secrets, window: impl Into<Window>) -> Result<(), Refusal> {
    let given = header(headers, SIGNATURE)?;
    let text = header(headers, TIMESTAMP)?;
    let second = timestamp(text).ok_or(Refusal::Malformed(TIMESTAMP))?;
    if !given.starts_with("v0=") {
        return Err(Refusal::Scheme("v0"));
    }
    any_signs(secrets, &[given], |secret| Ok(code(text, body, secret)))?;
    window.into().admit(second)
}

/// The headers with which Slack sends this body.
pub fn sign(body: &[u8], secret: &str, now: SystemTime) -> HeaderMap {
    let second = seconds(now).to_string();
    let mut headers = HeaderMap::new();
    put(&mut headers, SIGNATURE, &code(&second, body, secret));
    put(&mut headers, TIMESTAMP, &second);
    headers
}

fn code(second: &str, body: &[u8], secret: &str) -> String {
    format!("v0={}", hex(&hmac_sha256(secret.as_bytes(), &[b"v0:", second.as_bytes(), b":", body])))
}

impl Provider for Slack {
    const NAME: &'static str = "Slack";
    const SECRET: &'static str = "SLACK_SIGNING_SECRET";
    type Event = Event;

    fn verify(delivery: &Delivery, secrets: &Secrets, now: SystemTime) -> Result<(), Refusal> {
        verify(&delivery.head.headers, &delivery.body, secrets, now)
    }

    fn read(delivery: Delivery) -> Result<Event, Error> {
        let headers = &delivery.head.headers;
        let retries = headers.get("x-slack-retry-num").and_then(|number| number.to_str().ok()?.parse().ok());
        Ok(Event { retries: retries.unwrap_or_default(), form: is_form(headers), body: delivery.body })
    }

    fn sign(delivery: &Delivery, secret: &str, now: SystemTime) -> Result<HeaderMap, Refusal> {
        Ok(sign(&delivery.body, secret, now))
    }
}
