//! Shared by the tests of downloads: an empty home, a file's content, an entry of our own.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use rinalmo_weights::download::{self, Error, FetchOptions, Fetched};
use rinalmo_weights::registry::{self, Entry, File};
use sha2::{Digest, Sha256};

/// Longer than one read, and not repeating over a join of the tests, so that a wrong join shows; it begins like a
/// pickle.
pub fn content() -> Vec<u8> {
    let varied = (2..300_000_u32).map(|i| (i % 251) as u8 ^ (i / 251) as u8);
    [0x80, 2].into_iter().chain(varied).collect()
}

pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An empty home, removed at the end.
pub struct Place {
    pub folder: tempfile::TempDir,
    pub options: FetchOptions,
}

impl Place {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let options = FetchOptions::new()
            .home(folder.path())
            .backoff(Duration::from_millis(1))
            .connect_timeout(Duration::from_secs(5))
            .stall_timeout(Duration::from_secs(5))
            .retries(3);
        Self { folder, options }
    }

    pub fn fetch(&self, url: &str) -> Result<Fetched, Error> {
        download::fetch(url, &self.options, &mut |_| ())
    }

    /// Files under the home with these endings.
    pub fn files(&self, endings: &[&str]) -> Vec<PathBuf> {
        let models = self.folder.path().join("models");
        let folders = fs::read_dir(models).into_iter().flatten().flatten();
        let files = folders.flat_map(|folder| fs::read_dir(folder.path()).into_iter().flatten().flatten());
        let files = files.map(|file| file.path());
        files.filter(|file| endings.iter().any(|end| file.to_string_lossy().ends_with(end))).collect()
    }

    /// Neither a file under its final name nor its record exists.
    pub fn assert_nothing_in_place(&self) {
        let left = self.files(&["m.pt", "m.pt.json"]);
        assert!(left.is_empty(), "{left:?}");
    }
}

/// The file in place is this, to the byte.
pub fn assert_content(fetched: &Fetched, content: &[u8]) {
    let found = fs::read(&fetched.path).expect("the file is there");
    assert!(found == content, "{} bytes found, {} expected", found.len(), content.len());
}

/// An entry for these file facts, as the registry would hold it.
pub fn entry(files: Vec<File>) -> Entry {
    Entry { files: Box::leak(files.into_boxed_slice()), ..*registry::find("micro").expect("in the table") }
}

pub fn file(name: &'static str) -> File {
    File { name, size: None, sha256: None, md5: None }
}
