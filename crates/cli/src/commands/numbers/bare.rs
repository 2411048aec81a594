//! Files without a header: lines of a position and a number, or of a number for each base in order.

use std::collections::BTreeMap;
use std::io::BufRead;

use anyhow::{Context as _, Result, bail};

use super::cell::{Cells, is_letter, is_number};
use super::{Given, Profile, zero_based};

/// What the lines of a file without a header hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bare {
    /// A position and its number, perhaps with a letter.
    Positions,
    /// A number.
    List,
}

impl Bare {
    /// What the first lines show; `None` if there is a header. A header is never a number.
    pub fn of(start: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(start);
        let mut lines = text.lines().map(plain).filter(|line| !line.is_empty() && !is_comment(line));
        match Cells::of(lines.next()?).cells[..] {
            [only] => is_number(only).then_some(Self::List),
            [first, letter, number, ..] if is_letter(letter) => {
                (is_number(first) && is_number(number)).then_some(Self::Positions)
            }
            [first, number, ..] => (is_number(first) && is_number(number)).then_some(Self::Positions),
            [] => None,
        }
    }

    /// Reads all lines of the file that messages call `file`.
    pub fn read(self, file: &str, stream: impl BufRead) -> Result<Profile> {
        let (mut at, mut all, mut letters) = (BTreeMap::new(), Vec::new(), Vec::new());
        for (place, line) in (1..).zip(stream.lines()) {
            let line = line.with_context(|| file.to_owned())?;
            let line = plain(&line);
            let row = Cells::of(line);
            if row.cells.is_empty() || is_comment(line) {
                continue;
            }
            let wrong = |message: String| anyhow::anyhow!("{file}:{place}: {message}");
            if self == Self::List {
                match row.cells[..] {
                    [_] => all.push(row.number(0).map_err(wrong)?),
                    _ => bail!("{file}:{place}: expected one number, as in the lines before, found `{line}`"),
                }
                continue;
            }
            // The letter of the base may be before the number (RNAfold), or after its error (.map).
            let (number, letter) = match row.cells[..] {
                [_, letter, _, ..] if is_letter(letter) => (2, Some(letter)),
                [_, _, _, letter] if is_letter(letter) => (1, Some(letter)),
                [_, _, ..] => (1, None),
                _ => bail!("{file}:{place}: expected a position and a number, found `{line}`"),
            };
            let position = zero_based(row.cells[0])
                .with_context(|| format!("{file}:{place}: expected a position from 1, found `{line}`"))?;
            let number = row.number(number).map_err(wrong)?;
            letters.extend(letter.map(|letter| (position, letter.as_bytes()[0])));
            if at.insert(position, number).is_some() {
                bail!("{file}:{place}: position {} is given twice", position + 1);
            }
        }
        let given = if self == Self::List { Given::All(all) } else { Given::At(at) };
        Ok(Profile { letters, ..Profile::new(given) })
    }
}

/// A line without white space around it and a byte order mark before it.
fn plain(line: &str) -> &str {
    line.trim_start_matches('\u{feff}').trim()
}

/// Is a line a comment? `#id,position,…` is none, but the header of a table.
fn is_comment(line: &str) -> bool {
    let Some(rest) = line.strip_prefix('#') else { return false };
    rest.is_empty() || rest.starts_with(['#', ' ', '\t']) || !rest.contains(['\t', ',', ';'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_told_from_numbers() {
        let of = |text: &str| Bare::of(text.as_bytes());
        for text in ["1\t0.5\n", "1 G 0.5", "# made by hand, in May\n1\t0,5\n", "\u{feff}1;0,5", "0.5 0.1"] {
            assert_eq!(of(text), Some(Bare::Positions), "{text}");
        }
        for text in ["0.5\n0.7\n", "NA\n0.5\n", "# shape\n\n0.5", "7\n0.1\t0.2\t0.3\n"] {
            assert_eq!(of(text), Some(Bare::List), "{text}");
        }
        for text in ["", "position\tdms\n1\t0.5\n", "#pos\tdms\n1\t0.5\n", "a\n0.5\n"] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
