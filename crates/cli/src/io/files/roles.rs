//! What each argument of each command is to the file system.
//!
//! A new argument that takes text or a path needs a row here; a test walks the command definitions and names those
//! that have none.

/// What the value of an argument is to the file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It is read.
    Reads(Input),
    /// It is written.
    Writes(Output),
    /// It names no file that a run reads or writes.
    Neither,
}

/// How an argument names what is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A file or folder, where one of that name is there; `-` is standard input.
    Path,
    /// Likewise, and standard input where no value is given.
    Sequences,
    /// `FILE@WEIGHT` or a file.
    Weighed,
    /// `NAME=PATH` or a path.
    Named,
    /// A model: a file, a folder, `PATH#NAME`, or the name of a downloaded one.
    Model,
    /// `NAME=MODEL`.
    NamedModel,
    /// The folder of a benchmark, whose results are read.
    Results,
}

/// How an argument names what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// The file of the results, in place of standard output.
    Results,
    /// A file beside the results.
    File,
    /// A model: a file, or a folder with its files.
    Model,
    /// The beginning of several files' names.
    Prefix,
    /// A folder with a file for each record.
    Records,
    /// The folder of a training run.
    Run,
    /// The folder of a benchmark.
    Benchmark,
    /// A folder of downloads, of commands that read no file.
    Downloads,
}

/// A command (or the first words of several), the id of an argument, its role.
type Row = (&'static str, &'static str, Role);

use Role::{Neither, Reads, Writes};

/// Every argument whose value is text or a path.
pub const ROLES: &[Row] = &[
    ("", "device", Neither),
    ("fold", "files", Reads(Input::Sequences)),
    ("fold", "constraint", Reads(Input::Path)),
    ("fold", "model", Reads(Input::Model)),
    ("fold", "output", Writes(Output::Results)),
    ("fold", "out_dir", Writes(Output::Records)),
    ("fold", "bpp", Writes(Output::File)),
    ("embed", "files", Reads(Input::Sequences)),
    ("embed", "model", Reads(Input::Model)),
    ("embed", "output", Writes(Output::Results)),
    ("predict", "files", Reads(Input::Sequences)),
    ("predict", "model", Reads(Input::Model)),
    ("predict", "output", Writes(Output::Results)),
    ("score", "files", Reads(Input::Sequences)),
    ("score", "variants", Reads(Input::Path)),
    ("score", "model", Reads(Input::Model)),
    ("score", "output", Writes(Output::Results)),
    ("evaluate", "reference", Reads(Input::Path)),
    ("evaluate", "predictions", Reads(Input::Named)),
    ("evaluate", "models", Reads(Input::Model)),
    ("evaluate", "json", Writes(Output::File)),
    ("evaluate", "markdown", Writes(Output::File)),
    ("evaluate structure", "programs", Neither),
    ("evaluate structure", "family_from", Reads(Input::Path)),
    ("evaluate structure", "trained_on", Reads(Input::Path)),
    ("evaluate structure", "csv", Writes(Output::File)),
    ("evaluate structure", "figure", Writes(Output::File)),
    ("evaluate structure", "figure_bars", Writes(Output::File)),
    ("evaluate structure", "figure_calibration", Writes(Output::File)),
    ("evaluate", "by", Neither),
    ("evaluate splice", "positive", Neither),
    ("evaluate splice", "negative", Neither),
    ("evaluate mlm", "corpus", Reads(Input::Path)),
    ("evaluate mlm", "model", Reads(Input::Model)),
    ("model", "model", Reads(Input::Model)),
    ("model verify", "sha256", Neither),
    ("model convert", "output", Writes(Output::Model)),
    ("model convert", "name", Neither),
    ("model convert", "license", Neither),
    ("model convert", "provenance", Neither),
    ("model convert", "adapter", Reads(Input::Path)),
    ("model convert", "with", Reads(Input::NamedModel)),
    ("model calibrate", "output", Writes(Output::Model)),
    ("model calibrate", "data", Reads(Input::Path)),
    ("model download", "name", Neither),
    ("model download", "sha256", Neither),
    ("model download", "from", Reads(Input::Path)),
    ("corpus build", "inputs", Reads(Input::Path)),
    ("corpus build", "exclude", Reads(Input::Path)),
    ("corpus build", "mmseqs", Reads(Input::Path)),
    ("corpus build", "output", Writes(Output::File)),
    ("corpus build", "report", Writes(Output::File)),
    ("corpus download", "sources", Neither),
    ("corpus download", "output", Writes(Output::Downloads)),
    ("corpus download", "release", Neither),
    ("corpus download", "mirror", Neither),
    ("corpus stats", "store", Reads(Input::Path)),
    ("corpus stats", "svg", Writes(Output::Prefix)),
    ("corpus sample", "store", Reads(Input::Path)),
    ("corpus sample", "output", Writes(Output::Results)),
    ("corpus export", "store", Reads(Input::Path)),
    ("corpus export", "output", Writes(Output::Results)),
    ("corpus structures", "files", Reads(Input::Weighed)),
    ("corpus structures", "exclude", Reads(Input::Path)),
    ("corpus structures", "without", Neither),
    ("corpus structures", "output", Writes(Output::Results)),
    ("config show", "name", Neither),
    ("pretrain", "config", Reads(Input::Path)),
    ("pretrain", "corpus", Reads(Input::Path)),
    ("pretrain", "from", Reads(Input::Model)),
    ("pretrain", "out", Writes(Output::Run)),
    ("pretrain", "set", Neither),
    ("finetune", "config", Reads(Input::Path)),
    ("finetune", "data", Reads(Input::Path)),
    ("finetune", "validation", Reads(Input::Path)),
    ("finetune", "test", Reads(Input::Path)),
    ("finetune", "splits", Reads(Input::Path)),
    ("finetune", "fold", Neither),
    ("finetune", "from", Reads(Input::Model)),
    ("finetune", "out", Writes(Output::Run)),
    ("finetune", "set", Neither),
    ("benchmark", "data", Reads(Input::Path)),
    ("benchmark", "config", Reads(Input::Path)),
    ("benchmark", "from", Reads(Input::Model)),
    ("benchmark", "trained_on", Reads(Input::Path)),
    ("benchmark", "beside", Reads(Input::Results)),
    ("benchmark", "out", Writes(Output::Benchmark)),
    ("benchmark", "folds", Neither),
    ("benchmark", "name", Neither),
    ("benchmark", "programs", Neither),
    ("benchmark", "set", Neither),
];

/// The rows of a command, `evaluate structure` for one.
pub fn of<'c>(command: &'c str) -> impl Iterator<Item = &'static Row> + 'c {
    ROLES.iter().filter(move |(words, ..)| {
        words.is_empty() || command.strip_prefix(words).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    })
}
