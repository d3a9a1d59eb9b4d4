//! Write one function, run it on every serverless platform.
//!
//! ```no_run
//! use anyfn::{Json, Query, handler};
//!
//! #[derive(serde::Deserialize)]
//! struct Params { name: Option<String> }
//!
//! #[handler]
//! async fn hello(Query(params): Query<Params>) -> Json<serde_json::Value> {
//!     let name = params.name.as_deref().unwrap_or("World");
//!     Json(serde_json::json!({ "message": format!("Hello, {name}!") }))
//! }
//! ```

pub use anyfn_core::*;
pub use anyfn_macros::handler;

/// What the macros expand to; no part of the public interface.
#[doc(hidden)]
pub mod __private {
    /// Serves the program on the target that it was built for.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub fn run(app: crate::App) {
        anyfn_cloudflare::run(app);
    }

    /// Serves the program on the target that it was built for.
    #[cfg(all(feature = "server-adapter", not(all(target_family = "wasm", target_os = "unknown"))))]
    pub fn run(app: crate::App) {
        if cfg!(panic = "abort") {
            eprintln!("anyfn: this program was built with panic = \"abort\": a panic ends it; set panic = \"unwind\"");
        }
        if let Err(error) = anyfn_server::run(app) {
            eprintln!("anyfn: {error}");
            std::process::exit(1);
        }
    }

    /// Says that there is nothing to serve with.
    #[cfg(all(not(feature = "server-adapter"), not(all(target_family = "wasm", target_os = "unknown"))))]
    pub fn run(_: crate::App) {
        eprintln!("anyfn: no adapter is compiled in; build with the feature `anyfn/server`");
        std::process::exit(1);
    }
}
