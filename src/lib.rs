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
#[cfg(feature = "idempotency")]
#[doc(inline)]
pub use anyfn_idempotency as idempotency;
#[doc = include_str!("docs/app.md")]
#[doc(inline)]
pub use anyfn_macros::app;
#[doc = include_str!("docs/handler.md")]
#[doc(inline)]
pub use anyfn_macros::handler;
#[doc = include_str!("docs/main.md")]
#[doc(inline)]
pub use anyfn_macros::main;
#[cfg(feature = "webhooks")]
#[doc(inline)]
pub use anyfn_webhooks as webhooks;

mod checks;
mod run;
mod served;

/// What the macros expand to; no part of the public interface.
#[doc(hidden)]
pub mod __private {
    pub use crate::checks::Parts;
    pub use crate::run::{run, run_http};
    pub use crate::served::{at_the_root, served};
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
