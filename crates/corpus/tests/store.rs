//! Laws of a build and its store.

mod common;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use common::{FirstLetters, change_a_byte_of, fasta, files, options, store};
use rinalmo_corpus::build::{Exclude, StageTime, Watch, build};
use rinalmo_corpus::{Error, Store};

/// What went in: every sequence with the ids it came under.
fn expected(text: &str) -> HashMap<Vec<u8>, BTreeSet<String>> {
    let mut all: HashMap<Vec<u8>, BTreeSet<String>> = HashMap::new();
    for record in text.split('>').skip(1) {
        let (header, letters) = record.split_once('\n').unwrap();
        let letters = letters.trim().to_uppercase().replace('U', "T").into_bytes();
        all.entry(letters).or_default().insert(header.split(' ').next().unwrap().to_owned());
    }
    all
}

#[test]
fn what_went_in_comes_out_with_the_names_of_all_it_was_called() {
    let folder = tempfile::tempdir().unwrap();
    let text = fasta(300, 20..400, 1);
    let (store, report) = store(folder.path(), &text);
    store.verify().unwrap();
    let found: HashMap<Vec<u8>, BTreeSet<String>> = (0..store.header().sequences as u32)
        .map(|index| {
            let ids = store.origins(index).unwrap().into_iter().map(|origin| origin.id);
            (store.sequence(index).unwrap(), ids.collect())
        })
        .collect();
    assert_eq!(found, expected(&text));
    let total = report.read.total();
    assert_eq!(total.kept + total.duplicates, total.records);
    assert_eq!((total.kept, report.read.distinct), (found.len() as u64, found.len() as u64));
    assert!(total.duplicates > 20);
    assert!(!folder.path().join("corpus.lmdb.building").exists(), "nothing is left behind");
}

#[test]
fn clusters_partition_the_sequences_and_a_tenth_is_held_out() {
    let folder = tempfile::tempdir().unwrap();
    let (store, report) = store(folder.path(), &fasta(300, 20..100, 2));
    let index = store.view().index;
    let mut seen = HashSet::new();
    for cluster in 0..index.clusters() {
        let members: Vec<u32> = index.members(cluster).iter().collect();
        assert!(members.contains(&index.representatives.at(cluster as usize)));
        assert!(members.iter().all(|&member| seen.insert(member)));
        let heads: HashSet<Vec<u8>> = members.iter().map(|&m| store.sequence(m).unwrap()[..8].to_vec()).collect();
        assert_eq!(heads.len(), 1);
    }
    assert_eq!(seen.len(), store.header().sequences as usize);
    let heads: HashSet<Vec<u8>> = (0..seen.len() as u32).map(|n| store.sequence(n).unwrap()[..8].to_vec()).collect();
    assert_eq!(index.clusters() as usize, heads.len());
    assert_eq!((index.held_out.len(), report.held_out), (30, 30));
}

#[test]
fn the_order_of_files_does_not_change_the_set() {
    let texts = [fasta(50, 20..100, 3), fasta(80, 20..100, 4), fasta(50, 20..100, 3)];
    let build_in = |order: [usize; 3]| {
        let folder = tempfile::tempdir().unwrap();
        let inputs = files(folder.path(), &order.map(|n| texts[n].clone()));
        let output = folder.path().join("c.lmdb");
        build(&inputs, &output, &options(), &FirstLetters, &()).unwrap();
        let store = Store::open(&output).unwrap();
        let index = store.view().index;
        let held_out = |&cluster: &u32| {
            let members = index.members(cluster);
            members.iter().map(|member| store.sequence(member).unwrap()).collect::<BTreeSet<_>>()
        };
        let all: BTreeSet<_> = (0..store.header().sequences as u32).map(|n| store.sequence(n).unwrap()).collect();
        let count = index.held_out.len();
        (all, count, (0..index.clusters()).map(|c| held_out(&c)).collect::<BTreeSet<_>>())
    };
    assert!(build_in([0, 1, 2]) == build_in([2, 1, 0]));
}

/// Stops the build after one stage; counts stages that earlier runs had done.
#[derive(Default)]
struct OneStage {
    done: AtomicBool,
    resumed: AtomicUsize,
}

impl Watch for OneStage {
    fn ended(&self, stage: &StageTime) {
        if stage.resumed {
            self.resumed.fetch_add(1, Ordering::SeqCst);
        } else {
            self.done.store(true, Ordering::SeqCst);
        }
    }

    fn stopped(&self) -> bool {
        self.done.load(Ordering::SeqCst)
    }
}

#[test]
fn a_build_that_was_stopped_goes_on_and_ends_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = files(folder.path(), &[fasta(200, 20..100, 5), fasta(100, 20..100, 6)]);
    let whole = folder.path().join("whole.lmdb");
    build(&inputs, &whole, &options(), &FirstLetters, &()).unwrap();
    let whole = Store::open(&whole).unwrap();
    let output = folder.path().join("corpus.lmdb");
    for before in 0..5 {
        let watch = OneStage::default();
        let result = build(&inputs, &output, &options(), &FirstLetters, &watch);
        assert_eq!(watch.resumed.into_inner(), before);
        match before {
            4 => drop(result.unwrap()),
            _ => assert!(matches!(result, Err(Error::Stopped)) && Store::open(&output).is_err()),
        }
    }
    let store = Store::open(&output).unwrap();
    store.verify().unwrap();
    assert_eq!(store.header().checksums, whole.header().checksums);
}

#[test]
fn a_new_build_replaces_the_old_store_in_one_step() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("corpus.lmdb");
    let (old, _) = store(folder.path(), &fasta(20, 20..100, 7));
    let sequences = old.header().sequences;
    let inputs = files(folder.path(), &[fasta(40, 20..100, 8)]);
    build(&inputs, &output, &options(), &FirstLetters, &()).unwrap();
    assert!(!old.sequence(sequences as u32 - 1).unwrap().is_empty(), "whoever reads the old one still can");
    drop(old);
    let new = Store::open(&output).unwrap();
    assert_eq!(new.header().clusters, 40);
}

#[test]
fn what_is_no_whole_store_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = store(folder.path(), &fasta(200, 20..400, 9));
    let (path, size) = (store.path().to_owned(), store.file_size().unwrap());
    drop(store);
    let message = |path: &std::path::Path| Store::open(path).unwrap_err().to_string();
    std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(size / 2).unwrap();
    assert!(message(&path).contains("it is truncated"), "{}", message(&path));
    std::fs::write(&path, ">a\nACGU\n".repeat(5000)).unwrap();
    let made_by = "expected a corpus store, as `rinalmo corpus build` makes";
    assert!(message(&path).ends_with(&format!("this is a FASTA file, {made_by}")), "{}", message(&path));
    std::fs::write(&path, "").unwrap();
    assert!(message(&path).ends_with(&format!("this is an empty file, {made_by}")), "{}", message(&path));
    assert!(message(folder.path()).contains("this is a folder"), "{}", message(folder.path()));
    assert!(matches!(Store::open(&folder.path().join("none")), Err(Error::File { .. })));
}

#[test]
fn a_changed_byte_is_found_where_it_is_read_and_by_verify() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = store(folder.path(), &fasta(200, 300..400, 10));
    let letters = store.sequence(100).unwrap();
    let path = store.path().to_owned();
    drop(store);
    change_a_byte_of(&letters, &path);
    let store = Store::open(&path).unwrap();
    for error in [store.sequence(100).unwrap_err(), store.verify().unwrap_err()] {
        assert!(error.to_string().contains("were changed after writing (the checksum of page "), "{error}");
    }
    assert!(store.sequence(0).is_ok(), "other pages are as they were");
}

#[test]
fn options_that_change_nothing_before_a_stage_do_not_repeat_it() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = files(folder.path(), &[fasta(50, 20..100, 11)]);
    let output = folder.path().join("corpus.lmdb");
    for _ in 0..4 {
        build(&inputs, &output, &options(), &FirstLetters, &OneStage::default()).unwrap_err();
    }
    let other = rinalmo_corpus::build::Options { hold_out: 0.5, ..options() };
    let report = build(&inputs, &output, &other, &FirstLetters, &()).unwrap();
    let resumed: Vec<&str> = report.stages.iter().filter(|s| s.resumed).map(|s| s.stage.as_str()).collect();
    assert_eq!(resumed, ["read", "exclude", "cluster"]);
    assert_eq!((report.held_out, report.clusters.clusters), (25, 50));
}

#[test]
fn what_is_like_an_evaluation_set_is_kept_out_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let text = fasta(60, 100..200, 12);
    let inputs = files(folder.path(), std::slice::from_ref(&text));
    let set = folder.path().join("test-set.csv");
    let records: Vec<&str> = text.split('>').skip(1).take(5).collect();
    let rows = records.iter().map(|record| record.split_once('\n').unwrap().1);
    std::fs::write(&set, format!("sequence\n{}", rows.collect::<String>())).unwrap();
    let exclude = Exclude { sets: vec![set], ..Exclude::default() };
    let output = folder.path().join("corpus.lmdb");
    let options = rinalmo_corpus::build::Options { exclude, ..options() };
    let report = build(&inputs, &output, &options, &FirstLetters, &()).unwrap();
    let store = Store::open(&output).unwrap();
    let families: HashSet<&str> = records.iter().map(|record| record.split('_').next().unwrap()).collect();
    for index in 0..store.header().sequences as u32 {
        let id = store.origins(index).unwrap().swap_remove(0).id;
        assert!(!families.contains(id.split('_').next().unwrap()), "{id}");
    }
    assert_eq!(report.excluded.sets[0].size, 5);
    assert_eq!(report.excluded.sequences + store.header().sequences, report.read.distinct);
    assert_eq!(report.excluded.sets[0].excluded, report.excluded.sequences);
    assert!(report.to_string().contains(" excluded in total"));
}
