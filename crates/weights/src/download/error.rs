//! What can go wrong between an address and a checked file, told so that the reader knows what to do next.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Failure to fetch, adopt, locate or verify a model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No published model has this name.
    #[error("no published model is called `{name}`{}", did_you_mean(*.nearest))]
    UnknownModel {
        /// The name as typed.
        name: String,
        /// The nearest known name.
        nearest: Option<&'static str>,
    },

    /// The text is no `http://` or `https://` address of a file.
    #[error("`{url}` is not the address of a file: expected `http://` or `https://`, a host and a file name")]
    BadUrl {
        /// The text as given.
        url: String,
    },

    /// The text is no SHA-256.
    #[error("`{given}` is not a sha256: expected 64 hexadecimal digits, found {} characters", given.chars().count())]
    BadChecksum {
        /// The text as given.
        given: String,
    },

    /// The platform names no folder to keep models in.
    #[error("found no folder to keep models in: this account has no home folder\nhint: set RINALMO_HOME to a folder")]
    NoHome,

    /// The model has not been downloaded yet.
    #[error(
        "model `{name}` is not here\nhint: `rinalmo model download {name}` fetches it; without a network, get on another machine and copy into place{}",
        list(wanted)
    )]
    Missing {
        /// Short name of the model.
        name: String,
        /// The files that are not in place.
        wanted: Vec<Wanted>,
    },

    /// The server could not be reached at all.
    #[error(
        "cannot reach {url}: {cause}\nhint: get on a machine with a network and copy into place, or name with `--from`, and nothing else is needed{}",
        list(wanted)
    )]
    Offline {
        /// Address that was tried.
        url: String,
        /// What the network said.
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

    /// The answer or the connection broke the rules in a way that trying again does not mend.
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
        /// Attempts in a row that brought nothing new.
        attempts: u32,
        /// Bytes that have arrived.
        done: u64,
        /// Bytes expected, where known.
        total: Option<u64>,
        /// Why the last attempt ended.
        cause: String,
    },

    /// The file is not as long as it should be.
    #[error("{origin}: expected {expected} bytes, found {found}\nhint: {}", advice(origin))]
    Size {
        /// Address or path of the file.
        origin: String,
        /// Size that the registry, the record or the server states.
        expected: u64,
        /// Size found.
        found: u64,
    },

    /// The content is not what it should be.
    #[error("{origin}: expected {kind} {expected}, found {found}\nhint: {}", advice(origin))]
    Checksum {
        /// Address or path of the file.
        origin: String,
        /// `sha256` or `md5`.
        kind: &'static str,
        /// Checksum expected.
        expected: String,
        /// Checksum found.
        found: String,
    },

    /// A file given with `--from` is not one of the model's.
    #[error("{}: expected {expected} of model `{name}`, found no such file", path.display())]
    NotThere {
        /// The path given.
        path: PathBuf,
        /// What was looked for.
        expected: String,
        /// Short name of the model.
        name: String,
    },

    /// A download record cannot be read.
    #[error("{}: not a download record: {source}\nhint: delete it and download the model again", path.display())]
    Record {
        /// Path of the record.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },

    /// The disk is full.
    #[error("{}: the disk is full\nhint: free some space and repeat, what has arrived is kept; or set RINALMO_HOME to a folder on another disk", path.display())]
    DiskFull {
        /// File being written.
        path: PathBuf,
    },

    /// The folder may not be written, or the file not read.
    #[error("{}: cannot {action}: permission denied\nhint: set RINALMO_HOME to a folder that you may write", path.display())]
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

/// A file to be brought by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Where to get it.
    pub url: String,
    /// Where it belongs.
    pub path: PathBuf,
}

impl Error {
    /// Wraps a failure of the file system; meant for `map_err`.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
        let path = path.to_path_buf();
        move |source| match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Error::DiskFull { path },
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Error::Permission { path, action },
            _ => Error::Io { path, action, source },
        }
    }
}

fn list(wanted: &[Wanted]) -> String {
    wanted.iter().map(|file| format!("\n  {}\n    to {}", file.url, file.path.display())).collect()
}

fn did_you_mean(nearest: Option<&str>) -> String {
    match nearest {
        Some(name) => format!("; did you mean `{name}`?"),
        None => "\nhint: `rinalmo model list` names them all".into(),
    }
}

fn status_hint(status: u16) -> &'static str {
    match status {
        401 | 403 => " (access refused)\nhint: the publisher may ask for a login, or a proxy stands in between",
        404 | 410 => " (no such file)\nhint: check the address, or RINALMO_MIRROR if it is set",
        _ => "",
    }
}

/// A file from the network is thrown away when wrong; a file on disk is left to its owner.
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
        let path = Path::new("/models/giga.pt.part");
        let full = Error::io("write", path)(ErrorKind::StorageFull.into()).to_string();
        assert!(full.contains("/models/giga.pt.part: the disk is full") && full.contains("RINALMO_HOME"), "{full}");
        let denied = Error::io("create", path)(ErrorKind::PermissionDenied.into()).to_string();
        assert!(denied.contains("cannot create: permission denied"), "{denied}");
    }

    #[test]
    fn an_unknown_model_suggests_the_nearest() {
        let error = Error::UnknownModel { name: "gigga".into(), nearest: Some("giga") };
        assert_eq!(error.to_string(), "no published model is called `gigga`; did you mean `giga`?");
    }

    #[test]
    fn advice_fits_where_the_file_came_from() {
        let size = |origin: &str| Error::Size { origin: origin.into(), expected: 2, found: 1 }.to_string();
        assert!(size("https://example.org/a").contains("bad data was deleted"));
        assert!(size("/home/me/a").contains("download it again"));
    }
}
