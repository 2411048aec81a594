//! What can go wrong between an address and a checked file, worded so that the reader knows what to do next.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Failure to fetch a file, or to adopt one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is not an `http://` or `https://` address of a file.
    #[error("`{url}` is not the address of a file: expected `http://` or `https://`, a host and a file name")]
    BadUrl {
        /// The text as given.
        url: String,
    },

    /// The text is not a SHA-256.
    #[error("`{given}` is not a sha256: expected 64 hexadecimal digits, found {} characters", given.chars().count())]
    BadChecksum {
        /// The text as given.
        given: String,
    },

    /// The server could not be reached at all.
    #[error(
        "cannot reach {url}: {cause}\nhint: get on a machine with a network and copy into place, nothing else is needed:{}",
        list(wanted)
    )]
    Offline {
        /// Address that was tried.
        url: String,
        /// The error of the network.
        cause: String,
        /// The files that are not in place.
        wanted: Vec<Wanted>,
    },

    /// The server answered, but not with the file.
    #[error("{url}: expected the file, the server answered {status}{}", status_hint(*.status))]
    Status {
        /// Address of the file.
        url: String,
        /// HTTP status code.
        status: u16,
    },

    /// The answer or the connection broke the protocol in a way that a retry does not fix.
    #[error("{url}: {cause}")]
    Protocol {
        /// Address of the file.
        url: String,
        /// What was wrong.
        cause: String,
    },

    /// Every attempt ended early.
    #[error(
        "{url}: gave up with {done} bytes{} after {attempts} failed {}: {cause}\nhint: what has arrived is kept; the same command continues from there",
        total.map(|total| format!(" of {total}")).unwrap_or_default(),
        if *attempts == 1 { "attempt" } else { "attempts in a row" }
    )]
    GaveUp {
        /// Address of the file.
        url: String,
        /// Attempts in a row without new bytes.
        attempts: u32,
        /// Bytes that have arrived.
        done: u64,
        /// Bytes expected, if known.
        total: Option<u64>,
        /// Why the last attempt failed.
        cause: String,
    },

    /// The file is not as long as it should be.
    #[error("{origin}: expected {expected} bytes, found {found}\nhint: {}", advice(origin))]
    Size {
        /// Address or path of the file.
        origin: String,
        /// Size that was published, recorded or announced.
        expected: u64,
        /// Size found.
        found: u64,
    },

    /// The content is not what it should be.
    #[error("{origin}: expected {kind} {expected}, found {found}\nhint: {}", advice(origin))]
    Checksum {
        /// Address or path of the file.
        origin: String,
        /// `sha256`, `md5` or `sum`.
        kind: &'static str,
        /// Checksum expected.
        expected: String,
        /// Checksum found.
        found: String,
    },

    /// No checksum says what the content should be, and it is not what the name says.
    #[error("{origin}: expected {expected}, found {found}\nhint: {}", content_advice(origin))]
    Content {
        /// Address or path of the file.
        origin: String,
        /// The kind of file that the name promises.
        expected: &'static str,
        /// What it is instead.
        found: &'static str,
    },

    /// The file is larger than allowed.
    #[error("{url}: more than the {limit} bytes that may be fetched{}\nhint: allow more, if the address is right", announced(*found))]
    TooLarge {
        /// Address of the file.
        url: String,
        /// Bytes that may be fetched.
        limit: u64,
        /// Bytes that the server announced, if it did.
        found: Option<u64>,
    },

    /// The disk does not have enough space for the file and the reserve.
    #[error(
        "{}: the disk has {free} bytes left, the file needs {needed} more and {reserve} are kept free\nhint: free some space and repeat, what has arrived is kept",
        path.display()
    )]
    NoSpace {
        /// File being written.
        path: PathBuf,
        /// Bytes left on the disk.
        free: u64,
        /// Bytes still to come, as far as is known.
        needed: u64,
        /// Bytes that are kept free.
        reserve: u64,
    },

    /// The path of a file to be written holds something that this program did not put there.
    #[error("{}: {what}; nothing was written\nhint: find out who put it there and remove it, or use another folder", path.display())]
    Unsafe {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },

    /// Two files of a plan would overwrite each other.
    #[error("{}: two files of one download have this name", path.display())]
    SameName {
        /// The path that both would have.
        path: PathBuf,
    },

    /// A download record cannot be read.
    #[error("{}: not a download record: {source}\nhint: delete it and download the file again", path.display())]
    Record {
        /// Path of the record.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },

    /// The disk is full.
    #[error("{}: the disk is full\nhint: free some space and repeat, what has arrived is kept", path.display())]
    DiskFull {
        /// File being written.
        path: PathBuf,
    },

    /// The folder may not be written, or the file not read.
    #[error("{}: cannot {action}: permission denied", path.display())]
    Permission {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
    },

    /// Another failure of the file system.
    #[error("{}: cannot {action}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

/// A file to be copied by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Where to get it.
    pub url: String,
    /// Where it belongs.
    pub path: PathBuf,
}

/// Two lines, each after a line break, to be appended to a hint.
impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n  {}\n    to {}", self.url, self.path.display())
    }
}

impl Error {
    /// Wraps a failure of the file system; meant for `map_err`.
    pub fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
        let path = path.to_path_buf();
        move |source| match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Error::DiskFull { path },
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Error::Permission { path, action },
            _ => Error::Io { path, action, source },
        }
    }
}

fn list(wanted: &[Wanted]) -> String {
    wanted.iter().map(Wanted::to_string).collect()
}

fn status_hint(status: u16) -> &'static str {
    match status {
        401 | 403 => " (access refused)\nhint: the publisher may ask for a login, or a proxy stands in between",
        404 | 410 => " (no such file)\nhint: check the address",
        _ => "",
    }
}

fn announced(found: Option<u64>) -> String {
    found.map_or_else(String::new, |found| format!(", the server announces {found}"))
}

fn content_advice(origin: &str) -> &'static str {
    if origin.starts_with("http") {
        "nothing was stored; the address may lead to a login, licence or error page: look at it in a browser"
    } else {
        "the file is damaged or is another one"
    }
}

/// A wrong file from the network is deleted; a file on disk is left to its owner.
fn advice(origin: &str) -> &'static str {
    if origin.starts_with("http") {
        "the bad data was deleted, nothing else was touched; try again, or check the mirror or proxy in between"
    } else {
        "the file is damaged or is another one; download it again"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_and_a_forbidden_folder_are_told_apart() {
        let path = Path::new("/data/a.fa.part");
        let full = Error::io("write", path)(ErrorKind::StorageFull.into()).to_string();
        assert!(full.contains("/data/a.fa.part: the disk is full") && full.contains("free some space"), "{full}");
        let denied = Error::io("create", path)(ErrorKind::PermissionDenied.into()).to_string();
        assert!(denied.contains("cannot create: permission denied"), "{denied}");
    }

    #[test]
    fn advice_fits_where_the_file_came_from() {
        let size = |origin: &str| Error::Size { origin: origin.into(), expected: 2, found: 1 }.to_string();
        assert!(size("https://example.org/a").contains("bad data was deleted"));
        assert!(size("/home/me/a").contains("download it again"));
    }
}
