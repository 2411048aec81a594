//! Predictions of other programs that fold.
//!
//! A program is started once and reads all sequences, under names of ours. If it fails, it is started again after the
//! sequence at which it ended, so that a sequence which is too long is an error of that record only. A program that
//! takes one sequence is started for each.

mod command;
mod known;
mod process;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use rinalmo_seq::alphabet::spelled;

use command::{FoldCommand, Input};
pub use known::KnownProgram;
use process::Ended;

use super::cost::Cost;
use super::output::Output;
use super::{Predictions, Watch};
use crate::Error;
use crate::problem::{Problem, ProblemKind};
use crate::references::References;

/// Starts without a structure, one after the other, after which we give up.
const FRUITLESS: usize = 3;

impl Predictions {
    /// Runs a program on every reference's sequence: the name of a [`KnownProgram`], `NAME=COMMAND` (a known program
    /// that is elsewhere, or any other under this name), or a command. Words are split as in a shell, but no shell is
    /// run. A command reads FASTA from standard input and prints dot-bracket, unless it has `{input}`, `{record}` or
    /// `{output}` as in [`KnownProgram::arguments`].
    ///
    /// # Errors
    /// It cannot be started or prints no structure, or a reference has no sequence.
    pub fn from_program(text: &str, references: &References, watch: &mut dyn Watch) -> Result<Self, Error> {
        let sequences = references.sequences()?;
        let command = FoldCommand::parse(text)?;
        watch.begin(&command.name, sequences.len(), sequences.iter().map(|letters| letters.len()).sum());
        let mut predictions = Self::none(command.name.clone(), references);
        let mut cost = Cost::default();
        let mut left: Vec<usize> = (0..sequences.len()).collect();
        let (mut fruitless, mut odd) = (0, None);
        while !left.is_empty() && fruitless < FRUITLESS && !watch.stopped() {
            let each = command.input == Input::Each;
            let given = left[..if each { 1 } else { left.len() }].to_vec();
            let mut output = Output::new(references, &given, command.pick);
            let Ended { status, said, cost: took } = process::run(&command, &sequences, &given, &mut output, watch)?;
            cost.add(took);
            let first = output.odd.iter().min_by_key(|(number, _)| **number);
            odd = odd.or_else(|| first.map(|(_, text)| text.clone()));
            predictions.said = said;
            let open: Vec<usize> = given.iter().copied().filter(|&n| predictions.take(&mut output, n)).collect();
            // A program that is started for each may fail at many in a row, if it can do others.
            let useful = open.len() < given.len() || each && predictions.count() > 0;
            fruitless = if useful { 0 } else { fruitless + 1 };
            if !status.success() {
                let at = open.first().map(|&number| &references.items[number]);
                let at = at.map_or_else(String::new, |at| format!(" at `{}` ({} nt)", at.id, at.structure.len()));
                let last = last(&predictions.said);
                predictions.complain(format!("`{text}` ended with {status}{at}{last}"));
            }
            left = match (each, status.success()) {
                (true, _) => left.split_off(1),
                (false, true) => Vec::new(),
                (false, false) => open.into_iter().skip(1).collect(),
            };
        }
        if predictions.count() == 0 && !watch.stopped() {
            let last = odd.map_or_else(String::new, |odd| format!(": {odd}")) + &last(&predictions.said);
            return Err(Error::Options(format!(
                "`{text}` printed no structure for any of {} sequences{last}\n\
                 hint: it must read FASTA from standard input and print dot-bracket lines, or take files: {{input}}, \
                 {{record}} and {{output}} stand for them",
                sequences.len()
            )));
        }
        predictions.cost = Some(cost);
        predictions.copy_to_twins(&sequences);
        predictions.name_missing(references, &format!("`{text}`"));
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

    /// Gives references without a structure that of another one of the same letters: some programs print each sequence once.
    fn copy_to_twins(&mut self, sequences: &[&[u8]]) {
        let (known, open): (Vec<usize>, Vec<usize>) =
            (0..sequences.len()).partition(|&number| self.structures[number].is_some());
        if open.is_empty() {
            return;
        }
        let of_letters: HashMap<Vec<u8>, usize> = known.into_iter().map(|n| (spelled(sequences[n]), n)).collect();
        let mut copied = 0;
        for number in open {
            let twin = of_letters.get(&spelled(sequences[number]));
            self.structures[number] = twin.and_then(|&twin| self.structures[twin].clone());
            copied += usize::from(twin.is_some());
        }
        if copied > 0 {
            let records = if copied == 1 { "1 record has" } else { &format!("{copied} records have") };
            self.notes.push(format!("{}: {records} the structure of another with the same sequence", self.name));
        }
    }

    fn complain(&mut self, text: String) {
        self.problems.push(Problem::new(ProblemKind::Program, text));
    }
}

/// The end of a message: what the program last printed on standard error.
fn last(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!("; it last said: {}", said.replace('\n', " | ")) }
}
