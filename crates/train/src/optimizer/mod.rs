//! AdamW and Adam over a model's parameters, with moments kept under the parameters' names.
//!
//! AdamW is Loshchilov and Hutter's (2019), Adam is AdamW without weight decay. What the paper says of its optimiser is
//! "weight decay of 0.01"; PyTorch's `AdamW` lets every parameter decay, norms and biases too, and so do we unless
//! `decay` says otherwise. A parameter that begins to train later begins with moments of its own, as one that is added
//! to a PyTorch optimiser does.

pub mod gradients;
pub mod groups;
mod update;
pub mod values;

use std::collections::BTreeMap;

use rinalmo_model::Model;
use serde::{Deserialize, Serialize};

pub use gradients::Gradients;
pub use groups::{Part, Thaw};
pub use values::Values;

use crate::names;

/// Which rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rule {
    /// With decoupled weight decay.
    #[default]
    AdamW,
    /// Without.
    Adam,
}

/// Which parameters weight decay is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decay {
    /// All, as PyTorch does by itself.
    #[default]
    All,
    /// Those of more than one axis: neither biases nor norms nor β.
    Matrices,
}

/// The optimiser's constants.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OptimizerConfig {
    /// The rule.
    pub rule: Rule,
    /// How much of the first moment a step keeps.
    pub beta1: f32,
    /// How much of the second.
    pub beta2: f32,
    /// Added to the root of the second moment.
    pub epsilon: f32,
    /// What a parameter loses of itself in a step, times the rate; for AdamW only.
    pub weight_decay: f32,
    /// For which parameters.
    pub decay: Decay,
}

impl Default for OptimizerConfig {
    /// The paper's AdamW: weight decay 0.01, the rest as PyTorch has it.
    fn default() -> Self {
        Self { rule: Rule::AdamW, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.01, decay: Decay::All }
    }
}

impl OptimizerConfig {
    /// PyTorch's Adam.
    pub fn adam() -> Self {
        Self { rule: Rule::Adam, weight_decay: 0.0, ..Self::default() }
    }

    /// # Errors
    /// A sentence naming what has no sense.
    pub(crate) fn check(&self) -> Result<(), String> {
        for (name, beta) in [("beta1", self.beta1), ("beta2", self.beta2)] {
            if !(0.0..1.0).contains(&beta) {
                return Err(format!("optimizer.{name} = {beta}, expected a number from 0 to below 1"));
            }
        }
        for (name, value) in [("epsilon", self.epsilon), ("weight_decay", self.weight_decay)] {
            if !(value.is_finite() && value >= 0.0) {
                return Err(format!("optimizer.{name} = {value}, expected a number that is not negative"));
            }
        }
        if self.rule == Rule::Adam && self.weight_decay != 0.0 {
            let decay = self.weight_decay;
            return Err(format!(
                "optimizer.weight_decay = {decay} with rule `adam`\nhint: choose rule `adamw`, or decay 0"
            ));
        }
        Ok(())
    }
}

/// What the optimiser remembers of a parameter.
#[derive(Debug, Clone)]
pub struct Moments {
    /// Steps it took.
    pub steps: u32,
    /// The running mean of gradients.
    pub first: Values,
    /// The running mean of their squares.
    pub second: Values,
}

/// The optimiser and its memory.
#[derive(Debug, Clone)]
pub struct Optimizer {
    config: OptimizerConfig,
    moments: BTreeMap<String, Moments>,
}

impl Optimizer {
    /// One that has taken no step.
    pub fn new(config: OptimizerConfig) -> Self {
        Self { config, moments: BTreeMap::new() }
    }

    /// One that goes on with these moments.
    pub fn with_moments(config: OptimizerConfig, moments: BTreeMap<String, Moments>) -> Self {
        Self { config, moments }
    }

    /// Its constants.
    pub fn config(&self) -> &OptimizerConfig {
        &self.config
    }

    /// Its memory, by the parameters' names.
    pub fn moments(&self) -> &BTreeMap<String, Moments> {
        &self.moments
    }

    /// Takes a step along `gradients`, which count `scale`-fold, at `rate` times what `share` says of each parameter.
    /// A parameter's memory is used again; nothing is copied on the CPU.
    pub fn step(
        &mut self,
        model: Model,
        gradients: Gradients,
        scale: f64,
        rate: f64,
        share: impl Fn(&str) -> f64,
    ) -> Model {
        let gradients = gradients.tensors.into_iter().peekable();
        names::change(model, &mut update::Update { optimizer: self, gradients, scale, rate, share })
    }
}
