//! AdamW and Adam over a model's parameters; moments are stored under the parameters' names.
//!
//! AdamW is Loshchilov and Hutter's (2019), Adam is AdamW without weight decay. The paper only says "weight decay of
//! 0.01". PyTorch's `AdamW` applies it to every parameter, norms and biases too, and so does this one unless `decay`
//! says otherwise. A parameter that starts to train later starts with new moments, like one that is added to a PyTorch
//! optimiser.

pub mod gradients;
pub mod groups;
mod together;
mod update;
pub mod values;

use std::collections::BTreeMap;

use rinalmo_kernels::adamw::AdamW;
use rinalmo_model::Model;
use serde::{Deserialize, Serialize};

pub use gradients::Gradients;
pub use groups::{Part, Thaw};
pub use values::Values;

use crate::names;

/// The update rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rule {
    /// With decoupled weight decay.
    #[default]
    AdamW,
    /// Without.
    Adam,
}

/// Which parameters have weight decay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decay {
    /// All, PyTorch's default.
    #[default]
    All,
    /// Parameters of more than one axis: no biases, norms or β.
    Matrices,
}

/// The optimiser's hyperparameters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OptimizerConfig {
    /// The rule.
    pub rule: Rule,
    /// Decay of the first moment (β₁).
    pub beta1: f32,
    /// Decay of the second moment (β₂).
    pub beta2: f32,
    /// Added to the root of the second moment.
    pub epsilon: f32,
    /// Weight decay, times the learning rate; only for AdamW.
    pub weight_decay: f32,
    /// Which parameters have weight decay.
    pub decay: Decay,
}

impl Default for OptimizerConfig {
    /// The paper's AdamW: weight decay 0.01, the rest as in PyTorch.
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
    /// A sentence that names the invalid option.
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

/// The moments of a parameter.
#[derive(Debug, Clone)]
pub struct Moments {
    /// Steps it was trained for.
    pub steps: u32,
    /// The running mean of gradients.
    pub first: Values,
    /// The running mean of their squares.
    pub second: Values,
}

/// The optimiser and its moments.
#[derive(Debug, Clone)]
pub struct Optimizer {
    config: OptimizerConfig,
    moments: BTreeMap<String, Moments>,
}

impl Optimizer {
    /// An optimiser that has made no step.
    pub fn new(config: OptimizerConfig) -> Self {
        Self { config, moments: BTreeMap::new() }
    }

    /// An optimiser that continues with these moments.
    pub fn with_moments(config: OptimizerConfig, moments: BTreeMap<String, Moments>) -> Self {
        Self { config, moments }
    }

    /// Its hyperparameters.
    pub fn config(&self) -> &OptimizerConfig {
        &self.config
    }

    /// Its moments, by the parameters' names.
    pub fn moments(&self) -> &BTreeMap<String, Moments> {
        &self.moments
    }

    /// Makes a step along `gradients`, multiplied by `scale`, at `rate` times each parameter's `share`. A parameter's
    /// memory is reused; nothing is copied on the CPU.
    pub fn step(
        &mut self,
        model: Model,
        mut gradients: Gradients,
        scale: f64,
        rate: f64,
        share: impl Fn(&str) -> f64,
    ) -> Model {
        let config = self.config;
        let rule = |name: &str, axes: usize| {
            let decays = config.rule == Rule::AdamW && (config.decay == Decay::All || axes > 1);
            AdamW {
                rate: (rate * share(name)) as f32,
                beta1: config.beta1,
                beta2: config.beta2,
                epsilon: config.epsilon,
                weight_decay: if decays { config.weight_decay } else { 0.0 },
            }
        };
        let (moments, scale) = (&mut self.moments, scale as f32);
        let changed = together::step(moments, &model, &mut gradients, scale, rule);
        let gradients = gradients.tensors.into_iter().peekable();
        names::change(model, &mut update::Update { moments, gradients, scale, rule, changed })
    }
}
