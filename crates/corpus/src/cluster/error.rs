//! What can go wrong between sequences and their clusters.

use std::{io, path::PathBuf};

/// Why sequences could not be clustered or compared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An option lies outside what makes sense.
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

    /// The outside program cannot be run.
    #[error("clusters: `{}` cannot be run; install MMseqs2 (Debian: mmseqs2), name its path, or choose the builtin engine", .program.display())]
    Missing {
        /// The program as it was looked for.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },

    /// The outside program ended badly.
    #[error("clusters: `{} {action}` ended with {status}; it last said:\n{said}", .program.display())]
    Failed {
        /// The program.
        program: PathBuf,
        /// What it was asked to do.
        action: &'static str,
        /// How it ended.
        status: std::process::ExitStatus,
        /// The last lines it wrote.
        said: String,
    },

    /// The outside program's answer does not fit what it was given.
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

    /// A list of representatives that makes no clusters.
    #[error("clusters: sequence {index} is given to {representative}, which does not represent itself")]
    NotAPartition {
        /// The sequence.
        index: usize,
        /// Its alleged representative.
        representative: usize,
    },
}
