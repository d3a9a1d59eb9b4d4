//! Calls of DynamoDB's API: signed, and made again where that may help ("DynamoDB low-level API" and "Error handling with
//! DynamoDB", DynamoDB developer guide).

use std::time::Duration;

use anyfn_core::{Body, BoxError, Context, Error};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::Value;

use super::Credentials;
use super::https::Https;

/// How long a call may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often a call is made, with twice the pause each time.
const TRIES: u32 = 4;
const PAUSE: Duration = Duration::from_millis(50);
/// A record has 400 KB, and its bytes are written as base64.
const LONGEST: usize = 1 << 20;

#[derive(Clone)]
pub(super) struct Api {
    https: Https,
    region: String,
    url: http::Uri,
}

/// What was answered in place of what was asked for.
pub(super) enum Refused {
    /// The condition does not hold; the record is in here.
    Condition(Bytes),
    Other(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl Api {
    pub(super) fn new(cx: &Context, region: Option<&str>, endpoint: Option<&str>) -> Result<Self, Error> {
        let variable = |names: [&str; 2]| names.iter().find_map(|name| cx.env(name).filter(|value| !value.is_empty()));
        let region = region.map(str::to_owned).or_else(|| variable(["AWS_REGION", "AWS_DEFAULT_REGION"]));
        let region =
            region.ok_or_else(|| Error::internal("the variable `AWS_REGION` is not set, and DynamoDB has regions"))?;
        let endpoint =
            endpoint.map(str::to_owned).or_else(|| variable(["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL"]));
        let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let url = endpoint.unwrap_or_else(|| format!("https://dynamodb.{region}.{domain}"));
        let url = url.parse().map_err(|error| Error::internal(format!("`{url}` is no URL of DynamoDB's: {error}")))?;
        Ok(Self { https: Https::new().map_err(Error::internal)?, region, url })
    }

    /// Calls it, and again while that may help.
    pub(super) async fn call(
        &self,
        cx: &Context,
        operation: &str,
        arguments: &Value,
        credentials: &Credentials,
    ) -> Result<Bytes, Refused> {
        let arguments = Bytes::from(arguments.to_string());
        let mut pause = PAUSE;
        for last in (0..TRIES).map(|n| n + 1 == TRIES) {
            let request = self.request(cx, operation, &arguments, credentials).map_err(Error::internal)?;
            let failure = match tokio::time::timeout(PATIENCE, self.send(request)).await {
                Ok(Ok((StatusCode::OK, answer))) => return Ok(answer),
                Ok(Ok((status, answer))) => {
                    let Problem { kind, message } = Problem::of(&answer);
                    if kind == "ConditionalCheckFailedException" {
                        return Err(Refused::Condition(answer));
                    }
                    let failure = format!("DynamoDB's {operation} answered {status} {kind}: {message}");
                    if !status.is_server_error() && !passes(&kind) {
                        return Err(Error::internal(failure).into());
                    }
                    failure
                }
                Ok(Err(error)) => format!("DynamoDB's {operation} at {} failed: {}", self.url, chain(&*error)),
                Err(_) => format!("DynamoDB's {operation} at {} took longer than {PATIENCE:?}", self.url),
            };
            if last {
                return Err(Error::new(StatusCode::SERVICE_UNAVAILABLE).source(failure).into());
            }
            cx.sleep(pause).await;
            pause *= 2;
        }
        Err(Error::new(StatusCode::SERVICE_UNAVAILABLE).into())
    }

    async fn send(&self, request: http::Request<Body>) -> Result<(StatusCode, Bytes), BoxError> {
        let answer = self.https.call(request).await?;
        let status = answer.status();
        Ok((status, answer.into_body().collect(LONGEST).await.map_err(|error| error.to_string())?))
    }

    fn request(
        &self,
        cx: &Context,
        operation: &str,
        arguments: &Bytes,
        credentials: &Credentials,
    ) -> Result<http::Request<Body>, BoxError> {
        let target = format!("DynamoDB_20120810.{operation}");
        let Credentials { id, secret, token } = credentials.clone();
        let identity = aws_credential_types::Credentials::new(id, secret, token, None, "anyfn").into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("dynamodb")
            .time(cx.now())
            .settings(SigningSettings::default())
            .build()?
            .into();
        let mut request = http::Request::post(self.url.clone())
            .header(header::HOST, self.url.authority().map_or("", |authority| authority.as_str()))
            .header(header::CONTENT_TYPE, "application/x-amz-json-1.0")
            .header("x-amz-target", HeaderValue::from_str(&target)?)
            .body(Body::from(arguments.clone()))?;
        let url = self.url.to_string();
        let headers = request.headers().iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let signable = SignableRequest::new("POST", &*url, headers, SignableBody::Bytes(arguments))?;
        let (signed, _) = sign(signable, &parameters)?.into_parts();
        signed.apply_to_request_http1x(&mut request);
        Ok(request)
    }
}

/// What DynamoDB says of a call that failed.
#[derive(Default, Deserialize)]
struct Problem {
    #[serde(default, rename = "__type")]
    kind: String,
    #[serde(default, alias = "Message")]
    message: String,
}

impl Problem {
    fn of(answer: &[u8]) -> Self {
        let Self { kind, message } = serde_json::from_slice(answer).unwrap_or_default();
        Self { kind: kind.rsplit('#').next().unwrap_or_default().to_owned(), message }
    }
}

/// Whether the same call may go better in a moment.
fn passes(kind: &str) -> bool {
    matches!(
        kind,
        "ProvisionedThroughputExceededException"
            | "RequestLimitExceeded"
            | "ThrottlingException"
            | "ThrottledException"
            | "TransactionConflictException"
    )
}

fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |said, cause| format!("{said}: {cause}"))
}
