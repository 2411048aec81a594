//! What can go wrong between a request and a model: errors of any file, and errors only of models.

use std::path::PathBuf;

use rinalmo_download::{Error as Transfer, Wanted};

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

    /// The platform names no folder to keep models in.
    #[error("found no folder to keep models in: this account has no home folder\nhint: set RINALMO_HOME to a folder")]
    NoHome,

    /// The model has not been downloaded yet.
    #[error(
        "model `{name}` is not here; its files, and where they belong:{}",
        wanted.iter().map(Wanted::to_string).collect::<String>()
    )]
    Missing {
        /// Short name of the model.
        name: String,
        /// The files that are not in place.
        wanted: Vec<Wanted>,
    },

    /// A file to be adopted is not one of the model's.
    #[error("{}: expected {expected} of model `{name}`, found no such file", path.display())]
    NotThere {
        /// The path given.
        path: PathBuf,
        /// What was searched for.
        expected: String,
        /// Short name of the model.
        name: String,
    },

    /// A file could not be fetched, read, written, or is not what it should be.
    #[error("{}", with_hint(.0))]
    Transfer(Transfer),
}

/// No `#[from]`: that would make it the source as well, and the message would be printed twice.
impl From<Transfer> for Error {
    fn from(error: Transfer) -> Self {
        Self::Transfer(error)
    }
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

/// The message, with further hints that help only with models.
fn with_hint(error: &Transfer) -> String {
    let more = match error {
        Transfer::Status { status: 404 | 410, .. } => "; or RINALMO_MIRROR, if it is set",
        Transfer::DiskFull { .. } => "; or set RINALMO_HOME to a folder on another disk",
        Transfer::Permission { .. } => "\nhint: set RINALMO_HOME to a folder that you may write",
        _ => "",
    };
    format!("{error}{more}")
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::path::Path;

    use super::*;

    #[test]
    fn a_full_disk_and_a_forbidden_folder_point_to_the_setting() {
        let error =
            |kind: ErrorKind| Error::from(Transfer::io("create", Path::new("/models"))(kind.into())).to_string();
        let full = error(ErrorKind::StorageFull);
        assert!(full.contains("/models: the disk is full") && full.contains("RINALMO_HOME"), "{full}");
        let denied = error(ErrorKind::PermissionDenied);
        assert!(denied.contains("permission denied\nhint: set RINALMO_HOME"), "{denied}");
    }

    #[test]
    fn an_unknown_model_suggests_the_nearest() {
        let error = Error::UnknownModel { name: "gigga".into(), nearest: Some("giga") };
        assert_eq!(error.to_string(), "no published model is called `gigga`; did you mean `giga`?");
    }
}
