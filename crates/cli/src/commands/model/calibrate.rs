//! `rinalmo model calibrate`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use rinalmo::calibrate::{CalibrateOptions, Calibrated, CrossFit, DECODERS, Figures, calibrate};
use rinalmo::checkpoint::{WriteOptions, unfinished};
use rinalmo::structures::{Known, known};
use rinalmo::{LoadOptions, Method, Model};

use super::Source;
use crate::commands::choose::MemoryArgs;
use crate::context::{Context, Outcome};
use crate::io::say;
use crate::io::{FailureArgs, ForceArgs};
use crate::stop::Leftovers;

/// Calibrate a structure model's probabilities on known structures
///
/// Folds --data, which the model must not have been trained on, and fits:
///
/// - a curve for its probabilities, so that pairs of probability 0.3 are true in 30 % of the cases
///
/// - the decoding method and the threshold of the best mean F1
///
/// - the expected F1 of a single structure
///
/// The calibrated model is written to OUTPUT with the same weights. The printed figures are cross-fitted: structures
/// are split into five folds, with families or clusters of similar sequences together, and each fold is evaluated with
/// a fit to the others.
#[derive(Args)]
pub(super) struct CalibrateArgs {
    #[command(flatten)]
    source: Source,
    /// Write the calibrated model to OUTPUT
    #[arg(value_name = "OUTPUT")]
    output: PathBuf,
    /// Calibrate on these known structures: tables, dot-bracket, CT, BPSEQ or ST files, or folders of them
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    data: Vec<PathBuf>,
    /// Leave out longer structures
    #[arg(long, value_name = "NT", default_value_t = 1000)]
    max_length: usize,
    /// Give energies this share in the probabilities, from 0 to 1, as `rinalmo fold --energy-share` does; by default the
    /// share that the model has
    #[arg(long, value_name = "SHARE")]
    energy_share: Option<f32>,
    /// Choose pairs by this method [default: the one with the best mean F1]
    #[arg(long, value_name = "METHOD", value_parser = DECODERS.map(Method::name))]
    decode: Option<String>,
    /// Predict only pairs of at least this probability, or with `f1` decoding a share of the expected F1 where that is
    /// more [default: the one with the best mean F1]
    #[arg(short, long, value_name = "P")]
    threshold: Option<f32>,
    #[command(flatten)]
    force: ForceArgs,
    #[command(flatten)]
    failures: FailureArgs,
    #[command(flatten)]
    memory: MemoryArgs,
}

impl CalibrateArgs {
    fn options(&self, model: &Model) -> CalibrateOptions {
        let method = self.decode.as_deref().and_then(Method::find);
        let energy_share = self.energy_share.unwrap_or(model.energy_share());
        CalibrateOptions::default().energy_share(energy_share).method(method).threshold(self.threshold)
    }

    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let mut checkpoint = self.source.open()?;
        self.force.check(&self.output)?;
        let _leftovers = Leftovers::next_to(&self.output, unfinished());
        let Known { mut items, notes } = known(&self.data)?;
        notes.iter().for_each(|note| context.note(note));
        items.retain(|item| item.sequence.len() <= self.max_length);
        let max_memory = self.memory.max_memory;
        let options = LoadOptions::default().heads(self.source.heads).max_memory(max_memory);
        let model = Model::load_with(&self.source.model, &options, &context.device()?)?;
        let found = calibrate(&model, &items, &self.options(&model))?;
        found.left_out.iter().for_each(|what| say(format_args!("error: {what}")));
        context.note(summary(&found));
        found.note_in(&mut checkpoint.meta);
        checkpoint.write(&self.output, &WriteOptions::default())?;
        Ok(self.failures.judge(if found.left_out.is_empty() { Outcome::Done } else { Outcome::Partial }))
    }
}

fn summary(found: &Calibrated) -> String {
    let Calibrated { threshold, structures, figures, in_sample, .. } = *found;
    let (method, curve) = (found.method.name(), found.calibration.curve());
    let fitted = match found.cross_fit {
        Some(CrossFit { folds, together, groups }) => format!(
            "cross-fitted, each of {folds} folds of {groups} {} evaluated with a fit to the others (in brackets: on \
             the structures of the fit)",
            together.plural()
        ),
        None => {
            "warning: all structures are similar, so these figures are on the structures of the fit and too good".into()
        }
    };
    let both =
        |of: fn(&Figures) -> f64, digits: usize| format!("{:.digits$} ({:.digits$})", of(&figures), of(&in_sample));
    let correlation =
        figures.f1_pearson_squared.map_or_else(String::new, |r2| format!(", squared correlation {r2:.3}"));
    format!(
        "{structures} structures: {method} decoding, threshold {threshold:.2}, probabilities {curve}\n\
         {fitted}:\n\
         mean relaxed F1 {}\n\
         expected calibration error {:.4} before, {} now\n\
         expected F1 of a structure: off by {} on average{correlation}",
        both(|of| of.f1, 4),
        figures.error_before,
        both(|of| of.error_after, 4),
        both(|of| of.f1_error, 3),
    )
}
