//! `rinalmo corpus build`.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use rinalmo::corpus::build::{Options, StageTime, Watch, build};
use rinalmo::corpus::clean::{Clean, OddLetters, Reason};
use rinalmo::corpus::cluster::{self, Builtin, Coverage, Engine, Mmseqs};
use rinalmo::corpus::{Error, unique};

use super::exclude::ExcludeArgs;
use crate::context::{Context, Outcome};
use crate::io::{FailureArgs, ForceArgs, Out, print_table};

/// Build a store from sequence files
///
/// Reads, cleans, removes duplicates, clusters, holds out a share of the clusters and writes one file. A build that was
/// stopped or killed leaves OUTPUT as it was; run again, it continues after the last finished stage, which is kept in
/// OUTPUT.building.
#[derive(Args)]
pub struct BuildArgs {
    /// Sequence files: FASTA, FASTQ, one sequence a line, or .csv and .tsv with a column `sequence`; plain or
    /// compressed
    #[arg(value_name = "INPUT", required = true)]
    inputs: Vec<PathBuf>,
    /// Write the store to OUTPUT
    #[arg(short, long, value_name = "OUTPUT")]
    output: PathBuf,
    #[command(flatten)]
    force: ForceArgs,
    /// Also write the report to FILE as JSON; with -, print that instead of the table
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    #[command(flatten)]
    clean: CleanArgs,
    #[command(flatten)]
    exclude: ExcludeArgs,
    #[command(flatten)]
    cluster: ClusterArgs,
    /// Hold out this share of the clusters
    #[arg(long, help_heading = "Split", value_name = "SHARE", default_value_t = 0.01)]
    hold_out: f64,
    /// Choose the held-out clusters with this random seed
    #[arg(long, help_heading = "Split", value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Use up to MIB of memory each for duplicates and for clusters; larger data use the disk and more rounds
    #[arg(long, help_heading = "Options", value_name = "MIB", default_value_t = 2048)]
    memory: usize,
    #[command(flatten)]
    failures: FailureArgs,
}

/// Which sequences are kept.
#[derive(Args)]
#[command(next_help_heading = "Cleaning")]
struct CleanArgs {
    /// Drop shorter sequences
    #[arg(long, value_name = "NT", default_value_t = 16)]
    min_length: usize,
    /// Drop longer sequences
    #[arg(long, value_name = "NT", default_value_t = 8192)]
    max_length: usize,
    /// Keep IUPAC letters other than ACGU, replace them by N, or drop the record
    #[arg(long, value_enum, value_name = "POLICY", default_value = "keep")]
    odd_letters: OddLettersArg,
    /// Drop sequences with at least this share of letters other than ACGU; above 1 drops none
    #[arg(long, value_name = "SHARE", default_value_t = 1.0)]
    ambiguous: f64,
    /// Drop sequences in which one base makes up at least this share of the letters; above 1 drops none
    #[arg(long, value_name = "SHARE", default_value_t = 1.0)]
    single_base: f64,
    /// Treat a sequence and its reverse complement as one
    #[arg(long)]
    both_strands: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum OddLettersArg {
    Keep,
    Replace,
    Drop,
}

/// How sequences are clustered.
#[derive(Args)]
#[command(next_help_heading = "Clustering")]
struct ClusterArgs {
    /// Find clusters with this engine
    #[arg(long, value_enum, value_name = "ENGINE", default_value = "builtin")]
    engine: EngineArg,
    /// Run this mmseqs program instead of the one on the PATH
    #[arg(long, value_name = "PROGRAM")]
    mmseqs: Option<PathBuf>,
    /// Require at least this identity of a member with its representative
    #[arg(long, value_name = "SHARE", default_value_t = 0.7)]
    identity: f64,
    /// Require at least this coverage by their alignment
    #[arg(long, value_name = "SHARE", default_value_t = 0.8)]
    coverage: f64,
    /// Measure the coverage of these sequences, numbered as in mmseqs: 0 both, 1 the member, 2 the representative, 3 to
    /// 5 by length
    #[arg(long, value_name = "MODE", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..6))]
    coverage_mode: u8,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum EngineArg {
    /// The built-in engine
    Builtin,
    /// MMseqs2's linclust
    Mmseqs,
}

impl BuildArgs {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let output = &self.output;
        self.force.check(output)?;
        let mut report = self.report.as_deref().map(Out::create).transpose()?;
        let built = build(&self.inputs, output, &self.options(), &*self.cluster.engine(), &Reporter(context));
        let built = match built {
            Err(Error::Stopped) => {
                context.note("stopped; the same command continues from there");
                return Ok(Outcome::Interrupted);
            }
            built => built?,
        };
        if let Some(report) = &mut report {
            serde_json::to_writer_pretty(&mut *report, &built)?;
            writeln!(report)?;
            report.finish().context("--report")?;
        }
        print_table(format_args!("{built}\n"), [self.report.as_deref()])?;
        let malformed = built.read.total().dropped(Reason::Malformed);
        Ok(self.failures.judge(if malformed > 0 { Outcome::Partial } else { Outcome::Done }))
    }

    fn options(&self) -> Options {
        let memory = self.memory << 20;
        let CleanArgs { min_length, max_length, odd_letters, ambiguous, single_base, both_strands } = self.clean;
        let odd_letters = match odd_letters {
            OddLettersArg::Keep => OddLetters::Keep,
            OddLettersArg::Replace => OddLetters::Replace,
            OddLettersArg::Drop => OddLetters::Drop,
        };
        let clean = Clean { min_length, max_length, odd_letters, ambiguous, single_base };
        let &ClusterArgs { identity, coverage, coverage_mode, .. } = &self.cluster;
        let mode = Coverage::ALL[usize::from(coverage_mode)];
        Options {
            exclude: self.exclude.resolve(both_strands),
            read: unique::Options { clean, both_strands, memory },
            cluster: cluster::Options { identity, coverage, mode, both_strands, memory },
            hold_out: self.hold_out,
            seed: self.seed,
        }
    }
}

impl ClusterArgs {
    fn engine(&self) -> Box<dyn Engine> {
        match self.engine {
            EngineArg::Builtin => Box::new(Builtin::default()),
            EngineArg::Mmseqs => {
                let mut engine = Mmseqs::default();
                if let Some(program) = &self.mmseqs {
                    engine.program = program.clone();
                }
                Box::new(engine)
            }
        }
    }
}

/// Reports stages on standard error.
struct Reporter<'a>(&'a Context);

impl Watch for Reporter<'_> {
    fn begun(&self, stage: &str) {
        self.0.note(format!("{stage} …"));
    }

    fn ended(&self, StageTime { stage, seconds, resumed }: &StageTime) {
        if *resumed {
            self.0.note(format!("{stage}: done by an earlier run"));
        } else {
            self.0.detail(|| format!("{stage}: {seconds:.1} s"));
        }
    }

    fn stopped(&self) -> bool {
        self.0.stopped()
    }
}
