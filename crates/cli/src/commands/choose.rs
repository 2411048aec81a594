//! `--model` and `--dtype`: which weights, what they are computed in, and what to say about them.

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use rinalmo::checkpoint::{BUNDLED, Family, in_the_box};
use rinalmo::{LoadOptions, Model, Precision};

use crate::context::Context;

/// What users of the bundled encoder should know, in a line.
pub const ENCODER_NOTE: &str =
    "model: nano (bundled), hardly pre-trained: `rinalmo model download giga` for embeddings and scores worth having";

/// What users of its small heads should know.
pub const HEADS_NOTE: &str = "model: a small head on nano (bundled); `rinalmo model list` names published ones";

/// Which model.
#[derive(Args, Clone, Debug)]
pub struct ModelChoice {
    /// A name from `rinalmo model list`, or a path: official .pt, multimolecule folder, or our own
    /// .safetensors [default: the one in the box, where the command can use it]
    #[arg(short, long, value_name = "NAME|PATH")]
    pub model: Option<String>,
    /// Attention heads of a bare .pt, which does not say [default: 20]
    #[arg(long, value_name = "N")]
    pub heads: Option<usize>,
    /// What products are computed in; sums are f32. auto is bf16 on a CPU with dot products for it, else f32; int8 is
    /// smaller and faster still, and less exact. Devices other than the CPU take f32
    #[arg(long, value_enum, default_value = "auto", value_name = "TYPE")]
    pub dtype: Dtype,
}

/// `--dtype`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Dtype {
    Auto,
    F32,
    Bf16,
    Int8,
}

impl From<Dtype> for Option<Precision> {
    fn from(dtype: Dtype) -> Self {
        match dtype {
            Dtype::Auto => None,
            Dtype::F32 => Some(Precision::F32),
            Dtype::Bf16 => Some(Precision::Bf16),
            Dtype::Int8 => Some(Precision::Int8),
        }
    }
}

impl ModelChoice {
    /// Loads it; where the user names none, the one in the box that does `task`, and says `note` then.
    pub fn load(&self, context: &Context, task: &str, note: Option<&str>) -> anyhow::Result<Model> {
        let device = context.device()?;
        let options = LoadOptions { heads: self.heads, precision: self.dtype.into() };
        let model = match &self.model {
            Some(name) => Model::load_with(name, &options, &device)?,
            None => {
                let (model, does_it) = default_model(task, &options, &device)?;
                note.filter(|_| does_it).inspect(|note| context.banner(note));
                model
            }
        };
        self.tell_heads(&model, context);
        context.detail(|| {
            let parameters = model.config().parameters();
            format!("model {} ({parameters} parameters, sha256 {})", model.name(), model.sha256())
        });
        context.detail(|| format!("computing with {}", model.computes_with()));
        Ok(model)
    }
}

impl ModelChoice {
    /// A bare .pt of no published size may well have other than 20 heads, and no shape tells.
    fn tell_heads(&self, model: &Model, context: &Context) {
        let config = model.config();
        let told = self.heads.is_some() || model.metadata().family != Family::Official;
        if !told && config.preset().is_none() {
            let heads = config.encoder.heads;
            context
                .note(format!("warning: {}: assuming {heads} attention heads; --heads says otherwise", model.name()));
        }
    }
}

/// The model in the box that does a task; where none does the first, which says what it lacks. And whether it does.
fn default_model(task: &str, options: &LoadOptions, device: &rinalmo::Device) -> anyhow::Result<(Model, bool)> {
    let none = "this program was built without a model in the box\nhint: give --model; `rinalmo model list` names some";
    let first = BUNDLED.context(none)?;
    let found = in_the_box(task);
    let model = Model::load_with(found.as_deref().unwrap_or(first), options, device)?;
    Ok((model, found.is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_bundled_models_fits_into_one_line() {
        for note in [ENCODER_NOTE, HEADS_NOTE, rinalmo::checkpoint::BUNDLED_NOTE] {
            assert!(note.chars().count() <= 120 && !note.contains('\n') && !note.contains("  "), "{note}");
        }
    }
}
