//! `cargo fuzz run lambda_events`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| anyfn_fuzz::lambda_events(data));
