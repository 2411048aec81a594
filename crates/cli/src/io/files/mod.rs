//! No output of a command may be one of its inputs: one rule for all commands, checked before a command runs.
//!
//! `roles` says what each argument reads or writes; the commands themselves need no code for the check. Files are
//! compared by `place`, so links and different spellings of a path make no difference.

mod inputs;
mod outputs;
mod place;
pub mod roles;

use std::sync::atomic::Ordering;

use anyhow::{Result, bail};
use clap::parser::ValueSource;
use clap::{ArgMatches, Command};

use rinalmo::structures::NAMES_LIST;

use inputs::Inputs;
use outputs::{Files, Target};
use place::Place;
pub use roles::{Input, Output, Role};

use crate::STANDARD_OUTPUT_IS_CLOSED;

/// Refuses a command line that would overwrite one of its inputs, or write two outputs to one file.
///
/// # Errors
/// An output is an input or another output, or standard output is needed and closed.
pub fn check(definition: &Command, matches: &ArgMatches) -> Result<()> {
    let given = Given::new(definition, matches);
    let inputs = Inputs::of(&given);
    let targets = outputs::of(&given);
    for target in &targets {
        refuse_input(target, &inputs)?;
    }
    if given.prints() && STANDARD_OUTPUT_IS_CLOSED.load(Ordering::Relaxed) {
        bail!("standard output is closed; send the results to a file, or to /dev/null if you do not want them");
    }
    if given.prints() && outputs::standard_output().is_some_and(|place| inputs.hold_file(&place)) {
        bail!("standard output: is an input too; write to another file");
    }
    for (number, target) in targets.iter().enumerate() {
        if let Some(first) = targets[..number].iter().find(|first| first.files.meet(&target.files)) {
            let (shown, one, two) = (&target.shown, &first.argument, &target.argument);
            bail!("{shown}: both {one} and {two} would write it; give each its own file");
        }
    }
    Ok(())
}

fn refuse_input(target: &Target, inputs: &Inputs) -> Result<()> {
    let Target { argument, shown, files } = target;
    match files {
        Files::These(paths) if paths.iter().filter_map(|path| Place::of(path)).any(|place| inputs.hold(&place)) => {
            bail!("{shown}: is an input too; write to another file")
        }
        Files::These(_) => Ok(()),
        Files::Records { ending, .. } => match files.existing().find(|(_, place)| inputs.hold(place)) {
            Some((path, _)) => bail!(
                "{}: is an input too, and {argument} writes {NAMES_LIST} and files that end in .{ending} there; give another \
                 folder",
                path.display()
            ),
            None => Ok(()),
        },
    }
}

/// The arguments of one command.
pub(crate) struct Given<'a> {
    command: String,
    definition: &'a Command,
    matches: &'a ArgMatches,
}

/// A value of an argument, with its role.
struct Value {
    argument: String,
    role: Role,
    text: std::ffi::OsString,
}

impl<'a> Given<'a> {
    /// Finds the innermost command.
    pub(crate) fn new(mut definition: &'a Command, mut matches: &'a ArgMatches) -> Self {
        let mut words = Vec::new();
        while let Some((name, inner)) = matches.subcommand() {
            let Some(found) = definition.find_subcommand(name) else { break };
            words.push(name);
            (definition, matches) = (found, inner);
        }
        Self { command: words.join(" "), definition, matches }
    }

    /// Every value that was typed, with its role.
    fn values(&self) -> impl Iterator<Item = Value> + '_ {
        roles::of(&self.command).filter(|(_, id, _)| self.typed(id)).flat_map(|&(_, id, role)| {
            let argument = self.argument(id);
            let texts = self.matches.get_raw(id).into_iter().flatten();
            texts.map(move |text| Value { argument: argument.clone(), role, text: text.to_owned() })
        })
    }

    fn typed(&self, id: &str) -> bool {
        let known = matches!(self.matches.try_contains_id(id), Ok(true));
        known && self.matches.value_source(id) != Some(ValueSource::DefaultValue)
    }

    /// `--output`, or the name of a value that has no flag.
    fn argument(&self, id: &str) -> String {
        let found = self.definition.get_arguments().find(|argument| argument.get_id() == id);
        let name = found.and_then(|argument| match argument.get_long() {
            Some(long) => Some(format!("--{long}")),
            None => argument.get_value_names().map(|names| names[0].to_string()),
        });
        name.unwrap_or_else(|| id.to_owned())
    }

    /// Does this command read sequences, and from no named file?
    fn reads_standard_input(&self) -> bool {
        let mut sequences = roles::of(&self.command).filter(|row| row.2 == Role::Reads(Input::Sequences));
        sequences.any(|(_, id, _)| !self.typed(id))
    }

    /// Do results go to standard output?
    pub(crate) fn prints(&self) -> bool {
        let elsewhere = |role| {
            use Output::{Model, Pages, Records, Results};
            matches!(role, Role::Writes(Results | Records | Model | Pages))
        };
        !self.values().any(|value| elsewhere(value.role) && value.text != "-")
    }
}
