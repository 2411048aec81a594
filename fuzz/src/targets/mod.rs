//! The targets, one file for each kind of input.

use crate::{Target, inputs};

/// Writes the records that a format's reader finds; those that the writer accepts must be read back unchanged.
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

pub mod archive;
pub mod configs;
pub mod constraints;
pub mod model;
pub mod selftest;
pub mod sequences;
pub mod store;
pub mod structures;
pub mod tables;
pub mod variants;

/// Every target.
pub const ALL: &[Target] = &[
    target("sequences", sequences::run, sequences::seeds),
    target("structures", structures::run, structures::seeds),
    target("tables", tables::run, tables::seeds),
    target("constraints", constraints::run, constraints::seeds),
    target("variants", variants::run, variants::seeds),
    target("configs", configs::run, configs::seeds),
    target("archive", archive::run, archive::seeds),
    Target { mutate: model::mutate, ..target("model", model::run, model::seeds) },
    Target { mutate: store::mutate, ..target("store", store::run, store::seeds) },
];

const fn target(name: &'static str, run: fn(&[u8]), seeds: fn() -> Vec<Vec<u8>>) -> Target {
    Target { name, run, seeds, mutate: inputs::any }
}

/// Texts as seeds.
fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}
