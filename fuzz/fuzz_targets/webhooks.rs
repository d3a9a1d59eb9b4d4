//! `cargo fuzz run webhooks`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| anyfn_fuzz::webhooks(data));
