//! What inference needs of a model, in plain numbers.
//!
//! There are two implementations: [`OnDevice`](crate::OnDevice), tensors on any device of Burn, and
//! [`CpuModel`](crate::cpu::CpuModel), the CPU's own kernels. Representations stay where they were computed
//! ([`Hidden`]); either network also takes those of the other.

use rinalmo_energy::{BuiltIn, Restraints};

use crate::batch::Packed;
use crate::hidden::Hidden;
use crate::in_ensemble::InEnsemble;

/// Attention weights: for each block, for each sequence, `[heads, len, len]`.
pub type Attentions = Vec<Vec<Vec<f32>>>;

/// Callers check this before they use a head.
pub(crate) const NO_HEAD: &str = "callers use only heads that the config names";

/// A network for inference. Its heads are those of its [`ModelConfig`](crate::ModelConfig).
///
/// # Panics
/// A method that uses a head panics if the model does not have it; callers check the config.
pub trait Network: Send + Sync {
    /// The representation of every token, `[rows, dim]`, in the batch's order.
    fn encode(&self, batch: &Packed) -> Hidden<'static>;

    /// As [`Network::encode`], with every block's attention weights.
    fn encode_with_attentions(&self, batch: &Packed) -> (Hidden<'static>, Attentions);

    /// Masked-language logits `[rows, vocabulary]` from representations `[rows, dim]`.
    fn token_logits(&self, hidden: &Hidden<'_>) -> Vec<f32>;

    /// Logits of all pairs of one sequence, `[len, len]`, symmetric and 0 on the diagonal, from its bases'
    /// representations `[len, dim]` (special tokens removed) and the bases themselves.
    fn pair_logits(&self, hidden: &Hidden<'_>, bases: &[u8]) -> Vec<f32> {
        let map = self.pair_map(hidden, bases, Restraints::default());
        match self.ensemble() {
            Some(energies) => InEnsemble::new(energies, map, 0.0).log_odds(bases, Restraints::default()),
            None => map,
        }
    }

    /// The structure head's map of all pairs of one sequence, `[len, len]`, symmetric and 0 on the diagonal: logits, or, of
    /// a head in an ensemble ([`Network::ensemble`]), bonuses. Arguments are those of [`Network::pair_logits`], and the
    /// restraints of the energies that the head sees ([`crate::pair_features()`]); a head that sees none ignores them.
    fn pair_map(&self, hidden: &Hidden<'_>, bases: &[u8], restraints: Restraints<'_>) -> Vec<f32>;

    /// The energies whose ensemble the map of pairs has bonuses for, if it has.
    fn ensemble(&self) -> Option<BuiltIn>;

    /// Peak memory in bytes of [`Network::pair_logits`] for a sequence of `len` bases, without weights.
    fn pair_memory(&self, len: usize) -> u64;

    /// Mean ribosome loads in the scaler's units, one per sequence, from all tokens' representations `[rows, dim]`;
    /// every sequence is padded to `pad_to` tokens.
    fn mean_loads(&self, hidden: &Hidden<'_>, batch: &Packed, pad_to: usize) -> Vec<f32>;

    /// What a head that is a classifier says, `[rows, outputs]`, of what it looks at, `[rows, dim]`: vectors that stand
    /// for sequences, or those of bases.
    fn classify(&self, rows: &Hidden<'_>) -> Vec<f32>;

    /// The outputs of a convolutional network, `[sequences, outputs]`, from all tokens' representations `[rows, dim]` and
    /// the tokens themselves. Callers check that the network accepts the sequences' lengths
    /// ([`CnnConfig::accepts`](crate::CnnConfig::accepts)).
    fn convolve(&self, hidden: &Hidden<'_>, batch: &Packed) -> Vec<f32>;
}
