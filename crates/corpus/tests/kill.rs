//! A build killed at any moment leaves the old store, the complete new one, or a build to resume.
#![cfg(unix)]

mod common;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{FirstLetters, counter, fasta, files, options};
use rinalmo_corpus::Store;
use rinalmo_corpus::build::build;
use rinalmo_corpus::export::{self, Which};

const FOLDER: &str = "RINALMO_KILL_TEST_FOLDER";
const INPUTS: usize = 3;

fn inputs(folder: &Path) -> Vec<PathBuf> {
    (0..INPUTS).map(|n| folder.join(format!("input-{n}.fa"))).collect()
}

/// The process that is killed; does nothing unless the test below starts it.
#[test]
fn builds_in_the_given_folder() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        let folder = Path::new(&folder);
        build(&inputs(folder), &folder.join("corpus.lmdb"), &options(), &FirstLetters, &()).unwrap();
    }
}

fn start(folder: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["builds_in_the_given_folder", "--exact"]).env(FOLDER, folder);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

#[test]
fn killed_at_any_moment_there_is_never_a_store_that_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let output = folder.join("corpus.lmdb");
    let checksums = || {
        let store = Store::open(&output).unwrap();
        store.verify().unwrap();
        store.header().checksums.clone()
    };
    let exported = || {
        let store = Store::open(&output).unwrap();
        let mut fasta = Vec::new();
        let mut table = Vec::new();
        export::fasta(&store, export::Options { which: Which::All, dna: false }, &mut fasta).unwrap();
        export::table(&store, Which::All, &mut table).unwrap();
        (fasta, table)
    };
    let texts = |seed| (0..INPUTS as u64).map(|n| fasta(4000, 20..300, seed + n)).collect::<Vec<_>>();
    files(folder, &texts(1));
    let begun = Instant::now();
    assert!(start(folder).wait().unwrap().success());
    let (duration, old) = (begun.elapsed(), checksums());
    files(folder, &texts(100));
    let mut random = counter(7);
    let mut killed = 0;
    for round in 0..10 {
        let mut child = start(folder);
        if round == 0 {
            // As soon as it has begun, which no machine is too fast for.
            while !folder.join("corpus.lmdb.building").exists() && child.try_wait().unwrap().is_none() {
                std::thread::sleep(Duration::from_micros(200));
            }
        } else {
            std::thread::sleep(Duration::from_nanos(random() % duration.as_nanos() as u64));
        }
        killed += usize::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        if checksums() != old {
            break; // the resumed build came to its end
        }
    }
    assert!(start(folder).wait().unwrap().success());
    let (resumed, resumed_export) = (checksums(), exported());
    assert_ne!(resumed, old);
    std::fs::remove_file(&output).unwrap();
    assert!(start(folder).wait().unwrap().success());
    assert_eq!(checksums(), resumed, "a build in pieces ends as one in one piece");
    assert!(exported() == resumed_export);
    assert!(killed > 0);
    assert!(!folder.join("corpus.lmdb.building").exists());
}
