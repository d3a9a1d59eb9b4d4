//! What is done, in a database of D1.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyfn_core::{Context, DynFuture, Error};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use js_sys::Reflect;
use wasm_bindgen::JsValue;

use super::bindings::{Database, Kind, awaited, bound, out_of_reach};
use crate::{Begun, Claim, Held, Store};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS anyfn_done (id TEXT PRIMARY KEY, token INTEGER NOT NULL, until INTEGER NOT NULL, \
                     done INTEGER NOT NULL, fingerprint TEXT NOT NULL, answer TEXT, expires INTEGER NOT NULL)";
const INDEX: &str = "CREATE INDEX IF NOT EXISTS anyfn_done_expires ON anyfn_done (expires)";
const BEGIN: &str = "INSERT INTO anyfn_done (id, token, until, done, fingerprint, answer, expires) \
                     VALUES (?1, 1, ?2, 0, ?3, NULL, ?4) ON CONFLICT (id) DO UPDATE SET token = token + 1, \
                     until = excluded.until, done = 0, fingerprint = excluded.fingerprint, answer = NULL, \
                     expires = excluded.expires WHERE until <= ?5 RETURNING token";
const KNOWN: &str = "SELECT until, done, fingerprint, answer FROM anyfn_done WHERE id = ?1";
const FINISH: &str = "UPDATE anyfn_done SET done = 1, until = ?3, expires = ?3, answer = ?4 WHERE id = ?1 AND token = ?2 RETURNING token";
const RELEASE: &str = "UPDATE anyfn_done SET until = 0 WHERE id = ?1 AND token = ?2 AND done = 0 RETURNING token";
const FORGET: &str = "DELETE FROM anyfn_done WHERE expires <= ?1";

/// Keeps what is done in a database of D1: a lock for all Workers that are bound to it.
///
/// It makes a table of its own there, `anyfn_done`, the first time that it finds none, and now and then removes what has expired.
/// A piece of work costs two writes.
#[derive(Clone, Debug)]
pub struct D1(String);

impl D1 {
    /// The database that is bound to this name.
    pub fn binding(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The first row that a statement gives; `null` where it gives none.
    async fn first(&self, cx: &Context, query: &str, values: Vec<JsValue>) -> Result<JsValue, Error> {
        let database: Database = bound(cx, &self.0, Kind::D1)?;
        let statement = database.prepare(query).and_then(|statement| match values.is_empty() {
            true => Ok(statement),
            false => statement.bind(values.into()),
        });
        let statement = statement.map_err(|error| out_of_reach(&self.0, &error))?;
        awaited(&self.0, statement.first()).await
    }

    async fn begin_row(&self, cx: &Context, claim: &Claim) -> Result<JsValue, Error> {
        let fingerprint = BASE64_STANDARD.encode(&claim.fingerprint);
        let values = || {
            let key = JsValue::from(&claim.key);
            vec![key, millis(claim.until), JsValue::from(&fingerprint), millis(claim.expires), millis(claim.now)]
        };
        match self.first(cx, BEGIN, values()).await {
            Err(error) if error.to_string().contains("no such table") => {
                self.first(cx, TABLE, Vec::new()).await?;
                self.first(cx, INDEX, Vec::new()).await?;
                self.first(cx, BEGIN, values()).await
            }
            other => other,
        }
    }
}

impl Store for D1 {
    fn begin<'a>(&'a self, cx: &'a Context, claim: &'a Claim) -> DynFuture<'a, Result<Begun, Error>> {
        Box::pin(async move {
            let token = number(&self.begin_row(cx, claim).await?, "token");
            if let Some(token) = token {
                return Ok(Begun::Started(Held::new(&claim.key, token)));
            }
            let known = self.first(cx, KNOWN, vec![JsValue::from(&claim.key)]).await?;
            let (Some(until), Some(done), Some(fingerprint)) =
                (number(&known, "until"), number(&known, "done"), bytes(&known, "fingerprint"))
            else {
                // It was given back, or removed, between the two.
                return Ok(Begun::InProgress { until: claim.now, fingerprint: claim.fingerprint.clone() });
            };
            Ok(match done {
                0 => {
                    let until = UNIX_EPOCH.checked_add(Duration::from_millis(until)).unwrap_or(claim.until);
                    Begun::InProgress { until, fingerprint }
                }
                _ => Begun::Done { answer: bytes(&known, "answer"), fingerprint },
            })
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
            let answer = answer.map_or(JsValue::NULL, |answer| BASE64_STANDARD.encode(answer).into());
            let values = vec![JsValue::from(&held.key), (held.token as f64).into(), millis(expires), answer];
            let own = number(&self.first(cx, FINISH, values).await?, "token").is_some();
            // One in so many, by the clock: nobody waits for it.
            if since(cx.now()).is_multiple_of(64) {
                let (store, later) = (self.clone(), cx.clone());
                cx.wait_until(async move {
                    if let Err(error) = store.first(&later, FORGET, vec![millis(later.now())]).await {
                        later.log(format!("anyfn: what is done and expired stays for now: {error}"));
                    }
                });
            }
            Ok(own)
        })
    }

    fn release<'a>(&'a self, cx: &'a Context, held: &'a Held) -> DynFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            let values = vec![JsValue::from(&held.key), (held.token as f64).into()];
            self.first(cx, RELEASE, values).await.map(drop)
        })
    }
}

fn since(time: SystemTime) -> u64 {
    u64::try_from(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
}

fn millis(time: SystemTime) -> JsValue {
    (since(time) as f64).into()
}

fn number(row: &JsValue, column: &str) -> Option<u64> {
    Some(Reflect::get(row, &column.into()).ok()?.as_f64()? as u64)
}

fn bytes(row: &JsValue, column: &str) -> Option<Bytes> {
    BASE64_STANDARD.decode(Reflect::get(row, &column.into()).ok()?.as_string()?).ok().map(Bytes::from)
}
