//! What folds: a network with its weights, or an energy model, which needs none.

use anyhow::{Result, bail};
use rinalmo::energy::{Conditions, Dangles};
use rinalmo::{EnergyFolder, Error, Fold, FoldOptions, FoldRequest, Model, checkpoint};
use serde::Serialize;

use super::alternatives::AlternativesArgs;
use super::choose::{Dtype, ModelChoice};
use super::folding::FoldingArgs;
use super::thermodynamics::{EnergyArgs, TURNER2004, built_in};
use crate::context::Context;

/// What folds.
pub enum Folder {
    Network(Box<Model>),
    Energies(EnergyFolder),
}

impl Folder {
    /// The one that `--model` names.
    ///
    /// # Errors
    /// There is none, or a flag has no meaning for it.
    pub fn load(choice: &ModelChoice, energies: &EnergyArgs, context: &Context) -> Result<Self> {
        let Some(built_in) = built_in(choice.model.as_deref()) else {
            if let Some(flag) = energies.given() {
                bail!("{flag}: only an energy model has energies\nhint: `--model {TURNER2004}` is one");
            }
            let model = choice.load(context, "structure", Some(checkpoint::BUNDLED_NOTE))?;
            return Ok(Self::Network(Box::new(model)));
        };
        if choice.heads.is_some() || !matches!(choice.dtype, Dtype::Auto) {
            bail!("--heads and --dtype: `{built_in}` is an energy model and has no weights");
        }
        let model = energies.load(built_in)?;
        let name = energies.name(built_in);
        context.detail(|| format!("energy model {name} with {:?}", model.conditions()));
        Ok(Self::Energies(EnergyFolder::new(name, model).max_memory(choice.memory.max_memory)))
    }

    /// The options that the flags of folding mean for it.
    ///
    /// # Errors
    /// A flag has no meaning for it.
    pub fn resolve(&self, folding: &FoldingArgs, alternatives: &AlternativesArgs) -> Result<FoldOptions> {
        match self {
            Self::Network(_) => alternatives.refuse().and_then(|()| folding.resolve()),
            Self::Energies(_) => {
                let alternatives = alternatives.resolve()?;
                Ok(folding.resolve_for_energies()?.alternatives(alternatives))
            }
        }
    }

    /// Folds sequences as they come.
    ///
    /// # Errors
    /// It cannot fold, or not with these options.
    pub fn folds<'f>(
        &'f self,
        requests: impl Iterator<Item = FoldRequest<'static>> + 'f,
        options: &FoldOptions,
    ) -> Result<Box<dyn Iterator<Item = Result<Fold, Error>> + 'f>, Error> {
        Ok(match self {
            Self::Network(model) => Box::new(model.folds(requests, options)?),
            Self::Energies(folder) => Box::new(folder.folds(requests, options)?),
        })
    }

    /// How results name it.
    pub fn description(&self) -> ModelName {
        match self {
            Self::Network(model) => ModelName::from(&**model),
            Self::Energies(folder) => {
                let Conditions { temperature, dangles, .. } = folder.model().conditions();
                let dangles = if dangles == Dangles::None { 0 } else { 2 };
                let name = folder.name().to_owned();
                ModelName { name, sha256: None, temperature: Some(temperature), dangles: Some(dangles) }
            }
        }
    }
}

/// How results name the model.
#[derive(Serialize)]
pub struct ModelName {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    /// Of an energy model, in °C.
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    /// Of an energy model, by ViennaRNA's numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    dangles: Option<u8>,
}

impl From<&Model> for ModelName {
    fn from(model: &Model) -> Self {
        let sha256 = Some(model.sha256().to_owned());
        Self { name: model.name().to_owned(), sha256, temperature: None, dangles: None }
    }
}

impl ModelName {
    /// In one line, for files of numbers.
    pub fn settings(&self) -> String {
        let mut text = format!("model={}", self.name);
        let mut add = |key: &str, value: Option<String>| {
            if let Some(value) = value {
                text.push_str(&format!(" {key}={value}"));
            }
        };
        add("sha256", self.sha256.clone());
        add("temperature", self.temperature.map(|celsius| celsius.to_string()));
        add("dangles", self.dangles.map(|dangles| dangles.to_string()));
        text
    }
}
