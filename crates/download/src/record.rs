//! The record next to every fetched file, `<file>.json`: its origin, size and checksums, and what it was checked
//! against.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::digest::{Digests, Expected, check_size};
use super::{Error, safe};

/// The time now, UTC, in the form of RFC 3339, to the second: `2026-03-14T15:09:26Z`.
pub fn now() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}

/// Origin and checksums of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Address or path it came from.
    pub url: String,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: String,
    /// MD5 in lower-case hexadecimal.
    pub md5: String,
    /// When it was written here, UTC, RFC 3339.
    pub date: String,
    /// The server's tag of this version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// What it was compared with: `size`, `sha256`, `md5`, `sum`. Empty if nothing was known in advance.
    #[serde(default)]
    pub checked: Vec<String>,
    /// The file's metadata when its content was last compared, see [`Record::confirm`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<String>,
    /// Licence of the content, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
}

impl Record {
    /// A record with the current time; `expected` is what the file was compared with.
    pub fn new(url: &str, found: Digests, expected: &Expected, license: Option<&str>) -> Self {
        let Expected { size, sha256, md5, sum } = expected;
        let known =
            [("size", size.is_some()), ("sha256", sha256.is_some()), ("md5", md5.is_some()), ("sum", sum.is_some())];
        Self {
            url: url.to_owned(),
            size: found.size,
            sha256: found.sha256,
            md5: found.md5,
            date: now(),
            etag: None,
            seen: None,
            checked: known.iter().filter(|(_, known)| *known).map(|(word, _)| (*word).to_owned()).collect(),
            license: license.map(Into::into),
        }
    }

    /// Path of the record of a file: `giga.pt` has `giga.pt.json`.
    pub fn path_of(file: &Path) -> PathBuf {
        with_suffix(file, ".json")
    }

    /// The record of a file, or `None` if it has none.
    ///
    /// # Errors
    /// The record exists and cannot be read.
    pub fn load(file: &Path) -> Result<Option<Self>, Error> {
        load_json(&Self::path_of(file))
    }

    /// Writes the record next to its file, whose content was just compared; a reader sees the old one or the new one,
    /// never a part.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn save(&mut self, file: &Path) -> Result<(), Error> {
        self.seen = seen(file);
        save_json(&Self::path_of(file), self)
    }

    /// The record of a file that is still as recorded, or `None` if it has none. If the metadata show that the file was
    /// not written to since its content was last compared, it is not read; else it is read again.
    ///
    /// # Errors
    /// The file or its record cannot be read, or the file has changed.
    pub fn confirm(file: &Path) -> Result<Option<Self>, Error> {
        let Some(mut record) = Self::load(file)? else { return Ok(None) };
        let origin = file.display().to_string();
        let size = fs::metadata(file).map_err(Error::io("read", file))?.len();
        check_size(Some(record.size), size, &origin)?;
        if record.seen.is_none() || record.seen != seen(file) {
            record.expected().check(&Digests::read(file, &mut |_| ())?, &origin)?;
            // In a shared folder that we may not write to, the file is read again next time.
            let _ = record.save(file);
        }
        Ok(Some(record))
    }

    /// What the file should be according to this record.
    pub fn expected(&self) -> Expected {
        let (sha256, md5) = (Some(self.sha256.clone()), Some(self.md5.clone()));
        Expected { size: Some(self.size), sha256, md5, sum: None }
    }
}

/// Metadata that change with every write to a file: its size and modification time, and on Unix its inode and ctime,
/// which no program can set.
fn seen(file: &Path) -> Option<String> {
    let data = fs::metadata(file).ok()?;
    let modified = data.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    let mut text = format!("{} {}", data.len(), modified.as_nanos());
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        text += &format!(" {} {}.{:09}", data.ino(), data.ctime(), data.ctime_nsec());
    }
    Some(text)
}

/// `giga.pt` with `.part` is `giga.pt.part`.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

pub(super) fn load_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Error> {
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|source| Error::Record { path: path.to_path_buf(), source }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("read", path)(error)),
    }
}

pub(super) fn save_json<T: Serialize>(path: &Path, value: &T) -> Result<(), Error> {
    let mut text =
        serde_json::to_vec_pretty(value).map_err(|source| Error::Record { path: path.to_path_buf(), source })?;
    text.push(b'\n');
    let new = with_suffix(path, ".new");
    let write = || {
        let mut file = safe::create(&new)?;
        file.write_all(&text).and_then(|()| file.sync_all()).map_err(Error::io("write", &new))
    };
    write()?;
    fs::rename(&new, path).map_err(Error::io("write", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        let found = Digests { size: 3, sha256: "aa".into(), md5: "bb".into() };
        let expected = Expected { size: Some(3), md5: Some("bb".into()), ..Expected::default() };
        Record::new("http://host/a.pt", found, &expected, Some("CC-BY-4.0"))
    }

    #[test]
    fn read_after_write_is_identity() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.pt");
        let mut written = record();
        written.save(&file).expect("saves");
        assert_eq!(Record::load(&file).expect("loads"), Some(written));
        assert!(folder.path().join("a.pt.json").is_file());
    }

    #[test]
    fn a_record_says_what_was_checked_and_when() {
        let record = record();
        assert_eq!(record.checked, ["size", "md5"]);
        assert!(record.date.ends_with('Z') && record.date.len() == 20, "{}", record.date);
    }

    #[test]
    fn a_file_that_was_changed_is_read_again_and_refused_if_it_is_another() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.pt");
        let write = |bytes: &[u8]| fs::write(&file, bytes).expect("writes");
        assert!(Record::confirm(&file).expect("no record is fine").is_none());
        write(b"abc");
        let found = Digests::read(&file, &mut |_| ()).expect("reads");
        Record::new("http://host/a.pt", found, &Expected::default(), None).save(&file).expect("saves");
        let seen = || Record::confirm(&file).map(|record| record.expect("a record").seen);
        let first = seen().expect("is the same");
        std::thread::sleep(std::time::Duration::from_millis(20));
        write(b"abc");
        let second = seen().expect("has the same content");
        assert_ne!(first, second, "it was read again and noted");
        assert_eq!(seen().expect("is the same"), second);
        write(b"abd");
        assert!(matches!(seen(), Err(Error::Checksum { .. })), "of the same size");
        write(b"abcd");
        assert!(matches!(seen(), Err(Error::Size { .. })));
    }

    #[test]
    fn a_missing_record_is_none_and_a_broken_one_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.pt");
        assert_eq!(Record::load(&file).expect("no record is fine"), None);
        fs::write(Record::path_of(&file), "{").expect("writes");
        assert!(matches!(Record::load(&file), Err(Error::Record { .. })));
    }
}
