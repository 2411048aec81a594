//! Options of a run: everything but the model, the data and the device.

use burn::tensor::{DType, Device};
use rinalmo_kernels::Level;
use rinalmo_model::ops::in_bf16;
use serde::{Deserialize, Serialize};

use crate::optimizer::Thaw;
use crate::{Error, Loading, OptimizerConfig, Schedule};

/// How to train. Defaults are the paper's values, or turn an option off, so a config file only names what differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Seed of random weights, batches and dropout.
    pub seed: u64,
    /// The learning rate.
    pub schedule: Schedule,
    /// The optimiser.
    pub optimizer: OptimizerConfig,
    /// Gradients of a larger norm are scaled down to this one; not clipped by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip: Option<f64>,
    /// Batches of each process per step.
    pub accumulate: usize,
    /// Dropout rates.
    pub dropout: DropoutRates,
    /// Type of matrix products.
    pub precision: Precision,
    /// Number of blocks at a time that the backward pass computes again, which takes much less memory and about a third
    /// more time; by default everything is stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recompute: Option<usize>,
    /// What trains from which epoch on; with an empty list everything trains from the start.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub thaw: Vec<Thaw>,
    /// When the run ends.
    pub until: Limits,
    /// When the model is validated; at the end of a run it always is.
    pub validate: Every,
    /// The run ends after this many validations without a better one; by default it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patience: Option<u64>,
    /// When a checkpoint is written; one is always written at the end of a run and after the best validation so far.
    pub save: Every,
    /// How batches are prepared.
    pub loading: Loading,
    /// The run is in trouble if a loss is this many times its running mean, after the first fifty steps, or if the
    /// model forgets most of what it had learned. It always is if a loss or gradient is not finite.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explosion: Option<f64>,
    /// How often a run in trouble goes back to its last good checkpoint, each time at half the rate, before it ends.
    pub retries: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 0,
            schedule: Schedule::published(1e-4),
            optimizer: OptimizerConfig::default(),
            clip: Some(1.0),
            accumulate: 1,
            dropout: DropoutRates::default(),
            precision: Precision::F32,
            recompute: None,
            thaw: Vec::new(),
            until: Limits::default(),
            validate: Every::Epoch,
            patience: None,
            save: Every::Steps(1000),
            loading: Loading::default(),
            explosion: Some(3.0),
            retries: 3,
        }
    }
}

/// Dropout rates of a training step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DropoutRates {
    /// Of attention weights.
    pub attention: f32,
    /// Of what each half of a block adds to its input.
    pub residual: f32,
}

impl Default for DropoutRates {
    /// The paper's rates.
    fn default() -> Self {
        Self { attention: 0.1, residual: 0.1 }
    }
}

impl DropoutRates {
    /// No dropout.
    pub const NONE: Self = Self { attention: 0.0, residual: 0.0 };
}

/// Type of matrix products. Parameters, moments, norms, softmax and losses are always f32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// f32.
    #[default]
    F32,
    /// bf16, if the device supports it: many GPUs, and CPUs with AVX-512's bf16 products.
    Bf16,
}

impl Precision {
    /// Runs `work` in this precision.
    pub(crate) fn run<T>(self, work: impl FnOnce() -> T) -> T {
        match self {
            Self::F32 => work(),
            Self::Bf16 => in_bf16(work),
        }
    }

    /// # Errors
    /// A sentence, if the device cannot train in this precision.
    pub(crate) fn check(self, device: &Device) -> Result<(), String> {
        match self {
            Self::Bf16 if *device == Device::flex() => match Level::current() {
                Ok(level) if level.has_bf16() => Ok(()),
                Ok(level) => Err(format!(
                    "precision = bf16, but this CPU ({level}) has no products in bf16\nhint: precision = \"f32\""
                )),
                Err(error) => Err(error.to_string()),
            },
            Self::Bf16 if !device.supports_dtype(DType::BF16) => {
                Err("precision = bf16, but this device does not support it".into())
            }
            _ => Ok(()),
        }
    }
}

/// When a run ends: at the first limit that is reached.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// After this many steps, counted from the start of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<u64>,
    /// After this many epochs, counted in the same way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epochs: Option<u64>,
    /// After this many seconds of this process; the run can then be resumed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
}

impl Limits {
    /// These limits in place of `others`, if any of them is set; else `others`.
    pub fn replacing(self, others: Self) -> Self {
        if self == Self::default() { others } else { self }
    }

    /// These limits; the ones of `others` for those that are not set.
    pub fn or(self, others: Self) -> Self {
        Self {
            steps: self.steps.or(others.steps),
            epochs: self.epochs.or(others.epochs),
            seconds: self.seconds.or(others.seconds),
        }
    }
}

/// How often something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    /// After every so many steps.
    Steps(u64),
    /// At the end of each epoch.
    Epoch,
    /// Only at the end.
    Never,
}

impl Every {
    /// Whether it is due after this many steps.
    pub(crate) fn due(self, step: u64) -> bool {
        matches!(self, Self::Steps(steps) if steps > 0 && step.is_multiple_of(steps))
    }
}

impl Options {
    /// # Errors
    /// [`Error::Options`], which names the invalid option.
    pub fn check(&self) -> Result<(), Error> {
        let refuse = |message: String| Err(Error::Options(message));
        self.schedule.check().and_then(|()| self.optimizer.check()).or_else(refuse)?;
        if self.accumulate == 0 {
            return refuse("accumulate = 0, expected at least one batch per step".into());
        }
        if self.recompute == Some(0) {
            return refuse(
                "recompute = 0, expected at least one block at a time; leave the key out to store everything".into(),
            );
        }
        if self.patience == Some(0) {
            return refuse("patience = 0, expected at least one validation; leave the key out for no limit".into());
        }
        if let Some(clip) = self.clip.filter(|clip| clip.is_nan() || *clip <= 0.0) {
            return refuse(format!("clip = {clip}, expected a norm above 0"));
        }
        if let Some(factor) = self.explosion.filter(|factor| factor.is_nan() || *factor <= 1.0) {
            return refuse(format!("explosion = {factor}, expected a factor above 1"));
        }
        for (name, rate) in [("attention", self.dropout.attention), ("residual", self.dropout.residual)] {
            if !(0.0..1.0).contains(&rate) {
                return refuse(format!("dropout.{name} = {rate}, expected a rate from 0 to below 1"));
            }
        }
        match self.thaw.iter().find(|thaw| !(thaw.rate.is_finite() && thaw.rate >= 0.0)) {
            Some(thaw) => refuse(format!(
                "thaw of {:?}: rate = {}, expected a factor of the schedule's rate",
                thaw.part, thaw.rate
            )),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_options_are_named() {
        let complaint = |options: Options| options.check().unwrap_err().to_string();
        assert!(complaint(Options { accumulate: 0, ..Options::default() }).starts_with("accumulate = 0"));
        assert!(complaint(Options { clip: Some(f64::NAN), ..Options::default() }).starts_with("clip = NaN"));
        let dropout = DropoutRates { attention: 1.0, residual: 0.0 };
        assert!(complaint(Options { dropout, ..Options::default() }).starts_with("dropout.attention = 1"));
        let optimizer = OptimizerConfig { weight_decay: 0.1, ..OptimizerConfig::adam() };
        assert!(complaint(Options { optimizer, ..Options::default() }).contains("rule `adam`"));
        assert!(Options::default().check().is_ok());
    }

    #[test]
    fn options_read_as_they_are_written_and_unknown_keys_are_refused() {
        let text = serde_json::to_string(&Options::default()).unwrap();
        assert_eq!(serde_json::from_str::<Options>(&text).unwrap(), Options::default());
        let error = serde_json::from_str::<Options>(r#"{"sede": 1}"#).unwrap_err().to_string();
        assert!(error.contains("unknown field `sede`"), "{error}");
        let some = r#"{"save": {"steps": 5}, "validate": "never", "thaw": [{"part": {"blocks": [3, 6]}, "epoch": 2}]}"#;
        let some = serde_json::from_str::<Options>(some).unwrap();
        assert_eq!((some.save, some.validate, some.thaw[0].rate), (Every::Steps(5), Every::Never, 1.0));
    }
}
