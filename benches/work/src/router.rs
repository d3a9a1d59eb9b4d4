use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery};
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use futures_util::stream;

use crate::{CHUNK, CHUNKS};

/// The function as a router of 30 routes.
pub fn router() -> Router {
    let mut router = Router::new()
        .route("/hello", get(hello))
        .route("/echo", post(echo))
        .route("/stream", get(|| async { Body::from_stream(stream::iter(chunks())) }));
    for number in 0..27 {
        router = router.route(&format!("/areas/{number}/items/{{item}}"), get(item));
    }
    router
}

async fn hello(RawQuery(query): RawQuery) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], crate::hello(query.as_deref()))
}

async fn echo(headers: HeaderMap, body: Bytes) -> impl IntoResponse {
    let kind = headers.get(header::CONTENT_TYPE).cloned();
    (kind.map(|kind| [(header::CONTENT_TYPE, kind)]), body)
}

async fn item(Path(item): Path<String>) -> String {
    item
}

fn chunks() -> impl Iterator<Item = Result<&'static [u8], std::convert::Infallible>> {
    std::iter::repeat_n(Ok(CHUNK), CHUNKS)
}
