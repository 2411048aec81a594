//! The `rinalmo` command: what the library does, on files and pipes.
//!
//! Flags are parsed here. Each command resolves them into the library's options, and checks everything that it can
//! check before the work starts.

#![warn(clippy::print_stderr)] // `io::say` prints there: a reader that stops reading ends no work

mod arguments;
mod commands;
mod context;
mod heap;
mod io;
mod panics;
mod stop;
mod version;

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

pub use crate::commands::training::program;
use crate::context::{Context, Outcome};
pub use crate::io::files;
use crate::io::say;

/// RNA language model: structures, embeddings, splice sites, ribosome load, variant effects.
///
/// Results go to standard output or to a named file; progress, warnings and errors go to standard
/// error. A closed pipe is a normal end. Ctrl-C and SIGTERM stop within two seconds; finished results
/// are written. An existing file of results is replaced once the new one is complete.
#[derive(Parser)]
#[command(name = "rinalmo", version = version::LINE, propagate_version = true, max_term_width = 100)]
#[command(after_help = format!("Exit codes: {EXIT_CODES}"))]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    common: Common,
}

/// What the exit codes mean.
const EXIT_CODES: &str = "0 done, 1 finished but some records failed or were skipped, 2 could not run, 130 stopped by \
                          Ctrl-C, 143 by SIGTERM, 129 by SIGHUP.";

#[derive(Subcommand)]
enum Command {
    Fold(commands::fold::FoldArgs),
    Draw(commands::draw::DrawArgs),
    Embed(commands::embed::EmbedArgs),
    Map(Box<commands::map::MapArgs>),
    Predict(commands::predict::PredictArgs),
    Score(commands::score::ScoreArgs),
    Energy(commands::energy::EnergyCommandArgs),
    Serve(commands::serve::ServeArgs),
    Evaluate(commands::evaluate::EvaluateArgs),
    Model(commands::model::ModelArgs),
    Corpus(commands::corpus::CorpusArgs),
    Config(commands::config::ConfigArgs),
    Pretrain(Box<commands::pretrain::PretrainArgs>),
    Finetune(Box<commands::finetune::FinetuneArgs>),
    Benchmark(Box<commands::benchmark::BenchmarkArgs>),
    Runs(commands::runs::RunsArgs),
    Completions(commands::completions::CompletionsArgs),
    Man(commands::man::ManArgs),
}

/// Options of every command.
#[derive(Args, Clone, Debug)]
struct Common {
    /// `--device`.
    #[arg(long, global = true, default_value = "auto", value_name = "DEVICE", help_heading = "Common options")]
    #[arg(help = "Compute on DEVICE: cpu, wgpu[:n], tch:cpu, tch:cuda[:n], tch:mps, cuda[:n] or auto")]
    device: String,
    /// Use N threads [default: all cores, or RAYON_NUM_THREADS]
    #[arg(short = 'j', long, global = true, value_name = "N", help_heading = "Common options")]
    threads: Option<usize>,
    /// Print only errors on standard error
    #[arg(short, long, global = true, help_heading = "Common options")]
    quiet: bool,
    /// Print what is used: device, model, sizes
    #[arg(short, long, global = true, conflicts_with = "quiet", help_heading = "Common options")]
    verbose: bool,
}

/// Was standard output closed when the program started? This is found out before `main`, as Rust opens `/dev/null` in
/// its place.
pub static STANDARD_OUTPUT_IS_CLOSED: AtomicBool = AtomicBool::new(false);

/// Runs the program with its command-line arguments.
pub fn main() -> ExitCode {
    main_from(std::env::args_os()).into()
}

/// Runs the program with these arguments, of which the first is its own name, and returns its exit code. Help, and an
/// error in the arguments, end the process.
pub fn main_from(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    panics::leave_devices_to_errors();
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let mut definition = version::in_full_if_asked(command(), &arguments);
    let matches = arguments::parse(&mut definition, arguments);
    let parsed = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.format(&mut definition).exit());
    let checked = files::check(&definition, &matches);
    let ended = checked.and_then(|()| run(parsed.command, parsed.common, words(&matches).join(" ")));
    match ended {
        Ok(outcome) => outcome.exit_code(),
        Err(error) if io::is_closed_pipe(&error) => Outcome::Done.exit_code(),
        Err(error) => {
            say(format_args!("error: {}", io::chain(&error)));
            2
        }
    }
}

/// The definition of the command line: every subcommand with its arguments.
pub fn command() -> clap::Command {
    Cli::command()
}

/// The words that name the command.
fn words(matches: &clap::ArgMatches) -> Vec<&str> {
    let deeper = matches.subcommand().map(|(name, matches)| [vec![name], words(matches)].concat());
    deeper.unwrap_or_default()
}

fn run(command: Command, common: Common, words: String) -> anyhow::Result<Outcome> {
    let context = Context::new(&common, words)?;
    let ends_anywhere = match &command {
        Command::Config(_) | Command::Runs(_) | Command::Completions(_) | Command::Man(_) => true,
        Command::Model(args) => args.ends_anywhere(),
        Command::Corpus(args) => args.is_download(),
        _ => false,
    };
    if !ends_anywhere {
        context.listen_for_signals()?;
    }
    if matches!(command, Command::Pretrain(_) | Command::Finetune(_) | Command::Benchmark(_)) {
        heap::keep_buffers();
    }
    match command {
        Command::Fold(args) => commands::fold::run(args, &context),
        Command::Draw(args) => commands::draw::run(args, &context),
        Command::Embed(args) => commands::embed::run(args, &context),
        Command::Map(args) => commands::map::run(*args, &context),
        Command::Predict(args) => commands::predict::run(args, &context),
        Command::Score(args) => commands::score::run(args, &context),
        Command::Energy(args) => commands::energy::run(args, &context),
        Command::Serve(args) => commands::serve::run(args, &context),
        Command::Evaluate(args) => commands::evaluate::run(args, &context),
        Command::Model(args) => commands::model::run(args, &context),
        Command::Corpus(args) => commands::corpus::run(args, &context),
        Command::Config(args) => commands::config::run(args),
        Command::Runs(args) => commands::runs::run(&args),
        Command::Pretrain(args) => commands::pretrain::run(*args, &context),
        Command::Finetune(args) => commands::finetune::run(*args, &context),
        Command::Benchmark(args) => commands::benchmark::run(*args, &context),
        Command::Completions(args) => commands::completions::run(&args),
        Command::Man(args) => commands::man::run(&args, &context),
    }
}
