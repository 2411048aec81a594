//! What can go wrong between a sequence and its result, with what to do about it.

use std::fmt;

use rinalmo_decode::DecodeError;
use rinalmo_model::cpu::Precision;
use rinalmo_weights::NotFinite;

/// Everything that loading a model and asking it can fail with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The checkpoint could not be read, written or fetched.
    #[error(transparent)]
    Weights(#[from] rinalmo_weights::Error),

    /// The checkpoint is not here, or could not be fetched.
    #[error(transparent)]
    Download(#[from] rinalmo_weights::download::Error),

    /// `RINALMO_KERNELS` names instructions that cannot be had here.
    #[error(transparent)]
    Kernels(#[from] rinalmo_kernels::Error),

    /// No device has this name.
    #[error("`{found}` is not a device; expected cpu, wgpu[:n], tch:cpu, tch:cuda[:n], tch:mps, cuda[:n] or auto")]
    UnknownDevice {
        /// What was asked for.
        found: String,
    },

    /// The device exists but this program was built without it.
    #[error("device `{device}` is not built in\nhint: build with `--features {feature}`")]
    DeviceNotBuilt {
        /// What was asked for.
        device: String,
        /// The cargo feature that builds it in.
        feature: &'static str,
    },

    /// The device did not answer.
    #[error("device `{device}` does not work here: {reason}")]
    Device {
        /// What was asked for.
        device: String,
        /// The backend's reason.
        reason: String,
    },

    /// The device failed in the middle of its work, for want of memory in most cases.
    #[error("device `{device}` failed: {reason}")]
    DeviceFailed {
        /// The device.
        device: String,
        /// The backend's reason.
        reason: String,
    },

    /// Results that are NaN or infinite, which are none.
    #[error("model `{model}` gives no finite numbers for {what}: {cause}")]
    NotFinite {
        /// The model's name.
        model: String,
        /// What it was asked about.
        what: &'static str,
        /// The likely cause.
        cause: Cause,
    },

    /// No model has this name and no file this path.
    #[error("{name}: {}", if looks_like_a_path(name) { "no such file" } else { "no model of this name, and no such file" })]
    UnknownModel {
        /// What was asked for.
        name: String,
        /// The nearest known name.
        nearest: Option<String>,
    },

    /// The model lacks the head that a verb needs.
    #[error("model `{model}` has no {head} head (it has: {found})")]
    NoHead {
        /// The model's name.
        model: String,
        /// The head that is needed.
        head: &'static str,
        /// The heads there are.
        found: String,
    },

    /// A sequence without a single base.
    #[error("the sequence is empty")]
    EmptySequence,

    /// What a sequence needs would not fit into memory.
    #[error("a sequence of {len} nt needs {needed} MiB for {what}, {budget} MiB are allowed")]
    TooLong {
        /// Bases in the sequence.
        len: usize,
        /// For what.
        what: &'static str,
        /// What it would need, in MiB.
        needed: u64,
        /// What is allowed, in whole MiB.
        budget: u64,
        /// The longest sequence that would fit.
        fits: usize,
    },

    /// A model with learned positions has none for this sequence's end.
    #[error("a sequence of {len} nt is longer than the {max} nt this model has positions for")]
    TooLongForPositions {
        /// Bases in the sequence.
        len: usize,
        /// Bases the model takes.
        max: usize,
    },

    /// The sequence does not fit into the length that the head expects.
    #[error("a sequence of {len} nt does not fit into {pad_to} tokens ({} nt)", pad_to.saturating_sub(2))]
    LongerThanPadding {
        /// Bases in the sequence.
        len: usize,
        /// Tokens that the head is given.
        pad_to: usize,
    },

    /// Options that contradict each other or the model.
    #[error("{0}")]
    Options(String),

    /// A file of sequences or structures cannot be used.
    #[error(transparent)]
    Sequences(#[from] rinalmo_seq::Error),

    /// Decoding refused its options or constraint.
    #[error(transparent)]
    Decode(#[from] DecodeError),

    /// A variant that cannot be read, or that does not fit its sequence.
    #[error("variant `{variant}`: {reason}")]
    Variant {
        /// The variant as written.
        variant: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// Why results are not finite.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Cause {
    /// This weight is not: the checkpoint is damaged, or its training diverged.
    Weight(NotFinite),
    /// All weights are, so a sum overflowed, with products in this precision.
    Overflow(Precision),
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Weight(weight) => weight.fmt(f),
            Self::Overflow(Precision::F32) => f.write_str("its weights are finite, so a sum overflowed f32"),
            Self::Overflow(_) => f.write_str("its weights are finite, so a sum overflowed"),
        }
    }
}

fn looks_like_a_path(name: &str) -> bool {
    name.contains(['/', '\\', '.'])
}
