//! Laws: what a writer wrote its reader gives back, whatever the records; brackets and pairs say the same.

use std::{fmt::Debug, io::Write};

use proptest::{collection::vec, prelude::*};
use rinalmo_seq::folded::{Format, Options, Reader};
use rinalmo_seq::{
    Error, InputOptions, Sequences, Structure, bpseq, ct, dot_bracket, fasta, fastq, ig, raw, st, stockholm, title,
};

const ALL: Options = Options { all: true, strands: false };

/// Headers of one or more words; the first word begins with a letter.
fn header() -> impl Strategy<Value = String> {
    "[A-Za-zé][!-~é]{0,9}( [!-~]{1,6}){0,3}"
}

/// Names as databases and programs make them: with slashes, bars, brackets, blanks, and words that mean something.
fn odd_name() -> impl Strategy<Value = String> {
    "([A-Za-z][!-~]{0,9}|AB12[.]1/1-24|gi[|]1[|]x|File|Name: x|dG|energy|structure|seq) [!-~]{1,6}|ENERGY = -1 [a-z]{1,3}"
}

fn sequence(len: std::ops::Range<usize>) -> impl Strategy<Value = Vec<u8>> {
    vec(prop::sample::select(&b"ACGUTNacgutnIRYKMSWBDHVX-"[..]), len)
}

/// A sequence and any structure over it in which a base has at most one partner, pseudoknots of all kinds included.
fn folded(len: std::ops::Range<usize>) -> impl Strategy<Value = (Vec<u8>, Structure)> {
    (sequence(len), any::<prop::sample::Index>(), any::<u64>()).prop_map(|(sequence, paired, seed)| {
        let mut order: Vec<usize> = (0..sequence.len()).collect();
        order.sort_by_key(|&i| (seed ^ i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29));
        let pairs = order[..paired.index(sequence.len() + 1)].chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
        let structure = Structure::new(sequence.len(), pairs).expect("positions of the sequence, all different");
        (sequence, structure)
    })
}

fn read_back<T: PartialEq + Debug>(records: &[T], read: impl Iterator<Item = Result<T, Error>>) {
    let read: Vec<T> = read.collect::<Result<_, _>>().expect("what was written can be read");
    assert_eq!(read, records);
}

/// Writes records of one format, reads them again with every kind of line end, and compares.
macro_rules! round_trip {
    ($format:ident, $records:expr) => {{
        let records: Vec<$format::Record> = $records;
        let mut writer = $format::Writer::new(Vec::new());
        for record in &records {
            writer.write(record).expect("these records can be written");
        }
        let text = writer.into_inner();
        read_back(&records, $format::Reader::new(&text[..]));
        let text = String::from_utf8(text).expect("headers are text");
        for end in ["\r\n", "\r"] {
            read_back(&records, $format::Reader::new(text.replace('\n', end).as_bytes()));
        }
    }};
}

proptest! {
    #[test]
    fn sequences_come_back(items in vec((header(), sequence(0..40)), 0..6)) {
        round_trip!(fasta, items.iter().cloned().map(|(header, sequence)| fasta::Record { header, sequence }).collect());
        round_trip!(fastq, items.iter().cloned().map(|(header, sequence)| {
            let quality = sequence.iter().enumerate().map(|(i, letter)| b'!' + (letter ^ i as u8) % 94).collect();
            fastq::Record { header, sequence, quality }
        }).collect());
        round_trip!(ig, items.iter().cloned().map(|(header, sequence)| ig::Record { header, sequence }).collect());
        let half = |sequence: &[u8]| 2 * sequence.iter().filter(|letter| **letter == b'X').count() <= sequence.len();
        round_trip!(raw, items.into_iter().filter(|item| !item.1.is_empty() && half(&item.1))
            .map(|(_, sequence)| raw::Record { sequence }).collect());
    }

    #[test]
    fn structures_come_back(
        items in vec((header(), folded(0..40), prop::option::of("[(]-?[0-9]{1,3}[.][0-9]{2}[)]")), 0..5),
    ) {
        let records = items.iter().map(|(header, (sequence, structure), _)| (header.clone(), sequence.clone(), structure.clone()));
        round_trip!(ct, records.clone().map(|(header, sequence, structure)| ct::Record { header, sequence, structure }).collect());
        round_trip!(st, records.clone().map(|(header, sequence, structure)| st::Record { header, sequence, structure }).collect());
        let full = records.clone().filter(|record| !record.1.is_empty());
        round_trip!(bpseq, full.clone().map(|(header, sequence, structure)| bpseq::Record { header, sequence, structure }).collect());
        round_trip!(stockholm, full.map(|(header, sequence, structure)| stockholm::Record { header, sequence, structure }).collect());
        round_trip!(dot_bracket, items.into_iter().map(|(header, (sequence, structure), score)| {
            let score = score.filter(|_| !sequence.is_empty());
            dot_bracket::Record { header, sequence, structure, score }
        }).collect());
    }

    #[test]
    fn names_and_structures_are_the_same_in_every_format(items in vec((odd_name(), folded(1..30)), 1..5)) {
        let mut items: Vec<(String, (Vec<u8>, Structure))> = items;
        let ungapped = |header: &str, (sequence, structure): &(Vec<u8>, Structure)| {
            let (header, sequence, structure) = (header.to_owned(), sequence.clone(), structure.clone());
            stockholm::Record { header, sequence, structure }.ungapped()
        };
        // Of one sequence in a row the first structure counts.
        items.dedup_by(|a, b| ungapped("", &a.1).sequence == ungapped("", &b.1).sequence);
        macro_rules! read_as {
            ($format:ident, $kind:ident $(, $field:ident)?) => {{
                let mut writer = $format::Writer::new(Vec::new());
                for (header, (sequence, structure)) in items.clone() {
                    writer.write(&$format::Record { header, sequence, structure $(, $field: None)? }).unwrap();
                }
                let text = writer.into_inner();
                let text = String::from_utf8(text).unwrap();
                for text in ["\n", "\r\n", "\r"].map(|end| text.replace('\n', end).into_bytes()) {
                    let read = Reader::new(&text[..], Format::$kind).collect::<Result<Vec<_>, _>>().unwrap();
                    prop_assert_eq!(read.len(), items.len());
                    for (record, (header, folded)) in read.iter().zip(&items) {
                        prop_assert_eq!(&record.name, title::name(header));
                        let expected = ungapped(header, folded);
                        prop_assert_eq!((&record.sequence, &record.structure), (&expected.sequence, &expected.structure));
                        prop_assert_eq!(record.further, 0);
                    }
                }
            }};
        }
        read_as!(dot_bracket, DotBracket, score);
        read_as!(ct, Ct);
        read_as!(bpseq, Bpseq);
        read_as!(st, St);
        read_as!(stockholm, Stockholm);
    }

    #[test]
    fn of_several_structures_the_first_counts_and_none_is_lost(
        items in vec((odd_name(), sequence(3..20), vec(any::<u64>(), 1..5)), 1..5), bare in any::<bool>(),
    ) {
        let mut items: Vec<(String, Vec<u8>, Vec<u64>)> = items;
        items.iter_mut().for_each(|item| item.1.retain(|letter| *letter != b'-'));
        items.retain(|item| item.1.len() > 2);
        items.dedup_by(|a, b| a.1 == b.1);
        let hairpin = |sequence: &[u8], seed: u64| {
            let (i, len) = ((seed % 2) as usize, sequence.len());
            Structure::new(len, vec![(i, len - 1)]).unwrap()
        };
        let (mut brackets, mut table) = (String::new(), ct::Writer::new(Vec::new()));
        for (header, sequence, seeds) in &items {
            let header_line = if bare { String::new() } else { format!(">{header}\n") };
            brackets += &format!("{header_line}{}\n", String::from_utf8_lossy(sequence));
            for seed in seeds {
                let structure = hairpin(sequence, *seed);
                brackets += &format!("{} ({seed})\n", structure.to_dot_bracket().unwrap());
                table.write(&ct::Record { header: header.clone(), sequence: sequence.clone(), structure }).unwrap();
            }
        }
        for (text, format) in [(brackets.into_bytes(), Format::DotBracket), (table.into_inner(), Format::Ct)] {
            let first = Reader::new(&text[..], format).collect::<Result<Vec<_>, _>>().unwrap();
            let all = Reader::with(&text[..], format, ALL).collect::<Result<Vec<_>, _>>().unwrap();
            prop_assert_eq!(all.len(), items.iter().map(|item| item.2.len()).sum::<usize>());
            prop_assert_eq!(first.len(), items.len());
            for (record, (_, sequence, seeds)) in first.iter().zip(&items) {
                prop_assert_eq!(&record.structure, &hairpin(sequence, seeds[0]));
                prop_assert_eq!(record.further, seeds.len() - 1);
            }
        }
    }

    #[test]
    fn brackets_and_pairs_say_the_same((_, structure) in folded(0..58)) {
        let text = structure.to_dot_bracket().unwrap();
        prop_assert_eq!(&Structure::parse_dot_bracket(&text).unwrap(), &structure);
        prop_assert_eq!(&Structure::parse_dot_bracket(&structure.to_wuss().unwrap()).unwrap(), &structure);
        let main = Structure::parse_dot_bracket(&text.replace(|c: char| !"()".contains(c), ".")).unwrap();
        prop_assert!(main.is_nested());
        prop_assert_eq!(structure.is_nested(), structure.page_count() <= 1);
    }

    #[test]
    fn no_nested_set_of_pairs_is_larger_than_the_main_fold((_, structure) in folded(0..22)) {
        let pairs = structure.pairs();
        let largest = (0..1u32 << pairs.len())
            .filter(|set| structure.filtered(|i, j| {
                pairs.iter().position(|&pair| pair == (i, j)).is_some_and(|n| set >> n & 1 == 1)
            }).is_nested())
            .map(u32::count_ones)
            .max();
        let text = structure.to_dot_bracket().unwrap();
        prop_assert_eq!(Some(text.matches('(').count() as u32), largest);
    }

    #[test]
    fn no_input_makes_a_reader_fail_otherwise_than_with_an_error(
        text in "([>@;#+(). \t\r\nACGU0-9:/<a-]|\n>|\n#=GC SS_cons |\n# STOCKHOLM 1.0\n|\n//\n|#Name:|#Length:|1 A 0\n){0,80}",
    ) {
        let bytes = text.as_bytes();
        let limit = text.len() + 2; // an error or a record for each byte would be too many already
        prop_assert!(fasta::Reader::new(bytes).take(limit).count() < limit);
        prop_assert!(fastq::Reader::new(bytes).take(limit).count() < limit);
        prop_assert!(raw::Reader::new(bytes).take(limit).count() < limit);
        prop_assert!(ig::Reader::new(bytes).take(limit).count() < limit);
        prop_assert!(dot_bracket::Reader::new(bytes).take(limit).count() < limit);
        prop_assert!(ct::Reader::new(bytes).take(limit).count() < limit);
        prop_assert!(bpseq::Reader::new(bytes).take(limit).count() < limit);
        prop_assert!(stockholm::Reader::new(bytes).take(limit).count() < limit);
        prop_assert!(st::Reader::new(bytes).take(limit).count() < limit);
        for format in [Format::DotBracket, Format::Ct, Format::Bpseq, Format::St, Format::Stockholm] {
            let counted = Reader::new(bytes, format).map(|record| record.map_or(1, |record| 1 + record.further)).sum::<usize>();
            prop_assert!(counted < limit && Reader::with(bytes, format, ALL).take(limit).count() < limit);
        }
        Format::sniff(bytes);
        let options = InputOptions::LENIENT;
        let sequences = Sequences::from_reader("x", std::io::Cursor::new(text.clone().into_bytes()), options);
        prop_assert!(sequences.take(limit).count() < limit);
    }

    #[test]
    fn compression_changes_nothing(items in vec((header(), sequence(0..300)), 0..20)) {
        let folder = tempfile::tempdir().unwrap();
        let (plain, packed) = (folder.path().join("plain"), folder.path().join("packed"));
        let mut writer = fasta::Writer::new(Vec::new());
        let mut archive = Vec::new();
        for (header, sequence) in items {
            let mut member = fasta::Writer::new(Vec::new());
            let record = fasta::Record { header, sequence };
            writer.write(&record).unwrap();
            member.write(&record).unwrap();
            let mut encoder = flate2::write::GzEncoder::new(&mut archive, flate2::Compression::fast());
            encoder.write_all(&member.into_inner()).unwrap();
            encoder.finish().unwrap();
        }
        std::fs::write(&plain, writer.into_inner()).unwrap();
        std::fs::write(&packed, archive).unwrap();
        let read = |path| {
            let options = InputOptions::LENIENT;
            Sequences::open(&[path], options).map(|r| r.map(|r| (r.header, r.sequence, r.line))).collect::<Result<Vec<_>, _>>()
        };
        prop_assert_eq!(read(&plain).unwrap(), read(&packed).unwrap());
    }
}
