//! Vercel's crons: a GET of the path that the configuration names ("Cron jobs", Vercel documentation).

use std::time::{Duration, SystemTime};

use anyfn_core::{Body, Context, Error, Event, Handler, Names, Schedule, cloudevents, dispatch};
use http::Method;

use super::{Settled, done, failed, only, settled};

/// Each schedule has a path below this one.
pub(super) const PATHS: &str = "/_anyfn/cron/";

/// The variable whose value Vercel sends with every tick.
const SECRET: &str = "CRON_SECRET";
/// The schedule, as the configuration says it.
const EXPRESSION: &str = "x-vercel-cron-schedule";

pub(super) async fn serve<H: Handler>(
    handler: &H,
    request: http::Request<Body>,
    cx: &Context,
) -> Result<http::Response<Body>, Error> {
    cloudevents::authorize(request.headers(), cx.env(SECRET).as_deref(), SECRET)?;
    only(&Method::GET, &request)?;
    let names = Names::of_program(cx)?;
    let path = request.uri().path();
    let name = match names.of(path) {
        // The build names every path; by hand there is what Vercel says of it.
        name if name == path => {
            let said = request.headers().get(EXPRESSION).and_then(|value| value.to_str().ok());
            names.of(said.ok_or_else(Error::not_found)?)
        }
        name => name,
    };
    let event = Event::Schedule(Schedule::new(name, minute(cx.now())));
    match settled(dispatch(handler, event, cx.clone()).await) {
        Settled::Done => Ok(done()),
        Settled::Again(_) => Err(failed()),
    }
}

/// The minute that a tick belongs to: Vercel does not say when it was due, and sends it within that minute (on the Hobby
/// plan, within the hour).
fn minute(now: SystemTime) -> SystemTime {
    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    SystemTime::UNIX_EPOCH + Duration::from_secs(since - since % 60)
}
