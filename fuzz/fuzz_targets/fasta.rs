//! Sequence files: no bytes make a reader panic or go on for ever, and what a writer accepts is read back as it was.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rinalmo_seq::{Gaps, InputOptions, OnInvalid, Sequences, fasta, fastq, ig, raw};

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
    round_trip!(fasta, bytes);
    round_trip!(fastq, bytes);
    round_trip!(raw, bytes);
    round_trip!(ig, bytes);
    for on_invalid in [OnInvalid::Replace, OnInvalid::Error, OnInvalid::Unk] {
        let input = std::io::Cursor::new(bytes.to_vec());
        let _ = Sequences::from_reader("fuzz", input, InputOptions { on_invalid, gaps: Gaps::Drop }).count();
    }
});
