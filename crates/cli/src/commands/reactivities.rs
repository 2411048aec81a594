//! `fold --reactivities`: chemical probing of the sequences.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use rinalmo::energy;
use rinalmo::seq::SequenceRecord;
use rinalmo::{FoldOptions, Model};

use super::folding::checked;
use super::numbers::{Numbers, Seen, Words};
use super::thermodynamics::RINALMO2026;
use crate::context::Context;

/// What the column of reactivities is usually called.
const USUAL: &[&str] =
    &["reactivity", "reactivities", "normalized_reactivity", "normalised_reactivity", "shape", "dms"];

const WORDS: Words = Words { numbers: "reactivities", done: "folded", record: "sequence" };

/// Reactivities and what they count.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Probing data")]
pub struct ReactivityArgs {
    /// Fold with the reactivities of FILE, normalised so that 1 is high
    ///
    /// They count in free energies: of an energy model, or of those that a network such as nano adds to.
    ///
    /// FILE has lines of position and reactivity, perhaps with the letter between or at the end (.shape, .map), for a single
    /// sequence; or is an RDAT file with one profile; or a table with a column of ids and a column `reactivity`, which has
    /// a list of numbers, or one number for each position. Reactivities below 0 and NA are not measured.
    #[arg(long, value_name = "FILE")]
    reactivities: Option<PathBuf>,
    /// The reagent: of dms only A and C count, as it does not react with G and U in the same way
    #[arg(long, value_enum, default_value = "shape", requires = "reactivities")]
    reagent: Reagent,
    /// Add SLOPE · ln(reactivity + 1) + intercept, in kcal/mol, for each base of each stack of two pairs [default: 1.8 with
    /// an energy model, 1 with a network in an ensemble, such as nano]
    #[arg(long, value_name = "SLOPE", requires = "reactivities", allow_negative_numbers = true)]
    reactivity_slope: Option<f32>,
    /// The intercept [default: -0.6 with an energy model, -0.45 with a network in an ensemble]
    #[arg(long, value_name = "KCAL", requires = "reactivities", allow_negative_numbers = true)]
    reactivity_intercept: Option<f32>,
}

/// `--reagent`.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Reagent {
    /// One that reacts with all bases, such as 1M7 or NAI
    Shape,
    /// Dimethyl sulfate
    Dms,
}

impl From<Reagent> for energy::Reagent {
    fn from(reagent: Reagent) -> Self {
        match reagent {
            Reagent::Shape => Self::Shape,
            Reagent::Dms => Self::Dms,
        }
    }
}

impl ReactivityArgs {
    /// Sets what reactivities count.
    ///
    /// # Errors
    /// A number is out of range.
    pub fn add_to(&self, options: FoldOptions) -> Result<FoldOptions> {
        checked(options.reactivity_slope(self.reactivity_slope).reactivity_intercept(self.reactivity_intercept))
    }

    /// Reads the file, if there is one.
    pub fn open(&self) -> Result<Option<Reactivities>> {
        self.reactivities.as_deref().map(|path| Reactivities::open(path, self.reagent.into())).transpose()
    }

    /// # Errors
    /// Reactivities are given, but the network has no energies among its inputs and none in its probabilities.
    pub fn check(&self, model: &Model, options: &FoldOptions) -> Result<()> {
        if self.reactivities.is_none() || model.takes_reactivities(options) {
            return Ok(());
        }
        bail!(
            "--reactivities: `{}` sees no energies that they could be added to\n\
             hint: `nano`, `{RINALMO2026}` and `turner2004` do; or give learned energies a share, with --energy-share",
            model.name()
        )
    }
}

/// The reactivities of a file.
pub struct Reactivities {
    numbers: Numbers,
    reagent: energy::Reagent,
    /// The record that a file without ids was used for.
    owner: Option<String>,
    seen: Seen,
}

impl Reactivities {
    fn open(path: &Path, reagent: energy::Reagent) -> Result<Self> {
        let numbers = Numbers::open(path, None, USUAL)?;
        Ok(Self { numbers, reagent, owner: None, seen: Seen::default() })
    }

    /// The reactivities of a record, if the file has any.
    ///
    /// # Errors
    /// They are for another sequence.
    pub fn of(&mut self, record: &SequenceRecord) -> Result<Option<Vec<Option<f32>>>> {
        let has_ids = self.numbers.has_ids();
        if let Some(owner) = self.owner.as_ref().filter(|_| !has_ids) {
            let file = self.numbers.file();
            bail!("{file} has no ids, so it is for one sequence, and was used for `{owner}`");
        }
        let names = [&*record.header, &*record.id];
        self.seen.add(names);
        let (len, sequence) = (record.sequence.len(), Some(&record.sequence[..]));
        let Some(values) = self.numbers.of(names, !has_ids, len, sequence)? else {
            self.seen.add_without(&record.id);
            return Ok(None);
        };
        self.owner = Some(record.id.clone());
        let measured = values.into_iter().map(|value| value.map(|value| value as f32)).collect();
        Ok(Some(self.reagent.counted(&record.sequence, measured)))
    }

    /// Reports records without reactivities, and after all sequences reactivities without a record.
    pub fn report(&self, complete: bool, context: &Context) {
        self.seen.report(&self.numbers, &WORDS, complete, context);
    }
}
