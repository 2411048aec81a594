//! Runs targets on mutated inputs in child processes and counts what goes wrong.
//!
//! A child prints the number of each input before it tests it. If the child dies, the last number printed is that of
//! the bad input, and the next child starts after it. Memory is limited with `ulimit -v`, so that an input that would
//! fill the machine ends only its child.

use std::io::{BufRead, BufReader, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::Target;

/// Length and limits of a run.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Determines all inputs.
    pub seed: u64,
    /// Inputs of each target.
    pub inputs: u64,
    /// Time for each target.
    pub time: Duration,
    /// Address space of a child, in MiB.
    pub memory: u64,
    /// Longest time for one input.
    pub longest: Duration,
}

/// What went wrong on one input.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The input's number.
    pub input: u64,
    /// A panic's message, a signal, or a time-out.
    pub what: String,
}

/// The result of a target's run.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Inputs that were tested.
    pub inputs: u64,
    /// Inputs on which something panicked, caught or not.
    pub panics: Vec<Finding>,
    /// Inputs that ended the process by a signal, out of memory included.
    pub signals: Vec<Finding>,
    /// Inputs that took too long.
    pub timeouts: Vec<Finding>,
    /// Peak of resident memory, in MiB.
    pub peak: u64,
}

impl Outcome {
    /// Everything that went wrong.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.panics.iter().chain(&self.signals).chain(&self.timeouts)
    }
}

/// The child's side: tests inputs from number `first` on, until a limit or its own end.
///
/// # Errors
/// If standard output is closed.
pub fn child(target: &Target, first: u64, limits: &Limits) -> anyhow::Result<()> {
    static PANICS: AtomicU64 = AtomicU64::new(0);
    // Every panic counts, also one in a thread that is not joined.
    std::panic::set_hook(Box::new(|info| {
        PANICS.fetch_add(1, Ordering::SeqCst);
        println!("panic {}", info.to_string().replace('\n', " | "));
    }));
    let seeds = (target.seeds)();
    let start = Instant::now();
    for index in first..limits.inputs {
        if start.elapsed() >= limits.time {
            break;
        }
        println!("input {index}");
        std::io::stdout().flush()?;
        let bytes = target.input(&seeds, limits.seed, index);
        let _ = catch_unwind(AssertUnwindSafe(|| (target.run)(&bytes)));
    }
    println!("end {}", peak().unwrap_or(0));
    Ok(())
}

/// Peak of this process's resident memory, in MiB.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1024)
}

/// The parent's side: runs a target up to its limits, in as many children as needed.
///
/// # Errors
/// If a child cannot be started, or exits with an error.
pub fn run(program: &PathBuf, target: &Target, limits: &Limits) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::default();
    let began = Instant::now();
    let mut first = 0;
    while first < limits.inputs && began.elapsed() < limits.time {
        let left = Limits { time: limits.time.saturating_sub(began.elapsed()), ..limits.clone() };
        let (mut child, lines) = start(program, target, first, &left)?;
        let mut last = None;
        let ended = follow(&lines, limits.longest, &mut last, &mut outcome);
        if ended == Ended::TooLong {
            child.kill()?;
        }
        let status = child.wait()?;
        let next = last.map_or(first, |last: u64| last + 1);
        outcome.inputs += next - first;
        match (ended, last) {
            (Ended::Whole, _) => break,
            (Ended::TooLong, Some(input)) => {
                let what = format!("took more than {} s", limits.longest.as_secs());
                outcome.timeouts.push(Finding { input, what });
            }
            (Ended::Early, Some(input)) if status.signal().is_some() || shell_signal(status).is_some() => {
                outcome.signals.push(Finding { input, what: format!("{status}") });
            }
            _ => bail!("target `{}`: its process ended with {status} before input {first}", target.name),
        }
        first = next;
    }
    Ok(outcome)
}

/// A shell that could not `exec` reports a signal as 128 plus its number.
fn shell_signal(status: ExitStatus) -> Option<i32> {
    status.code().filter(|code| *code > 128)
}

fn start(program: &PathBuf, target: &Target, first: u64, limits: &Limits) -> anyhow::Result<(Child, Receiver<String>)> {
    let limit = format!("ulimit -v {}; exec \"$0\" \"$@\"", limits.memory * 1024);
    let mut child = Command::new("sh")
        .args(["-c", &limit])
        .arg(program)
        .args(["--child", &first.to_string(), "--target", target.name])
        .args(["--seed", &limits.seed.to_string(), "--inputs", &limits.inputs.to_string()])
        .args(["--seconds", &limits.time.as_secs_f64().to_string()])
        .env("RAYON_NUM_THREADS", "2")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("cannot start `sh`")?;
    let Some(output) = child.stdout.take() else { bail!("the child has no standard output") };
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    Ok((child, lines))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Whole,
    Early,
    TooLong,
}

fn follow(lines: &Receiver<String>, longest: Duration, last: &mut Option<u64>, outcome: &mut Outcome) -> Ended {
    loop {
        let line = match lines.recv_timeout(longest) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => return Ended::TooLong,
            Err(RecvTimeoutError::Disconnected) => return Ended::Early,
        };
        match line.split_once(' ') {
            Some(("input", index)) => *last = index.parse().ok().or(*last),
            Some(("panic", what)) => {
                let input = last.unwrap_or(0);
                if outcome.panics.last().is_none_or(|finding| finding.input != input) {
                    outcome.panics.push(Finding { input, what: what.to_owned() });
                }
            }
            Some(("end", peak)) => {
                outcome.peak = outcome.peak.max(peak.parse().unwrap_or(0));
                return Ended::Whole;
            }
            _ => {}
        }
    }
}
