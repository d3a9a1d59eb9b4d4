//! Calls of the platform's own API.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use anyfn_core::{Body, BoxError, BoxFuture};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::crypto::{CryptoProvider, KeyProvider};
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::SigningKey;
use rustls_graviola::kx::{P256, X25519};
use rustls_graviola::suites::{TLS13_AES_128_GCM_SHA256, TLS13_AES_256_GCM_SHA384};

/// How long a call may take until its answer begins.
const PATIENCE: Duration = Duration::from_secs(10);

/// Makes calls.
pub(crate) trait Calls: fmt::Debug + Send + Sync {
    /// Makes one.
    fn call(&self, request: http::Request<Body>) -> BoxFuture<Result<http::Response<Body>, BoxError>>;
}

#[derive(Debug)]
struct Https(Client<HttpsConnector<HttpConnector>, Body>);

/// Calls by `https`, with the certificates that this machine trusts, and by `http`, which `vercel dev` speaks.
pub(crate) fn https() -> Result<Box<dyn Calls>, BoxError> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let tls = rustls::ClientConfig::builder_with_provider(provider().into())
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
    Ok(Box::new(Https(Client::builder(TokioExecutor::new()).build(connector))))
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

impl Calls for Https {
    fn call(&self, request: http::Request<Body>) -> BoxFuture<Result<http::Response<Body>, BoxError>> {
        let called = self.0.request(request);
        Box::pin(async move { Ok(tokio::time::timeout(PATIENCE, called).await??.map(Body::new)) })
    }
}
