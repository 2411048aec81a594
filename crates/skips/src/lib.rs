//! A test that needs something that is not here says [`skip!`] and returns.
//!
//! The test harness knows nothing of this and counts it as passed. So each skip is printed, and added as one line to the
//! file that [`FILE_VARIABLE`] names, if it is set. `cargo xtask check` sets it, tells what was skipped, and fails if a
//! test was that is not on its list.

use std::fmt;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

/// Names the file that lines are added to.
pub const FILE_VARIABLE: &str = "RINALMO_SKIPS";

/// How every line begins.
const OPENING: &str = "skipped: ";

/// A test, or a part of one, that did not run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skip {
    /// Package, file and path of the test, with `::` between them.
    pub test: String,
    /// What was missing.
    pub reason: String,
}

impl Skip {
    /// Reads what [`Display`](fmt::Display) writes.
    pub fn parse(line: &str) -> Option<Self> {
        let (test, reason) = line.strip_prefix(OPENING)?.split_once(": ")?;
        Some(Self { test: test.into(), reason: reason.into() })
    }

    fn append(&self, path: &Path) -> std::io::Result<()> {
        let mut file = OpenOptions::new().append(true).create(true).open(path)?;
        // In one piece, for other tests write at the same time.
        file.write_all(format!("{self}\n").as_bytes())
    }
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{OPENING}{}: {}", self.test, self.reason)
    }
}

/// Says that the running test, or a part of it, is skipped, and why: takes what `format!` takes.
#[macro_export]
macro_rules! skip {
    ($($reason:tt)+) => {
        $crate::record(env!("CARGO_PKG_NAME"), env!("CARGO_CRATE_NAME"), &format!($($reason)+))
    };
}

/// What [`skip!`] calls.
///
/// # Panics
/// If the file cannot be written: a skip that nobody hears of is what this is against.
pub fn record(package: &str, file: &str, reason: &str) {
    // The harness runs every test in a thread of its own and calls it by the test's path.
    let thread = std::thread::current();
    let test = format!("{package}::{file}::{}", thread.name().unwrap_or("?"));
    let skip = Skip { test, reason: reason.replace('\n', " ") };
    println!("{skip}");
    if let Some(path) = std::env::var_os(FILE_VARIABLE) {
        skip.append(Path::new(&path)).unwrap_or_else(|error| panic!("{}: {error}", Path::new(&path).display()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_lines_are_read() {
        let path = std::env::temp_dir().join(format!("rinalmo-skips-{}", std::process::id()));
        let skip = |test: &str, reason: &str| Skip { test: test.into(), reason: reason.into() };
        let skips = [skip("a::b::c", "no d: none at all"), skip("a::b::e::f", "neither")];
        skips.iter().for_each(|skip| skip.append(&path).unwrap());
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(text.lines().map(Skip::parse).collect::<Vec<_>>(), skips.map(Some));
        assert_eq!(Skip::parse("running 1 test"), None);
    }

    #[test]
    fn the_harness_names_the_thread_after_the_test() {
        assert_eq!(std::thread::current().name(), Some("tests::the_harness_names_the_thread_after_the_test"));
    }
}
