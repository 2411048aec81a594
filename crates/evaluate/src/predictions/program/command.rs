//! The command of a folding program: a known name, `NAME=COMMAND`, or a command with places for files.

use std::path::Path;

use super::super::output::Pick;
use super::known::KnownProgram;
use crate::Error;

/// The file of all sequences.
const INPUT: &str = "{input}";
/// The file of one sequence.
const RECORD: &str = "{record}";
/// The folder for results.
const OUTPUT: &str = "{output}";

/// How a program gets its sequences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Input {
    /// All of them on standard input.
    Standard,
    /// All of them in a file.
    File,
    /// One in a file, and the program is started for each.
    Each,
}

/// How a program is started, gets its sequences and gives its structures.
#[derive(Debug)]
pub(super) struct FoldCommand {
    /// The predictor's name.
    pub name: String,
    /// How it gets its sequences.
    pub input: Input,
    /// Whether its structures are in files, not in what it prints.
    pub writes_files: bool,
    /// Which of several structures counts.
    pub pick: Pick,
    /// The row of a known program.
    pub known: Option<&'static KnownProgram>,
    words: Vec<String>,
}

impl FoldCommand {
    /// Reads what `--run` was given. Words are split as in a shell.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let (name, command) = named(text);
        let known = KnownProgram::find(name.unwrap_or(text).trim());
        let whole = match (known, name) {
            (Some(known), Some(_)) => format!("{command} {}", known.arguments),
            (Some(known), None) => known.command(),
            (None, _) => command.to_owned(),
        };
        let words = shlex::split(&whole).filter(|words| !command.trim().is_empty() && !words.is_empty());
        let words = words.ok_or_else(|| Error::Options(format!("`{text}`: expected a program and its options")))?;
        let has = |place: &str| words.iter().any(|word| word.contains(place));
        let input = match (has(INPUT), has(RECORD)) {
            (true, true) => {
                let both = "expected {input} (a file of all sequences) or {record} (a file of one), found both";
                return Err(Error::Options(format!("`{text}`: {both}")));
            }
            (true, false) => Input::File,
            (false, true) => Input::Each,
            (false, false) => Input::Standard,
        };
        let name = known.map(|known| known.name).or(name).map_or_else(|| file_name(&words[0]), str::to_owned);
        let pick = known.map_or(Pick::First, |known| known.pick);
        Ok(Self { name, input, writes_files: has(OUTPUT), pick, known, words })
    }

    /// The word that is started.
    pub fn program(&self) -> &str {
        &self.words[0]
    }

    /// The words with their files in place.
    pub fn words(&self, input: &Path, output: &Path) -> Vec<String> {
        let [input, output] = [input, output].map(|path| path.to_string_lossy().into_owned());
        let places = [(INPUT, &input), (RECORD, &input), (OUTPUT, &output)];
        let fill = |word: &String| places.iter().fold(word.clone(), |word, (place, path)| word.replace(place, path));
        self.words.iter().map(fill).collect()
    }
}

/// `NAME=COMMAND`, where the name is one word of a few plain letters, or a command.
fn named(text: &str) -> (Option<&str>, &str) {
    let plain = |letter: u8| letter.is_ascii_alphanumeric() || b"-_.".contains(&letter);
    match text.split_once('=') {
        Some((name, command)) if !name.is_empty() && name.bytes().all(plain) => (Some(name), command),
        _ => (None, text),
    }
}

/// A program's name without its folder.
fn file_name(word: &str) -> String {
    let file = Path::new(word).file_name();
    file.map_or_else(|| word.to_owned(), |file| file.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (String, Input, bool, String) {
        let command = FoldCommand::parse(text).unwrap();
        let words = command.words(Path::new("a b.fa"), Path::new("out")).join("|");
        (command.name, command.input, command.writes_files, words)
    }

    fn is(text: &str, name: &str, input: Input, files: bool, words: &str) {
        assert_eq!(parts(text), (name.to_owned(), input, files, words.to_owned()), "{text}");
    }

    #[test]
    fn a_name_stands_for_a_command_and_anything_else_is_one() {
        is("mxfold2", "mxfold2", Input::File, false, "mxfold2|predict|a b.fa");
        is("mxfold2 predict {input}", "mxfold2", Input::File, false, "mxfold2|predict|a b.fa");
        is("rnafold", "rnafold", Input::Standard, false, "RNAfold|--noPS");
        is("RNAfold --noPS", "RNAfold", Input::Standard, false, "RNAfold|--noPS");
        is("/opt/x/fold.sh -g 'a b'", "fold.sh", Input::Standard, false, "/opt/x/fold.sh|-g|a b");
        is("my {record} -o {output}/x.ct", "my", Input::Each, true, "my|a b.fa|-o|out/x.ct");
    }

    #[test]
    fn a_known_program_may_be_elsewhere_and_others_may_be_named() {
        is("mxfold2=/opt/m/bin/mxfold2 predict", "mxfold2", Input::File, false, "/opt/m/bin/mxfold2|predict|a b.fa");
        let spot = "python3|/opt/SPOT-RNA.py|--inputs|a b.fa|--outputs|out";
        is("spot-rna=python3 /opt/SPOT-RNA.py", "spot-rna", Input::File, true, spot);
        is("gamma4=fold --gamma=4", "gamma4", Input::Standard, false, "fold|--gamma=4");
        is("fold --gamma=4", "fold", Input::Standard, false, "fold|--gamma=4");
    }

    #[test]
    fn what_cannot_be_a_command_is_refused() {
        let refused = |text: &str| FoldCommand::parse(text).unwrap_err().to_string();
        for text in ["", " ", "mxfold2=", "'fold"] {
            assert_eq!(refused(text), format!("`{text}`: expected a program and its options"));
        }
        assert!(refused("fold {input} {record}").ends_with("found both"));
    }
}
