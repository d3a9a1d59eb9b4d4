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
use rustls::crypto::{CryptoProvider, KeyProvider};
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::SigningKey;
use rustls_graviola::kx::{P256, X25519};
use rustls_graviola::suites::{TLS13_AES_128_GCM_SHA256, TLS13_AES_256_GCM_SHA384};

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

/// What every server of TLS 1.3 has, and no more of it: the rest would be 0.7 MB of code.
fn provider() -> CryptoProvider {
    CryptoProvider {
        cipher_suites: vec![TLS13_AES_128_GCM_SHA256, TLS13_AES_256_GCM_SHA384],
        kx_groups: vec![&X25519, &P256],
        key_provider: &NoKeys,
        ..rustls_graviola::default_provider()
    }
}

/// A client without certificates.
#[derive(Debug)]
struct NoKeys;

impl KeyProvider for NoKeys {
    fn load_private_key(&self, _: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, rustls::Error> {
        Err(rustls::Error::General("this client has no keys".to_owned()))
    }
}

/// The certificates that this machine trusts are read where they are asked for.
fn client(encrypted: bool) -> Result<Https, BoxError> {
    let mut roots = rustls::RootCertStore::empty();
    if encrypted {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
    Ok(Client::builder(TokioExecutor::new()).pool_idle_timeout(IDLE).build(connector))
}
