//! Whole test sets with a trained model, compared with the figures of the authors' own decoding
//! and metric functions (`../shared/models/README.md`).
//!
//! It takes minutes, so it runs only on request: `RINALMO_TEST_SETS=1 cargo test --release -p rinalmo --test
//! test_sets -- --nocapture`.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use rinalmo::{Device, FoldOptions, Model};
use rinalmo_metrics::pairs::{PairCounts, Summary};
use rinalmo_seq::{Structure, input};

/// Another order of f32 sums sometimes moves a pair over the threshold.
const F1: f64 = 0.002;

fn shared(path: &str) -> Option<PathBuf> {
    if std::env::var_os("RINALMO_TEST_SETS").is_none() {
        rinalmo_skips::skip!("minutes long, run with RINALMO_TEST_SETS=1");
        return None;
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(path);
    if !path.exists() {
        rinalmo_skips::skip!("{} is missing", path.display());
        return None;
    }
    Some(path)
}

type Pairs = [(usize, usize)];

/// Sequences and reference structures of a table of name, sequence, dot-bracket.
fn table(path: &Path) -> Vec<(String, Structure)> {
    let reader = BufReader::new(input::open(path).unwrap());
    let lines = reader.lines().map(Result::unwrap).skip(1);
    lines
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            (fields[1].to_owned(), Structure::parse_dot_bracket(fields[2]).unwrap())
        })
        .collect()
}

#[test]
fn ts0_scores_are_those_of_the_released_functions() {
    let (Some(set), Some(weights)) = (shared("data/structure/TS0.tsv.gz"), shared("models/nano-structure-stopgap.pt"))
    else {
        return;
    };
    let set = table(&set);
    assert_eq!(set.len(), 1305);
    let sequences: Vec<&str> = set.iter().map(|(sequence, _)| sequence.as_str()).collect();
    let models = [
        ("f32 as trained", Model::load(weights.to_str().unwrap(), &Device::cpu()).unwrap()),
        #[cfg(feature = "bundled")]
        ("bf16 bundled", Model::bundled(&Device::cpu()).unwrap()),
    ];
    for (label, model) in models {
        let folds = model.fold(&sequences, &FoldOptions::default()).unwrap();
        let mean = |count: fn(&Pairs, &Pairs) -> PairCounts| {
            let scores = folds.iter().zip(&set).map(|(fold, (sequence, reference))| {
                (sequence.len(), count(fold.structure.pairs(), reference.pairs()).score())
            });
            Summary::of(scores).mean
        };
        let (relaxed, strict) = (mean(PairCounts::relaxed), mean(PairCounts::strict));
        println!("TS0, 1305 structures, {label}: relaxed {relaxed:.4?}, strict {strict:.4?}");
        assert!((relaxed.f1 - 0.4740).abs() < F1, "{label}: relaxed F1 {}", relaxed.f1);
        assert!((strict.f1 - 0.4398).abs() < F1, "{label}: strict F1 {}", strict.f1);
    }
}
