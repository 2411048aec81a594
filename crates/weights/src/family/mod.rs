//! The families of tensor names, and how their names become ours.
//!
//! A family is one table of [`Rule`]s. A rule maps a tensor of theirs to one of ours, or to a part of one: ours always
//! consists of row ranges of theirs, one after the other (three projections stacked into one, a vocabulary put into our
//! order). So nothing is copied until it is read. To support a new family, add its table.

pub mod calibration;
pub mod document;
pub(crate) mod esm1b;
pub mod multimolecule;
mod official;
mod own;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use crate::archive::{Archive, RawTensor};
use crate::error::Misfit;
use crate::tensor::{Piece, Tensor};

/// The origin of the tensor names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// This project.
    Own,
    /// The authors' released code.
    Official,
    /// The multimolecule library, and transformers' BERT.
    Multimolecule,
    /// RNA-FM's authors, as fair-esm's ESM-1b; and ERNIE-RNA's, as fairseq's encoder, on which that is built.
    Esm1b,
}

impl Family {
    /// Recognises the family by names that only it has.
    pub(crate) fn detect(archive: &Archive) -> Option<Self> {
        let has = |part: &str| archive.tensors.keys().any(|name| name.contains(part));
        if archive.tensors.keys().any(|name| name.starts_with("encoder.blocks.") || name == "encoder.embedding") {
            Some(Self::Own)
        } else if has("transformer.blocks.") {
            Some(Self::Official)
        } else if has("encoder.layer.") {
            Some(Self::Multimolecule)
        } else if esm1b::is(archive) {
            Some(Self::Esm1b)
        } else {
            None
        }
    }

    /// Sorts an archive's tensors into ours. The files next to it matter only for multimolecule.
    pub(crate) fn sort(self, archive: &Archive, side: &multimolecule::Side) -> Sorted {
        match self {
            Self::Own => own::sort(archive),
            Self::Official => official::sort(archive),
            Self::Multimolecule => multimolecule::sort(archive, side),
            Self::Esm1b => esm1b::sort(archive),
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Own => "rinalmo",
            Self::Official => "official",
            Self::Multimolecule => "multimolecule",
            Self::Esm1b => "esm-1b",
        })
    }
}

pub(crate) use official::name_of as official_name;

/// Which part of our tensor a tensor of theirs is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// All of it.
    Whole,
    /// One of three stacked on each other.
    Third(usize),
    /// All of it, once its rows are put into the order of our vocabulary.
    Vocabulary,
    /// Its first row.
    First,
    /// All of it but this many first rows.
    From(usize),
}

/// Their name, our name, and which part of ours theirs is; `{}` stands for the number of a block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    pub(crate) theirs: &'static str,
    pub(crate) ours: &'static str,
    pub(crate) part: Part,
}

pub(crate) const fn whole(theirs: &'static str, ours: &'static str) -> Rule {
    Rule { theirs, ours, part: Part::Whole }
}

pub(crate) const fn third(theirs: &'static str, ours: &'static str, which: usize) -> Rule {
    Rule { theirs, ours, part: Part::Third(which) }
}

pub(crate) const fn from(theirs: &'static str, ours: &'static str, row: usize) -> Rule {
    Rule { theirs, ours, part: Part::From(row) }
}

pub(crate) const fn first(theirs: &'static str, ours: &'static str) -> Rule {
    Rule { theirs, ours, part: Part::First }
}

pub(crate) const fn vocabulary(theirs: &'static str, ours: &'static str) -> Rule {
    Rule { theirs, ours, part: Part::Vocabulary }
}

impl Rule {
    /// Our name for their `name`, if this rule applies to it.
    fn apply(&self, name: &str) -> Option<String> {
        translate(self.theirs, self.ours, name)
    }
}

/// Matches `name` against the pattern `from` and fills the number found into `to`.
pub(crate) fn translate(from: &str, to: &str, name: &str) -> Option<String> {
    let Some((before, after)) = from.split_once("{}") else {
        return (from == name).then(|| to.to_owned());
    };
    let number = name.strip_prefix(before)?.strip_suffix(after)?;
    let plain = !number.is_empty() && number.len() < 6 && number.bytes().all(|b| b.is_ascii_digit());
    (plain && (number == "0" || !number.starts_with('0'))).then(|| to.replace("{}", number))
}

/// An archive's tensors under our names.
#[derive(Debug, Default)]
pub(crate) struct Sorted {
    /// Our tensors that are complete.
    pub(crate) tensors: BTreeMap<String, Tensor>,
    /// Names of theirs that no tensor of ours is made of.
    pub(crate) unused: Vec<String>,
    /// Tensors whose parts do not fit together.
    pub(crate) misfits: Vec<Misfit>,
}

/// Collects parts until all of a tensor's are there.
pub(crate) struct Sorter<'a> {
    /// For each of our tokens, the row of theirs; empty if they share our order.
    rows: &'a [usize],
    theirs: usize,
    parts: BTreeMap<String, BTreeMap<usize, (String, RawTensor, Part)>>,
    out: Sorted,
}

impl<'a> Sorter<'a> {
    pub(crate) fn new(rows: &'a [usize], theirs: usize) -> Self {
        Self { rows, theirs, parts: BTreeMap::new(), out: Sorted::default() }
    }

    /// Adds a tensor by the first rule that applies.
    pub(crate) fn add<'r>(
        &mut self,
        rules: impl IntoIterator<Item = &'r Rule>,
        key: &str,
        name: &str,
        raw: &RawTensor,
    ) {
        let found = rules.into_iter().find_map(|rule| Some((rule.apply(name)?, rule.part)));
        let Some((ours, part)) = found else { return self.unused(key) };
        let slot = if let Part::Third(which) = part { which } else { 0 };
        let slots = self.parts.entry(ours).or_default();
        // The same tensor under two names (a prefixed and a bare copy, stacked and split projections) is one too many.
        let clash = slots.contains_key(&slot) || slots.values().any(|(_, _, other)| is_third(*other) != is_third(part));
        if clash { self.unused(key) } else { drop(slots.insert(slot, (key.into(), raw.clone(), part))) }
    }

    /// Adds a tensor under its own name.
    pub(crate) fn keep(&mut self, name: &str, raw: &RawTensor) {
        self.parts.entry(name.into()).or_default().insert(0, (name.into(), raw.clone(), Part::Whole));
    }

    fn unused(&mut self, key: &str) {
        self.out.unused.push(key.to_owned());
    }

    /// Puts the parts together.
    pub(crate) fn finish(mut self) -> Sorted {
        for (name, slots) in std::mem::take(&mut self.parts) {
            let key = slots.values().map(|(key, _, _)| key.as_str()).collect::<Vec<_>>().join("`, `");
            match self.assemble(&slots) {
                Ok(pieces) => drop(self.out.tensors.insert(name, Tensor::new(key, pieces))),
                Err(reason) => self.out.misfits.push(Misfit { name: key, reason }),
            }
        }
        self.out
    }

    fn assemble(&self, slots: &BTreeMap<usize, (String, RawTensor, Part)>) -> Result<Vec<Piece>, String> {
        let mut pieces = Vec::new();
        for (_, raw, part) in slots.values() {
            if !raw.dtype.holds_weights() {
                return Err(format!("has type {}, expected f32, f16 or bf16", raw.dtype));
            }
            match part {
                Part::Vocabulary if raw.shape.first() != Some(&self.theirs) => {
                    return Err(format!("has shape {:?}, its vocabulary has {} tokens", raw.shape, self.theirs));
                }
                Part::Vocabulary => pieces.extend(self.rows.iter().map(|row| Piece::new(raw, *row..row + 1))),
                Part::From(row) => pieces.push(Piece::new(raw, raw.rows().min(*row)..raw.rows())),
                Part::First => pieces.push(Piece::new(raw, 0..raw.rows().min(1))),
                Part::Whole | Part::Third(_) => pieces.push(Piece::new(raw, 0..raw.rows())),
            }
        }
        let shapes: BTreeSet<&[usize]> = slots.values().map(|(_, raw, _)| raw.shape.get(1..).unwrap_or(&[])).collect();
        if shapes.len() > 1 {
            return Err("are parts of one tensor, but their shapes differ".into());
        }
        if slots.values().any(|(_, _, part)| is_third(*part)) && slots.len() < 3 {
            return Err(format!("should be three parts of one tensor, but there are {}", slots.len()));
        }
        Ok(pieces)
    }
}

fn is_third(part: Part) -> bool {
    matches!(part, Part::Third(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn block_numbers_are_carried_over() {
        assert_eq!(translate("a.{}.w", "b.{}.weight", "a.12.w").as_deref(), Some("b.12.weight"));
        for name in ["a..w", "a.x.w", "a.01.w", "a.-1.w", "a.1.v", "a.1.2.w"] {
            assert_eq!(translate("a.{}.w", "b.{}", name), None, "{name}");
        }
        assert_eq!(translate("a.w", "b", "a.w").as_deref(), Some("b"));
    }
}
