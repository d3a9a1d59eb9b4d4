//! Identifiers that no two requests share.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// A random-looking UUID, version 4.
pub(in crate::local) fn uuid() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    // Each state is keyed by the system's randomness.
    let [high, low] = [0, 1].map(|half| RandomState::new().hash_one((count, half)));
    let (variant, node) = (low >> 48 & 0x3fff | 0x8000, low & 0xffff_ffff_ffff);
    format!("{:08x}-{:04x}-4{:03x}-{variant:04x}-{node:012x}", high >> 32, high >> 16 & 0xffff, high & 0xfff)
}
