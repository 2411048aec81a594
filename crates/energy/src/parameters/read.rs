//! Reads parameter files of version 2.0.
//!
//! A file is a list of sections: `# name`, then numbers that blanks and line ends separate. `/* … */` is a comment. In
//! place of a number, `INF` forbids a loop, `DEF` is -50, `NST` is 0, `*` keeps the number that is built in, and `x`
//! continues a table of sizes by the logarithm. What a file does not have is as in Turner 2004, as in ViennaRNA.

use std::str::FromStr;

use super::table::Table;
use super::write::HAIRPINS;
use super::{Hairpin, Parameters, Value};

/// The first line of a file.
pub(super) const HEADER: &str = "## RNAfold parameter file v2.0";

/// The number that `INF` stands for: it forbids a loop.
pub(crate) const FORBIDDEN: i32 = 10_000_000;

/// The number that `DEF` stands for.
const DEFAULT: i32 = -50;

/// Coefficient of the logarithm by which `x` continues a table, in 0.01 kcal/mol.
const CONTINUED: f64 = 107.856;

/// Why a parameter file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParametersError {
    /// The first line does not announce version 2.0.
    #[error(
        "line 1: expected `{HEADER}`, found `{found}`\n\
         hint: ViennaRNA's RNAparconv converts files of version 1"
    )]
    Header {
        /// The first line.
        found: String,
    },
    /// A section that is not in the format.
    #[error("line {line}: no section of a parameter file is called `{found}`")]
    Section {
        /// Its line, from 1.
        line: usize,
        /// Its name.
        found: String,
    },
    /// A section has too few or too many numbers.
    #[error("line {line}: section `{section}`: expected {expected} numbers, found {found}")]
    Count {
        /// The line of the first number too many, or the section's last line.
        line: usize,
        /// The section.
        section: String,
        /// Numbers that belong there.
        expected: usize,
        /// Numbers that are there.
        found: usize,
    },
    /// A word is not a number.
    #[error("line {line}: section `{section}`: expected {expected}, found `{found}`")]
    Word {
        /// Its line, from 1.
        line: usize,
        /// Its section.
        section: String,
        /// What belongs there.
        expected: &'static str,
        /// The word, or the line.
        found: String,
    },
    /// A comment that begins and does not end in its line.
    #[error("line {line}: a comment begins with `/*` and does not end with `*/`")]
    Comment {
        /// Its line, from 1.
        line: usize,
    },
    /// A complete file lacks a section.
    #[error("section `{section}` is missing")]
    Missing {
        /// The section.
        section: &'static str,
    },
}

impl FromStr for Parameters {
    type Err = ParametersError;

    /// Reads the text of a parameter file. What it does not have is as in Turner 2004.
    fn from_str(text: &str) -> Result<Self, ParametersError> {
        let mut parameters = Self::turner2004().clone();
        for section in sections(text)? {
            parameters.set(&section)?;
        }
        Ok(parameters)
    }
}

/// Reads a file that has all tables.
pub(super) fn complete(text: &str) -> Result<Parameters, ParametersError> {
    let tables = Table::ALL.map(|table| vec![Value::default(); table.len()]);
    let zero = Value::default();
    let mut parameters = Parameters {
        tables,
        hairpins: Vec::new(),
        unpaired: zero,
        closing: zero,
        branch: zero,
        asymmetry: zero,
        largest_asymmetry: 0,
        initiation: zero,
        terminal_au: zero,
        logarithm: CONTINUED,
    };
    let sections = sections(text)?;
    let has = |name: &str| sections.iter().any(|section| section.name == name);
    let names = Table::ALL.map(Table::name);
    if let Some(section) = names.into_iter().chain(["ML_params", "NINIO", "Misc"]).find(|name| !has(name)) {
        return Err(ParametersError::Missing { section });
    }
    for section in &sections {
        parameters.set(section)?;
    }
    Ok(parameters)
}

/// A section's words, each with its line, counted from 1.
struct Section<'t> {
    name: &'t str,
    /// The line of its name.
    line: usize,
    words: Vec<(usize, &'t str)>,
}

fn sections(text: &str) -> Result<Vec<Section<'_>>, ParametersError> {
    let mut lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
    let first = lines.next().map_or("", |(_, line)| line.trim_start_matches('\u{feff}'));
    if !first.starts_with(HEADER) {
        return Err(ParametersError::Header { found: first.chars().take(60).collect() });
    }
    let mut sections: Vec<Section<'_>> = Vec::new();
    for (line, text) in lines {
        if let Some(name) = text.strip_prefix('#') {
            let name = name.split_whitespace().next().unwrap_or_default();
            match name {
                "END" => break,
                "" | "#" => {} // decoration
                name if is_section(name) => sections.push(Section { name, line, words: Vec::new() }),
                _ => return Err(ParametersError::Section { line, found: name.to_owned() }),
            }
        } else if let Some(section) = sections.last_mut() {
            section.words.extend(words(text, line)?.map(|word| (line, word)));
        }
    }
    Ok(sections)
}

fn is_section(name: &str) -> bool {
    let of_table = |name: &str| Table::ALL.into_iter().any(|table| table.name() == name);
    of_table(name)
        || name.strip_suffix(ENTHALPIES).is_some_and(of_table)
        || ["ML_params", "NINIO", "Misc"].contains(&name)
        || HAIRPINS.iter().any(|&(section, _)| section == name)
}

/// The end of the name of a section of enthalpies.
const ENTHALPIES: &str = "_enthalpies";

/// The words of a line outside comments.
fn words(text: &str, line: usize) -> Result<impl Iterator<Item = &str>, ParametersError> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, comment)) = rest.split_once("/*") {
        pieces.push(before);
        rest = comment.split_once("*/").ok_or(ParametersError::Comment { line })?.1;
    }
    pieces.push(rest);
    Ok(pieces.into_iter().flat_map(str::split_whitespace))
}

impl Parameters {
    fn set(&mut self, section: &Section<'_>) -> Result<(), ParametersError> {
        let pair = |numbers: &[i32]| Value { energy: numbers[0], enthalpy: numbers[1] };
        match section.name {
            "ML_params" => {
                let old = [self.unpaired, self.closing, self.branch].map(|value| [value.energy, value.enthalpy]);
                let numbers = section.numbers(&old.concat())?;
                [self.unpaired, self.closing, self.branch] = [0, 2, 4].map(|at| pair(&numbers[at..]));
            }
            "NINIO" => {
                let Value { energy, enthalpy } = self.asymmetry;
                let numbers = section.numbers(&[energy, enthalpy, self.largest_asymmetry])?;
                (self.asymmetry, self.largest_asymmetry) = (pair(&numbers), numbers[2]);
            }
            "Misc" => self.set_miscellaneous(section)?,
            name => match HAIRPINS.iter().find(|(section, _)| *section == name) {
                Some(&(_, letters)) => self.set_hairpins(section, letters)?,
                None => self.set_table(section)?,
            },
        }
        Ok(())
    }

    fn set_table(&mut self, section: &Section<'_>) -> Result<(), ParametersError> {
        let base = section.name.strip_suffix(ENTHALPIES);
        let name = base.unwrap_or(section.name);
        let table = Table::ALL.into_iter().find(|table| table.name() == name).expect("its name was checked");
        let values = &mut self.tables[table as usize];
        let mut all: Vec<i32> = if base.is_some() {
            values.iter().map(|value| value.enthalpy).collect()
        } else {
            values.iter().map(|value| value.energy).collect()
        };
        let cells = table.cells();
        let old: Vec<i32> = cells.iter().map(|&cell| all[cell]).collect();
        for (cell, number) in cells.into_iter().zip(section.numbers(&old)?) {
            all[cell] = number;
        }
        if table == Table::Int22 {
            table.fill_summaries(&mut all);
        }
        for (value, number) in values.iter_mut().zip(all) {
            if base.is_some() {
                value.enthalpy = number;
            } else {
                value.energy = number;
            }
        }
        Ok(())
    }

    /// Two strands and terminal AU as pairs of numbers, and in newer files the logarithm, which is not whole.
    fn set_miscellaneous(&mut self, section: &Section<'_>) -> Result<(), ParametersError> {
        let pairs = Section { words: section.words.iter().take(4).copied().collect(), ..*section };
        let old = [self.initiation, self.terminal_au].map(|value| [value.energy, value.enthalpy]);
        let numbers = pairs.numbers(&old.concat())?;
        [self.initiation, self.terminal_au] = [0, 2].map(|at| Value { energy: numbers[at], enthalpy: numbers[at + 1] });
        if let Some(&(line, word)) = section.words.get(4) {
            let value = word.parse().ok().filter(|value: &f64| value.abs() <= f64::from(FORBIDDEN));
            self.logarithm = value.ok_or_else(|| section.unexpected(line, "a number in 0.01 kcal/mol", word))?;
        }
        match section.words.get(6) {
            Some(&(line, _)) => Err(section.count(line, 6, section.words.len())),
            None => Ok(()),
        }
    }

    /// Replaces all hairpins of this number of `letters`.
    fn set_hairpins(&mut self, section: &Section<'_>, letters: usize) -> Result<(), ParametersError> {
        self.hairpins.retain(|hairpin| hairpin.letters.len() != letters);
        for row in section.words.chunks(3) {
            let (line, name) = row[0];
            let is_letters = name.len() == letters && name.bytes().all(|letter| b"ACGU".contains(&letter));
            if !is_letters {
                return Err(section.unexpected(line, "the letters of a hairpin, of A, C, G and U", name));
            }
            let &[_, energy, enthalpy] = row else {
                return Err(section.unexpected(line, "letters, energy and enthalpy", name));
            };
            let [energy, enthalpy] = [section.number(energy)?, section.number(enthalpy)?];
            self.hairpins.push(Hairpin { letters: name.into(), value: Value { energy, enthalpy } });
        }
        Ok(())
    }
}

impl Section<'_> {
    /// Its numbers, as many as there are `old` ones, which `*` keeps.
    fn numbers(&self, old: &[i32]) -> Result<Vec<i32>, ParametersError> {
        let mut numbers: Vec<i32> = Vec::with_capacity(old.len());
        let mut last = 0; // the last one that is not a word
        for &(line, word) in &self.words {
            let at = numbers.len();
            if at == old.len() {
                return Err(self.count(line, old.len(), self.words.len()));
            }
            numbers.push(match word {
                "*" => old[at],
                "x" if last > 0 => {
                    let more = 0.5 + CONTINUED * (at as f64 / last as f64).ln();
                    numbers[last].saturating_add(more as i32).min(FORBIDDEN)
                }
                _ => self.number((line, word))?,
            });
            if word.parse::<i32>().is_ok() {
                last = at;
            }
        }
        if numbers.len() < old.len() {
            let line = self.words.last().map_or(self.line, |&(line, _)| line);
            return Err(self.count(line, old.len(), numbers.len()));
        }
        Ok(numbers)
    }

    fn number(&self, (line, word): (usize, &str)) -> Result<i32, ParametersError> {
        let number = match word {
            "INF" => Some(FORBIDDEN),
            "-INF" | "-INf" => Some(-FORBIDDEN),
            "DEF" => Some(DEFAULT),
            "NST" => Some(0),
            word => word.parse().ok().filter(|number| (-FORBIDDEN..=FORBIDDEN).contains(number)),
        };
        number.ok_or_else(|| self.unexpected(line, "a whole number in 0.01 kcal/mol, at most 10000000", word))
    }

    fn count(&self, line: usize, expected: usize, found: usize) -> ParametersError {
        ParametersError::Count { line, section: self.name.to_owned(), expected, found }
    }

    fn unexpected(&self, line: usize, expected: &'static str, found: &str) -> ParametersError {
        ParametersError::Word { line, section: self.name.to_owned(), expected, found: found.chars().take(40).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Parameters, ParametersError> {
        format!("{HEADER}\n{body}").parse()
    }

    fn message(body: &str) -> String {
        read(body).unwrap_err().to_string()
    }

    #[test]
    fn what_is_written_is_read() {
        let parameters = Parameters::turner2004();
        assert_eq!(&parameters.to_string().parse::<Parameters>().unwrap(), parameters);
        let other = read("# NINIO\n 70 320 /* a remark */ 250\n# Triloops\nGAAAC INF 0\n# Misc\n1 2 3 4\n").unwrap();
        assert_eq!((other.largest_asymmetry, other.terminal_au), (250, Value { energy: 3, enthalpy: 4 }));
        assert_eq!(other.logarithm, parameters.logarithm);
        assert_eq!(other.to_string().parse(), Ok(other));
    }

    #[test]
    fn sections_that_are_missing_are_those_of_turner_2004() {
        assert_eq!(&read("").unwrap(), Parameters::turner2004());
        assert_eq!(&read("# Triloops\n").unwrap().hairpins[..], &Parameters::turner2004().hairpins[..20]);
    }

    #[test]
    fn words_stand_for_numbers() {
        let words = "INF INF INF 540 DEF NST * x".to_owned() + &" x".repeat(23);
        let hairpin = read(&format!("# hairpin\n{words}\n")).unwrap().tables[Table::Hairpin as usize].clone();
        let energies: Vec<i32> = hairpin.iter().map(|value| value.energy).collect();
        assert_eq!(energies[..8], [FORBIDDEN, FORBIDDEN, FORBIDDEN, 540, -50, 0, 540, 631]);
        assert_eq!(energies[30], 788); // 540 + 107.856 · ln(30 / 3)
        assert_eq!(hairpin[4].enthalpy, 480);
    }

    #[test]
    fn errors_name_line_and_section() {
        let header = "1 2 3".parse::<Parameters>().unwrap_err().to_string();
        assert!(header.starts_with("line 1: expected `## RNAfold parameter file v2.0`, found `1 2 3`"), "{header}");
        assert_eq!(message("# stak\n1"), "line 2: no section of a parameter file is called `stak`");
        assert_eq!(message("# NINIO\n60 320\n"), "line 3: section `NINIO`: expected 3 numbers, found 2");
        assert_eq!(message("# NINIO\n60 320\n\n 3 4"), "line 5: section `NINIO`: expected 3 numbers, found 4");
        assert_eq!(message("# Misc\n1 2 3 4 5 6 7"), "line 3: section `Misc`: expected 6 numbers, found 7");
        assert_eq!(message("# stack\n1 /* 2\n"), "line 3: a comment begins with `/*` and does not end with `*/`");
        let word = message("# dangle5\n1 2 3\n4 5.5\n");
        let expected =
            "line 4: section `dangle5`: expected a whole number in 0.01 kcal/mol, at most 10000000, found `5.5`";
        assert_eq!(word, expected);
        let letters = message("# Triloops\nCAANG 1 2\n");
        assert!(letters.starts_with("line 3: section `Triloops`: expected the letters of a hairpin"), "{letters}");
        assert!(message("# Tetraloops\nCAAAAG 1\n").contains("expected letters, energy and enthalpy"));
    }
}
