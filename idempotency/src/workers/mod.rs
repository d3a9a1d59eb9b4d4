//! What is done, in the stores that a Worker is bound to.

mod bindings;
mod d1;
mod kv;

pub use d1::D1;
pub use kv::Kv;

pub(crate) use bindings::Kind;
