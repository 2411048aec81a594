//! Several structures of one sequence, in every layout.

use std::borrow::Cow;

use anyhow::Result;
use rinalmo::Alternative;
use rinalmo::results::{hundredths, significant};
use rinalmo::seq::{SequenceRecord, bpseq, ct, dot_bracket, stockholm};
use serde::Serialize;

use super::{StructureFormat, stockholm_header};

/// Appends the structures of one sequence, each with its energy and share if the layout has a place for them.
pub(super) fn render_alternatives(
    format: StructureFormat,
    record: &SequenceRecord,
    alternatives: &[Alternative],
    first: bool,
    out: &mut Vec<u8>,
) -> Result<()> {
    let header = |energy: f64| format!("ENERGY = {energy:.2}  {}", record.header);
    let sequence = || record.sequence.clone();
    match format {
        StructureFormat::Dbn => {
            let mut writer = dot_bracket::Writer::new(out);
            for (number, one) in alternatives.iter().enumerate() {
                let score = Some(format!("({:6.2}) share={}", one.energy, short(one.share)));
                let (header, structure) = (record.header.clone(), one.structure());
                let written = dot_bracket::Record { header, sequence: sequence(), structure, score };
                if number == 0 { writer.write(&written)? } else { writer.write_further(&written)? }
            }
        }
        StructureFormat::Ct => {
            let mut writer = ct::Writer::new(out);
            for one in alternatives {
                let (header, structure) = (header(one.energy), one.structure());
                writer.write(&ct::Record { header, sequence: sequence(), structure })?;
            }
        }
        StructureFormat::Bpseq => {
            let mut writer = bpseq::Writer::new(out);
            for one in alternatives {
                let (header, structure) = (record.header.clone(), one.structure());
                writer.write(&bpseq::Record { header, sequence: sequence(), structure })?;
            }
        }
        StructureFormat::Stockholm => {
            let mut writer = stockholm::Writer::new(out);
            for one in alternatives {
                let (header, structure) = (stockholm_header(record), one.structure());
                writer.write(&stockholm::Record { header, sequence: sequence(), structure })?;
            }
        }
        StructureFormat::Tsv => {
            let mut writer = csv::WriterBuilder::new().delimiter(b'\t').has_headers(first).from_writer(out);
            for (number, one) in alternatives.iter().enumerate() {
                writer.serialize(AlternativeRow::new(record, number, one))?;
            }
            writer.flush()?;
        }
        StructureFormat::Json => unreachable!("json has them in the object of the record"),
    }
    Ok(())
}

#[derive(Serialize)]
struct AlternativeRow<'a> {
    id: &'a str,
    length: usize,
    number: usize,
    energy: f64,
    share: f64,
    sequence: Cow<'a, str>,
    structure: &'a str,
    header: &'a str,
}

impl<'a> AlternativeRow<'a> {
    fn new(record: &'a SequenceRecord, number: usize, one: &'a Alternative) -> Self {
        Self {
            id: &record.id,
            length: record.sequence.len(),
            number: number + 1,
            energy: hundredths(one.energy),
            share: significant(one.share),
            sequence: record.text(),
            structure: &one.dot_bracket,
            header: &record.header,
        }
    }
}

/// A share in text: with three decimals, or as a power of ten if these are zeros.
fn short(share: f64) -> String {
    if share >= 0.001 { format!("{share:.3}") } else { format!("{share:.0e}") }
}
