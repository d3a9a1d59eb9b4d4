//! Every night: what was ordered the day before, asked of another service, as a report that can be read over HTTP.

mod orders;
mod report;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyfn::{Context, Error, Json, Path, Schedule, State};
use report::{Day, Report};

#[derive(Clone)]
struct Nightly {
    client: reqwest::Client,
    /// Where one's own are would be a database: these end with the instance.
    reports: Arc<Mutex<BTreeMap<Day, Report>>>,
}

/// Made once for each cold start: a client keeps its connections.
async fn open(_: Context) -> Result<Nightly, Error> {
    Ok(Nightly { client: orders::client()?, reports: Arc::default() })
}

impl Nightly {
    fn report(&self, day: &str) -> Option<Report> {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner).get(day).cloned()
    }

    /// Whether it is new.
    fn keep(&self, day: Day, report: Report) -> bool {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner).insert(day, report).is_none()
    }
}

/// Reports on the day before. The same tick may come twice, and a tick that failed comes again: a day has one report.
async fn report(cx: Context, State(nightly): State<Nightly>, tick: Schedule) -> Result<(), Error> {
    let day = report::day(tick.scheduled_at - Duration::from_secs(24 * 60 * 60));
    if nightly.report(&day).is_some() {
        cx.log(format!("{day} has its report"));
        return Ok(());
    }
    let report = Report::of(&orders::of(&nightly.client, &cx.secret("ORDERS_API")?, &day).await?);
    cx.log(format!("{day}: {} orders", report.orders));
    if nightly.keep(day.clone(), report.clone())
        && let Some(url) = cx.env("TELL")
    {
        // Whoever ticks need not wait for it.
        cx.wait_until({
            let cx = cx.clone();
            async move {
                if let Err(error) = orders::tell(&nightly.client, &url, &day, &report).await {
                    cx.log(format!("nobody was told of {day}: {error}"));
                }
            }
        });
    }
    Ok(())
}

/// A day's report.
async fn read(State(nightly): State<Nightly>, Path(day): Path<String>) -> Result<Json<Report>, Error> {
    nightly.report(&day).map(Json).ok_or_else(|| Error::not_found().detail("that day has no report"))
}

anyfn::app! {
    state = open;
    schedule("0 3 * * *") => report,
    http("/reports/{day}") => read,
}

#[cfg(test)]
mod tests;
