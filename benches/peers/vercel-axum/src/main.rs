//! The function as an axum router on `vercel_runtime`, through its own layer for axum.

use tower::ServiceBuilder;
use vercel_runtime::axum::VercelLayer;

#[tokio::main]
async fn main() -> Result<(), vercel_runtime::Error> {
    vercel_runtime::run(ServiceBuilder::new().layer(VercelLayer::new()).service(bench_work::router())).await
}
