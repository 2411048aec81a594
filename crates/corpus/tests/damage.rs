//! Damaged stores: no bytes end a reader by a signal or a panic, and what is read from a store with checksums is what
//! was written, or an error.
//!
//! Damaged stores are read in their own processes, so that signals are seen.

mod common;
#[path = "../../../fuzz/src/mutate.rs"]
mod mutate;

use std::path::Path;
use std::process::Command;

use common::{change_a_byte_of, fasta, store};
use mutate::mutated;
use rinalmo_corpus::sample::{BatchSize, Loader, Options, Position, Sampler};
use rinalmo_corpus::stats::Stats;
use rinalmo_corpus::{Error, Store, export};

const STORE: &str = "RINALMO_DAMAGE_TEST_STORE";
const SEEDS: &str = "RINALMO_DAMAGE_TEST_SEEDS";
/// Damaged stores that one process reads.
const TOGETHER: u64 = 60;

/// Everything in a store: its sequences, and everything about them.
#[derive(PartialEq)]
struct Text {
    fasta: Vec<u8>,
    rest: Vec<u8>,
}

fn all_of(path: &Path) -> Result<Text, Error> {
    let store = Store::open(path)?;
    let (mut fasta, mut rest) = (Vec::new(), Vec::new());
    export::fasta(&store, export::Options::default(), &mut fasta)?;
    export::table(&store, export::Which::All, &mut rest)?;
    rest.extend_from_slice(Stats::new(&store)?.to_string().as_bytes());
    rest.extend(sampled(&store)?);
    store.verify()?;
    Ok(Text { fasta, rest })
}

fn sampled(store: &Store) -> Result<Vec<u8>, Error> {
    let options = Options { batch: BatchSize::Sequences(20), max_tokens: 200, ..Options::default() };
    let sampler = Sampler::new(store.clone(), options)?;
    let mut tokens = Vec::new();
    for batch in Loader::start(sampler, Position::default(), 2, 2).take(12) {
        tokens.extend(batch?.tokens);
    }
    Ok(tokens)
}

/// The process that reads; does nothing unless a test below starts it.
#[test]
fn reads_the_damaged_stores_it_is_given() {
    let (Some(path), Ok(seeds)) = (std::env::var_os(STORE), std::env::var(SEEDS)) else { return };
    let (path, first) = (Path::new(&path), seeds.parse::<u64>().unwrap());
    let (bytes, sound) = (std::fs::read(path).unwrap(), all_of(path).unwrap());
    let checked = Store::open(path).unwrap().is_checked();
    let damaged = path.with_extension(format!("{first}"));
    for seed in first..first + TOGETHER {
        std::fs::write(&damaged, mutated(&bytes, seed)).unwrap();
        println!("seed {seed}");
        match all_of(&damaged) {
            Ok(text) => {
                // The header of a store without checksums, with the names of its inputs, is checked by nothing.
                let same = text.fasta == sound.fasta && (text.rest == sound.rest || !checked);
                assert!(same, "seed {seed}: other text than that of the sound store");
            }
            Err(error) => assert!(!matches!(error, Error::Worker { .. }), "seed {seed}: {error}"),
        }
        // What samples before anything was verified, as pre-training does.
        if let Ok(store) = Store::open(&damaged) {
            match sampled(&store) {
                Ok(tokens) => {
                    assert!(!store.is_checked() || sound.rest.ends_with(&tokens), "seed {seed}: other samples")
                }
                Err(error) => assert!(!matches!(error, Error::Worker { .. }), "seed {seed}: {error}"),
            }
        }
    }
    std::fs::remove_file(&damaged).unwrap();
}

fn read_damaged(path: &Path, count: u64) {
    for first in (0..count).step_by(TOGETHER as usize) {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["reads_the_damaged_stores_it_is_given", "--exact", "--nocapture"]);
        let output = command.env(STORE, path).env(SEEDS, first.to_string()).output().unwrap();
        let [said, wrong] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
        assert!(output.status.success(), "{}, after\n{said}\n{wrong}", output.status);
        assert!(
            said.contains(&format!("seed {}\n", first + TOGETHER - 1)) && !wrong.contains("panicked"),
            "{said}{wrong}"
        );
    }
}

/// The same store as an earlier version would have written it: without checksums of pages.
fn without_checksums(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    let magic = b"rinalmo pagesums";
    let footer = bytes.windows(magic.len()).rposition(|window| window == magic).unwrap();
    let pages = u64::from_le_bytes(bytes[footer + 24..footer + 32].try_into().unwrap()) as usize;
    bytes.truncate(footer - 8 * pages);
    let field = b",\"page_checksums\":true";
    let at = bytes.windows(field.len()).position(|window| window == field).unwrap();
    bytes[at..at + field.len()].fill(b' ');
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn no_damage_ends_in_a_signal_a_panic_or_wrong_text() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = store(folder.path(), &fasta(220, 20..900, 31));
    let path = store.path().to_owned();
    assert!(store.is_checked());
    read_damaged(&path, 420);
    without_checksums(&path);
    assert!(!Store::open(&path).unwrap().is_checked());
    read_damaged(&path, 420);
}

#[test]
fn one_flipped_bit_anywhere_is_an_error_or_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = store(folder.path(), &fasta(30, 20..200, 32));
    let path = store.path();
    let (sound, mut bytes) = (all_of(path).unwrap(), std::fs::read(path).unwrap());
    let damaged = folder.path().join("damaged.lmdb");
    let mut errors = 0;
    for place in (0..bytes.len()).step_by(257) {
        bytes[place] ^= 0x10;
        std::fs::write(&damaged, &bytes).unwrap();
        match all_of(&damaged) {
            Ok(text) => assert!(text == sound, "byte {place}"),
            Err(_) => errors += 1,
        }
        assert!(Store::open(&damaged).and_then(|store| store.verify()).is_err(), "byte {place}");
        bytes[place] ^= 0x10;
    }
    assert!(errors > 10);
}

#[test]
fn a_store_that_is_cut_short_while_it_is_read_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    for (seed, checked) in [(33, true), (34, false)] {
        let (store, _) = store(folder.path(), &fasta(200, 200..900, seed));
        let path = store.path().to_owned();
        if !checked {
            without_checksums(&path);
        }
        let store = Store::open(&path).unwrap();
        std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(3 * 4096).unwrap();
        let message = sampled(&store).unwrap_err().to_string();
        assert!(message.contains("it was truncated while it was in use"), "{message}");
        assert!((0..store.header().sequences as u32).any(|index| store.sequence(index).is_err()));
    }
}

#[test]
fn an_earlier_store_opens_and_an_export_verifies_it_first() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = store(folder.path(), &fasta(60, 300..400, 35));
    let path = store.path().to_owned();
    let sound = all_of(store.path()).unwrap();
    let letters = store.sequence(7).unwrap();
    without_checksums(&path);
    assert!(all_of(&path).unwrap() == sound);
    change_a_byte_of(&letters, &path);
    let store = Store::open(&path).unwrap();
    let mut text = Vec::new();
    let message = export::fasta(&store, export::Options::default(), &mut text).unwrap_err().to_string();
    assert!(message.contains("part `sequences` was changed after writing") && text.is_empty(), "{message}");
}
