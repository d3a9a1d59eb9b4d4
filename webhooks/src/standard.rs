//! Standard Webhooks, symmetric (`v1`): `webhook-id`, `webhook-timestamp` and `webhook-signature`, the HMAC-SHA256 of id, time and
//! body (the specification at standardwebhooks.com). Many providers sign so, some under the older names `svix-…`, which are read
//! where the others are missing.
//!
//! Signatures by a private key (`v1a`) are not checked: a request that has no other is refused.

use std::time::SystemTime;

use anyfn_core::Error;
use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::HeaderMap;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::hashes::{any_signs, header, hmac_sha256, put};
use crate::provider::json;
use crate::window::{seconds, timestamp};
use crate::{Delivery, Provider, Refusal, Secrets, Window};

/// Id, timestamp and signature.
type Names = [&'static str; 3];
const NAMES: Names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
const OLDER: Names = ["svix-id", "svix-timestamp", "svix-signature"];

/// Webhooks by the standard; the variable `WEBHOOK_SECRET` holds the secret, in base64, with its `whsec_` or without.
#[derive(Clone, Copy, Debug)]
pub struct StandardWebhooks;

/// What happened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event {
    /// The message's identifier: the same whenever it is delivered again.
    pub id: String,
    /// The bytes that were signed.
    pub body: Bytes,
}

impl Event {
    /// The payload's `type`, where it follows the standard's advice to have one.
    pub fn kind(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Kind {
            r#type: String,
        }
        self.json::<Kind>().ok().map(|kind| kind.r#type)
    }

    /// The payload.
    ///
    /// # Errors
    /// It is not what `T` reads: a 422.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        json(&self.body)
    }
}

/// The names that this request has.
fn names(headers: &HeaderMap) -> Names {
    let older = OLDER.iter().all(|name| headers.contains_key(*name));
    if older && !NAMES.iter().any(|name| headers.contains_key(*name)) { OLDER } else { NAMES }
}

/// Checks the signature of a body.
///
/// # Errors
/// It does not hold, or is older than the window; or the secret is no base64.
pub fn verify(headers: &HeaderMap, body: &[u8], secrets: &Secrets, window: impl Into<Window>) -> Result<(), Refusal> {
    let names = names(headers);
    let [id, text, given] = [header(headers, names[0])?, header(headers, names[1])?, header(headers, names[2])?];
    let second = timestamp(text).ok_or(Refusal::Malformed(names[1]))?;
    let signatures: Vec<_> = given.split(' ').filter(|one| one.starts_with("v1,")).collect();
    if signatures.is_empty() {
        return Err(Refusal::Scheme("v1"));
    }
    any_signs(secrets, &signatures, |secret| code(id, text, body, secret))?;
    window.into().admit(second)
}

/// The headers with which a message of this identifier is sent.
///
/// ```
/// use std::time::SystemTime;
/// use anyfn_webhooks::{Refusal, Secrets, standard};
///
/// let (secret, now) = ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", SystemTime::now());
/// let headers = standard::sign("msg_1", b"{}", secret, now)?;
/// assert_eq!(standard::verify(&headers, b"{}", &Secrets::new([secret])?, now), Ok(()));
/// # Ok::<(), Refusal>(())
/// ```
///
/// # Errors
/// The secret is no base64.
pub fn sign(id: &str, body: &[u8], secret: &str, now: SystemTime) -> Result<HeaderMap, Refusal> {
    let second = seconds(now).to_string();
    let mut headers = HeaderMap::new();
    put(&mut headers, NAMES[2], &code(id, &second, body, secret)?);
    put(&mut headers, NAMES[0], id);
    put(&mut headers, NAMES[1], &second);
    Ok(headers)
}

fn code(id: &str, second: &str, body: &[u8], secret: &str) -> Result<String, Refusal> {
    let parts = [id.as_bytes(), b".", second.as_bytes(), b".", body];
    Ok(format!("v1,{}", BASE64_STANDARD.encode(hmac_sha256(&key(secret)?, &parts))))
}

/// The key in a secret. Padding is left out by some.
fn key(secret: &str) -> Result<Vec<u8>, Refusal> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &ALPHABET,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let key = LENIENT.decode(secret.strip_prefix("whsec_").unwrap_or(secret));
    key.ok().filter(|key| !key.is_empty()).ok_or(Refusal::Secret("is no base64 after `whsec_`"))
}

impl Provider for StandardWebhooks {
    const NAME: &'static str = "Standard Webhooks";
    const SECRET: &'static str = "WEBHOOK_SECRET";
    type Event = Event;

    fn verify(delivery: &Delivery, secrets: &Secrets, now: SystemTime) -> Result<(), Refusal> {
        verify(&delivery.head.headers, &delivery.body, secrets, now)
    }

    fn read(delivery: Delivery) -> Result<Event, Error> {
        let headers = &delivery.head.headers;
        let id = header(headers, names(headers)[0]).map_err(Refusal::into_error)?.to_owned();
        Ok(Event { id, body: delivery.body })
    }

    /// The request's own `webhook-id`, or else `msg_1`.
    fn sign(delivery: &Delivery, secret: &str, now: SystemTime) -> Result<HeaderMap, Refusal> {
        let id = header(&delivery.head.headers, NAMES[0]).unwrap_or("msg_1");
        sign(id, &delivery.body, secret, now)
    }
}
