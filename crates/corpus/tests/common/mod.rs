//! Shared by the tests of this crate: synthetic families of sequences, and an engine fast enough for all tests.
#![allow(dead_code)] // no test uses all of it

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rinalmo_corpus::build::{self, Report, build};
use rinalmo_corpus::cluster::{Clusters, Engine, Error, Options, Sequences};
use rinalmo_corpus::random::Random;
use rinalmo_corpus::{Store, clean::Clean, unique};

/// Uniform bits.
pub fn counter(seed: u64) -> impl FnMut() -> u64 {
    let mut random = Random::seeded(seed);
    move || random.bits() >> 7
}

/// FASTA of `families` families, family `n` with `n % 4 + 1` members of `lengths` nt, some with an N or twice there.
pub fn fasta(families: usize, lengths: std::ops::Range<usize>, seed: u64) -> String {
    let mut random = counter(seed);
    let mut text = String::new();
    for family in 0..families {
        let len = lengths.start + random() as usize % (lengths.end - lengths.start);
        let parent: Vec<u8> = (0..len).map(|_| b"ACGU"[random() as usize % 4]).collect();
        for member in 0..family % 4 + 1 {
            let mut letters = parent.clone();
            if member > 0 {
                let place = 8 + random() as usize % (len - 8);
                letters[place] = b"ACGUN"[random() as usize % 5];
            }
            let letters = String::from_utf8(letters).unwrap();
            text += &format!(">f{family}_{member} family={family}\n{letters}\n");
            if random().is_multiple_of(10) {
                text += &format!(">again_{family}_{member}\n{}\n", letters.to_lowercase());
            }
        }
    }
    text
}

/// Sequences with the same first eight letters are a cluster.
pub struct FirstLetters;

impl Engine for FirstLetters {
    fn name(&self) -> &'static str {
        "first-letters"
    }

    fn version(&self) -> Result<String, Error> {
        Ok("1".into())
    }

    fn cluster(&self, sequences: &dyn Sequences, _: &Options) -> Result<Clusters, Error> {
        let (mut first, mut letters) = (HashMap::new(), Vec::new());
        let representative = |index: usize| {
            sequences.read(index, &mut letters);
            *first.entry(letters[..8].to_vec()).or_insert(index as u32)
        };
        Clusters::new((0..sequences.count()).map(representative).collect())
    }
}

/// Options for short sequences.
pub fn options() -> build::Options {
    let clean = Clean { min_length: 8, ..Clean::default() };
    build::Options { read: unique::Options { clean, ..Default::default() }, hold_out: 0.1, ..Default::default() }
}

/// Writes `text` to `folder` and builds a store of it.
pub fn store(folder: &Path, text: &str) -> (Store, Report) {
    let input = folder.join("input.fa");
    std::fs::write(&input, text).unwrap();
    let output = folder.join("corpus.lmdb");
    let report = build(&[input], &output, &options(), &FirstLetters, &()).unwrap();
    (Store::open(&output).unwrap(), report)
}

/// Writes texts to files of a folder.
pub fn files(folder: &Path, texts: &[String]) -> Vec<PathBuf> {
    let write = |(n, text): (usize, &String)| {
        let path = folder.join(format!("input-{n}.fa"));
        std::fs::write(&path, text).unwrap();
        path
    };
    texts.iter().enumerate().map(write).collect()
}

/// Changes one bit of a sequence in the file of a store.
pub fn change_a_byte_of(letters: &[u8], store: &Path) {
    let mut packed = Vec::new();
    rinalmo_corpus::bank::packing::pack(letters, &mut packed);
    let mut bytes = std::fs::read(store).unwrap();
    let place = bytes.windows(packed.len()).position(|window| window == packed).unwrap();
    bytes[place + packed.len() / 2] ^= 1;
    std::fs::write(store, bytes).unwrap();
}
