#![doc = include_str!("../docs/crate.md")]

mod bill;
mod prices;
mod usage;

pub use bill::{Bill, Line, Platform, bills, cloudflare, lambda, lambda_compute, vercel};
pub use prices::{CloudflarePrices, FreePlan, GbSecond, LambdaPrices, Range, VercelPrices};
pub use usage::{Architecture, Error, Usage};
