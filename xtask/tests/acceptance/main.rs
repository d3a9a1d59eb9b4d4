//! The vendors' own command line tools take what `cargo xtask build` writes.
//!
//! Run by `cargo xtask test`, or by itself: `cargo test -p anyfn-xtask --test acceptance`. The tools are installed into
//! `.anyfn/` when they are not there yet, and nothing leaves this machine: Vercel's API is a small one of ours.

mod archive;
mod aws_apis;
mod built;
mod cloudevents;
mod deploy;
mod deployed;
mod dev;
mod failing;
mod fake;
mod folder;
mod glibc;
mod knative;
mod lambda;
mod new;
mod packaged;
mod sam;
mod vercel_build;
mod vercel_deploy;
mod vercel_dev;
mod wrangler;

/// What `hello` answers to `/?name=Ada`.
const GREETING: &str = r#"{"message":"Hello, Ada!"}"#;
