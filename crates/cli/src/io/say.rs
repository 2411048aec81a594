//! Lines on standard error.

use std::fmt::Display;
use std::io::{Write, stderr};

/// Prints a line on standard error. If nobody reads it any more (`2>&1 | head`, a terminal that was closed), the line is
/// lost and the work goes on; `eprintln!` would end it.
pub fn say(line: impl Display) {
    let line = format!("{line}\n");
    let _ = stderr().write_all(line.as_bytes());
}
