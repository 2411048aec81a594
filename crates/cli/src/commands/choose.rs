//! `--model`: which weights, and what to say about them.

use clap::Args;
use rinalmo::checkpoint::OpenOptions;
use rinalmo::{Model, checkpoint};

use crate::context::Context;

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
}

impl ModelChoice {
    /// Loads it and says once which it is, where that is not what the user typed.
    pub fn load(&self, context: &Context) -> anyhow::Result<Model> {
        let device = context.device()?;
        let options = OpenOptions { heads: self.heads };
        let model = match &self.model {
            Some(name) => Model::load_with(name, &options, &device)?,
            None => {
                let model = default_model(&device)?;
                context.note(checkpoint::BUNDLED_NOTE);
                model
            }
        };
        context.detail(|| {
            let parameters = model.config().parameters();
            format!("model {} ({parameters} parameters, sha256 {})", model.name(), model.sha256())
        });
        Ok(model)
    }
}

#[cfg(feature = "bundled")]
fn default_model(device: &rinalmo::Device) -> anyhow::Result<Model> {
    Ok(Model::bundled(device)?)
}

#[cfg(not(feature = "bundled"))]
fn default_model(_device: &rinalmo::Device) -> anyhow::Result<Model> {
    anyhow::bail!(
        "this program was built without a model in the box\nhint: give --model; `rinalmo model list` names some"
    )
}
