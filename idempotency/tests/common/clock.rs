//! A clock that a test moves.

use std::time::{Duration, SystemTime};

use anyfn_core::test::Memory;

/// The invocation `seconds` after the test's beginning.
pub(crate) fn at(seconds: u64) -> Memory {
    Memory::default().at(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds))
}
