//! What the fuzz targets reach of this crate; no part of its interface.

use std::sync::Arc;

use anyfn_core::{Body, BoxError, BoxFuture, Context, Handler};
use bytes::Bytes;

use crate::InvocationId;
use crate::context::{Flight, Instance, VercelInvocation};
use crate::events::{self, Calls};
use crate::serve::Outside;
use crate::wire::Traffic;

/// Answers a request below `/_anyfn/`, or one that brings a queue's message, outside of the platform. Each call of the queues' API
/// is answered with `api`. Must be called inside a runtime.
pub async fn event<H: Handler>(
    handler: H,
    request: http::Request<Body>,
    variable: fn(&str) -> Option<String>,
    api: http::Response<Bytes>,
) -> http::Response<Body> {
    let outside = Outside { variable, events: None };
    let instance = Arc::new(Instance::new(None, None, outside).with_calls(Box::new(Api(api))));
    let flight = Flight::new(&instance, None);
    let cx = Context::new(VercelInvocation::new(&flight, None, None, None));
    events::answer(Arc::new(handler), request, cx, flight).await
}

/// The invocation of a request that could not be read, by the bytes that came of it.
pub fn refused(head: &[u8]) -> Option<InvocationId> {
    let traffic = Traffic::default();
    traffic.read(head);
    traffic.refused()
}

#[derive(Debug)]
struct Api(http::Response<Bytes>);

impl Calls for Api {
    fn call(&self, _: http::Request<Body>) -> BoxFuture<Result<http::Response<Body>, BoxError>> {
        let answer = self.0.clone().map(Body::from);
        Box::pin(std::future::ready(Ok(answer)))
    }
}
