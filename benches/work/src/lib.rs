//! What every benchmarked function does, so that nothing but the layer around it differs.
//!
//! `GET /hello?name=Ada` greets in JSON, `POST /echo` gives the body back as it came, and `GET /stream` sends a megabyte in
//! 16 chunks.

#[cfg(feature = "axum")]
mod router;
#[cfg(feature = "axum")]
pub use router::router;

/// One chunk of a stream.
pub const CHUNK: &[u8] = &[b'x'; 64 * 1024];

/// How many chunks a stream has.
pub const CHUNKS: usize = 16;

/// The greeting, as JSON.
pub fn hello(query: Option<&str>) -> String {
    let name = query.and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("name="))).unwrap_or("World");
    serde_json::json!({ "message": format!("Hello, {name}!") }).to_string()
}
