//! A clock that a test moves, and a handler's diary.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use anyfn_core::test::Memory;

/// The invocation `seconds` after the test's beginning.
pub(crate) fn at(seconds: u64) -> Memory {
    Memory::default().at(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds))
}

/// What ran, in order.
#[derive(Clone, Default)]
pub(crate) struct Diary(Arc<Mutex<Vec<String>>>);

impl Diary {
    pub(crate) fn write(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }

    /// What was written since the last time.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}
