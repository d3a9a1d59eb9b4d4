//! Calls by `https`, with the certificates that this machine trusts, and by `http`, which local stand-ins speak.

use std::sync::Arc;

use anyfn_core::{Body, BoxError};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::crypto::{CryptoProvider, KeyProvider};
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::SigningKey;
use rustls_graviola::kx::{P256, X25519};
use rustls_graviola::suites::{TLS13_AES_128_GCM_SHA256, TLS13_AES_256_GCM_SHA384};

#[derive(Clone)]
pub(super) struct Https(Client<HttpsConnector<HttpConnector>, Body>);

impl Https {
    pub(super) fn new() -> Result<Self, BoxError> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let tls = rustls::ClientConfig::builder_with_provider(provider().into())
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
        Ok(Self(Client::builder(TokioExecutor::new()).build(connector)))
    }

    pub(super) async fn call(&self, request: http::Request<Body>) -> Result<http::Response<Body>, BoxError> {
        Ok(self.0.request(request).await?.map(Body::new))
    }
}

/// What every server of TLS 1.3 has, and no more of it: the rest would be 0.7 MB of code. No C: graviola does what ring and AWS'
/// library do.
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
