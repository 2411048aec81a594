//! Laws of epochs and batches.

mod common;

use std::collections::{HashMap, HashSet};

use common::{fasta, store};
use rinalmo_corpus::Store;
use rinalmo_corpus::sample::{Batch, BatchSize, Loader, Options, Position, Sampler, Split};
use rinalmo_seq::alphabet::{CLS, EOS, PAD};
use rinalmo_seq::masking::Masking;
use rinalmo_seq::tokenizer::tokenize;

fn sampler(store: &Store, options: Options) -> Sampler {
    Sampler::new(store.clone(), options).unwrap()
}

fn small() -> Options {
    Options { batch: BatchSize::Sequences(7), stretch: 4, ..Options::default() }
}

fn by_tokens() -> Options {
    Options { batch: BatchSize::Tokens(3000), ..small() }
}

fn all(sampler: &Sampler, epoch: u64) -> Vec<Batch> {
    sampler.epoch(epoch).unwrap().batches().collect::<Result<_, _>>().unwrap()
}

#[test]
fn an_epoch_draws_every_cluster_once_and_held_out_ones_never() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = store(folder.path(), &fasta(230, 20..1500, 1));
    let index = store.view().index;
    let held_out: HashSet<u32> = index.held_out.iter().collect();
    for options in [small(), by_tokens()] {
        let clusters = |split| -> Vec<u32> {
            let batches = all(&sampler(&store, Options { split, ..options.clone() }), 3);
            let mut drawn: Vec<u32> =
                batches.iter().flat_map(|batch| batch.rows.iter().map(|row| row.cluster)).collect();
            drawn.sort_unstable();
            drawn
        };
        let train: Vec<u32> = (0..230).filter(|cluster| !held_out.contains(cluster)).collect();
        assert_eq!(clusters(Split::Train), train);
        assert!(clusters(Split::HeldOut).into_iter().eq(index.held_out.iter()));
    }
}

#[test]
fn no_batch_holds_a_cluster_twice_or_more_than_it_may() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = store(folder.path(), &fasta(230, 20..1500, 2));
    for options in [small(), by_tokens()] {
        for batch in all(&sampler(&store, options.clone()), 0) {
            let clusters: HashSet<u32> = batch.rows.iter().map(|row| row.cluster).collect();
            assert_eq!(clusters.len(), batch.rows.len());
            assert_eq!(batch.tokens.len(), batch.rows.len() * batch.len);
            match options.batch {
                BatchSize::Sequences(rows) => assert!(batch.rows.len() <= rows),
                BatchSize::Tokens(tokens) => assert!(batch.tokens.len() <= tokens),
            }
        }
    }
}

#[test]
fn rows_are_windows_with_ends_only_where_the_sequence_ends() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = store(folder.path(), &fasta(60, 900..3000, 3));
    let none = Masking { chosen: 0.0, ..Masking::default() };
    let sampler = sampler(&store, Options { masking: none, ..small() });
    let (mut cut, mut starts) = (0, HashMap::<u32, HashSet<u32>>::new());
    for epoch in 0..20 {
        for batch in all(&sampler, epoch) {
            for (row, tokens) in batch.rows.iter().zip(batch.tokens.chunks(batch.len)) {
                let (tokens, pad) = tokens.split_at(row.tokens as usize);
                assert!(pad.iter().all(|&token| token == PAD));
                let whole = tokenize(&store.sequence(row.sequence).unwrap());
                let (start, len) = (row.start as usize, whole.len() - 2);
                let first = if start == 0 { 0 } else { start + 1 };
                assert_eq!(tokens, &whole[first..first + tokens.len()]);
                let letters = tokens.iter().filter(|&&token| token != CLS && token != EOS).count();
                assert_eq!(letters, len.min(1022));
                assert_eq!(tokens[0] == CLS, start == 0);
                assert_eq!(tokens[tokens.len() - 1] == EOS, start + letters == len);
                assert!(tokens.len() <= 1024);
                cut += usize::from(len > 1022);
                starts.entry(row.sequence).or_default().insert(row.start);
            }
        }
    }
    assert!(cut > 500);
    assert!(starts.values().any(|starts| starts.len() > 3), "windows move from epoch to epoch");
}

#[test]
fn every_member_of_a_cluster_is_as_likely() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = store(folder.path(), &fasta(40, 200..300, 4));
    let sampler = sampler(&store, small());
    let mut counts: HashMap<(u32, u32), usize> = HashMap::new();
    for epoch in 0..400 {
        for row in all(&sampler, epoch).into_iter().flat_map(|batch| batch.rows) {
            *counts.entry((row.cluster, row.sequence)).or_default() += 1;
        }
    }
    let index = store.view().index;
    let mut alone = true;
    for ((cluster, _), count) in counts {
        let share = 400.0 / index.members(cluster).len() as f64;
        alone &= index.members(cluster).len() == 1;
        assert!((count as f64 - share).abs() < 4.0 * share.sqrt(), "{count} of 400, expected {share}");
    }
    assert!(!alone);
}

#[test]
fn any_number_of_threads_gives_the_same_stream() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = store(folder.path(), &fasta(100, 20..1500, 5));
    let stream = |threads| -> Vec<Batch> {
        let loader = Loader::start(sampler(&store, by_tokens()), Position::default(), threads, 2);
        loader.take(60).map(Result::unwrap).collect()
    };
    let one = stream(1);
    assert!(one.last().unwrap().epoch >= 1, "it goes on into the next epoch");
    let expected: Vec<Batch> = (0..).flat_map(|epoch| all(&sampler(&store, by_tokens()), epoch)).take(60).collect();
    assert!(one == expected);
    for threads in [2, 4] {
        assert!(stream(threads) == one, "{threads} threads");
    }
}

#[test]
fn resumed_at_any_step_the_stream_is_as_if_never_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = store(folder.path(), &fasta(60, 20..300, 6));
    let from = |position| Loader::start(sampler(&store, small()), position, 2, 2);
    let whole: Vec<Batch> = from(Position::default()).take(30).map(Result::unwrap).collect();
    for (n, first) in whole.iter().enumerate().take(20) {
        let position = Position { epoch: first.epoch, step: first.step };
        assert!(from(position).take(10).map(Result::unwrap).eq(whole[n..n + 10].iter().cloned()), "from {position:?}");
    }
}

#[test]
fn ranks_share_an_epoch_without_overlap_and_with_equal_steps() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = store(folder.path(), &fasta(230, 20..900, 7));
    let of_rank = |rank| all(&sampler(&store, Options { rank, ranks: 3, ..small() }), 1);
    let ranks: Vec<Vec<Batch>> = (0..3).map(of_rank).collect();
    assert!(ranks.iter().all(|batches| batches.len() == ranks[0].len()));
    let mut drawn = HashSet::new();
    for row in ranks.iter().flatten().flat_map(|batch| &batch.rows) {
        assert!(drawn.insert(row.cluster));
    }
    assert!(drawn.len() + 2 * 7 >= sampler(&store, small()).clusters(), "two batches at most are left out");
}

#[test]
fn seeds_and_epochs_change_what_is_drawn_and_its_order() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = store(folder.path(), &fasta(60, 20..300, 8));
    let first = |seed, epoch| all(&sampler(&store, Options { seed, ..small() }), epoch).swap_remove(0);
    assert_eq!(first(1, 0), first(1, 0));
    assert_ne!(first(1, 0).tokens, first(1, 1).tokens);
    assert_ne!(first(1, 0).tokens, first(2, 0).tokens);
}

#[test]
fn grouping_by_length_saves_padding_and_keeps_every_row() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = store(folder.path(), &fasta(230, 20..1000, 9));
    let of = |stretch| {
        let batches = all(&sampler(&store, Options { stretch, ..small() }), 0);
        let mut rows: Vec<_> = batches.iter().flat_map(|b| &b.rows).map(|r| (r.cluster, r.sequence, r.start)).collect();
        rows.sort_unstable();
        (rows, batches.iter().map(|batch| batch.tokens.len()).sum::<usize>())
    };
    let ((grouped, less), (plain, more)) = (of(20), of(1));
    assert_eq!(grouped, plain);
    assert!(less * 10 < more * 8, "{less} tokens instead of {more}");
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = store(folder.path(), &fasta(10, 20..30, 10));
    let refused = |options: Options| Sampler::new(store.clone(), options).map(|_| ()).unwrap_err().to_string();
    assert!(refused(Options { rank: 2, ranks: 2, ..small() }).starts_with("rank 2 of 2"));
    assert!(refused(Options { max_tokens: 2, ..small() }).contains("hold no letter"));
    assert!(refused(Options { batch: BatchSize::Tokens(100), ..small() }).contains("do not hold one row of 1024"));
    let many = sampler(&store, Options { rank: 0, ranks: 50, ..small() });
    assert!(many.epoch(0).map(|_| ()).unwrap_err().to_string().contains("fewer batches than the 50 ranks"));
}
