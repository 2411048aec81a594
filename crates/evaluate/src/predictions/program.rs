//! Predictions of any program that reads FASTA and prints dot-bracket.
//!
//! The program is started once and reads all sequences from its standard input, under names of ours. If it fails, it is
//! started again after the sequence at which it ended, so that a sequence which is too long is an error of that record
//! only.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};

use super::output::{NAME, Output};
use super::{Predictions, Watch};
use crate::Error;
use crate::problem::{Problem, ProblemKind};
use crate::references::References;

/// Starts without a structure, one after the other, after which we give up.
const FRUITLESS: usize = 3;
/// Lines of standard error that are kept.
const LAST_LINES: usize = 8;

impl Predictions {
    /// Runs `command` on every reference's sequence. Words are split as in a shell, but no shell is run.
    ///
    /// # Errors
    /// It cannot be started or prints no structure, or a reference has no sequence.
    pub fn from_program(command: &str, references: &References, watch: &mut dyn Watch) -> Result<Self, Error> {
        let sequences = references.sequences()?;
        let words = shlex::split(command).filter(|words| !words.is_empty());
        let words = words.ok_or_else(|| Error::Options(format!("`{command}`: expected a program and its options")))?;
        let mut predictions = Self::none(name(&words[0]), references);
        let mut left: Vec<usize> = (0..sequences.len()).collect();
        let mut fruitless = 0;
        while !left.is_empty() && fruitless < FRUITLESS && !watch.stopped() {
            let mut output = Output::new(references, &left);
            let (status, said) = run(&words, &sequences, &left, &mut output, watch)?;
            predictions.said = said;
            let before = left.len();
            left.retain(|&number| predictions.take(&mut output, number));
            if status.success() || left.is_empty() {
                if !status.success() {
                    predictions.complain(format!("`{command}` ended with {status}{}", last(&predictions.said)));
                }
                break;
            }
            fruitless = if left.len() < before { 0 } else { fruitless + 1 };
            let at = &references.items[left.remove(0)];
            let (id, len) = (&at.id, at.structure.len());
            predictions
                .complain(format!("`{command}` ended with {status} at `{id}` ({len} nt){}", last(&predictions.said)));
        }
        if predictions.count() == 0 && !watch.stopped() {
            let last = last(&predictions.said);
            return Err(Error::Options(format!(
                "`{command}` printed no structure for any of {} sequences{last}\n\
                 hint: it must read FASTA from standard input and print dot-bracket lines",
                sequences.len()
            )));
        }
        predictions.name_missing(references, &format!("`{command}`"));
        Ok(predictions)
    }

    /// Takes the structure of a sequence. Returns true if it has none yet.
    fn take(&mut self, output: &mut Output<'_>, number: usize) -> bool {
        if let Some(structure) = output.structures[number].take() {
            self.structures[number] = Some(structure);
        } else if let Some(odd) = output.odd.remove(&number) {
            self.complain(format!("{}: {odd}", self.name));
        }
        self.structures[number].is_none()
    }

    fn complain(&mut self, text: String) {
        self.problems.push(Problem::new(ProblemKind::Program, text));
    }
}

/// The program's name without its folder.
fn name(word: &str) -> String {
    let file = std::path::Path::new(word).file_name();
    file.map_or_else(|| word.to_owned(), |file| file.to_string_lossy().into_owned())
}

/// The end of a message: what the program last printed on standard error.
fn last(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!("; it last said: {}", said.replace('\n', " | ")) }
}

/// Runs the program once on some of the sequences. Returns its exit status and its last lines on standard error.
fn run(
    words: &[String],
    sequences: &[&[u8]],
    numbers: &[usize],
    output: &mut Output<'_>,
    watch: &mut dyn Watch,
) -> Result<(ExitStatus, String), Error> {
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let cannot = |source: std::io::Error| {
        Error::Options(format!("`{}` cannot be run: {source}\nhint: is it installed, and on the PATH?", words[0]))
    };
    let mut child = command.spawn().map_err(cannot)?;
    let (input, printed, said) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let said = std::thread::scope(|scope| {
        scope.spawn(move || input.map(|input| write(input, sequences, numbers)));
        let said = scope.spawn(move || said.map_or_else(String::new, last_lines));
        if let Some(printed) = printed {
            follow(printed, output, watch, &mut child);
        }
        said.join().unwrap_or_default()
    });
    Ok((child.wait().map_err(cannot)?, said))
}

/// Writes the sequences in upper case and with U. If the program stops reading, its own messages say why.
fn write(input: impl Write, sequences: &[&[u8]], numbers: &[usize]) {
    let mut input = std::io::BufWriter::new(input);
    for &number in numbers {
        let rna = |letter: &u8| if letter.eq_ignore_ascii_case(&b't') { b'U' } else { letter.to_ascii_uppercase() };
        let letters: Vec<u8> = sequences[number].iter().map(rna).collect();
        let record = [format!(">{NAME}{}\n", number + 1).as_bytes(), &letters, b"\n"].concat();
        if input.write_all(&record).is_err() {
            return;
        }
    }
    let _ = input.flush();
}

fn follow(printed: impl Read, output: &mut Output<'_>, watch: &mut dyn Watch, child: &mut Child) {
    let mut printed = BufReader::new(printed);
    let mut line = Vec::new();
    while printed.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        if let Some(bases) = output.line(&String::from_utf8_lossy(&line)) {
            watch.done(bases);
        }
        if watch.stopped() {
            let _ = child.kill(); // it may already have ended
            return;
        }
        line.clear();
    }
}

fn last_lines(said: impl Read) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut said = BufReader::new(said);
    let mut line = Vec::new();
    while said.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        line.clear();
        if !text.is_empty() {
            lines.push(text);
        }
        if lines.len() > LAST_LINES {
            lines.remove(0);
        }
    }
    lines.join("\n")
}
