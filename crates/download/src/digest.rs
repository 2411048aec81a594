//! SHA-256 and MD5 of a file in one reading, and the comparison with what is expected.
//!
//! MD5 is there because Zenodo publishes nothing else; it guards against damage, not against malice.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use md5::Md5;
use sha2::{Digest, Sha256};

use super::Error;

// Bytes; large enough that the cost of each read does not matter.
const CHUNK: usize = 1 << 20;

/// Size and checksums of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digests {
    /// Bytes.
    pub size: u64,
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: String,
    /// MD5 in lower-case hexadecimal.
    pub md5: String,
}

impl Digests {
    /// Reads the whole file; `progress` is called with the bytes read so far.
    ///
    /// # Errors
    /// The file cannot be opened or read.
    pub fn read(path: &Path, progress: &mut dyn FnMut(u64)) -> Result<Self, Error> {
        let mut file = File::open(path).map_err(Error::io("open", path))?;
        let mut sha256 = Sha256::new();
        let mut md5 = Md5::new();
        let mut size = 0;
        let mut buffer = vec![0; CHUNK];
        loop {
            let count = file.read(&mut buffer).map_err(Error::io("read", path))?;
            if count == 0 {
                break;
            }
            sha256.update(&buffer[..count]);
            md5.update(&buffer[..count]);
            size += count as u64;
            progress(size);
        }
        Ok(Self { size, sha256: hex(&sha256.finalize()), md5: hex(&md5.finalize()) })
    }
}

/// What BSD `sum` prints of a file: 16 bits, so it finds damage but hardly another file. Ensembl publishes nothing
/// else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sum {
    /// The checksum.
    pub value: u16,
    /// Size in blocks of 1024 bytes, the last one counted whole.
    pub blocks: u64,
}

impl Sum {
    /// Reads the whole file.
    ///
    /// # Errors
    /// The file cannot be opened or read.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let mut file = File::open(path).map_err(Error::io("open", path))?;
        let (mut value, mut size) = (0u16, 0);
        let mut buffer = vec![0; CHUNK];
        loop {
            let count = file.read(&mut buffer).map_err(Error::io("read", path))?;
            if count == 0 {
                return Ok(Self { value, blocks: u64::div_ceil(size, 1024) });
            }
            value = buffer[..count].iter().fold(value, |sum, &byte| sum.rotate_right(1).wrapping_add(u16::from(byte)));
            size += count as u64;
        }
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:05} {}", self.value, self.blocks)
    }
}

/// What a file should be, as far as that is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    /// Bytes.
    pub size: Option<u64>,
    /// SHA-256 in hexadecimal.
    pub sha256: Option<String>,
    /// MD5 in hexadecimal.
    pub md5: Option<String>,
    /// What BSD `sum` prints.
    pub sum: Option<Sum>,
}

impl Expected {
    /// Fills unknown values from `other`.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            size: self.size.or(other.size),
            sha256: self.sha256.or(other.sha256),
            md5: self.md5.or(other.md5),
            sum: self.sum.or(other.sum),
        }
    }

    /// Whether a checksum is known, so that no other content can pass.
    pub(super) fn names_content(&self) -> bool {
        self.sha256.is_some() || self.md5.is_some() || self.sum.is_some()
    }

    /// Rejects a file that differs in [`Self::sum`], if that is known; reads it once more.
    ///
    /// # Errors
    /// It differs, or cannot be read.
    pub fn check_sum(&self, path: &Path, origin: &str) -> Result<(), Error> {
        let Some(expected) = self.sum else { return Ok(()) };
        let found = Sum::read(path)?;
        if expected == found {
            return Ok(());
        }
        let (expected, found) = (expected.to_string(), found.to_string());
        Err(Error::Checksum { origin: origin.to_owned(), kind: "sum", expected, found })
    }

    /// Rejects a file that differs in size, SHA-256 or MD5; `origin` is its address or path.
    ///
    /// # Errors
    /// It differs.
    pub fn check(&self, found: &Digests, origin: &str) -> Result<(), Error> {
        check_size(self.size, found.size, origin)?;
        let sums = [("sha256", &self.sha256, &found.sha256), ("md5", &self.md5, &found.md5)];
        for (kind, expected, found) in sums {
            if let Some(expected) = expected
                && !expected.eq_ignore_ascii_case(found)
            {
                let (origin, expected) = (origin.to_owned(), expected.to_ascii_lowercase());
                return Err(Error::Checksum { origin, kind, expected, found: found.clone() });
            }
        }
        Ok(())
    }
}

/// Rejects a size that differs from a known one.
///
/// # Errors
/// It differs.
pub fn check_size(expected: Option<u64>, found: u64, origin: &str) -> Result<(), Error> {
    match expected {
        Some(expected) if expected != found => Err(Error::Size { origin: origin.to_owned(), expected, found }),
        _ => Ok(()),
    }
}

/// Accepts a SHA-256 as people paste it: any case, spaces around, `sha256:` in front.
///
/// # Errors
/// It is not a SHA-256.
pub fn parse_sha256(text: &str) -> Result<String, Error> {
    let plain = text.trim().to_ascii_lowercase();
    let plain = plain.strip_prefix("sha256:").unwrap_or(&plain);
    if is_hex(plain, 64) { Ok(plain.to_owned()) } else { Err(Error::BadChecksum { given: text.to_owned() }) }
}

/// Whether the text is exactly `digits` hexadecimal digits.
pub(super) fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// SHA-256 of a short text, in hexadecimal.
pub fn sha256_of(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // FIPS 180-2 appendix B.1 and RFC 1321 appendix A.5, for the text `abc`.
    const ABC_SHA256: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    const ABC_MD5: &str = "900150983cd24fb0d6963f7d28e17f72";

    fn abc() -> Digests {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(file.path(), "abc").expect("writes");
        Digests::read(file.path(), &mut |_| ()).expect("reads")
    }

    #[test]
    fn digests_are_those_of_the_standards() {
        let found = abc();
        assert_eq!((found.size, found.sha256.as_str(), found.md5.as_str()), (3, ABC_SHA256, ABC_MD5));
        assert_eq!(sha256_of("abc"), ABC_SHA256);
    }

    #[test]
    fn whatever_is_known_is_checked() {
        let check = |size, sha256: Option<&str>, md5: Option<&str>| {
            let (sha256, md5) = (sha256.map(Into::into), md5.map(Into::into));
            Expected { size, sha256, md5, sum: None }.check(&abc(), "x")
        };
        assert!(check(None, None, None).is_ok());
        assert!(check(Some(3), Some(&ABC_SHA256.to_uppercase()), Some(ABC_MD5)).is_ok());
        assert!(matches!(check(Some(4), None, None), Err(Error::Size { expected: 4, found: 3, .. })));
        assert!(matches!(check(None, Some(&"0".repeat(64)), None), Err(Error::Checksum { kind: "sha256", .. })));
        assert!(matches!(check(None, None, Some(&"0".repeat(32))), Err(Error::Checksum { kind: "md5", .. })));
    }

    // What GNU coreutils 9.1 `sum` prints of these files.
    #[test]
    fn sums_are_those_of_the_program() {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        let long: Vec<u8> = (0..3000_u32).map(|i| (i * 7 % 251) as u8).collect();
        for (bytes, printed) in [(&b"abc"[..], "16556 1"), (&[], "00000 0"), (&long, "48817 3")] {
            std::fs::write(file.path(), bytes).expect("writes");
            let found = Sum::read(file.path()).expect("reads");
            assert_eq!(found.to_string(), printed);
            assert!(Expected { sum: Some(found), ..Expected::default() }.check_sum(file.path(), "x").is_ok());
        }
        let other = Expected { sum: Some(Sum { value: 1, blocks: 3 }), ..Expected::default() };
        assert!(matches!(other.check_sum(file.path(), "x"), Err(Error::Checksum { kind: "sum", .. })));
    }

    #[test]
    fn a_pasted_checksum_is_cleaned_and_a_wrong_one_refused() {
        assert_eq!(parse_sha256(&format!(" sha256:{} ", ABC_SHA256.to_uppercase())).ok().as_deref(), Some(ABC_SHA256));
        assert!(matches!(parse_sha256(ABC_MD5), Err(Error::BadChecksum { .. })));
        assert!(matches!(parse_sha256(&"g".repeat(64)), Err(Error::BadChecksum { .. })));
    }
}
