//! `cargo fuzz run gateways`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| anyfn_fuzz::gateways(data));
