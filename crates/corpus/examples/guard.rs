//! How many sequences the leakage guard excludes, by coverage mode, and how long that takes.
//!
//! ```text
//! cargo run --release -p rinalmo-corpus --example guard -- --set TS0.tsv.gz [--set …] [--list MARKS] FILE…
//! ```
//!
//! Files are what `corpus build` reads. `--list` writes what the first mode excludes, one line each: sequence, set.

use std::{fmt::Write, path::PathBuf, process::ExitCode, time::Instant};

use rinalmo_corpus::{
    Bank, Error,
    cluster::{Coverage, Options, Sequences},
    exclude::{EvaluationSet, Guard, default_options},
    read,
    unique::{BANK, unique},
};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("guard: {message}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<(), String> {
    let mut sets = Vec::new();
    let mut files = Vec::<PathBuf>::new();
    let mut list = None;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("`{argument}` needs a value"));
        match argument.as_str() {
            "--set" => sets.push(value()?),
            "--list" => list = Some(value()?),
            _ => files.push(argument.into()),
        }
    }
    if sets.is_empty() || files.is_empty() {
        return Err("nothing to compare; usage: guard --set FILE [--set …] [--list MARKS] FILE…".into());
    }
    let sets = sets.into_iter().map(read_set).collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string())?;
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    unique(&files, &Default::default(), folder.path(), &|| false).map_err(|error| error.to_string())?;
    let bank = Bank::open(&folder.path().join(BANK)).map_err(|error| error.to_string())?;
    println!("{} sequences, {} threads", bank.count(), rayon::current_num_threads());
    for mode in [Coverage::Member, Coverage::Both, Coverage::Representative] {
        let begun = Instant::now();
        let guard = Guard::new(&sets, Options { mode, ..default_options() }).map_err(|error| error.to_string())?;
        let ready = begun.elapsed().as_secs_f64();
        let marks = guard.mark(&bank);
        let seconds = begun.elapsed().as_secs_f64() - ready;
        let mut kept_out: Vec<u32> = marks.iter().map(|mark| mark.sequence).collect();
        kept_out.dedup();
        println!("{mode:?}: {} excluded, {ready:.2} s to index, {seconds:.2} s to mark", kept_out.len());
        for (name, count) in guard.names().iter().zip(guard.counts(&marks)) {
            println!("  {count} for {name}");
        }
        if let Some(list) = list.take() {
            let text = marks.iter().fold(String::new(), |mut text, mark| {
                let _ = writeln!(text, "{}\t{}", mark.sequence, mark.set);
                text
            });
            std::fs::write(list, text).map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}

fn read_set(name: String) -> Result<EvaluationSet, Error> {
    let records = read::open(name.as_ref())?;
    let sequences = records.map(|record| Ok(record?.sequence)).collect::<Result<_, Error>>()?;
    Ok(EvaluationSet { name, sequences })
}
