//! `fold --constraint`: which constraint belongs to which sequence, and whether it is met.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail};
use rinalmo::Constraint;
use rinalmo::constraints::{self, ConstraintRecord};
use rinalmo::seq::{InputOptions, SequenceRecord, Sequences, Structure, input, title};

use crate::context::Context;
use crate::io::{Feed, feed, first_of};

/// For this many records non-canonical pairs are reported one by one.
const REPORTED: usize = 5;

/// The constraints of `--constraint`.
pub enum Constraints {
    None,
    Every(Constraint),
    File(File),
}

/// A constraint file.
pub struct File {
    name: String,
    records: Vec<ConstraintRecord>,
    /// Records by their complete headers and by the first words of those.
    by_header: HashMap<String, Vec<usize>>,
    by_id: HashMap<String, Vec<usize>>,
    /// Whether each record had a sequence.
    used: Vec<bool>,
    odd: Vec<String>,
}

impl Constraints {
    /// Reads the flag's value: a constraint, or a file of constraints.
    pub fn open(text: Option<&str>) -> Result<Self> {
        let Some(text) = text else { return Ok(Self::None) };
        if constraints::is_constraint(text) {
            return Ok(Self::Every(text.parse()?));
        }
        if text != "-" && !Path::new(text).exists() {
            bail!("--constraint: `{text}` is neither a constraint (of the characters .|x<>()) nor a file");
        }
        Ok(Self::File(File::open(text)?))
    }

    /// The constraint of a record: from a file by its name, or none if the file has none for it.
    pub fn of(&mut self, record: &SequenceRecord) -> Result<Option<Constraint>> {
        match self {
            Self::None => Ok(None),
            Self::Every(constraint) => Ok(Some(constraint.clone())),
            Self::File(file) => file.of(record),
        }
    }

    /// Checks that a structure meets its constraint.
    pub fn check_met(&mut self, record: &SequenceRecord, structure: &Structure) -> Result<()> {
        let Some(constraint) = self.of(record)? else { return Ok(()) };
        Ok(constraint.check_met(structure.pairs())?)
    }

    /// Reports non-canonical pairs, and after all sequences the constraints without a sequence.
    pub fn report(&self, complete: bool, context: &Context) {
        let Self::File(file) = self else { return };
        file.odd.iter().take(REPORTED).for_each(|odd| context.note(format!("warning: {odd}")));
        if file.odd.len() > REPORTED {
            let more = file.odd.len() - REPORTED;
            context.note(format!("warning: {}: {more} more records with such pairs", file.name));
        }
        let unused = file.records.iter().zip(&file.used).filter(|(_, used)| !**used);
        let unused: Vec<&str> = unused.map(|(record, _)| record.header.as_str()).collect();
        if let Some(ids) = first_of(&unused).filter(|_| complete) {
            context.note(format!("warning: {}: no sequence for {ids}", file.name));
        }
    }
}

impl File {
    fn open(name: &str) -> Result<Self> {
        let records = constraints::read(input::open(name)?).with_context(|| name.to_owned())?;
        if records.iter().all(|record| record.constraint.is_err()) {
            let first = records.iter().find_map(|record| Some((record, record.constraint.as_ref().err()?)));
            let Some((record, mistake)) = first else { bail!("{name}: contains no constraint") };
            bail!("{name}:{}: record `{}`: {}", mistake.line, record.header, mistake.reason);
        }
        let (mut by_header, mut by_id) = (HashMap::new(), HashMap::new());
        for (number, record) in records.iter().enumerate() {
            let name = title::name(&record.header); // as sequences are called
            let id = name.split_whitespace().next().unwrap_or_default();
            by_header.entry(single_spaced(name)).or_insert_with(Vec::new).push(number);
            by_id.entry(id.to_owned()).or_insert_with(Vec::new).push(number);
        }
        let used = vec![false; records.len()];
        Ok(Self { name: name.to_owned(), records, by_header, by_id, used, odd: Vec::new() })
    }

    fn of(&mut self, record: &SequenceRecord) -> Result<Option<Constraint>> {
        let Some(number) = self.find(record)? else { return Ok(None) };
        let Self { name, records, used, odd, .. } = self;
        let found = &records[number];
        let seen = std::mem::replace(&mut used[number], true);
        let at = |line: usize, reason: &str| anyhow!("{name}:{line}: {reason}");
        let constraint = found.constraint.as_ref().map_err(|mistake| at(mistake.line, &mistake.reason))?;
        if record.sequence.is_empty() && found.sequence.is_none() {
            return Err(at(found.line, "it has no sequence; give FILES with the sequences"));
        }
        found.check(&record.sequence).map_err(|differs| at(found.line, &differs.to_string()))?;
        if !seen {
            odd.extend(odd_pairs(constraint, record));
        }
        Ok(Some(constraint.clone()))
    }

    /// The number of the constraint of a record: its own if both come from this file, else that of its complete header,
    /// else that of its id; of several the one for the same sequence.
    fn find(&mut self, record: &SequenceRecord) -> Result<Option<usize>> {
        if record.source.as_ref() == self.name && record.index < self.records.len() {
            return Ok(Some(record.index));
        }
        let by_header = self.by_header.get(&single_spaced(&record.header));
        let Some(numbers) = by_header.or_else(|| self.by_id.get(&record.id)) else { return Ok(None) };
        if let [one] = numbers[..] {
            return Ok(Some(one));
        }
        let is_same = |number: &&usize| {
            let found = &self.records[**number];
            found.sequence.is_some() && found.check(&record.sequence).is_ok()
        };
        match numbers.iter().filter(is_same).collect::<Vec<_>>()[..] {
            [one] => Ok(Some(*one)),
            _ => {
                numbers.iter().for_each(|&number| self.used[number] = true); // there is a sequence for them
                bail!("{}: {} constraints for this id, expected one", self.name, numbers.len())
            }
        }
    }

    /// The sequences of the file, as if the file were given as FILES: with their line numbers, each record once.
    pub fn sequences(&self, options: InputOptions) -> Result<Feed> {
        if self.records.iter().all(|record| record.sequence.is_none()) {
            let first = self.records.first().map_or("", ConstraintRecord::id);
            bail!("{}: record `{first}` has no sequence; give FILES with the sequences", self.name);
        }
        let (mut fasta, mut line) = (Vec::new(), 1);
        for record in &self.records {
            fasta.resize(fasta.len() + record.line.saturating_sub(line), b'\n');
            fasta.extend_from_slice(format!(">{}\n", record.header).as_bytes());
            line = line.max(record.line) + 1;
            if let Some(sequence) = &record.sequence {
                fasta.extend_from_slice(sequence);
                fasta.push(b'\n');
                line += 1;
            }
        }
        Ok(feed(Sequences::from_reader(&self.name, std::io::Cursor::new(fasta), options), options))
    }
}

/// The message about bracketed pairs that are not canonical.
fn odd_pairs(constraint: &Constraint, record: &SequenceRecord) -> Option<String> {
    let odd = constraint.non_canonical(&record.sequence);
    let &(i, j) = odd.first()?;
    let base = |at: usize| format!("{}{}", char::from(record.sequence[at]), at + 1);
    let more = if odd.len() > 1 { format!(" and {} more", odd.len() - 1) } else { String::new() };
    let (source, line, id) = (&record.source, record.line, &record.id);
    Some(format!(
        "{source}:{line}: record `{id}`: the constraint pairs {} with {}{more}, which are not canonical pairs; they \
         are kept",
        base(i),
        base(j)
    ))
}

fn single_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
