//! What each argument of each command reads or writes.
//!
//! A new argument that takes text or a path needs a row here, or its command a place in an existing row; a test reports
//! arguments without one.

/// What happens to the file that an argument names.
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
    /// A file or folder, if it exists; `-` is standard input.
    Path,
    /// The same, and standard input if no value is given.
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
    /// A file in addition to the results.
    File,
    /// A model: a file, or a folder with its files.
    Model,
    /// The prefix of several files' names.
    Prefix,
    /// A folder with a file for each record.
    Records,
    /// A folder with a drawing for each record.
    Drawings,
    /// The folder of a training run.
    Run,
    /// The folder of a benchmark.
    Benchmark,
    /// A folder of downloads; such commands read no file.
    Downloads,
    /// A folder of manual pages; such commands read no file.
    Pages,
}

/// The commands (or the first words of several) that have an argument, its id, its role.
type Row = (&'static [&'static str], &'static str, Role);

use Role::{Neither, Reads, Writes};

/// Every argument whose value is text or a path.
pub const ROLES: &[Row] = &[
    (&[""], "device", Neither),
    (&["fold", "draw", "embed", "map", "predict", "score", "energy bind"], "files", Reads(Input::Sequences)),
    (&["fold"], "constraint", Reads(Input::Path)),
    (&["fold"], "reactivities", Reads(Input::Path)),
    (
        &["fold", "draw", "embed", "map", "predict", "score", "corpus sample", "corpus export", "corpus structures"],
        "output",
        Writes(Output::Results),
    ),
    (&["fold", "draw"], "out_dir", Writes(Output::Records)),
    (&["fold"], "bpp", Writes(Output::File)),
    (&["fold"], "draw", Writes(Output::Drawings)),
    (&["draw"], "values", Reads(Input::Path)),
    (&["draw"], "probabilities", Reads(Input::Path)),
    (&["draw"], "column", Neither),
    (&["draw"], "range", Neither),
    (&["draw"], "highlight", Neither),
    (&["draw"], "turn", Neither),
    (&["draw", "map"], "title", Neither),
    (&["map"], "labels", Reads(Input::Path)),
    (&["map"], "color_by", Neither),
    (&["map"], "report", Writes(Output::File)),
    (&["energy learn"], "data", Reads(Input::Path)),
    (&["energy eval"], "structures", Reads(Input::Path)),
    (&["energy bind"], "at", Neither),
    (&["runs compare"], "folders", Reads(Input::Path)),
    (&["energy", "fold"], "parameters", Reads(Input::Path)),
    (&["energy"], "output", Writes(Output::Results)),
    (&["score"], "variants", Reads(Input::Path)),
    (&["serve"], "host", Neither),
    (&["serve"], "token", Reads(Input::Path)),
    (&["serve"], "tls_cert", Reads(Input::Path)),
    (&["serve"], "tls_key", Reads(Input::Path)),
    (&["serve"], "models", Reads(Input::NamedModel)),
    (&["draw", "evaluate"], "reference", Reads(Input::Path)),
    (&["evaluate"], "predictions", Reads(Input::Named)),
    (&["evaluate"], "models", Reads(Input::Model)),
    (&["evaluate"], "json", Writes(Output::File)),
    (&["evaluate"], "markdown", Writes(Output::File)),
    (&["evaluate structure", "benchmark"], "programs", Neither),
    (&["evaluate structure"], "family_from", Reads(Input::Path)),
    (&["evaluate structure"], "csv", Writes(Output::File)),
    (&["evaluate structure"], "figure", Writes(Output::File)),
    (&["evaluate structure"], "figure_bars", Writes(Output::File)),
    (&["evaluate structure"], "figure_calibration", Writes(Output::File)),
    (&["evaluate"], "by", Neither),
    (&["evaluate splice"], "positive", Neither),
    (&["evaluate splice"], "negative", Neither),
    (&["model verify", "model download"], "sha256", Neither),
    (&["model convert", "model calibrate"], "output", Writes(Output::Model)),
    (&["model convert", "model download", "config show", "benchmark"], "name", Neither),
    (&["model convert"], "license", Neither),
    (&["model convert"], "provenance", Neither),
    (&["corpus build"], "inputs", Reads(Input::Path)),
    (&["corpus build"], "output", Writes(Output::File)),
    (&["corpus build"], "report", Writes(Output::File)),
    (&["corpus download"], "sources", Neither),
    (&["corpus download"], "output", Writes(Output::Downloads)),
    (&["corpus download"], "release", Neither),
    (&["corpus download"], "mirror", Neither),
    (&["corpus stats", "corpus sample", "corpus export"], "store", Reads(Input::Path)),
    (&["corpus stats"], "svg", Writes(Output::Prefix)),
    (&["corpus structures"], "files", Reads(Input::Weighed)),
    (&["corpus build", "corpus structures"], "exclude", Reads(Input::Path)),
    (&["corpus build"], "mmseqs", Reads(Input::Path)),
    (&["corpus structures"], "without", Neither),
    (&["pretrain", "finetune", "benchmark"], "config", Reads(Input::Path)),
    (&["evaluate mlm", "pretrain"], "corpus", Reads(Input::Path)),
    (&["fold", "embed", "map", "predict", "score", "evaluate mlm", "model"], "model", Reads(Input::Model)),
    (&["model convert"], "adapter", Reads(Input::Path)),
    (&["model convert"], "with", Reads(Input::NamedModel)),
    (&["model calibrate", "finetune", "benchmark"], "data", Reads(Input::Path)),
    (&["model download"], "from", Reads(Input::Path)),
    (&["pretrain", "finetune"], "out", Writes(Output::Run)),
    (&["pretrain", "finetune", "benchmark"], "set", Neither),
    (&["finetune"], "validation", Reads(Input::Path)),
    (&["finetune"], "test", Reads(Input::Path)),
    (&["finetune"], "splits", Reads(Input::Path)),
    (&["pretrain", "finetune", "benchmark"], "from", Reads(Input::Model)),
    (&["evaluate structure", "benchmark"], "trained_on", Reads(Input::Path)),
    (&["finetune"], "fold", Neither),
    (&["benchmark"], "beside", Reads(Input::Results)),
    (&["benchmark"], "out", Writes(Output::Benchmark)),
    (&["benchmark"], "folds", Neither),
    (&["man"], "words", Neither),
    (&["man"], "out_dir", Writes(Output::Pages)),
];

/// The rows of a command, such as `evaluate structure`.
pub fn of<'c>(command: &'c str) -> impl Iterator<Item = &'static Row> + 'c {
    ROLES.iter().filter(move |(commands, ..)| commands.iter().any(|words| is_of(words, command)))
}

/// Are these the first words of a command, or all of them?
pub fn is_of(words: &str, command: &str) -> bool {
    words.is_empty() || command.strip_prefix(words).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}
