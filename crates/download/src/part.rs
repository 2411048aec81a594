//! The unfinished file: `<file>.part`, and `<file>.part.json` with the version of the original that it is a piece of.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::record::{load_json, save_json, with_suffix};
use super::{Error, safe};

/// Which original the bytes belong to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Origin {
    pub url: String,
    #[serde(default)]
    pub etag: Option<String>,
    /// When this version was made, as the server writes it (`Last-Modified`).
    #[serde(default)]
    pub modified: Option<String>,
    #[serde(default)]
    pub total: Option<u64>,
}

/// A file that grows at its end.
#[derive(Debug)]
pub(super) struct Part {
    path: PathBuf,
    file: File,
    len: u64,
    origin: Origin,
}

impl Part {
    /// Opens what an earlier run left of this address, or an empty part. Call with the folder locked.
    pub fn open(target: &Path, url: &str) -> Result<Self, Error> {
        let path = with_suffix(target, ".part");
        let mut file = safe::open(&path)?;
        let origin: Option<Origin> = load_json(&origin_path(&path)).unwrap_or_default();
        let len = file.seek(SeekFrom::End(0)).map_err(Error::io("read", &path))?;
        match origin {
            Some(origin) if origin.url == url => Ok(Self { path, file, len, origin }),
            _ => {
                let origin = Origin { url: url.to_owned(), ..Origin::default() };
                let mut part = Self { path, file, len, origin: origin.clone() };
                part.restart(origin)?;
                Ok(part)
            }
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes in place.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Bytes of the complete file, if the server declared them.
    pub fn total(&self) -> Option<u64> {
        self.origin.total
    }

    /// The server's tag of this version.
    pub fn etag(&self) -> Option<&str> {
        self.origin.etag.as_deref()
    }

    /// When this version was made, as the server writes it.
    pub fn modified(&self) -> Option<&str> {
        self.origin.modified.as_deref()
    }

    /// The validator of a request for the rest (`If-Range`): a strong tag of this version, or else its date.
    pub fn validator(&self) -> Option<&str> {
        self.etag().filter(|etag| !etag.starts_with("W/")).or(self.modified())
    }

    /// Whether every byte is there.
    pub fn is_complete(&self) -> bool {
        self.total() == Some(self.len)
    }

    /// Empties the part and notes which original it will hold.
    pub fn restart(&mut self, origin: Origin) -> Result<(), Error> {
        self.file.set_len(0).map_err(Error::io("write", &self.path))?;
        self.file.rewind().map_err(Error::io("write", &self.path))?;
        self.len = 0;
        save_json(&origin_path(&self.path), &origin)?;
        self.origin = origin;
        Ok(())
    }

    /// Adds bytes at the end.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.file.write_all(bytes).map_err(Error::io("write", &self.path))?;
        self.len += bytes.len() as u64;
        Ok(())
    }

    /// Makes the bytes survive a power cut.
    pub fn sync(&self) -> Result<(), Error> {
        self.file.sync_all().map_err(Error::io("write", &self.path))
    }

    /// Renames the part to its final name, in one step.
    pub fn finish(self, target: &Path) -> Result<(), Error> {
        drop(self.file);
        fs::rename(&self.path, target).map_err(Error::io("write", target))?;
        // Only the name matters; a note or folder entry that is written later does no harm.
        let _ = fs::remove_file(origin_path(&self.path));
        #[cfg(unix)]
        let _ = target.parent().map(|folder| File::open(folder).and_then(|folder| folder.sync_all()));
        Ok(())
    }

    /// Deletes the part; one that cannot be deleted is emptied by the next restart.
    pub fn discard(self) {
        drop(self.file);
        let _ = fs::remove_file(origin_path(&self.path));
        let _ = fs::remove_file(&self.path);
    }
}

fn origin_path(part: &Path) -> PathBuf {
    with_suffix(part, ".json")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin() -> Origin {
        Origin { url: "http://h/a".into(), etag: Some("\"v1\"".into()), modified: None, total: Some(6) }
    }

    #[test]
    fn a_part_goes_on_where_it_ended() {
        let folder = tempfile::tempdir().expect("a folder");
        let target = folder.path().join("a");
        let mut part = Part::open(&target, "http://h/a").expect("opens");
        part.restart(origin()).expect("starts");
        part.append(b"abc").expect("writes");
        drop(part);

        let mut part = Part::open(&target, "http://h/a").expect("opens");
        assert_eq!((part.len(), part.total(), part.etag()), (3, Some(6), Some("\"v1\"")));
        part.append(b"def").expect("writes");
        assert!(part.is_complete());
        part.finish(&target).expect("renames");
        assert_eq!(fs::read(&target).expect("reads"), b"abcdef");
        assert_eq!(fs::read_dir(folder.path()).expect("lists").count(), 1);
    }

    #[test]
    fn a_part_of_another_address_is_emptied() {
        let folder = tempfile::tempdir().expect("a folder");
        let target = folder.path().join("a");
        let mut part = Part::open(&target, "http://h/a").expect("opens");
        part.append(b"abc").expect("writes");
        drop(part);
        assert_eq!(Part::open(&target, "http://other/a").expect("opens").len(), 0);
    }

    #[test]
    fn a_part_of_unknown_origin_is_emptied() {
        let folder = tempfile::tempdir().expect("a folder");
        let target = folder.path().join("a");
        fs::write(folder.path().join("a.part"), "who knows").expect("writes");
        assert_eq!(Part::open(&target, "http://h/a").expect("opens").len(), 0);
    }
}
