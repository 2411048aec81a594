//! Both engines on the same files: clusters, agreement, purity, time and memory.
//!
//! ```text
//! cargo run --release -p rinalmo-corpus --example agreement -- [--families rfam_seed.tsv.gz] FILE…
//! ```
//!
//! Files are FASTA, FASTQ or one sequence a line, or tables (`.tsv`) with a column `seq` or `sequence`, compressed or
//! not. Sequences of 16 to 8192 bases are taken, each once. Families come from the columns `family` and `seq` of a
//! table; a sequence of two families counts for the first. `--copies N` adds N − 1 mutated copies of every sequence.

use std::{
    collections::HashMap,
    io::BufRead,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use rinalmo_corpus::cluster::{Builtin, Clusters, Engine, Mmseqs, Options, Sequences, compare};
use rinalmo_corpus::random::Random as Stream;
use rinalmo_seq::{InputOptions, alphabet::normalise, input};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("agreement: {message}");
            ExitCode::from(2)
        }
    }
}

struct Flags {
    files: Vec<PathBuf>,
    families: Option<PathBuf>,
    copies: usize,
    engines: String,
}

fn run() -> Result<(), String> {
    let flags = parse_flags()?;
    let mut bank = Bank::default();
    for file in &flags.files {
        bank.load(file)?;
    }
    bank.mutate(flags.copies);
    let labels = flags.families.as_deref().map(|file| bank.labels(file)).transpose()?;
    println!("{} sequences, {} bases, {} threads", bank.count(), bank.letters.len(), rayon::current_num_threads());

    let engines: [&dyn Engine; 2] = [&Builtin::default(), &Mmseqs::default()];
    let mut found = Vec::new();
    for engine in engines.into_iter().filter(|engine| flags.engines.contains(engine.name())) {
        match report(engine, &bank, labels.as_deref()) {
            Ok(clusters) => found.push(clusters),
            Err(message) => eprintln!("agreement: left out: {message}"),
        }
    }
    if let [a, b] = &found[..] {
        println!("adjusted Rand index of the two: {:.4}", compare::adjusted_rand(a, b));
        let (kept, back) = (compare::pairs_kept(a, b), compare::pairs_kept(b, a));
        println!(
            "of the first one's pairs {:.1} % are the second's, the other way {:.1} %",
            100.0 * kept,
            100.0 * back
        );
    }
    Ok(())
}

fn parse_flags() -> Result<Flags, String> {
    let mut flags = Flags { files: Vec::new(), families: None, copies: 1, engines: "builtin,mmseqs".into() };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("`{argument}` needs a value"));
        match argument.as_str() {
            "--families" => flags.families = Some(value()?.into()),
            "--engines" => flags.engines = value()?,
            "--copies" => flags.copies = value()?.parse().map_err(|_| "`--copies` needs a number".to_string())?,
            _ => flags.files.push(argument.into()),
        }
    }
    if flags.files.is_empty() {
        return Err("no files; usage: agreement [--families TSV] [--copies N] [--engines builtin,mmseqs] FILE…".into());
    }
    Ok(flags)
}

/// Runs one engine and prints what it did.
fn report(engine: &dyn Engine, bank: &Bank, labels: Option<&[Option<u32>]>) -> Result<Clusters, String> {
    let version = engine.version().map_err(|error| error.to_string())?;
    let (start, peak) = (Instant::now(), Peak::start());
    let clusters = engine.cluster(bank, &Options::default()).map_err(|error| error.to_string())?;
    let (seconds, peak) = (start.elapsed().as_secs_f64(), peak.end());
    let (starts, _) = clusters.members();
    let sizes: Vec<usize> = starts.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let alone = sizes.iter().filter(|&&size| size == 1).count();
    let largest = sizes.iter().max().copied().unwrap_or_default();
    println!("{} {version}", engine.name());
    println!("  {} clusters, {alone} of one sequence, the largest of {largest}", clusters.count());
    println!("  {seconds:.1} s, {} MB at most, {} MB of them the sequences", peak, bank.letters.len() >> 20);
    if let Some(labels) = labels {
        let labelled = labels.iter().flatten().count();
        println!("  purity {:.4} over {labelled} sequences of known family", compare::purity(&clusters, labels));
        // How far families are kept together counts too: one sequence a cluster would be pure.
        let mut held = HashMap::new();
        for (of, label) in clusters.representatives().iter().zip(labels) {
            if let Some(label) = label {
                *held.entry((of, label)).or_insert(0usize) += 1;
            }
        }
        println!(
            "  {} clusters hold them",
            held.keys().map(|key| key.0).collect::<std::collections::HashSet<_>>().len()
        );
    }
    Ok(clusters)
}

/// The most memory this process and its children held, sampled.
struct Peak {
    stop: std::sync::Arc<std::sync::atomic::AtomicBool>,
    thread: std::thread::JoinHandle<u64>,
}

impl Peak {
    fn start() -> Self {
        let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            let mut peak = 0;
            while !stopped.load(std::sync::atomic::Ordering::Relaxed) {
                peak = peak.max(resident(std::process::id()));
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            peak
        });
        Self { stop, thread }
    }

    /// In MB; 0 if the system does not report it.
    fn end(self) -> u64 {
        self.stop.store(true, std::sync::atomic::Ordering::Relaxed);
        self.thread.join().unwrap_or_default() >> 10
    }
}

/// Resident memory of a process and all its descendants in kB, by Linux's `/proc`.
fn resident(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let own = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or_default();
    let Ok(tasks) = std::fs::read_dir(format!("/proc/{process}/task")) else { return own };
    let children = tasks.flatten().filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    own + children
        .flat_map(|list| list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<u32>>())
        .map(resident)
        .sum::<u64>()
}

/// Sequences end to end.
#[derive(Default)]
struct Bank {
    letters: Vec<u8>,
    starts: Vec<usize>,
    seen: HashMap<Vec<u8>, u32>,
}

impl Sequences for Bank {
    fn count(&self) -> usize {
        self.starts.len()
    }

    fn length(&self, index: usize) -> usize {
        self.get(index).len()
    }

    fn read(&self, index: usize, to: &mut Vec<u8>) {
        to.clear();
        to.extend_from_slice(self.get(index));
    }
}

impl Bank {
    fn get(&self, index: usize) -> &[u8] {
        let end = self.starts.get(index + 1).copied().unwrap_or(self.letters.len());
        &self.letters[self.starts[index]..end]
    }

    fn add(&mut self, mut sequence: Vec<u8>) {
        normalise(&mut sequence);
        if (16..=8192).contains(&sequence.len()) && !self.seen.contains_key(&sequence) {
            self.starts.push(self.letters.len());
            self.letters.extend_from_slice(&sequence);
            self.seen.insert(sequence, self.starts.len() as u32 - 1);
        }
    }

    fn load(&mut self, file: &Path) -> Result<(), String> {
        if file.to_string_lossy().contains(".tsv") {
            return rows(file, &["seq", "sequence"], |found| self.add(found.into()));
        }
        for record in rinalmo_seq::Sequences::open(&[file], InputOptions::LENIENT) {
            self.add(record.map_err(|error| error.to_string())?.sequence);
        }
        Ok(())
    }

    /// The number of each sequence's family.
    fn labels(&self, file: &Path) -> Result<Vec<Option<u32>>, String> {
        let mut families = Vec::new();
        rows(file, &["family"], |family| families.push(family.to_owned()))?;
        let mut row = 0;
        let mut labels = vec![None; self.count()];
        let mut numbers = HashMap::new();
        rows(file, &["seq"], |sequence| {
            let mut sequence = sequence.as_bytes().to_vec();
            normalise(&mut sequence);
            let next = numbers.len() as u32;
            let number = *numbers.entry(families[row].clone()).or_insert(next);
            if let Some(&index) = self.seen.get(&sequence) {
                labels[index as usize].get_or_insert(number);
            }
            row += 1;
        })?;
        Ok(labels)
    }

    /// Adds copies of every sequence, with 2 to 40 % of their bases replaced, deleted or doubled.
    fn mutate(&mut self, copies: usize) {
        let originals = self.count();
        let mut random = Random(Stream::seeded(0x5eed));
        for copy in 1..copies {
            for index in 0..originals {
                let percent = 2 + (copy * 7 + index) % 39;
                let mutated = random.mutate(self.get(index), percent as u64);
                self.add(mutated);
            }
        }
    }
}

/// Calls `take` with the first of the named columns in every row of a table.
fn rows(file: &Path, columns: &[&str], mut take: impl FnMut(&str)) -> Result<(), String> {
    let reader = input::open(file).map_err(|error| error.to_string())?;
    let mut lines = reader.lines();
    let header = lines.next().transpose().map_err(|error| error.to_string())?.unwrap_or_default();
    let column = header.split('\t').position(|name| columns.contains(&name));
    let column = column.ok_or(format!("{}: no column {}", file.display(), columns.join(" or ")))?;
    for line in lines {
        let line = line.map_err(|error| error.to_string())?;
        take(line.split('\t').nth(column).ok_or(format!("{}: a row is short", file.display()))?);
    }
    Ok(())
}

/// Random mutations.
struct Random(Stream);

impl Random {
    fn mutate(&mut self, sequence: &[u8], percent: u64) -> Vec<u8> {
        let mut mutated = Vec::with_capacity(sequence.len());
        for &base in sequence {
            match (self.0.bits() % 100 < percent, self.0.bits() % 10) {
                (true, 0) => {}
                (true, 1) => mutated.extend([base, base]),
                (true, which) => mutated.push(b"ACGT"[which as usize % 4]),
                (false, _) => mutated.push(base),
            }
        }
        mutated
    }
}
