//! What is exported, and the result of reading it again.

mod common;

use std::collections::BTreeSet;

use common::{FirstLetters, fasta, files, options, store};
use rinalmo_corpus::Store;
use rinalmo_corpus::build::build;
use rinalmo_corpus::export::{self, Options, Which};
use rinalmo_corpus::stats::Stats;

fn exported(store: &Store, which: Which) -> BTreeSet<String> {
    let mut text = Vec::new();
    let written = export::fasta(store, Options { which, dna: false }, &mut text).unwrap();
    let records: BTreeSet<String> = String::from_utf8(text).unwrap().split('>').skip(1).map(str::to_owned).collect();
    assert_eq!(records.len(), written);
    records
}

#[test]
fn splits_are_disjoint_and_complete_and_representatives_are_one_a_cluster() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = store(folder.path(), &fasta(120, 20..200, 1));
    let [all, train, held_out, representatives] =
        [Which::All, Which::Train, Which::HeldOut, Which::Representatives].map(|which| exported(&store, which));
    assert!(train.is_disjoint(&held_out));
    assert_eq!(&train | &held_out, all);
    assert!(representatives.is_subset(&all));
    assert_eq!(representatives.len() as u64, store.header().clusters);
    assert!(all.iter().any(|record| record.starts_with("f3_0 family=3\n")));
}

#[test]
fn an_exported_corpus_builds_the_same_corpus() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = store(folder.path(), &fasta(120, 20..200, 2));
    let mut text = Vec::new();
    export::fasta(&store, Options { dna: true, ..Options::default() }, &mut text).unwrap();
    let inputs = files(folder.path(), &[String::from_utf8(text).unwrap()]);
    let output = folder.path().join("again.lmdb");
    let report = build(&inputs, &output, &options(), &FirstLetters, &()).unwrap();
    assert_eq!(report.read.total().duplicates, 0, "deduplicated once is deduplicated");
    let again = Store::open(&output).unwrap();
    assert_eq!(exported(&again, Which::All), exported(&store, Which::All));
    assert_eq!(exported(&again, Which::HeldOut), exported(&store, Which::HeldOut));
}

#[test]
fn the_table_has_a_row_for_each_sequence() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = store(folder.path(), &fasta(50, 20..200, 3));
    let mut text = Vec::new();
    export::table(&store, Which::All, &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split('\t').collect()).collect();
    assert_eq!(rows.len() as u64, store.header().sequences);
    assert_eq!(rows.iter().filter(|row| row[2] == "1").count() as u64, store.header().clusters);
    assert!(rows.iter().all(|row| row.len() == 7 && row[5].ends_with("input.fa")));
}

#[test]
fn statistics_count_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = store(folder.path(), &fasta(120, 20..200, 4));
    let stats = Stats::new(&store).unwrap();
    let count = |bins: &[(u64, u64, u64)]| bins.iter().map(|&(_, _, count)| count).sum::<u64>();
    assert_eq!(count(&stats.lengths.bins), stats.sequences);
    assert_eq!(count(&stats.cluster_sizes.bins), stats.clusters);
    assert_eq!(stats.cluster_sizes.bins[0], (1, 1, stats.alone));
    assert!(stats.to_string().contains("12 clusters held out"), "{stats}");
}

#[test]
#[cfg(unix)]
fn an_open_store_is_no_place_to_export_to() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = store(folder.path(), &fasta(20, 20..100, 4));
    let at = |name: &str| folder.path().join(name);
    std::os::unix::fs::symlink("corpus.lmdb", at("soft")).unwrap();
    std::fs::hard_link(at("corpus.lmdb"), at("hard")).unwrap();
    for name in ["corpus.lmdb", "./corpus.lmdb", "soft", "hard"] {
        let error = store.check_output(&at(name)).unwrap_err().to_string();
        assert!(error.ends_with("is the store that is read; write to another file"), "{error}");
    }
    for name in ["input.fa", "new"] {
        store.check_output(&at(name)).unwrap();
    }
}
