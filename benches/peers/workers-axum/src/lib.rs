//! The function as an axum router on `worker`.

use tower_service::Service as _;
use worker::{Context, Env, HttpRequest, Result, event};

#[event(fetch)]
async fn fetch(request: HttpRequest, _: Env, _: Context) -> Result<http::Response<axum::body::Body>> {
    Ok(bench_work::router().call(request).await?)
}
