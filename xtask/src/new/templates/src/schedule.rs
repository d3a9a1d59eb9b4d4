//! Runs every night.

use anyfn::{Context, Error, Schedule, handler};

/// Every night at three, UTC: minute, hour, day, month, weekday. One that fails is run again where the platform does so.
#[handler(schedule = "0 3 * * *")]
async fn nightly(cx: Context, tick: Schedule) -> Result<(), Error> {
    cx.log(format!("due at {:?}", tick.scheduled_at));
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use anyfn::test::{block_on, schedule};

    use super::nightly;

    #[test]
    fn says_when_it_was_due() {
        let outcome = block_on(schedule("0 3 * * *", SystemTime::UNIX_EPOCH).send(nightly));
        assert!(outcome.is_done());
        assert!(outcome.log_lines()[0].starts_with("due at"), "{outcome:?}");
    }
}
