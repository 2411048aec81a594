//! RDAT files of the RNA Mapping Database: one profile of reactivities.

use std::collections::BTreeMap;
use std::io::BufRead;

use anyhow::{Context as _, Result, anyhow, bail};
use rinalmo::seq::table::Comma;

use super::cell::cell;
use super::{Given, Profile};

/// The first word of such a file.
pub const MAGIC: &str = "RDAT";

/// The parts of a file that are needed.
#[derive(Default)]
struct Parts {
    sequence: String,
    offset: i64,
    /// Positions as they are numbered, perhaps with a letter before.
    positions: Vec<String>,
    reactivities: Vec<(usize, Vec<String>)>,
}

/// Reads a file that has one profile; messages call it `file`.
pub fn read(file: &str, stream: impl BufRead) -> Result<Profile> {
    let mut parts = Parts::default();
    for (place, line) in (1..).zip(stream.lines()) {
        let line = line.with_context(|| file.to_owned())?;
        parts.add(place, &line).with_context(|| format!("{file}:{place}"))?;
    }
    let [(place, ref values)] = parts.reactivities[..] else {
        let found = parts.reactivities.len();
        bail!(
            "{file}: expected one profile (a line `REACTIVITY:1`), found {found}\nhint: a table with ids can have many"
        );
    };
    if values.len() != parts.positions.len() {
        let (values, positions) = (values.len(), parts.positions.len());
        bail!("{file}:{place}: expected {positions} reactivities, as SEQPOS has positions, found {values}");
    }
    let (mut numbers, mut letters) = (BTreeMap::new(), Vec::new());
    for (position, value) in parts.positions.iter().zip(values) {
        let digits = position.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        let at = digits.parse::<i64>().ok().map(|at| at - parts.offset - 1);
        let at = at.filter(|at| (0..parts.sequence.len() as i64).contains(at)).with_context(|| {
            let (len, offset) = (parts.sequence.len(), parts.offset);
            format!("{file}: SEQPOS `{position}`: expected a position of {len} bases after offset {offset}")
        })? as usize;
        let value = cell(value, Comma::Doubtful).map_err(|message| anyhow!("{file}:{place}: {message}"))?;
        if numbers.insert(at, value).is_some() {
            bail!("{file}: SEQPOS `{position}` is given twice");
        }
        letters.push((at, parts.sequence.as_bytes()[at]));
    }
    Ok(Profile { letters, ..Profile::new(Given::At(numbers)) })
}

impl Parts {
    fn add(&mut self, place: usize, line: &str) -> Result<()> {
        let (key, rest) = line.trim().split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((line.trim(), ""));
        let words = || rest.split_ascii_whitespace().map(str::to_owned);
        match key.split_once(':').map_or(key, |(key, _)| key) {
            "SEQUENCE" if self.sequence.is_empty() => self.sequence = words().collect(),
            "OFFSET" => {
                self.offset =
                    rest.trim().parse().with_context(|| format!("OFFSET: expected a number, found `{rest}`"))?;
            }
            "SEQPOS" => self.positions = words().collect(),
            "REACTIVITY" => self.reactivities.push((place, words().collect())),
            _ => {}
        }
        Ok(())
    }
}
