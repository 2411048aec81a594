//! `--include tokens mean`: a list separated by blanks, before a positional argument.

use std::ffi::OsString;
use std::path::Path;

/// The flag that takes a list of words; files may follow it.
const FLAG: &str = "--include";
/// The words of the list; a test compares them with the command's.
pub const WORDS: [&str; 5] = ["tokens", "mean", "cls", "logits", "attentions"];

/// Joins the words after the flag with commas, as clap expects them. The list ends at the first other word and at the
/// name of an existing file.
pub fn joined(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut joined: Vec<OsString> = Vec::new();
    let mut open = false;
    for argument in arguments {
        let text = argument.to_str().unwrap_or_default();
        let listed = text.split(',').all(|word| WORDS.contains(&word));
        match joined.last_mut() {
            Some(list) if open && listed && list != FLAG && !Path::new(text).exists() => {
                list.push(",");
                list.push(text);
            }
            _ => {
                let begins = joined.last().is_some_and(|last| last == FLAG) && listed;
                open = text == FLAG || begins || text.strip_prefix(FLAG).is_some_and(|rest| rest.starts_with('='));
                joined.push(argument);
            }
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined_words(words: &str) -> String {
        let joined = joined(words.split(' ').map(OsString::from));
        joined.iter().map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn words_after_the_flag_become_one_list() {
        for (given, expected) in [
            ("embed --include tokens mean my.fa -o x", "embed --include tokens,mean my.fa -o x"),
            ("embed --include tokens,mean cls my.fa", "embed --include tokens,mean,cls my.fa"),
            ("embed --include=tokens mean my.fa", "embed --include=tokens,mean my.fa"),
            ("embed my.fa --include mean", "embed my.fa --include mean"),
            ("embed --include tokens --include mean cls", "embed --include tokens --include mean,cls"),
        ] {
            assert_eq!(joined_words(given), expected);
        }
    }

    #[test]
    fn everything_else_stays_as_it_is() {
        for words in [
            "embed mean tokens",
            "embed --include",
            "embed --include tokn mean",
            "embed --include my.fa mean",
            "embed --include tokens my.fa mean",
            "fold --included=mean tokens",
        ] {
            assert_eq!(joined_words(words), words);
        }
    }
}
