//! Stripe: `Stripe-Signature: t=…,v1=…`, the HMAC-SHA256 of time, a full stop and body ("Verify webhook signatures" in its
//! documentation).
//!
//! While Stripe rolls a secret it sends a signature by each: one that holds is enough. Only the scheme `v1` counts.

use std::time::SystemTime;

use anyfn_core::Error;
use bytes::Bytes;
use http::HeaderMap;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::hashes::{any_signs, header, hex, hmac_sha256, put};
use crate::provider::json;
use crate::window::{seconds, timestamp};
use crate::{Delivery, Provider, Refusal, Secrets, Window};

const SIGNATURE: &str = "stripe-signature";

/// Stripe's webhooks; the variable `STRIPE_WEBHOOK_SECRET` holds the endpoint's signing secret, with its `whsec_`.
#[derive(Clone, Copy, Debug)]
pub struct Stripe;

/// What happened at Stripe.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Event {
    /// `evt_…`: the same whenever it is delivered again.
    #[serde(default)]
    pub id: String,
    /// `checkout.session.completed` and the like.
    #[serde(default, rename = "type")]
    pub kind: String,
    /// The bytes that were signed.
    #[serde(skip)]
    pub body: Bytes,
}

impl Event {
    /// The whole event.
    ///
    /// # Errors
    /// It is not what `T` reads: a 422.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        json(&self.body)
    }

    /// What it is about: `data.object`.
    ///
    /// # Errors
    /// There is none, as in a thin event, or it is not what `T` reads: a 422.
    pub fn object<T: DeserializeOwned>(&self) -> Result<T, Error> {
        #[derive(Deserialize)]
        struct Whole<T> {
            data: Data<T>,
        }
        #[derive(Deserialize)]
        struct Data<T> {
            object: T,
        }
        self.json::<Whole<T>>().map(|whole| whole.data.object)
    }
}

/// Checks the signature of a body.
///
/// ```
/// use std::time::SystemTime;
/// use anyfn_webhooks::{Refusal, Secrets, stripe};
///
/// let (secrets, now) = (Secrets::new(["whsec_1"])?, SystemTime::now());
/// let headers = stripe::sign(b"{}", "whsec_1", now);
/// assert_eq!(stripe::verify(&headers, b"{}", &secrets, now), Ok(()));
/// assert_eq!(stripe::verify(&headers, b"[]", &secrets, now), Err(Refusal::Mismatch));
/// # Ok::<(), Refusal>(())
/// ```
///
/// # Errors
/// It does not hold, or is older than the window.
pub fn verify(headers: &HeaderMap, body: &[u8], secrets: &Secrets, window: impl Into<Window>) -> Result<(), Refusal> {
    let mut time = None;
    let mut signatures = Vec::new();
    for pair in header(headers, SIGNATURE)?.split(',') {
        match pair.split_once('=').ok_or(Refusal::Malformed(SIGNATURE))? {
            ("t", _) if time.is_some() => return Err(Refusal::Malformed(SIGNATURE)),
            ("t", text) => time = Some((text, timestamp(text).ok_or(Refusal::Malformed(SIGNATURE))?)),
            ("v1", signature) => signatures.push(signature),
            _ => {}
        }
    }
    let (text, second) = time.ok_or(Refusal::Malformed(SIGNATURE))?;
    if signatures.is_empty() {
        return Err(Refusal::Scheme("v1"));
    }
    any_signs(secrets, &signatures, |secret| Ok(code(text, body, secret)))?;
    window.into().admit(second)
}

/// The header with which Stripe sends this body.
pub fn sign(body: &[u8], secret: &str, now: SystemTime) -> HeaderMap {
    let second = seconds(now).to_string();
    let mut headers = HeaderMap::new();
    put(&mut headers, SIGNATURE, &format!("t={second},v1={}", code(&second, body, secret)));
    headers
}

fn code(second: &str, body: &[u8], secret: &str) -> String {
    hex(&hmac_sha256(secret.as_bytes(), &[second.as_bytes(), b".", body]))
}

impl Provider for Stripe {
    const NAME: &'static str = "Stripe";
    const SECRET: &'static str = "STRIPE_WEBHOOK_SECRET";
    type Event = Event;

    fn verify(delivery: &Delivery, secrets: &Secrets, now: SystemTime) -> Result<(), Refusal> {
        verify(&delivery.head.headers, &delivery.body, secrets, now)
    }

    fn read(delivery: Delivery) -> Result<Event, Error> {
        Ok(Event { body: delivery.body.clone(), ..json(&delivery.body)? })
    }

    fn sign(delivery: &Delivery, secret: &str, now: SystemTime) -> Result<HeaderMap, Refusal> {
        Ok(sign(&delivery.body, secret, now))
    }
}
