//! One run of a folding program: gives it sequences, follows what it prints, and measures what it took.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rinalmo_corpus::build::peak_memory;
use rinalmo_seq::words::nearest;
use wait4::Wait4;

use super::super::cost::Cost;
use super::super::output::{NAME, Output};
use super::command::{FoldCommand, Input};
use super::{KnownProgram, Watch};
use crate::{Error, read};

/// How long a program may print nothing until somebody looks whether it is to be stopped.
const LOOK: Duration = Duration::from_millis(100);
/// How long the last words of a program that has ended are waited for.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// Lines that are read before they are needed.
const LINES_AHEAD: usize = 1024;
/// Lines of standard error that are kept.
const LAST_LINES: usize = 8;

/// How a run ended.
pub(super) struct Ended {
    pub status: ExitStatus,
    /// The last lines of standard error.
    pub said: String,
    pub cost: Cost,
}

/// Runs the program once on the sequences of `numbers`; their structures go to `output`.
pub(super) fn run(
    command: &FoldCommand,
    sequences: &[&[u8]],
    numbers: &[usize],
    output: &mut Output<'_>,
    watch: &mut dyn Watch,
) -> Result<Ended, Error> {
    let unusable = |source: std::io::Error| Error::Options(format!("files for `{}`: {source}", command.program()));
    let folder = tempfile::tempdir().map_err(unusable)?;
    let (file, results) = (folder.path().join("sequences.fasta"), folder.path().join("results"));
    std::fs::create_dir(&results).map_err(unusable)?;
    if command.input != Input::Standard {
        std::fs::File::create(&file).and_then(|to| write(to, sequences, numbers)).map_err(unusable)?;
    }
    let words = command.words(&file, &results);
    let ended = follow_process(command, &words, sequences, numbers, output, watch)?;
    if command.writes_files {
        let only = if let [number] = numbers { Some(*number) } else { None };
        read_files(&results, only, output, watch);
    }
    Ok(ended)
}

fn follow_process(
    command: &FoldCommand,
    words: &[String],
    sequences: &[&[u8]],
    numbers: &[usize],
    output: &mut Output<'_>,
    watch: &mut dyn Watch,
) -> Result<Ended, Error> {
    let mut process = Command::new(&words[0]);
    process.args(&words[1..]).stdout(Stdio::piped()).stderr(Stdio::piped());
    process.stdin(if command.input == Input::Standard { Stdio::piped() } else { Stdio::null() });
    let (start, own) = (Instant::now(), peak_memory());
    let mut child = process.spawn().map_err(|source| cannot_run(command, &source))?;
    // The threads are not waited for: if the program is stopped, one that it started may hold its pipes open.
    if let Some(mut input) = child.stdin.take() {
        let mut text = Vec::new();
        write(&mut text, sequences, numbers).map_err(|source| cannot_run(command, &source))?;
        // If the program stops reading, its own messages say why.
        std::thread::spawn(move || input.write_all(&text));
    }
    let said = child.stderr.take().map(LastLines::of);
    if let Some(printed) = child.stdout.take() {
        follow(printed, (!command.writes_files).then_some(output), watch, &mut child);
    }
    let used = child.wait4().map_err(|source| cannot_run(command, &source))?;
    // 0: the system does not report it. Linux begins to count with what this process had when it started the program.
    let peak_memory = Some(used.rusage.maxrss).filter(|bytes| *bytes > own);
    let cost = Cost { seconds: start.elapsed().as_secs_f64(), peak_memory };
    Ok(Ended { status: used.status, said: said.map_or_else(String::new, LastLines::text), cost })
}

fn cannot_run(command: &FoldCommand, source: &std::io::Error) -> Error {
    let word = command.program();
    let hint = match command.known {
        Some(known) => format!(
            "get it from {}; if it is not on the PATH, say where: --run \"{}=/path/to/{}\"",
            known.site, known.name, known.program
        ),
        None => match nearest(word, KnownProgram::ALL.iter().map(|known| known.name)) {
            Some(name) => format!("did you mean the known program `{name}`?"),
            None => "is it installed, and on the PATH?".into(),
        },
    };
    Error::Options(format!("`{word}` cannot be run: {source}\nhint: {hint}"))
}

/// Writes sequences as FASTA, in upper case and with U.
fn write(to: impl Write, sequences: &[&[u8]], numbers: &[usize]) -> std::io::Result<()> {
    let mut to = std::io::BufWriter::new(to);
    for &number in numbers {
        let rna = |letter: &u8| if letter.eq_ignore_ascii_case(&b't') { b'U' } else { letter.to_ascii_uppercase() };
        let letters: Vec<u8> = sequences[number].iter().map(rna).collect();
        to.write_all(&[format!(">{NAME}{}\n", number + 1).as_bytes(), &letters, b"\n"].concat())?;
    }
    to.flush()
}

/// Reads what the program prints, to the end: a program whose output nobody reads may wait for ever. A program that prints
/// nothing for long can be stopped too.
fn follow(
    printed: impl Read + Send + 'static,
    mut output: Option<&mut Output<'_>>,
    watch: &mut dyn Watch,
    child: &mut Child,
) {
    let (sender, lines) = mpsc::sync_channel::<Vec<u8>>(LINES_AHEAD);
    std::thread::spawn(move || {
        let mut printed = BufReader::new(printed);
        let mut line = Vec::new();
        while printed.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            if sender.send(std::mem::take(&mut line)).is_err() {
                return; // the program was stopped
            }
        }
    });
    loop {
        match lines.recv_timeout(LOOK) {
            Ok(line) => {
                let text = String::from_utf8_lossy(&line);
                if let Some(bases) = output.as_mut().and_then(|output| output.line(&text)) {
                    watch.done(bases);
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        if watch.stopped() {
            let _ = child.kill(); // it may already have ended
            return;
        }
    }
}

/// Reads the structures of every file in the folder; those of another name than a sequence's are ignored, unless there
/// was `only` one sequence. A file that cannot be read is an error of its sequence if that is the only one.
fn read_files(folder: &Path, only: Option<usize>, output: &mut Output<'_>, watch: &mut dyn Watch) {
    let entries = match read::read(folder) {
        Ok(found) => found.entries,
        Err(error) => {
            let text = error.to_string().replace(&*folder.to_string_lossy(), "its results");
            only.map(|number| output.odd.insert(number, text));
            return;
        }
    };
    for entry in entries {
        let number = only.or_else(|| entry.names().find_map(|name| output.named(name)));
        let bases = number.and_then(|number| output.put(number, entry.structure, entry.length_known));
        bases.into_iter().for_each(|bases| watch.done(bases));
    }
}

/// The last lines of what a program says, read as it says them.
struct LastLines {
    lines: Arc<Mutex<VecDeque<String>>>,
    ended: Receiver<()>,
}

impl LastLines {
    fn of(said: impl Read + Send + 'static) -> Self {
        let lines = Arc::new(Mutex::new(VecDeque::new()));
        let (sender, ended) = mpsc::channel::<()>();
        let kept = Arc::clone(&lines);
        std::thread::spawn(move || {
            let _ends = sender; // dropped when all is read
            let mut said = BufReader::new(said);
            let mut line = Vec::new();
            while said.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                let text = String::from_utf8_lossy(&line).trim_end().to_owned();
                line.clear();
                if let Some(mut lines) = kept.lock().ok().filter(|_| !text.is_empty()) {
                    lines.push_back(text);
                    if lines.len() > LAST_LINES {
                        lines.pop_front();
                    }
                }
            }
        });
        Self { lines, ended }
    }

    /// All of it, once the program has ended; what is there after a while, if another process can still say more.
    fn text(self) -> String {
        let _ = self.ended.recv_timeout(LAST_WORDS);
        let lines = self.lines.lock().map(|mut lines| std::mem::take(&mut *lines)).unwrap_or_default();
        Vec::from(lines).join("\n")
    }
}
