//! The price tables, as they stand in `prices/`. All prices are in US dollars.

use std::sync::LazyLock;

use serde::Deserialize;

macro_rules! table {
    ($type:ty, $file:literal) => {
        impl $type {
            /// The table of this version.
            #[must_use]
            pub fn get() -> &'static Self {
                static TABLE: LazyLock<$type> = LazyLock::new(|| {
                    serde_json::from_str(include_str!(concat!("../prices/", $file))).expect("the tables are tested")
                });
                &TABLE
            }
        }
    };
}

/// AWS Lambda's prices.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct LambdaPrices {
    /// The month in which the source was read, `YYYY-MM`.
    pub as_of: String,
    /// The document, and what of it.
    pub source: String,
    /// A GB-second.
    pub gb_second: GbSecond,
    /// GB-seconds a month that cost nothing.
    pub gb_seconds_free: f64,
    /// A request.
    pub request: f64,
    /// Requests a month that cost nothing.
    pub requests_free: f64,
    /// What a function may be given.
    pub memory_mb: Range,
    /// How long it may run, in milliseconds.
    pub duration_ms_most: f64,
    /// A request through API Gateway's HTTP API; a function URL costs nothing more.
    pub http_api_request: f64,
}

/// A GB-second's price on each processor.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct GbSecond {
    /// 64-bit x86.
    pub x86_64: f64,
    /// 64-bit ARM.
    pub arm64: f64,
}

/// The least and the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Range {
    /// The least.
    pub least: u32,
    /// The most.
    pub most: u32,
}

/// Cloudflare Workers' prices.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CloudflarePrices {
    /// The month in which the source was read, `YYYY-MM`.
    pub as_of: String,
    /// The document, and what of it.
    pub source: String,
    /// The plan, a month.
    pub subscription: f64,
    /// A request.
    pub request: f64,
    /// Requests that the plan includes.
    pub requests_included: f64,
    /// A millisecond of CPU time.
    pub cpu_ms: f64,
    /// CPU time that the plan includes, in milliseconds.
    pub cpu_ms_included: f64,
    /// What an instance has.
    pub memory_mb: u32,
    /// What costs nothing at all.
    pub free_plan: FreePlan,
}

/// The limits of Workers' free plan.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct FreePlan {
    /// Requests a day.
    pub requests_a_day: f64,
    /// CPU time of one invocation, in milliseconds.
    pub cpu_ms_most: f64,
}

/// Vercel's prices (fluid compute).
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct VercelPrices {
    /// The month in which the source was read, `YYYY-MM`.
    pub as_of: String,
    /// The document, and what of it.
    pub source: String,
    /// The plan, a month.
    pub subscription: f64,
    /// Use that the plan includes.
    pub credit: f64,
    /// An invocation.
    pub invocation: f64,
    /// An hour of CPU time.
    pub cpu_hour: f64,
    /// A GB of memory for an hour.
    pub gb_hour: f64,
    /// The sizes that an instance can have, the smallest first.
    pub memory_mb: Vec<u32>,
    /// How long an invocation may run, in milliseconds.
    pub duration_ms_most: f64,
}

table!(LambdaPrices, "lambda.json");
table!(CloudflarePrices, "cloudflare.json");
table!(VercelPrices, "vercel.json");
