//! What a month of a function costs on three platforms: an API, and a page that plots it.

mod page;
#[cfg(test)]
mod tests;

use anyfn::http::StatusCode;
use anyfn::{Error, Json, Query};
use anyfn_cost::{Bill, Usage};
use serde::{Deserialize, Serialize};

/// How many points a plot has, and how many more it may.
const POINTS: u64 = 100;
const MOST_POINTS: u64 = 1000;

/// A month's bills, with the use that they are for.
#[derive(Serialize)]
struct Bills {
    usage: Usage,
    bills: [Bill; 3],
}

/// The bills of a month, as the query or JSON describes it.
async fn bills(asked: Option<Query<Usage>>, sent: Option<Json<Usage>>) -> Result<Json<Bills>, Error> {
    let usage = match (asked, sent) {
        (_, Some(Json(usage))) | (Some(Query(usage)), None) => usage,
        (None, None) => return Err(Error::bad_request("say how often it runs: ?invocations=1000000&duration_ms=50")),
    };
    Ok(Json(Bills { usage, bills: anyfn_cost::bills(&usage).map_err(|error| senseless(&error))? }))
}

fn senseless(error: &anyfn_cost::Error) -> Error {
    Error::new(StatusCode::UNPROCESSABLE_ENTITY).detail(error.to_string())
}

/// A month whose invocations are still open.
#[derive(Deserialize)]
struct Curve {
    /// The most invocations of the plot, which begins at none.
    to: u64,
    points: Option<u64>,
    duration_ms: f64,
    #[serde(default = "Curve::memory")]
    memory_mb: u32,
    cpu_ms: Option<f64>,
    #[serde(default)]
    architecture: anyfn_cost::Architecture,
}

impl Curve {
    fn memory() -> u32 {
        Usage::default().memory_mb
    }
}

/// What each platform bills for more and more invocations, in dollars.
#[derive(Serialize)]
struct Plot {
    invocations: Vec<u64>,
    bills: Vec<Totals>,
}

#[derive(Serialize)]
struct Totals {
    platform: anyfn_cost::Platform,
    name: String,
    totals: Vec<f64>,
}

async fn curve(Query(curve): Query<Curve>) -> Result<Json<Plot>, Error> {
    let Curve { to, points, duration_ms, memory_mb, cpu_ms, architecture } = curve;
    let points = points.unwrap_or(POINTS).clamp(1, MOST_POINTS);
    let at = |point: u64| u64::try_from(u128::from(to) * u128::from(point) / u128::from(points)).unwrap_or(to);
    let invocations: Vec<u64> = (0..=points).map(at).collect();
    let months = invocations.iter().map(|invocations| {
        anyfn_cost::bills(&Usage { invocations: *invocations, duration_ms, memory_mb, cpu_ms, architecture })
    });
    let months: Vec<[Bill; 3]> = months.collect::<Result<_, _>>().map_err(|error| senseless(&error))?;
    let of = |place: usize| {
        let platform = months[0][place].platform;
        Totals { platform, name: platform.to_string(), totals: months.iter().map(|month| month[place].total).collect() }
    };
    Ok(Json(Plot { bills: (0..3).map(of).collect(), invocations }))
}

anyfn::app! {
    http("/") => page::page,
    http("/api/bills") => bills,
    http("/api/curve") => curve,
}
