//! The files in `examples/` match their page: lengths, canonical pairs, and variants that fit their sequence.

use std::fs;
use std::path::PathBuf;

use rinalmo_seq::{Structure, dot_bracket, fasta};

const CANONICAL: [&[u8; 2]; 6] = [b"AU", b"UA", b"CG", b"GC", b"GU", b"UG"];

fn read(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn fasta_records(name: &str) -> Vec<fasta::Record> {
    fasta::Reader::new(read(name).as_bytes()).collect::<Result<_, _>>().unwrap()
}

fn folded() -> Vec<dot_bracket::Record> {
    dot_bracket::Reader::new(read("rnas.dbn").as_bytes()).collect::<Result<_, _>>().unwrap()
}

#[test]
fn both_files_hold_the_same_rnas_at_their_known_lengths() {
    let (plain, folded) = (fasta_records("rnas.fa"), folded());
    let lengths: Vec<usize> = plain.iter().map(|record| record.sequence.len()).collect();
    assert_eq!(lengths, [76, 120, 59, 71, 34, 28]);
    assert_eq!(plain.len(), folded.len());
    for (plain, folded) in plain.iter().zip(&folded) {
        assert_eq!(plain.sequence, folded.sequence, "{}", plain.header);
        assert!(folded.header.starts_with(&plain.header), "{}", folded.header);
    }
}

#[test]
fn every_known_pair_is_canonical() {
    for record in folded() {
        assert!(!record.structure.pairs().is_empty(), "{}", record.header);
        for &(i, j) in record.structure.pairs() {
            let pair = [record.sequence[i], record.sequence[j]];
            assert!(CANONICAL.contains(&&pair), "{}: pair {}-{} is {:?}", record.header, i + 1, j + 1, pair);
            assert!(j - i > 3, "{}: no hairpin turns in {} bases", record.header, j - i - 1);
        }
    }
}

#[test]
fn three_of_them_are_pseudoknotted() {
    let knotted: Vec<bool> = folded().iter().map(|record| !record.structure.is_nested()).collect();
    assert_eq!(knotted, [false, false, false, true, true, true]);
}

#[test]
fn the_trna_is_a_cloverleaf() {
    let trna = &folded()[0];
    let stem = |i: usize, j: usize, len: usize| (0..len).map(move |k| (i - 1 + k, j - 1 - k));
    // Acceptor, D, anticodon and T stems in the numbering of Sprinzl et al. 1998.
    let pairs = stem(1, 72, 7).chain(stem(10, 25, 4)).chain(stem(27, 43, 5)).chain(stem(49, 65, 5)).collect();
    assert_eq!(trna.structure, Structure::new(76, pairs).unwrap());
    assert_eq!(&trna.sequence[33..36], b"GAA"); // the anticodon, 34-36
}

#[test]
fn the_long_one_is_longer_than_the_model_was_trained_on() {
    let records = fasta_records("long.fa");
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].sequence.len(), 1500);
}

#[test]
fn variants_name_the_base_that_is_there() {
    let table = read("variants.tsv");
    let rnas = fasta_records("rnas.fa");
    let mut rows = table.lines();
    assert_eq!(rows.next(), Some("id\tvariant"));
    for row in rows {
        let (id, variant) = row.split_once('\t').unwrap();
        let rna = rnas.iter().find(|record| record.header.split(' ').next() == Some(id)).unwrap();
        for change in variant.split('+') {
            let position: usize = change[1..change.len() - 1].parse().unwrap();
            assert_eq!(rna.sequence[position - 1], change.as_bytes()[0], "{row}");
            assert_ne!(change.as_bytes()[0], change.as_bytes()[change.len() - 1], "{row}");
        }
    }
}

#[test]
fn utrs_match_their_names() {
    let table = read("utrs.csv");
    let mut rows = table.lines();
    assert_eq!(rows.next(), Some("id,utr"));
    for row in rows {
        let (id, utr) = row.split_once(',').unwrap();
        assert!((50..=100).contains(&utr.len()) && id.contains(&utr.len().to_string()), "{row}");
        assert!(utr.bytes().all(|base| b"ACGU".contains(&base)), "{row}");
        assert_eq!(utr.matches("AUG").count(), usize::from(id.ends_with("_uAUG")), "{row}");
    }
}
