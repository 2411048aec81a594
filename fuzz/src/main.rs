//! `mutate`: tests everything that reads bytes with mutated inputs, and exits with 1 if it finds an error.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;
use rinalmo_fuzz::runner::{self, Limits, Outcome};
use rinalmo_fuzz::{Target, find, targets};

/// Tests everything that reads bytes with mutated inputs.
///
/// Exits with 1 if an input led to a panic, a signal, more memory than allowed, or took too long.
#[derive(Parser)]
#[command(name = "mutate")]
struct Args {
    /// Targets to test; all of them by default
    #[arg(long, value_name = "NAME", num_args = 1..)]
    target: Vec<String>,
    /// Determines all inputs
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Inputs for each target
    #[arg(long, default_value_t = u64::MAX)]
    inputs: u64,
    /// Seconds for each target
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// Address space of a process, in MiB; an input that needs more is a finding
    #[arg(long, default_value_t = 2048, value_name = "MIB")]
    memory: u64,
    /// Seconds for one input; one that takes longer is a finding
    #[arg(long, default_value_t = 30)]
    longest: u64,
    /// Write each input that led to a finding into this folder
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
    /// Test one unchanged file as input of the one target named
    #[arg(long, value_name = "FILE", conflicts_with = "keep")]
    file: Option<PathBuf>,
    /// Work as the child of another `mutate`, starting with this input
    #[arg(long, hide = true)]
    child: Option<u64>,
}

fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    let chosen = choose(&args.target)?;
    if let Some(path) = &args.file {
        let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
        chosen.iter().for_each(|target| (target.run)(&bytes));
        return Ok(ExitCode::SUCCESS);
    }
    let limits = Limits {
        seed: args.seed,
        inputs: args.inputs,
        time: Duration::try_from_secs_f64(args.seconds).context("--seconds")?,
        memory: args.memory,
        longest: Duration::from_secs(args.longest),
    };
    if let Some(first) = args.child {
        chosen.iter().try_for_each(|target| runner::child(target, first, &limits))?;
        return Ok(ExitCode::SUCCESS);
    }
    let program = std::env::current_exe()?;
    let mut findings = 0;
    println!("target             inputs  panics  signals  too long  peak MiB");
    for target in chosen {
        let outcome = runner::run(&program, target, &limits)?;
        findings += report(target, &outcome, &args)?;
    }
    println!("{findings} findings, seed {}", args.seed);
    Ok(if findings == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn choose(names: &[String]) -> anyhow::Result<Vec<&'static Target>> {
    if names.is_empty() {
        return Ok(targets::ALL.iter().collect());
    }
    let known = || targets::ALL.iter().map(|target| target.name).collect::<Vec<_>>().join(", ");
    names
        .iter()
        .map(|name| find(name).with_context(|| format!("no target `{name}`, expected one of {}", known())))
        .collect()
}

/// Prints a target's row and its findings; returns how many there are.
fn report(target: &Target, outcome: &Outcome, args: &Args) -> anyhow::Result<usize> {
    let Outcome { inputs, panics, signals, timeouts, peak } = outcome;
    let name = target.name;
    let (panics, signals, timeouts) = (panics.len(), signals.len(), timeouts.len());
    println!("{name:16} {inputs:8} {panics:7} {signals:8} {timeouts:9} {peak:9}");
    let seeds = (target.seeds)();
    for finding in outcome.findings() {
        println!("  input {}: {}", finding.input, finding.what);
        if let Some(folder) = &args.keep {
            std::fs::create_dir_all(folder)?;
            let path = folder.join(format!("{name}-{}-{}", args.seed, finding.input));
            std::fs::write(&path, target.input(&seeds, args.seed, finding.input))?;
        }
    }
    Ok(panics + signals + timeouts)
}
