//! Structure files: no bytes make a reader panic or go on for ever, and what a writer accepts is read back as it was.
//!
//! The first byte chooses the format, so that one corpus serves them all.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rinalmo_seq::{bpseq, ct, dot_bracket, st, stockholm};

macro_rules! round_trip {
    ($format:ident, $bytes:expr) => {
        for record in $format::Reader::new($bytes).flatten() {
            let mut writer = $format::Writer::new(Vec::new());
            if writer.write(&record).is_ok() {
                let written = writer.into_inner();
                let again: Vec<_> =
                    $format::Reader::new(&written[..]).collect::<Result<_, _>>().expect("a written record is readable");
                assert_eq!(again, [record]);
            }
        }
    };
}

fuzz_target!(|bytes: &[u8]| {
    let Some((format, bytes)) = bytes.split_first() else { return };
    match format % 5 {
        0 => round_trip!(dot_bracket, bytes),
        1 => round_trip!(ct, bytes),
        2 => round_trip!(bpseq, bytes),
        3 => round_trip!(stockholm, bytes),
        _ => round_trip!(st, bytes),
    }
});
