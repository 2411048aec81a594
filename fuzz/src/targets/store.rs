//! Corpora: a damaged store is an error, or gives exactly the text that it was built from.

use std::path::Path;
use std::sync::OnceLock;

use rinalmo::corpus::{Error, Store, build, cluster::Builtin, export, sample, stats};

use crate::Rng;
use crate::mutate::mutated;
use crate::scratch::with_file;

/// Opens the bytes as a store, and verifies, exports, counts and samples it.
pub fn run(bytes: &[u8]) {
    with_file(bytes, ".lmdb", |path| {
        if let Ok(text) = text_of(path) {
            assert!(text == sound().1, "a damaged store was exported as if it were sound");
        }
        let _ = use_otherwise(path);
    });
}

fn text_of(path: &Path) -> Result<Vec<u8>, Error> {
    let mut text = Vec::new();
    export::fasta(&Store::open(path)?, export::Options::default(), &mut text)?;
    Ok(text)
}

fn use_otherwise(path: &Path) -> Result<(), Error> {
    let store = Store::open(path)?;
    let _ = store.verify();
    let _ = stats::Stats::new(&store);
    let sampler = sample::Sampler::new(store, sample::Options::default())?;
    sampler.epoch(1)?.batches().try_for_each(|batch| batch.map(drop))
}

/// A store, and the text that it exports.
fn sound() -> &'static (Vec<u8>, Vec<u8>) {
    static SOUND: OnceLock<(Vec<u8>, Vec<u8>)> = OnceLock::new();
    SOUND.get_or_init(|| {
        let mut random = Rng::with_seed(3);
        let mut letters =
            |n: usize| -> String { (0..n).map(|_| *random.choice(&['A', 'C', 'G', 'U']).unwrap_or(&'A')).collect() };
        let fasta: String = (0..60).map(|i| format!(">r{i} number {i}\n{}\n", letters(30 + 7 * i))).collect();
        with_file(fasta.as_bytes(), ".fa", |input| {
            let store = input.with_extension("lmdb");
            build::build(&[input.to_owned()], &store, &build::Options::default(), &Builtin::default(), &())
                .expect("a corpus of sixty sequences can be built");
            let text = text_of(&store).expect("a new store can be exported");
            (std::fs::read(&store).expect("a new store can be read"), text)
        })
    })
}

/// One small store.
pub fn seeds() -> Vec<Vec<u8>> {
    vec![sound().0.clone()]
}

/// Damage as from disks, copies and attackers.
pub fn mutate(random: &mut Rng, seeds: &[Vec<u8>]) -> Vec<u8> {
    mutated(&seeds[0], random.u64(..))
}
