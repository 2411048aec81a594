//! Pre-training on two processes, from outside: they learn what one would, and no end of one leaves the run in pieces.
//!
//! Needs `mpirun`; without it every test says so and is skipped.

#![cfg(unix)]

#[allow(dead_code, reason = "shared with the other tests of the program")]
#[path = "../cli/common.rs"]
mod common;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{Run, Sandbox, random_fasta};
use safetensors::SafeTensors;

/// Of a weight after 20 steps at a rate of 1e-3: f32 sums in another order.
const WEIGHT: f32 = 1e-5;
/// The same at 3e-3 by Adam, for which a gradient of next to nothing is as good as any: a thirtieth of a step.
const FITTED_WEIGHT: f32 = 1e-4;

const TINY: &str = "\
[model]
dim = 16
blocks = 2
heads = 2

[data]
sequences = 4
stretch = 4
max_tokens = 64

[train]
validate = { steps = 10 }
save = { steps = 10 }
schedule = { peak = 1e-3, warm_up = { from = 1e-7, steps = 3 }, then = { cosine = { to = 1e-4, steps = 100 } } }
until = { steps = 20 }
";

/// A config and a corpus of 80 clusters to train with; none, with a remark, where there is no `mpirun`.
fn sandbox() -> Option<Sandbox> {
    if Command::new("mpirun").arg("--version").output().is_err() {
        rinalmo_skips::skip!("there is no mpirun");
        return None;
    }
    let sandbox = Sandbox::new().with("tiny.toml", TINY).with("a.fa", random_fasta(100, |i| 20 + 7 * i % 60));
    done(sandbox.run("-q corpus build a.fa -o corpus.lmdb --hold-out 0.2"));
    Some(sandbox)
}

#[track_caller]
fn done(run: Run) -> Run {
    assert!(run.code == 0, "{run}");
    run
}

/// The program on so many processes.
fn mpirun(sandbox: &Sandbox, processes: usize, words: &str) -> Command {
    let program = sandbox.command(words);
    let mut command = Command::new("mpirun");
    command.args(["--allow-run-as-root", "--oversubscribe", "-n"]);
    command.arg(processes.to_string()).arg(program.get_program()).args(program.get_args());
    command.current_dir(sandbox.path("")).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    program.get_envs().for_each(|(name, value)| match value {
        Some(value) => drop(command.env(name, value)),
        None => drop(command.env_remove(name)),
    });
    command
}

fn run(sandbox: &Sandbox, processes: usize, words: &str) -> Run {
    sandbox.finish(assert_cmd::Command::from_std(mpirun(sandbox, processes, words)))
}

fn weights(sandbox: &Sandbox, run: &str) -> BTreeMap<String, Vec<f32>> {
    let bytes = fs::read(sandbox.path(&format!("{run}/model.safetensors"))).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let numbers = |data: &[u8]| data.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
    file.iter().map(|(name, tensor)| (name.to_owned(), numbers(tensor.data()))).collect()
}

fn metrics(sandbox: &Sandbox, run: &str, key: &str) -> Vec<f64> {
    let text = sandbox.read(&format!("{run}/metrics.jsonl"));
    let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    lines.filter(|line| line["kind"] == "step").map(|line| line[key].as_f64().unwrap()).collect()
}

#[test]
fn two_processes_equal_one_with_twice_the_batch() {
    let Some(sandbox) = sandbox() else { return };
    let whole =
        "pretrain tiny.toml --corpus corpus.lmdb --set train.dropout.attention=0 --set train.dropout.residual=0";
    let two = done(run(&sandbox, 2, &format!("{whole} --out two")));
    let twice = format!("{whole} --out one --set data.sequences=8 --set data.stretch=2");
    done(sandbox.run(&twice));
    assert_eq!(two.err.matches("done after 20 steps").count(), 1, "one process speaks: {two}");
    assert_eq!(two.out.matches("part\t").count(), 1, "{two}");
    assert!(two.err.contains("2 processes, 2 of them on this machine"), "{two}");
    assert_eq!(metrics(&sandbox, "two", "tokens"), metrics(&sandbox, "one", "tokens"), "they saw the same clusters");
    same_weights(&sandbox, "two", "one", WEIGHT);
}

#[test]
fn fine_tuning_on_two_processes_equals_one_with_twice_the_batch() {
    let Some(sandbox) = sandbox() else { return };
    let sandbox = sandbox
        .with("structure.toml", common::TINY)
        .with("train.tsv", common::hairpins(8))
        .with("valid.tsv", common::hairpins(4));
    let whole = "finetune structure --config structure.toml --data train.tsv --validation valid.tsv --test valid.tsv \
                 --set train.dropout.attention=0 --set train.dropout.residual=0 --set train.validate=never";
    let two = done(run(&sandbox, 2, &format!("{whole} --out two")));
    done(sandbox.run(&format!("{whole} --out one --set data.batch=4")));
    assert_eq!(two.out.matches("test\tloss").count(), 1, "one process speaks: {two}");
    assert!(two.err.contains("2 processes, 2 of them on this machine"), "{two}");
    assert_eq!(metrics(&sandbox, "two", "tokens"), metrics(&sandbox, "one", "tokens"), "they saw the same structures");
    same_weights(&sandbox, "two", "one", FITTED_WEIGHT);
}

/// That two runs' models are the same but for the order of sums.
fn same_weights(sandbox: &Sandbox, first: &str, second: &str, apart: f32) {
    let (two, one) = (weights(sandbox, first), weights(sandbox, second));
    assert!(two.keys().eq(one.keys()) && one.len() > 20);
    let mut worst = (0.0, String::new());
    for (name, values) in &two {
        assert_eq!(values.len(), one[name].len());
        let most = values.iter().zip(&one[name]).map(|(two, one)| (two - one).abs()).fold(0.0, f32::max);
        if !most.is_finite() || most > worst.0 {
            worst = (most, name.clone());
        }
    }
    println!("weights are up to {:.1e} apart, in {}", worst.0, worst.1);
    assert!(worst.0 < apart, "{} is {:.1e} apart", worst.1, worst.0);
}

#[test]
fn a_run_goes_on_with_the_same_bits_on_two_processes_and_goes_on_on_one() {
    let Some(sandbox) = sandbox() else { return };
    let begin = "-q pretrain tiny.toml --corpus corpus.lmdb";
    let whole = done(run(&sandbox, 2, &format!("{begin} --out whole")));
    done(run(&sandbox, 2, &format!("{begin} --out cut --steps 7")));
    let again = done(run(&sandbox, 2, "-q pretrain --resume --out cut --steps 20"));
    assert_eq!(again.out, whole.out);
    assert!(weights(&sandbox, "cut") == weights(&sandbox, "whole"));
    done(run(&sandbox, 2, &format!("{begin} --out less --steps 7")));
    done(sandbox.run("-q pretrain --resume --out less --steps 12"));
    let more = done(run(&sandbox, 3, "pretrain --resume --out less --steps 20"));
    assert!(more.err.contains("continues after step 12") && more.err.contains("3 processes"), "{more}");
    let record: serde_json::Value = serde_json::from_str(&sandbox.read("less/run.json")).unwrap();
    let sessions = record["sessions"].as_array().unwrap().iter();
    let told: Vec<_> = sessions.map(|session| (session["ranks"].as_u64(), session["to_step"].as_u64())).collect();
    assert_eq!(told, [(Some(2), Some(7)), (Some(1), Some(12)), (Some(3), Some(20))]);
    assert_eq!(metrics(&sandbox, "less", "step"), (1..=20).map(f64::from).collect::<Vec<_>>());
}

const LONG: &str = "pretrain tiny.toml --corpus corpus.lmdb --steps 1000000 --set train.validate=never";

/// Waits until a file is there.
fn wait_for(path: &Path) {
    let begun = Instant::now();
    while !path.exists() {
        assert!(begun.elapsed() < Duration::from_secs(120), "{} does not come", path.display());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Sends a signal to a process.
fn signal(name: &str, id: u32) {
    assert!(Command::new("kill").args([name, &id.to_string()]).status().unwrap().success());
}

/// The process of a rank, by what `mpirun` left in its environment.
fn process(mpirun: &Child, rank: usize) -> u32 {
    let wanted = format!("OMPI_COMM_WORLD_RANK={rank}");
    let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", mpirun.id())).unwrap();
    let is_rank = |id: &&str| {
        let environment = fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
        environment.split(|&byte| byte == 0).any(|variable| variable == wanted.as_bytes())
    };
    children.split_whitespace().find(is_rank).expect("mpirun's children are its processes").parse().unwrap()
}

/// Whether a process is gone, or waits only for somebody to ask how it ended.
fn has_ended(id: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with('Z'))
}

/// How it ended, and what it said on standard error.
fn end(mut child: Child) -> (Option<i32>, String) {
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    (child.wait().unwrap().code(), err)
}

/// The step of the newest checkpoint.
fn newest(sandbox: &Sandbox, run: &str) -> u64 {
    let names = sandbox.names(&format!("{run}/checkpoints"));
    names.iter().filter_map(|name| name.strip_prefix("step-")?.parse().ok()).max().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn when_one_process_is_killed_the_others_end_and_the_run_goes_on() {
    let Some(sandbox) = sandbox() else { return };
    for (killed, run_again) in [(1, 2), (0, 1)] {
        let out = format!("killed-{killed}");
        let child = mpirun(&sandbox, 2, &format!("-q {LONG} --out {out}")).spawn().unwrap();
        wait_for(&sandbox.path(&format!("{out}/checkpoints/step-0000020")));
        let processes = [0, 1].map(|rank| process(&child, rank));
        signal("-KILL", processes[killed]);
        let (code, err) = end(child);
        assert!(code.is_some_and(|code| code != 0), "{code:?} {err}");
        let begun = Instant::now();
        while !has_ended(processes[1 - killed]) {
            assert!(begun.elapsed() < Duration::from_secs(60), "the other goes on");
            std::thread::sleep(Duration::from_millis(20));
        }
        let step = newest(&sandbox, &out);
        let words = format!("pretrain --resume --out {out} --steps {}", step + 3);
        let again = done(if run_again == 1 { sandbox.run(&words) } else { run(&sandbox, run_again, &words) });
        assert!(again.err.contains(&format!("continues after step {step},")), "{again}");
    }
}

#[test]
fn when_mpirun_is_told_to_end_one_checkpoint_is_written() {
    let Some(sandbox) = sandbox() else { return };
    for (name, said) in [("-TERM", 1), ("-INT", 1), ("-USR1", 0)] {
        let out = format!("stopped{name}");
        let mut command = mpirun(&sandbox, 2, &format!("{LONG} --out {out} --set train.save=never"));
        if name != "-USR1" {
            command.env("OMPI_MCA_odls_base_sigkill_timeout", "3"); // that one is handed on and nobody killed
        }
        let child = command.spawn().unwrap();
        wait_for(&sandbox.path(&format!("{out}/metrics.jsonl")));
        std::thread::sleep(Duration::from_millis(500)); // some steps
        signal(name, child.id());
        let (code, err) = end(child);
        // Ended by a signal of its own, `mpirun` answers for itself; SIGUSR1 it hands on, and gives the ranks' code.
        let codes: &[i32] = if name == "-USR1" { &[130] } else { &[1, 130, 143] };
        assert!(code.is_some_and(|code| codes.contains(&code)), "{code:?}: {err}");
        assert_eq!(err.matches("stopping; a second signal stops at once").count(), said, "{err}");
        assert!(err.contains(&format!("`rinalmo pretrain --resume --out {out}` continues")), "{err}");
        let step = newest(&sandbox, &out);
        assert!(err.contains(&format!("stopped after {step} steps")) || step >= 1000, "{err}");
        done(sandbox.run(&format!("-q pretrain --resume --out {out} --steps {}", step + 1)));
    }
}

#[test]
fn what_one_process_cannot_do_ends_all_with_its_reason() {
    let Some(sandbox) = sandbox() else { return };
    let wild = "--set train.schedule.peak=1e30 --set train.schedule.warm_up=";
    let diverged = run(&sandbox, 2, &format!("-q pretrain tiny.toml --corpus corpus.lmdb --out wild {wild}"));
    assert_eq!(diverged.code, 2, "{diverged}");
    for rank in 0..2 {
        let said = format!("error: process {rank} of 2: step ");
        assert!(diverged.err.contains(&said), "each names its batches: {diverged}");
    }
    let config = "-q pretrain tiny.toml --corpus corpus.lmdb --out wild";
    let refused = run(&sandbox, 2, config);
    assert!(refused.code == 2 && refused.err.contains("process 0 of 2: wild: holds a run already"), "{refused}");
}
