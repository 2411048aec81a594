//! libFuzzer entry point of [`rinalmo_fuzz::targets::sequences`].

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rinalmo_fuzz::targets::sequences::run(bytes));
