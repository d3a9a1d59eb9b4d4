//! Days since 1970 as dates.

/// A day of the Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Date {
    pub(crate) month: u8,
    pub(crate) day: u8,
    /// 0 is Sunday.
    pub(crate) weekday: u8,
}

impl Date {
    /// The date this many days after 1970-01-01, counted in years that begin with March, so that the leap day is the last.
    pub(crate) fn of(days: u64) -> Self {
        // 1970-01-01 was a Thursday, 719,468 days after 0000-03-01.
        let weekday = (days + 4) % 7;
        let in_era = (days + 719_468) % 146_097;
        let year = (in_era - in_era / 1_460 + in_era / 36_524 - in_era / 146_096) / 365;
        let in_year = in_era - (365 * year + year / 4 - year / 100);
        let march = (5 * in_year + 2) / 153;
        let day = in_year - (153 * march + 2) / 5 + 1;
        let month = if march < 10 { march + 3 } else { march - 9 };
        let [month, day, weekday] = [month, day, weekday].map(|part| u8::try_from(part).unwrap_or_default());
        Self { month, day, weekday }
    }
}
