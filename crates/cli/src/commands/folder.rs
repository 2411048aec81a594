//! What folds: a network with its weights, or an energy model, which needs none.

use anyhow::{Result, bail};
use rinalmo::results::ModelName;
use rinalmo::{EnergyFolder, Error, Fold, FoldOptions, FoldRequest, Model, checkpoint};

use super::alternatives::AlternativesArgs;
use super::choose::{Dtype, ModelChoice};
use super::folding::FoldingArgs;
use super::limits::LimitArgs;
use super::thermodynamics::{EnergyArgs, RINALMO2026, TURNER2004, built_in};
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
            bail!("--heads and --dtype: `{}` is an energy model and has no weights", built_in.name());
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
    pub fn resolve(
        &self,
        folding: &FoldingArgs,
        alternatives: &AlternativesArgs,
        limits: &LimitArgs,
    ) -> Result<FoldOptions> {
        if let Some(flag) = alternatives.given().or(limits.given()).filter(|_| !self.has_ensemble()) {
            bail!(
                "{flag}: this network has probabilities of pairs, no ensemble of structures\n\
                 hint: `--model {RINALMO2026}` has energies that were learned, `--model {TURNER2004}` measured ones"
            );
        }
        if limits.has_beam() && matches!(self, Self::Network(_)) {
            bail!(
                "--beam: a network looks at all pairs, only an energy model can leave some\n\
                 hint: `--model {RINALMO2026}` has energies that were learned, `--model {TURNER2004}` measured ones"
            );
        }
        let alternatives = alternatives.resolve()?;
        let options = match self {
            Self::Network(_) => folding.resolve()?,
            Self::Energies(_) => folding.resolve_for_energies()?,
        };
        Ok(limits.of(options.alternatives(alternatives)))
    }

    /// Does it have an ensemble of structures, with others than the best one?
    pub fn has_ensemble(&self) -> bool {
        match self {
            Self::Network(model) => model.ensemble().is_some(),
            Self::Energies(_) => true,
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

    /// How results name it, with the checksum of its weights if they are to have it.
    pub fn description(&self, checksum: bool) -> ModelName {
        match self {
            Self::Network(model) if checksum => ModelName::from(&**model),
            Self::Network(model) => ModelName::without_checksum(model),
            Self::Energies(folder) => ModelName::from(folder),
        }
    }
}
