//! Shared by the tests of downloads: an empty folder, a file's content, a plan of one file.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use rinalmo_download::{Error, Expected, FetchedFile, Job, Options, Plan, Progress, fetch, sha256_of};

/// Longer than one read, and not repeating over a join of the tests, so that a wrong join shows.
pub fn content() -> Vec<u8> {
    (0..300_000_u32).map(|i| b'0' + ((i % 251) as u8 ^ (i / 251) as u8) % 75).collect()
}

pub fn sha256(bytes: &[u8]) -> String {
    sha256_of(std::str::from_utf8(bytes).expect("the contents of these tests are text"))
}

/// An empty folder, removed at the end.
pub struct Place {
    pub folder: tempfile::TempDir,
    pub options: Options,
    pub expected: Expected,
}

impl Place {
    pub fn new() -> Self {
        let options = Options {
            backoff: Duration::from_millis(1),
            connect_timeout: Duration::from_secs(5),
            stall_timeout: Duration::from_secs(5),
            retries: 3,
            ..Options::default()
        };
        Self { folder: tempfile::tempdir().expect("a folder"), options, expected: Expected::default() }
    }

    /// One file, kept in a folder that does not exist yet.
    pub fn plan(&self, url: &str) -> Plan {
        let folder = self.folder.path().join("files");
        let job = Job { expected: self.expected.clone(), ..Job::new(url, &folder).expect("an address") };
        Plan { jobs: vec![job], folder }
    }

    pub fn fetch(&self, url: &str) -> Result<FetchedFile, Error> {
        self.fetch_watched(url, |_| ())
    }

    pub fn fetch_watched(&self, url: &str, mut watch: impl FnMut(Progress<'_>)) -> Result<FetchedFile, Error> {
        Ok(fetch(&self.plan(url), &self.options, &mut watch)?.remove(0))
    }

    /// Files with these endings.
    pub fn files(&self, endings: &[&str]) -> Vec<PathBuf> {
        let files = fs::read_dir(self.folder.path().join("files")).into_iter().flatten().flatten();
        let files = files.map(|file| file.path());
        files.filter(|file| endings.iter().any(|end| file.to_string_lossy().ends_with(end))).collect()
    }

    /// Neither a file under its final name nor its record exists.
    pub fn assert_nothing_in_place(&self) {
        let left = self.files(&["m.fa", "m.fa.json"]);
        assert!(left.is_empty(), "{left:?}");
    }
}

/// The file in place is this, to the byte.
pub fn assert_content(fetched: &FetchedFile, content: &[u8]) {
    let found = fs::read(&fetched.path).expect("the file is there");
    assert!(found == content, "{} bytes found, {} expected", found.len(), content.len());
}
