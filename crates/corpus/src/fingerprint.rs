//! Fingerprints by which the program recognizes its own files and inputs: XXH3-128 as 32 hexadecimal digits. They find
//! accidents, not attacks; published files are compared by SHA-256.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use xxhash_rust::xxh3::Xxh3;

/// Bytes that are read at a time.
const PIECE: usize = 1 << 20;

/// A fingerprint of bytes that come in pieces. Where one piece ends and the next begins does not matter.
#[derive(Default)]
pub struct Fingerprint(Xxh3);

impl Fingerprint {
    /// Takes the next bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The fingerprint of all bytes so far.
    pub fn text(&self) -> String {
        format!("{:032x}", self.0.digest128())
    }

    /// The fingerprint of some bytes.
    pub fn of(bytes: &[u8]) -> String {
        let mut whole = Self::default();
        whole.add(bytes);
        whole.text()
    }

    /// The fingerprint of a file.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn of_file(path: &Path) -> io::Result<String> {
        let mut whole = Self::default();
        pieces(path, |piece| whole.add(piece))?;
        Ok(whole.text())
    }
}

/// Reads a file piece by piece.
///
/// # Errors
/// The file cannot be read.
pub fn pieces(path: &Path, mut take: impl FnMut(&[u8])) -> io::Result<()> {
    let mut file = File::open(path)?;
    let mut piece = vec![0; PIECE];
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(read) => take(&piece[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_the_fingerprint_of_its_bytes_however_they_come() {
        let whole = format!("{:032x}", xxhash_rust::xxh3::xxh3_128(b"abc"));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("abc");
        std::fs::write(&path, "abc").unwrap();
        let mut pieces = Fingerprint::default();
        ["a", "", "bc"].iter().for_each(|piece| pieces.add(piece.as_bytes()));
        for found in [Fingerprint::of(b"abc"), Fingerprint::of_file(&path).unwrap(), pieces.text()] {
            assert_eq!(found, whole);
        }
        assert!(Fingerprint::of_file(folder.path().join("none").as_path()).is_err());
    }
}
