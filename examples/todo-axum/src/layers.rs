//! What stands around every route: tower-http's layers where they run on every platform, and ours where theirs ask for a
//! clock or a timer that one of them has not.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyfn::Context;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures_util::future::{Either, select};
use tower_http::compression::CompressionLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_http::request_id::{MakeRequestId, PropagateRequestIdLayer, RequestId, SetRequestIdLayer};

use crate::Shared;
use crate::api::Problem;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

#[derive(Clone)]
pub(crate) struct Limits {
    /// How long an answer may take.
    pub(crate) answer: Duration,
    /// How long a stream of events stays open.
    pub(crate) events: Duration,
    /// The origins whose pages may call the API, with commas between them; `*` for all.
    pub(crate) origins: Arc<str>,
}

/// The last one that is added comes first.
pub(crate) fn around(routes: Router<Shared>, limits: &Limits) -> Router<Shared> {
    let cors = CorsLayer::new()
        .allow_origin(allowed(&limits.origins))
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
        .allow_headers([header::CONTENT_TYPE])
        .expose_headers([REQUEST_ID, header::LOCATION]);
    routes
        .layer(CompressionLayer::new())
        .layer(from_fn_with_state(limits.answer, timeout))
        .layer(cors)
        .layer(from_fn(trace))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(SetRequestIdLayer::new(REQUEST_ID, Platform))
}

/// A list with a `*` in it is no list: tower-http would panic.
fn allowed(origins: &str) -> AllowOrigin {
    let origins = || origins.split(',').map(str::trim).filter(|origin| !origin.is_empty());
    if origins().any(|origin| origin == "*") {
        return AllowOrigin::any();
    }
    AllowOrigin::list(origins().filter_map(|origin| HeaderValue::from_str(origin).ok()))
}

/// The platform's own identifier of the request, under which its log and its support know it.
#[derive(Clone, Copy)]
struct Platform;

impl MakeRequestId for Platform {
    fn make_request_id<B>(&mut self, request: &axum::http::Request<B>) -> Option<RequestId> {
        let id = request.extensions().get::<Context>()?.request_id()?;
        HeaderValue::from_str(id).ok().map(RequestId::new)
    }
}

/// In place of tower-http's `TimeoutLayer`, whose timer is tokio's.
async fn timeout(State(most): State<Duration>, cx: Context, request: Request, next: Next) -> Response {
    match select(pin!(next.run(request)), cx.sleep(most)).await {
        Either::Left((answer, _)) => answer,
        Either::Right(_) => Problem::new(StatusCode::SERVICE_UNAVAILABLE, "that took too long").into_response(),
    }
}

/// In place of tower-http's `TraceLayer`, whose clock is the standard library's.
async fn trace(cx: Context, request: Request, next: Next) -> Response {
    let (begin, asked) = (cx.now(), format!("{} {}", request.method(), request.uri().path()));
    let id = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or("-").to_owned();
    let answer = next.run(request).await;
    let took = cx.now().duration_since(begin).unwrap_or_default();
    cx.log(format!("{asked} {} in {} ms, request {id}", answer.status().as_u16(), took.as_millis()));
    answer
}
