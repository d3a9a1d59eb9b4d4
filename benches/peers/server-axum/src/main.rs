//! The function as an axum router, served by axum.

use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port = std::env::var("PORT")?.parse()?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?.tap_io(|socket| _ = socket.set_nodelay(true));
    Ok(axum::serve(listener, bench_work::router()).await?)
}
