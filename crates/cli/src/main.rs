//! The `rinalmo` command: the library's verbs on files and pipes.
//!
//! Flags are parsed here into what was typed; each command resolves them into options that no
//! longer know about flags, and fails within its first second if it is to fail.

mod arguments;
mod commands;
mod context;
mod heap;
mod io;
mod panics;

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::context::{Context, Outcome};

/// RNA language model: structures, embeddings, splice sites, ribosome load, variant effects.
///
/// Results go to standard output or the named file; progress, warnings and errors to standard
/// error. A closed pipe is a normal end; Ctrl-C stops after the batch at hand with everything
/// finished so far written.
#[derive(Parser)]
#[command(name = "rinalmo", version, propagate_version = true, max_term_width = 100, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    common: Common,
}

const EXIT_CODES: &str = "Exit codes: 0 done, 1 finished but some records failed or were skipped, 2 could not run, \
                          130 stopped by Ctrl-C.";

#[derive(Subcommand)]
enum Command {
    Fold(commands::fold::FoldArgs),
    Embed(commands::embed::EmbedArgs),
    Predict(commands::predict::PredictArgs),
    Score(commands::score::ScoreArgs),
    Evaluate(commands::evaluate::EvaluateArgs),
    Model(commands::model::ModelArgs),
    Corpus(commands::corpus::CorpusArgs),
    Config(commands::config::ConfigArgs),
    Pretrain(Box<commands::pretrain::PretrainArgs>),
    Finetune(Box<commands::finetune::FinetuneArgs>),
    Benchmark(Box<commands::benchmark::BenchmarkArgs>),
}

/// Options of every command.
#[derive(Args, Clone, Debug)]
struct Common {
    /// `--device`.
    #[arg(long, global = true, default_value = "auto", value_name = "DEVICE", help_heading = "Common options")]
    #[arg(help = "Where to compute: cpu, wgpu[:n], tch:cpu, tch:cuda[:n], tch:mps, cuda[:n] or auto")]
    device: String,
    /// Threads [default: all cores, or RAYON_NUM_THREADS]
    #[arg(short = 'j', long, global = true, value_name = "N", help_heading = "Common options")]
    threads: Option<usize>,
    /// Say nothing on standard error but errors
    #[arg(short, long, global = true, help_heading = "Common options")]
    quiet: bool,
    /// Say what is used: device, model, sizes
    #[arg(short, long, global = true, conflicts_with = "quiet", help_heading = "Common options")]
    verbose: bool,
}

fn main() -> ExitCode {
    panics::leave_devices_to_errors();
    let Cli { command, common } = arguments::parse();
    let quiet_end = |error: &anyhow::Error| io::is_closed_pipe(error);
    match run(command, common) {
        Ok(outcome) => outcome.into(),
        Err(error) if quiet_end(&error) => Outcome::Done.into(),
        Err(error) => {
            eprintln!("error: {}", io::chain(&error));
            ExitCode::from(2)
        }
    }
}

fn run(command: Command, common: Common) -> anyhow::Result<Outcome> {
    let context = Context::new(&common)?;
    let ends_anywhere = match &command {
        Command::Model(_) | Command::Config(_) => true,
        Command::Corpus(args) => args.is_download(),
        _ => false,
    };
    if !ends_anywhere {
        context.catch_ctrl_c()?;
    }
    if matches!(command, Command::Pretrain(_) | Command::Finetune(_) | Command::Benchmark(_)) {
        heap::keep_buffers();
    }
    match command {
        Command::Fold(args) => commands::fold::run(args, &context),
        Command::Embed(args) => commands::embed::run(args, &context),
        Command::Predict(args) => commands::predict::run(args, &context),
        Command::Score(args) => commands::score::run(args, &context),
        Command::Evaluate(args) => commands::evaluate::run(args, &context),
        Command::Model(args) => commands::model::run(args, &context),
        Command::Corpus(args) => commands::corpus::run(args, &context),
        Command::Config(args) => commands::config::run(args),
        Command::Pretrain(args) => commands::pretrain::run(*args, &context),
        Command::Finetune(args) => commands::finetune::run(*args, &context),
        Command::Benchmark(args) => commands::benchmark::run(*args, &context),
    }
}
