//! Checksums of a run's data, by which a run that resumes finds that they changed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rinalmo_corpus::fingerprint::{Fingerprint, pieces};

use crate::{Error, FileError};

/// Digits of a CRC-32C, the checksum of runs of earlier versions.
const CRC_DIGITS: usize = 8;

/// The checksum of a file; of a folder, over its files' names and bytes.
pub(super) fn checksum(path: &Path) -> Result<String, Error> {
    let mut sum = Fingerprint::default();
    walk(path, &mut |bytes| sum.add(bytes)).map_err(FileError::of("read", path))?;
    Ok(sum.text())
}

/// Whether a file or folder still has this checksum.
pub(super) fn matches(path: &Path, checksum: &str) -> Result<bool, Error> {
    if checksum.len() != CRC_DIGITS {
        return Ok(self::checksum(path)? == checksum);
    }
    let mut sum = 0;
    walk(path, &mut |bytes| sum = crc32c::crc32c_append(sum, bytes)).map_err(FileError::of("read", path))?;
    Ok(format!("{sum:08x}") == checksum)
}

fn walk(path: &Path, take: &mut dyn FnMut(&[u8])) -> io::Result<()> {
    if !path.is_dir() {
        return pieces(path, take);
    }
    let mut entries = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<PathBuf>>>()?;
    entries.sort();
    entries.iter().try_for_each(|entry| {
        take(entry.file_name().unwrap_or_default().to_string_lossy().as_bytes());
        walk(entry, take)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_folders_keep_their_checksum_until_they_change() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("set")).unwrap();
        fs::write(path("set/a.ct"), "123456789").unwrap();
        // CRC-32C of `123456789` is e3069283, as its catalogue says.
        assert!(matches(&path("set/a.ct"), "e3069283").unwrap());
        let crc = format!("{:08x}", crc32c::crc32c(b"a.ct123456789"));
        let (file, whole) = (checksum(&path("set/a.ct")).unwrap(), checksum(&path("set")).unwrap());
        assert_ne!(file, whole);
        for sum in [&whole, &crc] {
            assert!(matches(&path("set"), sum).unwrap(), "{sum}");
        }
        fs::rename(path("set/a.ct"), path("set/b.ct")).unwrap();
        assert!(matches(&path("set/b.ct"), &file).unwrap());
        for sum in [&whole, &crc] {
            assert!(!matches(&path("set"), sum).unwrap(), "{sum}");
        }
        assert!(checksum(&path("none")).is_err());
    }
}
