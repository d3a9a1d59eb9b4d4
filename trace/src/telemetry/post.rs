//! Posting, on hyper.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyfn_core::{Body, BoxError};
use bytes::Bytes;
use http::{Request, StatusCode, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// How long a connection may wait for its next request: what lies frozen for long is closed by the other side meanwhile.
const IDLE: Duration = Duration::from_secs(20);
/// The most that a collector has to say.
const MAX_ANSWER: usize = 64 * 1024;

type Https = Client<HttpsConnector<HttpConnector>, Body>;

#[derive(Debug)]
pub(super) struct Post {
    encrypted: bool,
    client: OnceLock<Https>,
}

impl Post {
    pub(super) fn new(endpoint: &Uri) -> Self {
        Self { encrypted: endpoint.scheme_str() == Some("https"), client: OnceLock::new() }
    }

    pub(super) async fn post(&self, request: Request<Bytes>) -> Result<StatusCode, BoxError> {
        if tokio::runtime::Handle::try_current().is_err() {
            return Err("there is no tokio runtime".into());
        }
        let client = match self.client.get() {
            Some(client) => client,
            None => {
                let made = client(self.encrypted)?;
                self.client.get_or_init(|| made)
            }
        };
        let answer = client.request(request.map(Body::from)).await?;
        let status = answer.status();
        // Read to its end, so that the connection serves again.
        let _ = Body::new(answer.into_body()).collect(MAX_ANSWER).await;
        Ok(status)
    }
}

/// The certificates that this machine trusts are read where they are asked for.
fn client(encrypted: bool) -> Result<Https, BoxError> {
    let mut roots = rustls::RootCertStore::empty();
    if encrypted {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls_graviola::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
    Ok(Client::builder(TokioExecutor::new()).pool_idle_timeout(IDLE).build(connector))
}
