//! The benchmarked router on anyfn.

#[anyfn::main]
async fn bench() -> axum::Router {
    bench_work::router()
}
