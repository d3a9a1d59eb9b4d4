//! The function as an axum router on `lambda_http`.

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    lambda_http::run(bench_work::router()).await
}
