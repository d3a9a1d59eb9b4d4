use std::fmt;

use serde::Serialize;

use crate::prices::{CloudflarePrices, LambdaPrices, VercelPrices};
use crate::{Architecture, Error, Usage};

const MS_PER_HOUR: f64 = 3_600_000.0;

/// Whose bill it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Platform {
    /// AWS Lambda.
    Lambda,
    /// Cloudflare Workers.
    Cloudflare,
    /// Vercel.
    Vercel,
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Lambda => "AWS Lambda",
            Self::Cloudflare => "Cloudflare Workers",
            Self::Vercel => "Vercel",
        })
    }
}

/// A month's bill, in US dollars.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Bill {
    /// Whose bill it is.
    pub platform: Platform,
    /// What is paid for; each line is rounded to cents.
    pub lines: Vec<Line>,
    /// The sum of the lines.
    pub total: f64,
    /// What the figures do not say: limits that the function would hit, assumptions that were made.
    pub notes: Vec<String>,
    /// Where the prices are from.
    pub source: &'static str,
    /// The month in which they were read, `YYYY-MM`.
    pub as_of: &'static str,
}

/// One line of a [`Bill`].
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Line {
    /// What is paid for, such as `requests`.
    pub what: &'static str,
    /// How much was used, in `unit`.
    pub used: f64,
    /// How much of it costs nothing, in `unit`.
    pub free: f64,
    /// What it is counted in, such as `GB-s`.
    pub unit: &'static str,
    /// What it comes to, in dollars, rounded to cents; negative for a credit.
    pub cost: f64,
}

impl Line {
    fn metered(what: &'static str, unit: &'static str, used: f64, free: f64, price: f64) -> Self {
        Self { what, used, free, unit, cost: cents((used - free).max(0.0) * price) }
    }

    fn fixed(what: &'static str, cost: f64) -> Self {
        Self { what, used: 1.0, free: 0.0, unit: "month", cost: cents(cost) }
    }
}

/// Rounded to cents, halves away from zero.
fn cents(dollars: f64) -> f64 {
    (dollars * 100.0).round() / 100.0
}

fn total(lines: &[Line]) -> f64 {
    cents(lines.iter().map(|line| line.cost).sum())
}

#[allow(clippy::cast_precision_loss)] // 2^53 invocations a month are beyond any bill
fn count(invocations: u64) -> f64 {
    invocations as f64
}

/// The bills of all platforms for the same use: Lambda, Workers, Vercel.
///
/// # Errors
/// When the use makes no sense ([`Usage::check`]).
pub fn bills(usage: &Usage) -> Result<[Bill; 3], Error> {
    Ok([lambda(usage)?, cloudflare(usage)?, vercel(usage)?])
}

/// What Lambda's compute costs in a month, in dollars, rounded to cents: GB-seconds = invocations ×
/// (`duration_ms` / 1000) × (`memory_mb` / 1024), of which the first 400,000 are free, at $0.0000166667 each (x86,
/// the first tier of "AWS Lambda pricing").
///
/// ```
/// assert_eq!(anyfn_cost::lambda_compute(10_000_000, 200.0, 512), 10.0);
/// assert_eq!(anyfn_cost::lambda_compute(3_000_000, 120.0, 512), 0.0);
/// ```
#[must_use]
pub fn lambda_compute(invocations: u64, duration_ms: f64, memory_mb: u32) -> f64 {
    compute(&Usage { invocations, duration_ms, memory_mb, ..Usage::default() }).cost
}

fn compute(usage: &Usage) -> Line {
    let prices = LambdaPrices::get();
    let price = match usage.architecture {
        Architecture::X86_64 => prices.gb_second.x86_64,
        Architecture::Arm64 => prices.gb_second.arm64,
    };
    let gb_seconds = count(usage.invocations) * (usage.duration_ms / 1000.0) * (f64::from(usage.memory_mb) / 1024.0);
    Line::metered("compute", "GB-s", gb_seconds, prices.gb_seconds_free, price)
}

/// A month on AWS Lambda.
///
/// # Errors
/// When the use makes no sense ([`Usage::check`]).
pub fn lambda(usage: &Usage) -> Result<Bill, Error> {
    usage.check()?;
    let prices = LambdaPrices::get();
    let requests = count(usage.invocations);
    let lines =
        vec![compute(usage), Line::metered("requests", "requests", requests, prices.requests_free, prices.request)];
    let mut notes = Vec::new();
    let memory = prices.memory_mb;
    if !(memory.least..=memory.most).contains(&usage.memory_mb) {
        notes.push(format!("Lambda gives {} to {} MB, not {}", memory.least, memory.most, usage.memory_mb));
    }
    if usage.duration_ms > prices.duration_ms_most {
        notes.push(format!("Lambda ends an invocation after {} s", prices.duration_ms_most / 1000.0));
    }
    let front = cents(requests * prices.http_api_request);
    notes.push(format!("an HTTP API in front of it would add ${front:.2}; a function URL adds nothing"));
    Ok(Bill {
        platform: Platform::Lambda,
        total: total(&lines),
        lines,
        notes,
        source: &prices.source,
        as_of: &prices.as_of,
    })
}

/// A month on Cloudflare Workers, on the paid plan.
///
/// # Errors
/// When the use makes no sense ([`Usage::check`]).
pub fn cloudflare(usage: &Usage) -> Result<Bill, Error> {
    usage.check()?;
    let prices = CloudflarePrices::get();
    let requests = count(usage.invocations);
    let lines = vec![
        Line::fixed("plan", prices.subscription),
        Line::metered("requests", "requests", requests, prices.requests_included, prices.request),
        Line::metered("CPU time", "ms", requests * usage.cpu_ms(), prices.cpu_ms_included, prices.cpu_ms),
    ];
    let mut notes = Vec::new();
    if usage.memory_mb > prices.memory_mb {
        notes.push(format!("a Worker has {} MB, not {}", prices.memory_mb, usage.memory_mb));
    }
    notes.extend(upper_bound(usage));
    let free = prices.free_plan;
    if requests <= free.requests_a_day * 30.0 && usage.cpu_ms() <= free.cpu_ms_most {
        notes.push(format!("the free plan would do, if no day has more than {} requests", free.requests_a_day));
    }
    Ok(Bill {
        platform: Platform::Cloudflare,
        total: total(&lines),
        lines,
        notes,
        source: &prices.source,
        as_of: &prices.as_of,
    })
}

/// A month on Vercel, on the Pro plan with one seat. Every invocation counts as alone in its instance.
///
/// # Errors
/// When the use makes no sense ([`Usage::check`]).
pub fn vercel(usage: &Usage) -> Result<Bill, Error> {
    usage.check()?;
    let prices = VercelPrices::get();
    let requests = count(usage.invocations);
    let sizes = &prices.memory_mb;
    let size = sizes.iter().find(|size| **size >= usage.memory_mb).or(sizes.last()).copied().unwrap_or(usage.memory_mb);
    let gb_hours = requests * usage.duration_ms / MS_PER_HOUR * (f64::from(size) / 1024.0);
    let mut lines = vec![
        Line::fixed("plan", prices.subscription),
        Line::metered("active CPU", "hours", requests * usage.cpu_ms() / MS_PER_HOUR, 0.0, prices.cpu_hour),
        Line::metered("memory", "GB-hours", gb_hours, 0.0, prices.gb_hour),
        Line::metered("invocations", "invocations", requests, 0.0, prices.invocation),
    ];
    let metered: f64 = lines[1..].iter().map(|line| line.cost).sum();
    lines.push(Line::fixed("credit of the plan", -prices.credit.min(metered)));
    let mut notes = Vec::new();
    if size < usage.memory_mb {
        notes.push(format!("Vercel gives at most {size} MB, not {}", usage.memory_mb));
    } else if size != usage.memory_mb {
        notes.push(format!("instances have {size} MB, the next size above {}", usage.memory_mb));
    }
    if usage.duration_ms > prices.duration_ms_most {
        notes.push(format!("Vercel ends an invocation after {} s", prices.duration_ms_most / 1000.0));
    }
    notes.push("one instance may serve several invocations at a time: the memory costs less then".into());
    notes.extend(upper_bound(usage));
    Ok(Bill {
        platform: Platform::Vercel,
        total: total(&lines),
        lines,
        notes,
        source: &prices.source,
        as_of: &prices.as_of,
    })
}

fn upper_bound(usage: &Usage) -> Option<String> {
    let unknown = usage.cpu_ms.is_none() && usage.duration_ms > 0.0;
    unknown.then(|| "all of the duration counts as CPU time: waiting for others costs less".into())
}
