//! What is done, in a table of DynamoDB.

mod api;
mod https;

use std::collections::hash_map::RandomState;
use std::fmt;
use std::future::Future;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyfn_core::{Context, DynFuture, Error};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use self::api::{Api, Refused};
use crate::{Begun, Claim, Held, Store};

/// Keeps what is done in a table of DynamoDB: a lock for all that use it, wherever they run.
///
/// The table has one key, the string `id`; name `expires` as its time to live, or records stay for ever:
///
/// ```text
/// aws dynamodb create-table --table-name done --billing-mode PAY_PER_REQUEST \
///     --attribute-definitions AttributeName=id,AttributeType=S --key-schema AttributeName=id,KeyType=HASH
/// aws dynamodb update-time-to-live --table-name done \
///     --time-to-live-specification Enabled=true,AttributeName=expires
/// ```
///
/// It needs `dynamodb:UpdateItem` on it and nothing else. A piece of work costs two writes, one that is told that it is done costs
/// one.
///
/// The region is `AWS_REGION`, and the credentials are those of the environment (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
/// `AWS_SESSION_TOKEN`), as Lambda sets them; for others, such as a container's role, there is
/// [`credentials`](Self::credentials). `AWS_ENDPOINT_URL_DYNAMODB` and `AWS_ENDPOINT_URL` name another server.
///
/// Several machines must agree on the time to within what a lease can spare.
#[derive(Clone)]
pub struct DynamoDb(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    table: String,
    region: Option<String>,
    endpoint: Option<String>,
    credentials: Option<Arc<Provider>>,
    api: OnceLock<Api>,
}

type Provider = dyn Fn(Context) -> DynFuture<'static, Result<Credentials, Error>> + Send + Sync;

/// Keys to AWS' APIs.
#[derive(Clone)]
pub struct Credentials {
    id: String,
    secret: String,
    token: Option<String>,
}

impl Credentials {
    /// An access key, its secret, and the session's token where it has one.
    pub fn new(id: impl Into<String>, secret: impl Into<String>, token: Option<String>) -> Self {
        Self { id: id.into(), secret: secret.into(), token }
    }

    fn of_environment(cx: &Context) -> Result<Self, Error> {
        let (id, secret) = (cx.secret("AWS_ACCESS_KEY_ID")?, cx.secret("AWS_SECRET_ACCESS_KEY")?);
        Ok(Self { id, secret, token: cx.env("AWS_SESSION_TOKEN").filter(|token| !token.is_empty()) })
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("id", &self.id).finish_non_exhaustive()
    }
}

impl fmt::Debug for DynamoDb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamoDb").field("table", &self.0.table).finish_non_exhaustive()
    }
}

impl DynamoDb {
    /// The table of this name, or with this ARN.
    pub fn table(name: impl Into<String>) -> Self {
        let table = name.into();
        Self(Arc::new(Inner { table, region: None, endpoint: None, credentials: None, api: OnceLock::new() }))
    }

    fn with(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// In this region, whatever the environment says.
    #[must_use]
    pub fn region(self, region: impl Into<String>) -> Self {
        self.with(|inner| inner.region = Some(region.into()))
    }

    /// At this URL, whatever the environment says.
    #[must_use]
    pub fn endpoint(self, url: impl Into<String>) -> Self {
        self.with(|inner| inner.endpoint = Some(url.into()))
    }

    /// With credentials that `provider` gives; it is asked before each call, and should keep what it knows.
    #[must_use]
    pub fn credentials<F, Fut>(self, provider: F) -> Self
    where
        F: Fn(Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Credentials, Error>> + Send + 'static,
    {
        self.with(|inner| inner.credentials = Some(Arc::new(move |cx| Box::pin(provider(cx)))))
    }

    /// `UpdateItem` of one record; `None` where its condition does not hold, with the record as it is.
    async fn update(&self, cx: &Context, key: &str, mut change: Value) -> Result<Result<Record, Record>, Error> {
        let Inner { table, region, endpoint, credentials, api } = &*self.0;
        change["TableName"] = json!(table);
        change["Key"] = json!({ "id": { "S": key } });
        change["ReturnValuesOnConditionCheckFailure"] = json!("ALL_OLD");
        let api = match api.get() {
            Some(api) => api,
            None => {
                let made = Api::new(cx, region.as_deref(), endpoint.as_deref())?;
                api.get_or_init(|| made)
            }
        };
        let credentials = match credentials {
            Some(provider) => provider(cx.clone()).await?,
            None => Credentials::of_environment(cx)?,
        };
        let named = |error: Error| {
            let told = format!("the table `{table}`: {error}");
            error.source(told)
        };
        match api.call(cx, "UpdateItem", &change, &credentials).await {
            Ok(answer) => Ok(Ok(Updated::read(&answer).map_err(named)?)),
            Err(Refused::Condition(answer)) => Ok(Err(Updated::read(&answer).map_err(named)?)),
            Err(Refused::Other(error)) => Err(named(error)),
        }
    }
}

/// The parts of an answer that we ask for.
#[derive(Deserialize)]
struct Updated {
    #[serde(default, rename = "Attributes")]
    attributes: Record,
    #[serde(default, rename = "Item")]
    item: Record,
}

impl Updated {
    fn read(answer: &[u8]) -> Result<Record, Error> {
        let Self { attributes, item } = serde_json::from_slice(answer)
            .map_err(|error| Error::internal(format!("a record is none of ours: {error}")))?;
        Ok(if item.token.is_some() { item } else { attributes })
    }
}

#[derive(Default, Deserialize)]
struct Record {
    token: Option<Number>,
    until: Option<Number>,
    owner: Option<Text>,
    done: Option<Truth>,
    fingerprint: Option<Binary>,
    answer: Option<Binary>,
}

#[derive(Deserialize)]
struct Number {
    #[serde(rename = "N")]
    digits: String,
}

#[derive(Deserialize)]
struct Text {
    #[serde(rename = "S")]
    text: String,
}

#[derive(Deserialize)]
struct Truth {
    #[serde(rename = "BOOL")]
    is: bool,
}

#[derive(Deserialize)]
struct Binary {
    #[serde(rename = "B")]
    base64: String,
}

impl Binary {
    fn bytes(&self) -> Result<Bytes, Error> {
        BASE64_STANDARD.decode(&self.base64).map(Bytes::from).map_err(Error::internal)
    }
}

impl Record {
    fn number(number: Option<&Number>) -> Result<u64, Error> {
        let number = number.ok_or_else(|| Error::internal("a record lacks a number"))?;
        number.digits.parse().map_err(|_| Error::internal(format!("`{}` is no number of ours", number.digits)))
    }

    fn held(&self, key: &str) -> Result<Begun, Error> {
        Ok(Begun::Started(Held::new(key, Self::number(self.token.as_ref())?)))
    }
}

impl Store for DynamoDb {
    fn begin<'a>(&'a self, cx: &'a Context, claim: &'a Claim) -> DynFuture<'a, Result<Begun, Error>> {
        Box::pin(async move {
            // A call whose answer is lost is made again, and must know its own record.
            let owner = unique();
            let change = json!({
                "UpdateExpression": "SET #token = if_not_exists(#token, :zero) + :one, #until = :until, #expires = :expires, \
                                     #owner = :owner, #done = :false, #fingerprint = :fingerprint REMOVE #answer",
                "ConditionExpression": "attribute_not_exists(#until) OR #until <= :now",
                "ReturnValues": "UPDATED_NEW",
                "ExpressionAttributeNames": {
                    "#token": "token", "#until": "until", "#expires": "expires", "#owner": "owner", "#done": "done",
                    "#fingerprint": "fingerprint", "#answer": "answer",
                },
                "ExpressionAttributeValues": {
                    ":zero": { "N": "0" },
                    ":one": { "N": "1" },
                    ":now": { "N": millis(claim.now) },
                    ":until": { "N": millis(claim.until) },
                    ":expires": { "N": seconds(claim.expires) },
                    ":owner": { "S": owner },
                    ":false": { "BOOL": false },
                    ":fingerprint": { "B": BASE64_STANDARD.encode(&claim.fingerprint) },
                },
            });
            let known = match self.update(cx, &claim.key, change).await? {
                Ok(record) => return record.held(&claim.key),
                Err(known) if known.owner.as_ref().is_some_and(|known| known.text == owner) => {
                    return known.held(&claim.key);
                }
                Err(known) => known,
            };
            let fingerprint = known.fingerprint.as_ref().map(Binary::bytes).transpose()?.unwrap_or_default();
            Ok(if known.done.is_some_and(|done| done.is) {
                Begun::Done { answer: known.answer.as_ref().map(Binary::bytes).transpose()?, fingerprint }
            } else {
                let until = Duration::from_millis(Record::number(known.until.as_ref())?);
                Begun::InProgress { until: UNIX_EPOCH.checked_add(until).unwrap_or(claim.until), fingerprint }
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
            let mut change = json!({
                "UpdateExpression": "SET #done = :true, #until = :until, #expires = :expires REMOVE #answer",
                "ConditionExpression": "#token = :token",
                "ExpressionAttributeNames": {
                    "#token": "token", "#until": "until", "#expires": "expires", "#done": "done", "#answer": "answer",
                },
                "ExpressionAttributeValues": {
                    ":true": { "BOOL": true },
                    ":until": { "N": millis(expires) },
                    ":expires": { "N": seconds(expires) },
                    ":token": { "N": held.token.to_string() },
                },
            });
            if let Some(answer) = answer {
                change["UpdateExpression"] =
                    json!("SET #done = :true, #until = :until, #expires = :expires, #answer = :answer");
                change["ExpressionAttributeValues"][":answer"] = json!({ "B": BASE64_STANDARD.encode(answer) });
            }
            Ok(self.update(cx, &held.key, change).await?.is_ok())
        })
    }

    fn release<'a>(&'a self, cx: &'a Context, held: &'a Held) -> DynFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            let change = json!({
                "UpdateExpression": "SET #until = :zero",
                "ConditionExpression": "#token = :token AND #done = :false",
                "ExpressionAttributeNames": { "#token": "token", "#until": "until", "#done": "done" },
                "ExpressionAttributeValues": {
                    ":zero": { "N": "0" },
                    ":token": { "N": held.token.to_string() },
                    ":false": { "BOOL": false },
                },
            });
            // Where the condition does not hold, it is no longer ours to give back.
            self.update(cx, &held.key, change).await.map(drop)
        })
    }
}

fn since(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn millis(time: SystemTime) -> String {
    since(time).as_millis().to_string()
}

/// Rounded up: a record is not forgotten too early.
fn seconds(time: SystemTime) -> String {
    (since(time).as_secs() + 1).to_string()
}

/// Another text each time, in every process.
fn unique() -> String {
    static SEED: OnceLock<RandomState> = OnceLock::new();
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let seed = SEED.get_or_init(RandomState::new);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let half = |which: u8| {
        let mut hasher = seed.build_hasher();
        hasher.write_u64(count);
        hasher.write_u8(which);
        hasher.finish()
    };
    format!("{:016x}{:016x}", half(0), half(1))
}
