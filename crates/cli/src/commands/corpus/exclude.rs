//! Keeps evaluation data out of training data: flags of the commands that gather data.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use rinalmo::corpus::build::Exclude;
use rinalmo::corpus::cluster::{self, Coverage};

/// Which sequences are kept out.
#[derive(Args)]
#[command(next_help_heading = "Leakage guard")]
pub(super) struct ExcludeArgs {
    /// Keep out sequences that are similar to one in FILE, an evaluation set of sequences or structures in any format;
    /// gaps of alignments are not compared. May be given several times
    #[arg(long, value_name = "FILE")]
    exclude: Vec<PathBuf>,
    /// Treat sequences as similar from this identity
    #[arg(long, value_name = "SHARE", default_value_t = 0.8)]
    exclude_identity: f64,
    /// Require this identity over at least this share of the sequence that --exclude-coverage-of names
    #[arg(long, value_name = "SHARE", default_value_t = 0.8)]
    exclude_coverage: f64,
    /// Measure --exclude-coverage on this sequence
    #[arg(long, value_enum, value_name = "WHOSE", default_value = "evaluation")]
    exclude_coverage_of: CoverageOf,
}

#[derive(Clone, Copy, ValueEnum)]
enum CoverageOf {
    /// The evaluation sequence: a longer sequence that contains one is also kept out
    Evaluation,
    /// Both sequences, as in a cluster: a much longer sequence that contains one stays
    Both,
    /// The corpus sequence: pieces of an evaluation sequence are also kept out
    Corpus,
}

impl ExcludeArgs {
    /// As the library takes it.
    pub(super) fn resolve(&self, both_strands: bool) -> Exclude {
        // The corpus sequence is in the representative's place.
        let mode = match self.exclude_coverage_of {
            CoverageOf::Evaluation => Coverage::Member,
            CoverageOf::Both => Coverage::Both,
            CoverageOf::Corpus => Coverage::Representative,
        };
        let (identity, coverage) = (self.exclude_identity, self.exclude_coverage);
        let limits = cluster::Options { identity, coverage, mode, both_strands, ..Exclude::default().limits };
        Exclude { sets: self.exclude.clone(), limits }
    }
}
