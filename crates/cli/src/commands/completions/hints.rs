//! What the value of an argument may be: a file, a folder, or one of some names.
//!
//! clap knows the words of a closed list. `roles` knows which arguments name files, and the tables of the library have the
//! names of models, configs and sources.

use clap::builder::PossibleValuesParser;
use clap::{Arg, Command, ValueHint};
use clap_complete::Shell;
use rinalmo::checkpoint::{all_bundled, registry};
use rinalmo::corpus::sources;
use rinalmo::evaluate::KnownProgram;
use rinalmo::recipes;

use crate::commands::thermodynamics::{RINALMO2026, TURNER2004};
use crate::io::files::roles;
use crate::io::files::{Input, Output, Role};

/// The definition of the command line with a hint at every value.
pub fn hinted(definition: Command, shell: Shell) -> Command {
    within("", definition, shell)
}

/// The same for one command, of these words, and those below it.
fn within(words: &str, command: Command, shell: Shell) -> Command {
    let below: Vec<String> = command.get_subcommands().map(|inner| inner.get_name().to_owned()).collect();
    let command = command.mut_args(|argument| with_hint(words, argument, shell));
    below.into_iter().fold(command, |command, name| {
        let words = format!("{words} {name}").trim().to_owned();
        command.mut_subcommand(name, |inner| within(&words, inner, shell))
    })
}

fn with_hint(words: &str, argument: Arg, shell: Shell) -> Arg {
    if !argument.get_action().takes_values() {
        return argument;
    }
    let argument = with_plain_name(argument);
    if !argument.get_possible_values().is_empty() {
        return argument;
    }
    let id = argument.get_id().as_str();
    let role = roles::of(words).find(|row| row.1 == id).map_or(Role::Neither, |row| row.2);
    let names = names(words, id);
    // The script for bash completes files if no name fits. Those for other shells complete either names or files.
    let names = if names.is_empty() && shell == Shell::Bash { names_or_files(id, role) } else { names };
    if names.is_empty() {
        argument.value_hint(hint(role))
    } else {
        argument.value_parser(PossibleValuesParser::new(names))
    }
}

/// Colons and brackets separate the parts of a line in zsh's script, and clap does not escape them in names of values.
fn with_plain_name(argument: Arg) -> Arg {
    let is_plain = |name: &str| !name.contains([':', '[', ']']);
    match argument.get_value_names() {
        Some(names) if !names.iter().all(|name| is_plain(name)) => argument.value_name("VALUE"),
        _ => argument,
    }
}

/// The names that an argument takes, if it takes no path.
fn names(words: &str, id: &str) -> Vec<&'static str> {
    match (words, id) {
        ("", "device") => devices(),
        ("model download", "name") => registry::all().iter().map(|entry| entry.name).collect(),
        ("config show", "name") => recipes::all().iter().map(|recipe| recipe.name).collect(),
        ("evaluate structure" | "benchmark", "programs") => KnownProgram::ALL.iter().map(|known| known.name).collect(),
        ("corpus download", "sources") => sources::all().iter().map(|source| source.name).collect(),
        _ => Vec::new(),
    }
}

/// The names that an argument takes in place of a path.
fn names_or_files(id: &str, role: Role) -> Vec<&'static str> {
    match (id, role) {
        ("config", _) => recipes::all().iter().map(|recipe| recipe.name).collect(),
        (_, Role::Reads(Input::Model)) => models(),
        _ => Vec::new(),
    }
}

/// All models that `--model` knows by name. clap keeps names for as long as the program runs, which is not long here.
fn models() -> Vec<&'static str> {
    let bundled = all_bundled().into_iter().map(|name| &*name.leak());
    bundled.chain([TURNER2004, RINALMO2026]).chain(registry::all().iter().map(|entry| entry.name)).collect()
}

/// The devices that are built in, without their numbers.
fn devices() -> Vec<&'static str> {
    let optional: [(bool, &[&str]); 3] = [
        (cfg!(feature = "wgpu"), &["wgpu"]),
        (cfg!(feature = "tch"), &["tch:cpu", "tch:cuda", "tch:mps"]),
        (cfg!(feature = "cuda"), &["cuda"]),
    ];
    let built_in = optional.into_iter().filter(|(is_built_in, _)| *is_built_in).flat_map(|(_, names)| names);
    ["auto", "cpu"].iter().chain(built_in).copied().collect()
}

fn hint(role: Role) -> ValueHint {
    match role {
        Role::Reads(Input::Results) => ValueHint::DirPath,
        Role::Reads(_) => ValueHint::FilePath,
        Role::Writes(Output::Results | Output::File | Output::Model | Output::Prefix) => ValueHint::FilePath,
        Role::Writes(_) => ValueHint::DirPath,
        Role::Neither => ValueHint::Other,
    }
}
