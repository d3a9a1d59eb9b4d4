//! The function as an axum router on `lambda_http`, its answers streamed.

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    lambda_http::run_with_streaming_response(bench_work::router()).await
}
