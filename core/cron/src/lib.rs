//! The one dialect in which anyfn's schedules are written: five fields, names allowed, UTC.
//!
//! ```text
//! ┌ minute 0-59 │ hour 0-23 │ day of the month 1-31 │ month 1-12, jan-dec │ day of the week 0-7, sun-sat (0 and 7: Sunday)
//! 0 3 * * mon-fri
//! ```
//!
//! A field is `*`, or values and ranges (`9`, `9-17`) with commas between, and a step (`*/15`, `8-18/2`). Where both days are
//! restricted, either is enough, as in every Unix cron; what Unix crons disagree on is refused. Each platform's own dialect
//! is made from this one by the build.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

mod calendar;
mod parse;

use calendar::Date;

/// A schedule: the minutes at which it fires, UTC.
///
/// ```
/// use anyfn_cron::Cron;
/// use std::time::{Duration, SystemTime};
///
/// let nightly: Cron = "30 3 * * *".parse()?;
/// let next = nightly.next_after(SystemTime::UNIX_EPOCH);
/// assert_eq!(next, SystemTime::UNIX_EPOCH + Duration::from_secs(3 * 3600 + 30 * 60));
/// # Ok::<(), anyfn_cron::CronError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cron {
    /// Minutes 0 to 59.
    pub minutes: Set,
    /// Hours 0 to 23.
    pub hours: Set,
    /// Days of the month, 1 to 31.
    pub days: Set,
    /// Months 1 to 12.
    pub months: Set,
    /// Days of the week, 0 (Sunday) to 6.
    pub weekdays: Set,
}

/// The values that a field allows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Set {
    bits: u64,
    first: u8,
    last: u8,
}

impl Set {
    fn empty(range: &RangeInclusive<u8>) -> Self {
        Self { bits: 0, first: *range.start(), last: *range.end() }
    }

    fn add(&mut self, value: u8) {
        self.bits |= 1 << value;
    }

    /// Whether the field allows this value.
    #[must_use]
    pub fn contains(self, value: u8) -> bool {
        value < 64 && self.bits >> value & 1 == 1
    }

    /// Whether the field allows everything, as `*` does.
    #[must_use]
    pub fn is_any(self) -> bool {
        self.values().count() == usize::from(self.last - self.first) + 1
    }

    /// The allowed values, in order.
    pub fn values(self) -> impl Iterator<Item = u8> {
        (self.first..=self.last).filter(move |value| self.contains(*value))
    }
}

impl fmt::Debug for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values()).finish()
    }
}

impl Cron {
    /// The next time after `after` at which it fires: a whole minute.
    #[must_use]
    pub fn next_after(&self, after: SystemTime) -> SystemTime {
        let minute = after.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs() / 60 + 1);
        let (mut day, mut from) = (minute / 1440, minute % 1440);
        // Parsing refused what never fires, so this ends: the 29th of February is at most eight years away.
        loop {
            if self.fires_on(Date::of(day)) {
                let at = (from..1440).find(|at| {
                    let [hour, minute] = [at / 60, at % 60].map(|part| u8::try_from(part).unwrap_or_default());
                    self.hours.contains(hour) && self.minutes.contains(minute)
                });
                if let Some(at) = at {
                    return SystemTime::UNIX_EPOCH + Duration::from_secs((day * 1440 + at) * 60);
                }
            }
            (day, from) = (day + 1, 0);
        }
    }

    fn fires_on(&self, date: Date) -> bool {
        let (day, weekday) = (self.days.contains(date.day), self.weekdays.contains(date.weekday));
        let either = !self.days.is_any() && !self.weekdays.is_any();
        self.months.contains(date.month) && if either { day || weekday } else { day && weekday }
    }
}

impl FromStr for Cron {
    type Err = CronError;

    fn from_str(text: &str) -> Result<Self, CronError> {
        parse::parse(text)
    }
}

/// Why a text is no schedule, and what to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CronError(String);

impl fmt::Display for CronError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CronError {}
