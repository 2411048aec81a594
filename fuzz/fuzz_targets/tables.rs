//! libFuzzer entry point of [`rinalmo_fuzz::targets::tables`].

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rinalmo_fuzz::targets::tables::run(bytes));
