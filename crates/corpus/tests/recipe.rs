//! Over a million tokens as pre-training gets them: does an epoch follow the recipe? `--nocapture` prints the figures.

mod common;

use std::collections::{HashMap, HashSet};

use common::{FirstLetters, fasta, options};
use rinalmo_corpus::Store;
use rinalmo_corpus::build::{Options as BuildOptions, build};
use rinalmo_corpus::sample::{Batch, Options, Sampler, Split};
use rinalmo_seq::alphabet::{A, C, CLS, EOS, G, MASK, N, PAD, T, Token};
use rinalmo_seq::tokenizer::tokenize;

const BASES: [Token; 5] = [A, C, G, T, N];

fn corpus(folder: &std::path::Path) -> Store {
    let (input, output) = (folder.join("input.fa"), folder.join("corpus.lmdb"));
    std::fs::write(&input, fasta(2000, 20..2000, 31)).unwrap();
    let one_of_100 = BuildOptions { hold_out: 0.01, ..options() };
    build(&[input], &output, &one_of_100, &FirstLetters, &()).unwrap();
    Store::open(&output).unwrap()
}

fn epoch(store: &Store, split: Split, number: u64) -> Vec<Batch> {
    let sampler = Sampler::new(store.clone(), Options { split, ..Options::default() }).unwrap();
    sampler.epoch(number).unwrap().batches().collect::<Result<_, _>>().unwrap()
}

/// Counts of letters, by what became of them.
#[derive(Default)]
struct Tally {
    tokens: usize,
    letters: usize,
    chosen: usize,
    masked: usize,
    kept: usize,
    others: HashMap<Token, usize>,
}

impl Tally {
    /// Adds a row; `whole` are the letters it was cut from, where the row begins.
    fn add(&mut self, seen: &[Token], targets: &[Token], whole: &[Token]) {
        self.tokens += seen.len();
        for ((&seen, &target), &letter) in seen.iter().zip(targets).zip(whole) {
            if letter == CLS || letter == EOS {
                assert_eq!((seen, target), (letter, PAD), "an end is never masked");
                continue;
            }
            self.letters += 1;
            if target == PAD {
                assert_eq!(seen, letter, "what is not asked for is as it was");
                continue;
            }
            assert_eq!(target, letter, "what is asked for is what was there");
            self.chosen += 1;
            match seen {
                MASK => self.masked += 1,
                _ if seen == letter => self.kept += 1,
                _ => *self.others.entry(seen).or_default() += 1,
            }
        }
    }
}

/// Whether a count is what a share of all gives, by five standard deviations.
#[track_caller]
fn about(what: &str, count: usize, all: usize, share: f64) {
    let (expected, spread) = (all as f64 * share, (all as f64 * share * (1.0 - share)).sqrt());
    println!("{what}: {count} of {all}, {:.3} %, expected {:.1} %", 100.0 * count as f64 / all as f64, 100.0 * share);
    assert!((count as f64 - expected).abs() < 5.0 * spread, "{what}: {count} of {all}, expected {expected}");
}

#[test]
fn a_million_tokens_are_drawn_cropped_and_masked_by_the_recipe() {
    let folder = tempfile::tempdir().unwrap();
    let store = corpus(folder.path());
    let mut tally = Tally::default();
    let mut cropped = 0;
    let mut ends = 0;
    let mut rows = 0;
    for number in 0.. {
        if tally.tokens >= 1_000_000 {
            break;
        }
        let mut drawn = HashSet::new();
        for batch in epoch(&store, Split::Train, number) {
            let clusters: HashSet<u32> = batch.rows.iter().map(|row| row.cluster).collect();
            assert_eq!(clusters.len(), batch.rows.len(), "no cluster is in a batch twice");
            for (at, row) in batch.rows.iter().enumerate() {
                assert!(drawn.insert(row.cluster), "an epoch draws one member of a cluster");
                let tokens = at * batch.len..at * batch.len + row.tokens as usize;
                let (seen, targets) = (&batch.tokens[tokens.clone()], &batch.targets[tokens]);
                let whole = tokenize(&store.sequence(row.sequence).unwrap());
                let (start, len) = (row.start as usize, whole.len() - 2);
                let first = if start == 0 { 0 } else { start + 1 };
                tally.add(seen, targets, &whole[first..]);
                let letters = seen.len() - usize::from(seen[0] == CLS) - usize::from(seen[seen.len() - 1] == EOS);
                assert_eq!(letters, len.min(1022));
                assert_eq!((seen[0] == CLS, seen[seen.len() - 1] == EOS), (start == 0, start + letters == len));
                rows += 1;
                cropped += usize::from(len > 1022);
                ends += usize::from(len > 1022 && (seen[0] == CLS || seen[seen.len() - 1] == EOS));
            }
        }
    }
    println!("{} tokens in {rows} rows, {cropped} of them windows, {ends} of those at an end", tally.tokens);
    about("letters chosen", tally.chosen, tally.letters, 0.15);
    about("chosen and masked", tally.masked, tally.chosen, 0.8);
    // A random letter is the letter itself one time in five.
    about("chosen and left", tally.kept, tally.chosen, 0.1 + 0.1 / 5.0);
    let replaced: usize = tally.others.values().sum();
    about("chosen and another letter", replaced, tally.chosen, 0.1 * 4.0 / 5.0);
    // N is hardly ever what is replaced, so it is the replacement in a fifth of all cases, a quarter of those seen.
    about("of these N", tally.others[&N], replaced, 0.25);
    for base in [A, C, G, T] {
        about("of these another base", tally.others[&base], replaced, 0.1875);
    }
    assert!(tally.others.keys().all(|token| BASES.contains(token)), "{:?}", tally.others.keys());
}

#[test]
fn one_cluster_in_a_hundred_is_held_out_with_all_its_members() {
    let folder = tempfile::tempdir().unwrap();
    let store = corpus(folder.path());
    let (all, out) = (store.header().clusters as usize, store.header().held_out as usize);
    assert!((1900..2001).contains(&all) && (all / 100..all / 100 + 2).contains(&out), "{out} of {all}");
    let of = |split| -> (HashSet<u32>, HashSet<u32>) {
        let rows: Vec<_> = (0..12).flat_map(|number| epoch(&store, split, number)).flat_map(|b| b.rows).collect();
        (rows.iter().map(|row| row.cluster).collect(), rows.iter().map(|row| row.sequence).collect())
    };
    let ((train, seen), (held_out, tested)) = (of(Split::Train), of(Split::HeldOut));
    println!(
        "{} clusters to train on, {} held out, {} sequences",
        train.len(),
        held_out.len(),
        store.header().sequences
    );
    assert_eq!((train.len(), held_out.len()), (all - out, out));
    assert!(train.is_disjoint(&held_out) && seen.is_disjoint(&tested));
}
