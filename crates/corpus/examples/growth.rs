//! How time, memory and disk of a build grow: the same inputs with any number of mutated copies.
//!
//! ```text
//! cargo run --release -p rinalmo-corpus --example growth -- [--memory MIB] COPIES FOLDER FILE…
//! ```
//!
//! Writes the inputs' records, and COPIES − 1 copies of each with 2 to 40 % of the bases replaced, deleted or doubled,
//! to FOLDER, builds a store of them there and prints a row of a table. One process a size, so that each has its own
//! peak of memory.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

use rinalmo_corpus::random::Random as Stream;
use rinalmo_corpus::{
    build::{Options, Report, build},
    cluster::Builtin,
    read,
};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("growth: {error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut memory = 2048;
    if arguments.first().is_some_and(|flag| flag == "--memory") && arguments.len() > 1 {
        memory = arguments[1].parse()?;
        arguments.drain(..2);
    }
    let [copies, folder, files @ ..] = &arguments[..] else {
        return Err("usage: growth [--memory MIB] COPIES FOLDER FILE…".into());
    };
    let folder = Path::new(folder);
    let input = folder.join("growth.fa");
    write_copies(&input, copies.parse()?, files)?;
    let mut options = Options::default();
    (options.read.memory, options.cluster.memory) = (memory << 20, memory << 20);
    let (output, peaks) = (folder.join("growth.lmdb"), Peaks::default());
    let begun = Instant::now();
    let report = std::thread::scope(|scope| {
        scope.spawn(|| peaks.watch(folder));
        let report = build(&[input], &output, &options, &Builtin::default(), &());
        peaks.done.store(true, Relaxed);
        report
    })?;
    print(copies, &report, begun.elapsed(), &peaks);
    Ok(())
}

fn print(copies: &str, report: &Report, took: Duration, peaks: &Peaks) {
    let mebi = |bytes: u64| bytes >> 20;
    let total = report.read.total();
    let stage = |name: &str| report.stages.iter().filter(|s| s.stage == name).map(|s| s.seconds).sum::<f64>();
    println!(
        "copies\tsequences\tMnt\tclusters\tseconds\tread\tcluster\tstore\tmemory MiB\tof it anonymous\tdisk MiB\tstore MiB\tthreads"
    );
    println!(
        "{copies}\t{}\t{}\t{}\t{:.1}\t{:.1}\t{:.1}\t{:.1}\t{}\t{}\t{}\t{}\t{}",
        report.read.distinct,
        total.kept_bases / 1_000_000,
        report.clusters.clusters,
        took.as_secs_f64(),
        stage("read"),
        stage("cluster"),
        stage("store"),
        mebi(report.peak_memory),
        mebi(peaks.anonymous.load(Relaxed)),
        mebi(peaks.disk.load(Relaxed)),
        mebi(report.store_bytes),
        rayon::current_num_threads(),
    );
}

/// The most that was in use, sampled every 50 ms.
#[derive(Default)]
struct Peaks {
    done: AtomicBool,
    /// Bytes of memory other than mapped files.
    anonymous: AtomicU64,
    /// Bytes in the folder, inputs left out.
    disk: AtomicU64,
}

impl Peaks {
    fn watch(&self, folder: &Path) {
        while !self.done.load(Relaxed) {
            let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
            let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
            let kibi = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
            self.anonymous.fetch_max(kibi.unwrap_or(0) << 10, Relaxed);
            self.disk.fetch_max(size_of(&folder.join("growth.lmdb.building")), Relaxed);
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Bytes that a folder's files take on the disk.
fn size_of(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries.flatten().filter_map(|entry| entry.metadata().ok()).map(|about| about.len()).sum()
}

fn write_copies(path: &PathBuf, copies: u64, files: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    let mut output = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let mut random = Random(Stream::seeded(0x5eed));
    let mut copied = Vec::new();
    let mut index = 0;
    for file in files {
        for record in read::open(file.as_ref())? {
            let Ok(record) = record else { continue };
            for copy in 0..copies {
                let letters = match copy {
                    0 => &record.sequence,
                    _ => {
                        random.mutate(&record.sequence, 2 + (copy * 7 + index) % 39, &mut copied);
                        &copied
                    }
                };
                writeln!(output, ">{index}.{copy}")?;
                output.write_all(letters)?;
                output.write_all(b"\n")?;
            }
            index += 1;
        }
    }
    Ok(output.flush()?)
}

/// Random mutations.
struct Random(Stream);

impl Random {
    fn mutate(&mut self, letters: &[u8], percent: u64, to: &mut Vec<u8>) {
        to.clear();
        for &base in letters {
            let bits = self.0.bits();
            match (bits % 100 < percent, bits >> 32 & 15) {
                (false, _) => to.push(base),
                (true, 0) => {}
                (true, 1) => to.extend([base, base]),
                (true, which) => to.push(b"ACGT"[which as usize & 3]),
            }
        }
    }
}
