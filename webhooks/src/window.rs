//! How old a signature may be.

use std::time::{Duration, SystemTime};

use crate::Refusal;

/// The time that it is, and how far from it a signature may be dated, before and after: five minutes unless said otherwise.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use anyfn_webhooks::Window;
///
/// let narrow = Window::at(SystemTime::now()).tolerance(Duration::from_secs(30));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Window {
    now: SystemTime,
    tolerance: Duration,
}

impl Window {
    /// Five minutes: what Stripe's, Slack's and Standard Webhooks' own libraries take.
    pub const TOLERANCE: Duration = Duration::from_secs(300);

    /// Five minutes around this time.
    pub const fn at(now: SystemTime) -> Self {
        Self { now, tolerance: Self::TOLERANCE }
    }

    /// The same with another tolerance.
    #[must_use]
    pub const fn tolerance(mut self, tolerance: Duration) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Whether a signature of this second is inside.
    pub(crate) fn admit(&self, timestamp: u64) -> Result<(), Refusal> {
        let now = seconds(self.now);
        let tolerance = self.tolerance.as_secs();
        if now.saturating_sub(timestamp) > tolerance {
            return Err(Refusal::TooOld(Duration::from_secs(now - timestamp)));
        }
        if timestamp.saturating_sub(now) > tolerance {
            return Err(Refusal::TooNew(Duration::from_secs(timestamp - now)));
        }
        Ok(())
    }
}

impl From<SystemTime> for Window {
    fn from(now: SystemTime) -> Self {
        Self::at(now)
    }
}

/// Seconds since 1970; none before it.
pub(crate) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// Digits and nothing else, as the providers write the second of a signature.
pub(crate) fn timestamp(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_as_wide_as_it_says_on_both_sides() {
        let window = Window::at(SystemTime::UNIX_EPOCH + Duration::from_secs(1000));
        let narrow = window.tolerance(Duration::ZERO);
        for inside in [700, 1000, 1300] {
            assert_eq!(window.admit(inside), Ok(()));
        }
        assert_eq!(window.admit(699), Err(Refusal::TooOld(Duration::from_secs(301))));
        assert_eq!(window.admit(1301), Err(Refusal::TooNew(Duration::from_secs(301))));
        assert_eq!(window.admit(u64::MAX), Err(Refusal::TooNew(Duration::from_secs(u64::MAX - 1000))));
        assert_eq!((narrow.admit(1000), narrow.admit(999).is_err(), narrow.admit(1001).is_err()), (Ok(()), true, true));
    }

    #[test]
    fn a_timestamp_is_digits() {
        let read = ["12345", "", "+1", "-1", "1 ", "1.0", "18446744073709551616"].map(timestamp);
        assert_eq!(read, [Some(12345), None, None, None, None, None, None]);
    }
}
