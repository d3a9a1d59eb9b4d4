//! The lease under which a queue hands out a message, until it is acknowledged or comes again.

use std::fmt;
use std::time::Duration;

use anyfn_core::{Body, BoxError};
use http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header};

use super::Calls;

const DEPLOYMENT: HeaderName = HeaderName::from_static("vqs-deployment-id");

/// How often an acknowledgement is tried, and how long after a failure.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(200);

/// A message's lease.
pub(super) struct Lease<'a> {
    pub(super) calls: &'a dyn Calls,
    pub(super) uri: Uri,
    pub(super) token: String,
    /// The deployment that consumes, which the API wants to know of one on the platform.
    pub(super) deployment: Option<String>,
}

/// Why the API did not do as it was told.
#[derive(Debug)]
pub(super) enum Refused {
    /// There is no such lease, or none any more.
    Unknown,
    /// Anything else.
    Failed(BoxError),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => write!(f, "there is no such lease"),
            Self::Failed(error) => write!(f, "{error}"),
        }
    }
}

impl Lease<'_> {
    /// Lets the message come again after this many seconds, and not before.
    pub(super) async fn lasts(&self, seconds: u64) -> Result<(), Refused> {
        let body = serde_json::json!({ "visibilityTimeoutSeconds": seconds }).to_string();
        self.call(Method::PATCH, body).await
    }

    /// The message does not come again.
    pub(super) async fn acknowledge(&self) -> Result<(), Refused> {
        let mut tries = 1;
        loop {
            match self.call(Method::DELETE, String::new()).await {
                Err(Refused::Failed(_)) if tries < TRIES => {
                    tokio::time::sleep(PAUSE * tries).await;
                    tries += 1;
                }
                result => return result,
            }
        }
    }

    async fn call(&self, method: Method, body: String) -> Result<(), Refused> {
        let status = self.status(method, body).await.map_err(Refused::Failed)?;
        match status {
            status if status.is_success() => Ok(()),
            StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND | StatusCode::CONFLICT | StatusCode::GONE => {
                Err(Refused::Unknown)
            }
            status => Err(Refused::Failed(format!("the queues' API answered {status}").into())),
        }
    }

    async fn status(&self, method: Method, body: String) -> Result<StatusCode, BoxError> {
        let mut token = HeaderValue::try_from(format!("Bearer {}", self.token))?;
        token.set_sensitive(true);
        let mut request = http::Request::builder().method(method).uri(self.uri.clone());
        request = request.header(header::AUTHORIZATION, token);
        if let Some(deployment) = &self.deployment {
            request = request.header(DEPLOYMENT, deployment);
        }
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        self.calls.call(request.body(Body::from(body))?).await
    }
}
