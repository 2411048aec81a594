//! The command `rinalmo`, from the same code and weights as the package.

use std::ffi::OsString;
use std::sync::atomic::Ordering;

use pyo3::prelude::*;

/// Runs the command with the arguments of `sys.argv`, and returns its exit code. `closed` says that standard output was
/// closed when Python started.
#[pyfunction]
pub fn command(py: Python<'_>, arguments: Vec<OsString>, closed: bool) -> u8 {
    rinalmo_cli::STANDARD_OUTPUT_IS_CLOSED.store(closed, Ordering::Relaxed);
    py.detach(|| rinalmo_cli::main_from(arguments))
}
