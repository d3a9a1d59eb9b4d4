//! The schedules of a program that nobody else ticks.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyfn_core::{Context, Event, Handler, Schedule, dispatch};
use anyfn_cron::Cron;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::context::ServerInvocation;
use crate::serve::Server;

/// The longest wait for a tick: a machine that slept meanwhile, or whose clock was set, is noticed by then.
const NAP: Duration = Duration::from_secs(30);

/// Ticks each of the handler's schedules when it is due, until it is dropped.
pub(crate) fn start<H: Handler>(server: &Arc<Server<H>>) -> JoinSet<()> {
    let mut ticking = JoinSet::new();
    for schedule in server.handler.schedules() {
        match schedule.parse::<Cron>() {
            Ok(cron) => {
                println!("anyfn: `{schedule}` ticks next in {}", said(wait(cron.next_after(now()))));
                ticking.spawn(tick(Arc::clone(server), schedule.to_owned(), cron));
            }
            Err(error) => eprintln!("anyfn: the schedule `{schedule}` never ticks: {error}"),
        }
    }
    ticking
}

async fn tick<H: Handler>(server: Arc<Server<H>>, schedule: String, cron: Cron) {
    let mut due = cron.next_after(now());
    loop {
        while !wait(due).is_zero() {
            sleep(wait(due).min(NAP)).await;
        }
        let cx = Context::new(ServerInvocation::new(&server.instance, None, None, None, None));
        let (served, id) = (Arc::clone(&server), cx.request_id().unwrap_or_default().to_owned());
        let event = Event::Schedule(Schedule::new(schedule.as_str(), due));
        // Work of its own, which a server that is stopped waits for; ticks may overlap, as they do on every platform.
        server.instance.background.spawn(
            id,
            Box::pin(async move {
                // What fails is in the log.
                let _ = dispatch(&served.handler, event, cx).await;
            }),
        );
        // What was missed while the machine slept is not made up for.
        due = cron.next_after(now().max(due));
    }
}

#[cfg(not(test))]
fn now() -> SystemTime {
    SystemTime::now()
}

/// The test's time, which passes in leaps: half a minute before a full hour at first.
#[cfg(test)]
fn now() -> SystemTime {
    thread_local! { static START: tokio::time::Instant = tokio::time::Instant::now(); }
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_446_000 - 30) + START.with(tokio::time::Instant::elapsed)
}

fn wait(due: SystemTime) -> Duration {
    due.duration_since(now()).unwrap_or_default()
}

fn said(time: Duration) -> String {
    let minutes = time.as_secs().div_ceil(60);
    match (minutes / 1440, minutes / 60 % 24, minutes % 60) {
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes:02} min"),
        (days, hours, _) => format!("{days} d {hours:02} h"),
    }
}

#[cfg(test)]
mod tests {
    use anyfn_core::App;
    use tokio::sync::mpsc;

    use super::*;
    use crate::Settings;
    use crate::connection::Protocols;
    use crate::context::Instance;

    #[tokio::test(start_paused = true)]
    async fn schedules_tick_when_they_are_due_and_go_on_after_a_panic() {
        let (tell, mut ticks) = mpsc::unbounded_channel();
        let app = App::builder().schedule("*/30 * * * *", move |tick: Schedule| {
            let _ = tell.send(tick.scheduled_at);
            async { fail() }
        });
        let handler = app.schedule("1 0 1 1 *", || async {}).build();
        let settings = Settings::default();
        let protocols = Protocols::new(&settings);
        let instance = Arc::new(Instance::new(None));
        let server = Arc::new(Server { handler, settings, protocols, instance, in_flight: Arc::default() });
        let ticking = start(&server);
        assert_eq!(ticking.len(), 2);
        for half_hours in 0..3 {
            let due = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_446_000 + half_hours * 1_800);
            assert_eq!(ticks.recv().await, Some(due));
        }
    }

    fn fail() {
        panic!("on purpose");
    }

    #[test]
    fn waits_are_said_in_the_units_that_matter() {
        let said = [1, 61, 3_700, 90_000].map(|seconds| said(Duration::from_secs(seconds)));
        assert_eq!(said, ["1 min", "2 min", "1 h 02 min", "1 d 01 h"]);
    }
}
