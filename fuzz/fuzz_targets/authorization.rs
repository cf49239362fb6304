#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| warren_fuzz::authorization(input));
