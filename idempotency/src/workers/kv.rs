//! What is done, in Workers KV.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyfn_core::{Context, DynFuture, Error};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use futures_util::future::try_join;
use js_sys::{Object, Reflect};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::bindings::{Kind, Namespace, awaited, bound};
use crate::{Begun, Claim, Held, Store};

/// KV keeps nothing for less.
const LEAST: Duration = Duration::from_secs(61);
/// A key is written once a second at most ("Limits", Workers KV documentation).
const PAUSE: Duration = Duration::from_millis(1100);

/// Keeps what is done in a namespace of Workers KV.
///
/// **It is no lock.** KV has no conditional write, and what one place has written another sees up to a minute later, or more. Two
/// deliveries at the same moment, or in two places within that time, both run. What comes again later, as retries do, is told
/// that it is done. Where that is not enough, there is [`D1`](super::D1).
///
/// Each piece of work is two records, `KEY` (who is at it) and `KEY/done`, since KV takes one write of a key each second.
#[derive(Clone, Debug)]
pub struct Kv(String);

impl Kv {
    /// The namespace that is bound to this name.
    pub fn binding(name: impl Into<String>) -> Self {
        Self(name.into())
    }
}

#[derive(Deserialize, Serialize)]
struct Lease {
    token: u64,
    /// In milliseconds since 1970; 0 once it is given back.
    until: u64,
    expires: u64,
    fingerprint: String,
}

#[derive(Deserialize, Serialize)]
struct Done {
    token: u64,
    until: u64,
    fingerprint: String,
    answer: Option<String>,
}

/// The namespace in one invocation.
struct Opened<'a> {
    cx: &'a Context,
    name: &'a str,
    namespace: Namespace,
}

impl<'a> Opened<'a> {
    fn new(cx: &'a Context, name: &'a str) -> Result<Self, Error> {
        Ok(Self { cx, name, namespace: bound(cx, name, Kind::Kv)? })
    }

    async fn read<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Error> {
        let value = awaited(self.name, self.namespace.get(key)).await?;
        let Some(text) = value.as_string() else { return Ok(None) };
        serde_json::from_str(&text)
            .map(Some)
            .map_err(|error| Error::internal(format!("the binding `{}`: `{key}` is none of ours: {error}", self.name)))
    }

    async fn write(&self, key: &str, value: &impl Serialize, expires: SystemTime) -> Result<(), Error> {
        let text = serde_json::to_string(value)?;
        let expires = expires.max(self.cx.now() + LEAST);
        let options = Object::new();
        let seconds = (millis(expires) / 1000 + 1) as f64;
        Reflect::set(&options, &"expiration".into(), &seconds.into()).ok();
        if awaited(self.name, self.namespace.put(key, &text, &options)).await.is_ok() {
            return Ok(());
        }
        // Most likely it was written less than a second ago.
        self.cx.sleep(PAUSE).await;
        awaited(self.name, self.namespace.put(key, &text, &options)).await.map(drop)
    }
}

impl Store for Kv {
    fn begin<'a>(&'a self, cx: &'a Context, claim: &'a Claim) -> DynFuture<'a, Result<Begun, Error>> {
        Box::pin(async move {
            let kv = Opened::new(cx, &self.0)?;
            let (lease, done) = (claim.key.clone(), format!("{}/done", claim.key));
            let (lease, done) = try_join(kv.read::<Lease>(&lease), kv.read::<Done>(&done)).await?;
            let now = millis(claim.now);
            if let Some(done) = done.as_ref().filter(|done| done.until > now) {
                let answer = done.answer.as_deref().map(bytes).transpose()?;
                return Ok(Begun::Done { answer, fingerprint: bytes(&done.fingerprint)? });
            }
            if let Some(lease) = lease.as_ref().filter(|lease| lease.until > now) {
                let until = UNIX_EPOCH.checked_add(Duration::from_millis(lease.until)).unwrap_or(claim.until);
                return Ok(Begun::InProgress { until, fingerprint: bytes(&lease.fingerprint)? });
            }
            let token = lease.map_or(0, |lease| lease.token).max(done.map_or(0, |done| done.token)) + 1;
            let lease = Lease {
                token,
                until: millis(claim.until),
                expires: millis(claim.expires),
                fingerprint: BASE64_STANDARD.encode(&claim.fingerprint),
            };
            kv.write(&claim.key, &lease, claim.expires).await?;
            Ok(Begun::Started(Held::new(&claim.key, token)))
        })
    }

    fn finish<'a>(
        &'a self,
        cx: &'a Context,
        held: &'a Held,
        answer: Option<Bytes>,
        expires: SystemTime,
    ) -> DynFuture<'a, Result<bool, Error>> {
        Box::pin(async move {
            let kv = Opened::new(cx, &self.0)?;
            let lease: Option<Lease> = kv.read(&held.key).await?;
            if lease.as_ref().is_some_and(|lease| lease.token != held.token) {
                return Ok(false);
            }
            let done = Done {
                token: held.token,
                until: millis(expires),
                fingerprint: lease.map(|lease| lease.fingerprint).unwrap_or_default(),
                answer: answer.map(|answer| BASE64_STANDARD.encode(answer)),
            };
            kv.write(&format!("{}/done", held.key), &done, expires).await?;
            Ok(true)
        })
    }

    fn release<'a>(&'a self, cx: &'a Context, held: &'a Held) -> DynFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            let kv = Opened::new(cx, &self.0)?;
            let lease: Option<Lease> = kv.read(&held.key).await?;
            let Some(lease) = lease.filter(|lease| lease.token == held.token) else { return Ok(()) };
            let expires = UNIX_EPOCH.checked_add(Duration::from_millis(lease.expires)).unwrap_or(UNIX_EPOCH);
            kv.write(&held.key, &Lease { until: 0, ..lease }, expires).await
        })
    }
}

fn millis(time: SystemTime) -> u64 {
    u64::try_from(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
}

fn bytes(base64: &str) -> Result<Bytes, Error> {
    BASE64_STANDARD.decode(base64).map(Bytes::from).map_err(Error::internal)
}
