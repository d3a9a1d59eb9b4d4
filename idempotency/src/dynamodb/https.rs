//! Calls by `https`, with the certificates that this machine trusts, and by `http`, which local stand-ins speak.

use anyfn_core::{Body, BoxError};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

#[derive(Clone)]
pub(super) struct Https(Client<HttpsConnector<HttpConnector>, Body>);

impl Https {
    pub(super) fn new() -> Result<Self, BoxError> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        // No C: graviola does what ring and AWS' library do.
        let tls = rustls::ClientConfig::builder_with_provider(rustls_graviola::default_provider().into())
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
