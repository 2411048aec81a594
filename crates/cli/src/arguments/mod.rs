//! The command line before and after clap: lists that are separated by blanks, and better messages for unknown flags.

mod lists;
mod rnafold;

#[cfg(test)]
pub use lists::WORDS as INCLUDED;

use std::ffi::OsString;
use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgMatches, Command};

/// Parses the arguments, or ends the program with an error message.
pub fn parse(definition: &mut Command, arguments: impl IntoIterator<Item = OsString>) -> ArgMatches {
    let arguments = lists::joined(arguments.into_iter());
    definition.try_get_matches_from_mut(&arguments).unwrap_or_else(|error| explained(error, &arguments).exit())
}

/// Replaces clap's tip by one that helps.
fn explained(mut error: clap::Error, arguments: &[OsString]) -> clap::Error {
    let Some(flag) = flag_of(&error) else { return error };
    if is_fold(arguments)
        && let Some(ours) = rnafold::ours(&flag, error.kind())
    {
        error.remove(ContextKind::SuggestedArg);
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![ours.into()]));
        return error;
    }
    // Clap suggests that an unknown flag may be the name of a file.
    if error.kind() == ErrorKind::UnknownArgument && !Path::new(&flag).exists() {
        error.remove(ContextKind::Suggested);
    }
    error
}

/// The flag at fault, without its value.
fn flag_of(error: &clap::Error) -> Option<String> {
    match error.get(ContextKind::InvalidArg)? {
        ContextValue::String(argument) => argument.split([' ', '=']).next().map(str::to_owned),
        _ => None,
    }
}

/// Is the command `fold`?
fn is_fold(arguments: &[OsString]) -> bool {
    let mut words = arguments.iter().skip(1).filter_map(|argument| argument.to_str());
    words.find(|word| !word.starts_with('-')) == Some("fold")
}
