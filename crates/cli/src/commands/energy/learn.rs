//! `rinalmo energy learn`.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use rinalmo::FoldOptions;
use rinalmo::energy::BuiltIn;
use rinalmo::energy::learn::{Known, LearnOptions, learn};
use rinalmo::seq::base_pair::is_canonical;
use rinalmo::seq::labelled::structures::Item;
use rinalmo::structures::known;

use crate::commands::thermodynamics::parameters;
use crate::context::{Context, Outcome};
use crate::io::{OutputArgs, OutputFailure, many};

/// Learn energies from known structures, as a parameter file of ViennaRNA (version 2.0)
///
/// Starts with Turner 2004, or --parameters, and moves each number so that the known structures become
/// more probable; a prior holds each one near its start (maximum a posteriori). Structures need not be
/// complete: a pair that they leave out costs little. Some thousand structures take minutes. The file
/// is for `fold --model turner2004 --parameters FILE`, and for `RNAfold -P`.
///
/// Structures that energies are judged by must not be among those they are learned from.
#[derive(Args)]
pub struct LearnArgs {
    /// Files or folders of known structures, in any format
    #[arg(value_name = "FILES", required = true)]
    data: Vec<PathBuf>,
    #[command(flatten)]
    output: OutputArgs,
    /// Start with the energies of FILE, a parameter file of ViennaRNA (version 2.0); what it lacks is as in Turner 2004
    #[arg(short = 'P', long, value_name = "FILE")]
    parameters: Option<PathBuf>,
    /// Leave out longer sequences
    #[arg(long, value_name = "NT", default_value_t = 300)]
    max_length: usize,
    /// Leave out structures in which a smaller share of the bases is paired: most of them are not complete
    #[arg(long, value_name = "SHARE", default_value_t = 0.25)]
    min_paired: f64,
    /// See each structure N times
    #[arg(long, value_name = "N", default_value_t = LearnOptions::default().epochs)]
    epochs: usize,
    /// Hold each number near its start by a normal prior of this standard deviation
    #[arg(long, value_name = "KCAL", default_value_t = LearnOptions::default().deviation)]
    deviation: f64,
    /// Let each pair that a known structure leaves out, though it does not contradict it, cost so much, in RT
    #[arg(long, value_name = "RT", allow_negative_numbers = true, default_value_t = LearnOptions::default().unknown_pair)]
    unknown_pair: f32,
    /// Let each number go back this share of its way in the end: without that, energies suit the structures they were
    /// learned from and no others
    #[arg(long, value_name = "SHARE", default_value_t = LearnOptions::default().back)]
    back: f64,
    /// Take structures in an order that follows from N
    #[arg(long, value_name = "N", default_value_t = LearnOptions::default().seed)]
    seed: u64,
}

impl LearnArgs {
    pub fn run(self, context: &Context) -> Result<Outcome> {
        if !(0.0..=1.0).contains(&self.min_paired) {
            bail!("--min-paired: expected a share from 0 to 1, found {}", self.min_paired);
        }
        let start = parameters(self.parameters.as_deref(), BuiltIn::Turner2004)?;
        let mut options = LearnOptions::default();
        (options.epochs, options.deviation) = (self.epochs, self.deviation);
        (options.unknown_pair, options.back, options.seed) = (self.unknown_pair, self.back, self.seed);
        let found = known(&self.data)?;
        found.notes.iter().for_each(|note| context.note(note));
        let all = found.items.len();
        let taken: Vec<&Item> = found.items.iter().filter(|item| self.takes(item)).collect();
        let known: Vec<Known> = taken.iter().map(|item| example(item)).collect();
        context.note(format!("{} of {all} structures", known.len()));
        let long = found.items.iter().filter(|item| self.is_long(item)).count();
        let few = all - known.len() - long;
        if long > 0 {
            context.note(format!("left out: {} longer than {} nt", many(long, "structure"), self.max_length));
        }
        if few > 0 {
            let share = 100.0 * self.min_paired;
            context.note(format!("left out: {} with less than {share} % of the bases paired", many(few, "structure")));
        }
        let kept = |item: &Item| example(item).pairs.iter().filter(|pair| has_energy(item, **pair)).count();
        let ignored: Vec<usize> = taken.iter().map(|item| item.structure.pairs().len() - kept(item)).collect();
        let pairs = ignored.iter().sum::<usize>();
        if pairs > 0 {
            let records = ignored.iter().filter(|pairs| **pairs > 0).count();
            context.note(format!(
                "{} of {} do not count: they cross others, are not AU, GC or GU, or have fewer than three bases between",
                many(pairs, "pair"),
                many(records, "structure")
            ));
        }
        let mut out = self.output.open()?;
        let learned = learn(&start, &known, &options, |epoch| {
            context.note(format!("epoch {} of {}: loss {:.4} a base", epoch.number, options.epochs, epoch.loss));
        })?;
        out.write_all(learned.to_string().as_bytes()).context(OutputFailure)?;
        out.finish()?;
        Ok(Outcome::Done)
    }

    fn takes(&self, item: &Item) -> bool {
        let paired = 2.0 * item.structure.pairs().len() as f64;
        !self.is_long(item) && paired >= self.min_paired * item.sequence.len() as f64
    }

    fn is_long(&self, item: &Item) -> bool {
        item.sequence.len() > self.max_length
    }
}

/// Is it a pair that energies have?
fn has_energy(item: &Item, (i, j): (usize, usize)) -> bool {
    is_canonical(item.sequence[i], item.sequence[j]) && j - i > FoldOptions::default().min_loop
}

/// The structure without its pseudoknots.
fn example(item: &Item) -> Known {
    let pairs = item.structure.within_pages(1).pairs().to_vec();
    Known { sequence: item.sequence.clone(), pairs, weight: item.weight }
}
