//! `cargo fuzz run tools`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| anyfn_fuzz::tools(data));
