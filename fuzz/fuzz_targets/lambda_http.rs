//! `cargo fuzz run lambda_http`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| anyfn_fuzz::lambda_http(data));
