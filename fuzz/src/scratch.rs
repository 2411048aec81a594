//! Bytes as a file, for readers that take a path.

use std::path::Path;

/// Calls `read` with the path of a file that holds `bytes` and whose name ends with `ending`.
///
/// # Panics
/// If the folder for temporary files cannot be written; that stops the run and is not a finding.
pub fn with_file<R>(bytes: &[u8], ending: &str, read: impl FnOnce(&Path) -> R) -> R {
    let folder = tempfile::tempdir().expect("the folder for temporary files can be written");
    let path = folder.path().join(format!("input{ending}"));
    std::fs::write(&path, bytes).expect("the folder for temporary files can be written");
    read(&path)
}
