//! Twilio: `X-Twilio-Signature`, the HMAC-SHA1 of the public URL and the form's parameters; of a body that is no form, of the URL with
//! the body's SHA-256 in it ("Webhooks security" in its documentation).
//!
//! The URL is the one that was entered at Twilio. From the request's own these may differ, and all are tried:
//!
//! - a port that is said or not (`:443` where the scheme is `https`, `:80` where it is `http`, or any other);
//! - `user:password@`, which arrives as the header `authorization`;
//! - a stage in front of the path, and a path or query that the gateway handed over decoded;
//! - no path at all, which is asked for as `/`.
//!
//! Scheme and host are the platform's word. A refusal's log line says which URL was taken.
//!
//! Where a gateway hands over a query as names and values (API Gateway's REST API, an Application Load Balancer), give Twilio no URL
//! whose query repeats a name or has one without `=`: what was signed cannot be told any more, and the request is refused.

mod url;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use anyfn_core::{Error, ErrorKind};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Method};
use serde::de::DeserializeOwned;

use crate::hashes::{header, hex, hmac_sha1, put, same, sha256};
use crate::provider::{is_form, json};
use crate::{Delivery, Provider, Refusal, Secrets};

const SIGNATURE: &str = "x-twilio-signature";
/// The parameter of the URL that names the body.
const BODY: &str = "bodySHA256";

/// Twilio's webhooks; the variable `TWILIO_AUTH_TOKEN` holds the account's auth token.
#[derive(Clone, Copy, Debug)]
pub struct Twilio;

/// What Twilio tells: mostly a form, some products' JSON.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event {
    /// The form's parameters in their order; of a GET, the query's.
    pub params: Vec<(String, String)>,
    /// The body's bytes.
    pub body: Bytes,
    form: Bytes,
}

impl Event {
    /// The first parameter of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(given, _)| given == name).map(|(_, value)| &**value)
    }

    /// The parameters, as fields.
    ///
    /// # Errors
    /// They are not what `T` reads: a 422.
    pub fn form<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_html_form::from_bytes(&self.form).map_err(|source| {
            Error::of(ErrorKind::Unprocessable).detail(format!("the form is not the one that is read here: {source}"))
        })
    }

    /// A body that is JSON.
    ///
    /// # Errors
    /// It is not what `T` reads: a 422.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        json(&self.body)
    }
}

/// Checks the signature of a request to this public URL; the URL's port may be said or not.
///
/// ```
/// use anyfn_webhooks::{Refusal, Secrets, twilio};
///
/// let (url, body) = ("https://fn.example/sms", b"From=%2B41&Body=hi");
/// let mut headers = twilio::sign(url, "application/x-www-form-urlencoded", body, "token");
/// headers.insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
/// let secrets = Secrets::new(["token"])?;
/// assert_eq!(twilio::verify(url, &headers, body, &secrets), Ok(()));
/// assert_eq!(twilio::verify("https://fn.example:443/sms", &headers, body, &secrets), Ok(()));
/// assert!(twilio::verify("http://fn.example/sms", &headers, body, &secrets).is_err());
/// # Ok::<(), Refusal>(())
/// ```
///
/// # Errors
/// It does not hold, or does not cover the body.
pub fn verify(url: &str, headers: &HeaderMap, body: &[u8], secrets: &Secrets) -> Result<(), Refusal> {
    check(url, &url::of_text(url).into_iter().collect(), headers, body, secrets)
}

fn check(
    url: &str,
    urls: &BTreeSet<String>,
    headers: &HeaderMap,
    body: &[u8],
    secrets: &Secrets,
) -> Result<(), Refusal> {
    let given = header(headers, SIGNATURE)?;
    let params = covered(url, is_form(headers), body)?;
    let mut holds = false;
    for secret in secrets.iter() {
        urls.iter().for_each(|url| holds |= same(given, &code(url, &params, secret)));
    }
    if holds { Ok(()) } else { Err(Refusal::Url(url.split('?').next().unwrap_or_default().to_owned())) }
}

/// The body's SHA-256, where the URL's query names it.
fn named(url: &str) -> Option<Cow<'_, str>> {
    let (_, query) = url.split_once('?')?;
    form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == BODY).map(|(_, named)| named)
}

/// What is signed behind the URL, where the two cover the body.
fn covered(url: &str, form: bool, body: &[u8]) -> Result<String, Refusal> {
    if let Some(named) = named(url) {
        let covers = same(&named, &hex(&sha256(body)));
        return if covers {
            Ok(String::new())
        } else {
            Err(Refusal::Uncovered("its SHA-256 is not the one in the URL"))
        };
    }
    if body.is_empty() {
        Ok(String::new())
    } else if form {
        Ok(sorted(body))
    } else {
        Err(Refusal::Uncovered("it is no form, and the URL has no `bodySHA256`"))
    }
}

/// Names and values without anything between them, sorted, each once.
fn sorted(form: &[u8]) -> String {
    let mut params: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(form) {
        params.entry(name).or_default().insert(value);
    }
    let pairs = params.iter().flat_map(|(name, values)| values.iter().map(move |value| [&**name, &**value]));
    pairs.flatten().collect()
}

fn code(url: &str, params: &str, secret: &str) -> String {
    BASE64_STANDARD.encode(hmac_sha1(secret.as_bytes(), [url, params].concat().as_bytes()))
}

/// The header with which Twilio sends this body to this URL, which has `bodySHA256` in it where the body is no form.
pub fn sign(url: &str, content_type: &str, body: &[u8], secret: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    put(&mut headers, "content-type", content_type);
    let params = if is_form(&headers) && named(url).is_none() { sorted(body) } else { String::new() };
    headers.clear();
    put(&mut headers, SIGNATURE, &code(url, &params, secret));
    headers
}

impl Provider for Twilio {
    const NAME: &'static str = "Twilio";
    const SECRET: &'static str = "TWILIO_AUTH_TOKEN";
    type Event = Event;

    fn verify(delivery: &Delivery, secrets: &Secrets, _: SystemTime) -> Result<(), Refusal> {
        let (head, urls) = (&delivery.head, url::of_request(delivery)?);
        check(&head.uri.to_string(), &urls, &head.headers, &delivery.body, secrets)
    }

    fn read(delivery: Delivery) -> Result<Event, Error> {
        let form = match delivery.head.method {
            Method::GET | Method::HEAD => {
                Bytes::copy_from_slice(delivery.head.uri.query().unwrap_or_default().as_bytes())
            }
            _ if is_form(&delivery.head.headers) => delivery.body.clone(),
            _ => Bytes::new(),
        };
        let params = form_urlencoded::parse(&form).into_owned().collect();
        Ok(Event { params, form, body: delivery.body })
    }

    fn sign(delivery: &Delivery, secret: &str, _: SystemTime) -> Result<HeaderMap, Refusal> {
        let kind = delivery.head.headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        Ok(sign(&delivery.head.uri.to_string(), kind, &delivery.body, secret))
    }
}
