//! A folded record as a JSON object.

use std::borrow::Cow;

use rinalmo_infer::{Alternative, Fold, FoldEnergies};
use rinalmo_seq::SequenceRecord;
use serde::{Serialize, Serializer};

use crate::ModelName;

/// A record with its fold. As JSON: id, header if it is longer, sequence, structure, score, expected_f1, pairs from 1 with
/// their probabilities, threshold, crossing_left_out, energies of an energy model, binding of two strands, alternatives if
/// they were asked for, model.
#[derive(Clone, Copy, Debug)]
pub struct Folded<'a> {
    /// The record that was read.
    pub record: &'a SequenceRecord,
    /// Its fold.
    pub fold: &'a Fold,
    /// The model that folded it.
    pub model: &'a ModelName,
}

impl Serialize for Folded<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Json::new(self).serialize(serializer)
    }
}

/// Free energies in kcal/mol, and the diversity in base pairs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct EnergyColumns {
    energy: Option<f64>,
    mfe: f64,
    ensemble_energy: f64,
    diversity: f64,
}

impl From<FoldEnergies> for EnergyColumns {
    fn from(energies: FoldEnergies) -> Self {
        Self {
            energy: energies.structure.map(hundredths),
            mfe: hundredths(energies.mfe),
            ensemble_energy: hundredths(energies.ensemble),
            diversity: hundredths(energies.diversity),
        }
    }
}

/// What two strands gain by binding, in kcal/mol; nothing of one strand, or if no bases of both can pair.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct BindingColumn {
    binding: Option<f64>,
}

impl From<FoldEnergies> for BindingColumn {
    fn from(energies: FoldEnergies) -> Self {
        Self { binding: energies.binding.filter(|energy| energy.is_finite()).map(hundredths) }
    }
}

#[derive(Serialize)]
struct Json<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    header: Option<&'a str>,
    sequence: Cow<'a, str>,
    structure: String,
    score: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_f1: Option<f64>,
    pairs: Vec<(usize, usize, f64)>,
    threshold: f64,
    crossing_left_out: usize,
    #[serde(flatten)]
    energies: Option<EnergyColumns>,
    #[serde(skip_serializing_if = "Option::is_none")]
    binding: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alternatives: Option<Vec<AlternativeObject<'a>>>,
    model: &'a ModelName,
}

impl<'a> Json<'a> {
    fn new(folded: &Folded<'a>) -> Self {
        let Folded { record, fold, model } = *folded;
        Self {
            id: &record.id,
            header: (record.header != record.id).then_some(&*record.header),
            sequence: record.text(),
            structure: fold.dot_bracket(),
            score: round(fold.score, 1e6),
            expected_f1: fold.expected_f1.map(|f1| round(f1, 1e6)),
            pairs: fold.pairs.iter().map(|&(i, j, p)| (i + 1, j + 1, round(p, 1e6))).collect(),
            threshold: round(fold.threshold, 1e6),
            crossing_left_out: fold.crossing_left_out,
            energies: fold.energies.map(EnergyColumns::from),
            binding: fold.energies.and_then(|energies| BindingColumn::from(energies).binding),
            alternatives: fold.alternatives.as_ref().map(|all| all.iter().map(AlternativeObject::from).collect()),
            model,
        }
    }
}

#[derive(Serialize)]
struct AlternativeObject<'a> {
    structure: &'a str,
    energy: f64,
    share: f64,
}

impl<'a> From<&'a Alternative> for AlternativeObject<'a> {
    fn from(one: &'a Alternative) -> Self {
        Self { structure: &one.dot_bracket, energy: hundredths(one.energy), share: significant(one.share) }
    }
}

/// An energy in kcal/mol, or a number of pairs, as tables have it: with two decimals.
pub fn hundredths(value: f64) -> f64 {
    (value * 100.0).round() / 100.0 + 0.0 // no -0.0
}

/// A share as tables have it: to four digits.
pub fn significant(share: f64) -> f64 {
    format!("{share:.3e}").parse().unwrap_or(share)
}

/// An f32 as a short decimal.
pub fn round(value: f32, scale: f64) -> f64 {
    (f64::from(value) * scale).round() / scale + 0.0 // no -0.0
}
