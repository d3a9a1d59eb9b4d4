//! Calls of the platform's own API.

use std::fmt;
use std::time::Duration;

use anyfn_core::{Body, BoxError, BoxFuture};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

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
    let tls = rustls::ClientConfig::builder_with_provider(rustls_graviola::default_provider().into())
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
    Ok(Box::new(Https(Client::builder(TokioExecutor::new()).build(connector))))
}

impl Calls for Https {
    fn call(&self, request: http::Request<Body>) -> BoxFuture<Result<http::Response<Body>, BoxError>> {
        let called = self.0.request(request);
        Box::pin(async move { Ok(tokio::time::timeout(PATIENCE, called).await??.map(Body::new)) })
    }
}
