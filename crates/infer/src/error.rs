//! Errors between a sequence and its result.

use std::fmt;

use rinalmo_decode::DecodeError;
use rinalmo_model::cpu::Precision;
use rinalmo_weights::NotFinite;

/// Everything that loading or running a model can fail with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The checkpoint could not be read, written or fetched.
    #[error(transparent)]
    Weights(#[from] rinalmo_weights::Error),

    /// The checkpoint is not on this machine, or could not be fetched.
    #[error(transparent)]
    Download(#[from] rinalmo_weights::download::Error),

    /// `RINALMO_KERNELS` names instructions that this CPU does not have.
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

    /// The device failed in the middle of its work, in most cases because it ran out of memory.
    #[error("device `{device}` failed: {reason}")]
    DeviceFailed {
        /// The device.
        device: String,
        /// The backend's reason.
        reason: String,
    },

    /// Results are NaN or infinite.
    #[error("model `{model}` gives no finite numbers for {what}: {cause}")]
    NotFinite {
        /// The model's name.
        model: String,
        /// What the results are for.
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
        /// The heads it has.
        found: String,
    },

    /// The sequence has no bases.
    #[error("the sequence is empty")]
    EmptySequence,

    /// The sequence needs more memory than is allowed.
    #[error("a sequence of {len} nt needs {needed} MiB for {what}, {budget} MiB are allowed")]
    TooLong {
        /// Bases in the sequence.
        len: usize,
        /// What needs it.
        what: &'static str,
        /// The memory it needs, in MiB.
        needed: u64,
        /// The memory that is allowed, in whole MiB.
        budget: u64,
        /// The longest sequence that would fit.
        fits: usize,
    },

    /// The sequence is longer than the model's learned positions.
    #[error("a sequence of {len} nt is longer than the {max} nt this model has positions for")]
    TooLongForPositions {
        /// Bases in the sequence.
        len: usize,
        /// The most bases the model takes.
        max: usize,
    },

    /// The sequence is longer than the padding that the head expects.
    #[error("a sequence of {len} nt does not fit into {pad_to} tokens ({} nt)", pad_to.saturating_sub(2))]
    LongerThanPadding {
        /// Bases in the sequence.
        len: usize,
        /// The padded length, in tokens.
        pad_to: usize,
    },

    /// The sequence is not as long as the windows of the model's convolutional network.
    #[error("a sequence of {len} nt, the model's network takes {expected}")]
    OtherWindow {
        /// Bases in the sequence.
        len: usize,
        /// The lengths that it takes, in words.
        expected: String,
    },

    /// A band of energies holds more structures than can be returned.
    #[error("more than {limit} structures are within {band} kcal/mol of the minimum free energy")]
    TooManyStructures {
        /// The most that are returned.
        limit: usize,
        /// The band, in kcal/mol.
        band: f64,
    },

    /// An option is out of its range.
    #[error("{option}: expected {expected}, found {found}")]
    Range {
        /// Its field.
        option: &'static str,
        /// What makes sense.
        expected: &'static str,
        /// Its value.
        found: f32,
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

    /// The variant cannot be read, or does not fit its sequence.
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
    /// This weight is not finite: the checkpoint is damaged, or its training diverged.
    Weight(NotFinite),
    /// All weights are finite, so a sum overflowed; products have this precision.
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
