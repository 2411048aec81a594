//! What can go wrong between sequences and their clusters.

use std::{io, path::PathBuf};

/// Why sequences could not be clustered or compared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An option is out of range.
    #[error("clusters: {name} is {value}, expected {expected}")]
    Options {
        /// The option.
        name: &'static str,
        /// Its value.
        value: String,
        /// What it may be.
        expected: &'static str,
    },

    /// More sequences than a 32-bit number can count.
    #[error("clusters: {count} sequences are more than the 4,294,967,294 that can be numbered")]
    TooMany {
        /// How many there are.
        count: usize,
    },

    /// The external program cannot be run.
    #[error("clusters: `{}` cannot be run; install MMseqs2 (Debian: mmseqs2), name its path, or choose the builtin engine", .program.display())]
    Missing {
        /// The program as it was searched for.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },

    /// The external program failed.
    #[error("clusters: `{} {action}` ended with {status}; it last said:\n{said}", .program.display())]
    Failed {
        /// The program.
        program: PathBuf,
        /// The command it was given.
        action: &'static str,
        /// How it ended.
        status: std::process::ExitStatus,
        /// The last lines it wrote.
        said: String,
    },

    /// The external program's output does not fit its input.
    #[error("clusters: line {line} of the program's answer: {message}")]
    Answer {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        message: String,
    },

    /// Temporary files could not be written or read.
    #[error("clusters: temporary files in {}: {source}", .folder.display())]
    Scratch {
        /// Where they are.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },

    /// A list of representatives that does not form clusters.
    #[error("clusters: sequence {index} is given to {representative}, which does not represent itself")]
    NotAPartition {
        /// The sequence.
        index: usize,
        /// Its alleged representative.
        representative: usize,
    },
}
