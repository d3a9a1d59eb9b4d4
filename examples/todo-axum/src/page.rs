//! The page, and OpenAPI's document.

use axum::Router;
use axum::http::header;
use axum::response::Html;
use axum::routing::get;
use utoipa::openapi::OpenApi;

use crate::Shared;

pub(crate) fn routes(document: &OpenApi) -> Router<Shared> {
    let document = document.to_json().unwrap_or_default();
    Router::new()
        .route("/", get(|| async { Html(include_str!("page.html")) }))
        .route("/openapi.json", get(|| async move { ([(header::CONTENT_TYPE, "application/json")], document) }))
}
