//! A disk that is full at any stage: a clear error, nothing lost.
//!
//! Needs its own small disk: one that `RINALMO_SMALL_DISK` names, or a tmpfs that the test mounts, if it may.
#![cfg(unix)]

mod common;

use std::fs::{File, remove_file};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::{FirstLetters, fasta, files, options};
use rinalmo_corpus::build::{Watch, build};
use rinalmo_corpus::{Error, Store};

/// Fills the disk except for some bytes when a stage begins.
struct Fill<'a>(&'a Path, &'a str, usize);

impl Watch for Fill<'_> {
    fn begun(&self, stage: &str) {
        if stage != self.1 {
            return;
        }
        let mut file = File::create(self.0).unwrap();
        while file.write_all(&[0; 4096]).is_ok() {}
        let length = file.metadata().unwrap().len();
        file.set_len(length.saturating_sub(self.2 as u64)).unwrap();
    }
}

/// A disk of 16 MiB; unmounted in the end if it was mounted here.
struct SmallDisk {
    path: PathBuf,
    mounted: Option<tempfile::TempDir>,
}

impl SmallDisk {
    fn new() -> Option<Self> {
        if let Some(path) = std::env::var_os("RINALMO_SMALL_DISK") {
            return Some(Self { path: path.into(), mounted: None });
        }
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"]).arg(folder.path()).stderr(Stdio::null());
        let mounted = mount.status().is_ok_and(|status| status.success());
        mounted.then(|| Self { path: folder.path().to_owned(), mounted: Some(folder) })
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        if self.mounted.is_some() {
            let _ = Command::new("umount").arg(&self.path).status();
        }
    }
}

#[test]
fn a_build_goes_on_where_the_disk_was_full() {
    let Some(disk) = SmallDisk::new() else {
        rinalmo_skips::skip!("no tmpfs can be mounted here, and RINALMO_SMALL_DISK names no small disk");
        return;
    };
    let disk = &disk.path;
    let inputs = tempfile::tempdir().unwrap();
    let inputs = files(inputs.path(), &[fasta(3000, 20..400, 1)]);
    let (output, filler) = (disk.join("corpus.lmdb"), disk.join("filler"));
    let _ = remove_file(&output);
    for (stage, room) in [("read", 0), ("read", 100_000), ("cluster", 4096), ("store", 0), ("store", 100_000)] {
        let error = build(&inputs, &output, &options(), &FirstLetters, &Fill(&filler, stage, room)).unwrap_err();
        assert!(matches!(error, Error::DiskFull { .. }), "{stage}: {error}");
        assert!(Store::open(&output).is_err());
        remove_file(&filler).unwrap();
    }
    let report = build(&inputs, &output, &options(), &FirstLetters, &()).unwrap();
    assert_eq!(report.stages.iter().filter(|stage| stage.resumed).count(), 4);
    Store::open(&output).unwrap().verify().unwrap();
    remove_file(&output).unwrap();
}
