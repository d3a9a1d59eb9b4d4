//! `cargo fuzz run cloudevents`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| anyfn_fuzz::cloudevents(data));
