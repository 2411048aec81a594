//! Our side of the comparison in `benches/peers`: a worker that runs jobs, so that rounds can alternate with another
//! program's. Each job is one line of JSON on standard input. Each answer is one line on standard output, with the
//! seconds and the peak memory so far.
//!
//! ```text
//! {"do": "ceiling"}
//! {"do": "load", "path": "micro", "dtype": "bf16"}
//! {"do": "encode", "count": 8, "length": 128, "seed": 1, "output": "hidden.f32"}
//! {"do": "pair_logits", "length": 500, "seed": 1, "output": "logits.f32"}
//! ```

use std::error::Error;
use std::io::{BufRead, Write, stdin, stdout};
use std::path::Path;
use std::time::Instant;

use rinalmo::checkpoint::OpenOptions;
use rinalmo::seq::tokenizer::tokenize;
use rinalmo::{Device, Precision};
use rinalmo_kernels::Level;
use rinalmo_kernels::peak::{self, peak};
use rinalmo_model::cpu::CpuModel;
use rinalmo_model::{Hidden, Network, Packed};
use serde_json::{Value, json};

fn main() {
    let mut worker = Worker::default();
    for line in stdin().lock().lines().map_while(Result::ok) {
        let mut answer = worker.answer(&line).unwrap_or_else(|error| json!({"error": error.to_string()}));
        answer["peak"] = json!(peak_bytes());
        if writeln!(stdout(), "{answer}").is_err() {
            break; // the other side closed the pipe
        }
    }
}

/// The model that was loaded last.
#[derive(Default)]
struct Worker {
    loaded: Option<(CpuModel, usize)>,
}

impl Worker {
    fn answer(&mut self, line: &str) -> Result<Value, Box<dyn Error>> {
        let job: Value = serde_json::from_str(line)?;
        match text(&job, "do")? {
            "ceiling" => ceiling(),
            "load" => self.load(&job),
            "encode" => self.encode(&job),
            "pair_logits" => self.pair_logits(&job),
            other => Err(format!("no job is named `{other}`").into()),
        }
    }

    /// Opens a checkpoint and packs its weights.
    fn load(&mut self, job: &Value) -> Result<Value, Box<dyn Error>> {
        let precision = precision(text(job, "dtype")?)?;
        let started = Instant::now();
        self.loaded = None;
        let checkpoint = rinalmo::checkpoint::open(text(job, "path")?, &OpenOptions::default())?;
        let dim = checkpoint.config.encoder.dim;
        let model = rinalmo_weights::load(&checkpoint, Device::cpu().burn())?;
        let level = Level::current()?;
        self.loaded = Some((CpuModel::new(model, precision, level), dim));
        Ok(json!({"seconds": started.elapsed().as_secs_f64(), "level": level.to_string()}))
    }

    /// Representations of random sequences of one length.
    fn encode(&self, job: &Value) -> Result<Value, Box<dyn Error>> {
        let (model, _) = self.loaded.as_ref().ok_or("nothing is loaded")?;
        let sequences = sequences(number(job, "count")?, number(job, "length")?, number(job, "seed")? as u64);
        let batch = Packed::new(sequences.iter().map(|sequence| tokenize(sequence)));
        let started = Instant::now();
        let hidden = model.encode(&batch);
        let seconds = started.elapsed().as_secs_f64();
        write(job, &hidden.values())?;
        Ok(json!({"seconds": seconds, "tokens": batch.total()}))
    }

    /// The structure head on random representations.
    fn pair_logits(&self, job: &Value) -> Result<Value, Box<dyn Error>> {
        let (model, dim) = self.loaded.as_ref().ok_or("nothing is loaded")?;
        let hidden = hidden_rows(number(job, "length")?, *dim, number(job, "seed")? as u64);
        let bases = vec![b'A'; hidden.len() / dim];
        let hidden = Hidden::new(hidden, *dim);
        let started = Instant::now();
        let logits = model.pair_logits(&hidden, &bases);
        let seconds = started.elapsed().as_secs_f64();
        write(job, &logits)?;
        Ok(json!({"seconds": seconds}))
    }
}

/// Floating-point operations a second of this machine in products only: the best of five runs.
fn ceiling() -> Result<Value, Box<dyn Error>> {
    let level = Level::current()?;
    let best = |precision| (0..5).map(|_| peak(level, precision)).fold(0.0, f64::max);
    Ok(json!({"f32": best(peak::Precision::F32), "bf16": best(peak::Precision::Bf16), "level": level.to_string()}))
}

fn text<'a>(job: &'a Value, key: &str) -> Result<&'a str, String> {
    job[key].as_str().ok_or_else(|| format!("the job lacks the text `{key}`"))
}

fn number(job: &Value, key: &str) -> Result<usize, String> {
    job[key].as_u64().map(|n| n as usize).ok_or_else(|| format!("the job lacks the number `{key}`"))
}

fn precision(name: &str) -> Result<Precision, String> {
    let known = [Precision::F32, Precision::Bf16, Precision::Int8];
    known.into_iter().find(|known| known.name() == name).ok_or_else(|| format!("no precision is named `{name}`"))
}

/// Writes values as raw little-endian numbers, if the job names an output.
fn write(job: &Value, values: &[f32]) -> std::io::Result<()> {
    match job["output"].as_str() {
        Some(path) => std::fs::write(Path::new(path), little_endian(values)),
        None => Ok(()),
    }
}

fn little_endian(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// Random RNA by the same rule as the other side's, so that both read the same letters.
fn sequences(count: usize, length: usize, seed: u64) -> Vec<Vec<u8>> {
    let mut state = seed;
    let mut letter = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        b"ACGU"[(state >> 62) as usize]
    };
    (0..count).map(|_| (0..length).map(|_| letter()).collect()).collect()
}

/// Random representations `[len, dim]` of variance 1, by the same rule as the other side's.
fn hidden_rows(len: usize, dim: usize, seed: u64) -> Vec<f32> {
    let value = |i: u64| {
        let unit = ((i.wrapping_add(seed)).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as f32 / (1 << 24) as f32;
        (unit * 2.0 - 1.0) * 3f32.sqrt()
    };
    (0..(len * dim) as u64).map(value).collect()
}

/// The peak memory of this process in bytes on Linux; 0 on other systems.
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes.map_or(0, |kibibytes| kibibytes << 10)
}
