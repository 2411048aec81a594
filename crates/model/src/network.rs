//! What inference asks of a model, in plain numbers, whatever computes it.
//!
//! Two things answer: [`OnDevice`](crate::OnDevice), tensors on any device Burn has, and
//! [`CpuModel`](crate::cpu::CpuModel), the CPU's own kernels. Rows travel as slices, one row a token.

use crate::batch::Packed;

/// Attention weights: for each block, for each sequence, `[heads, len, len]`.
pub type Attentions = Vec<Vec<Vec<f32>>>;

/// What callers have checked before they ask a head.
pub(crate) const NO_HEAD: &str = "callers ask only for heads that the config names";

/// A network that can be asked. Its heads are those its [`ModelConfig`](crate::ModelConfig) names.
///
/// # Panics
/// A method that asks for a head panics where the model has none; callers check the config.
pub trait Network: Send + Sync {
    /// The representation of every token, `[rows, dim]`, in the batch's order.
    fn encode(&self, batch: &Packed) -> Vec<f32>;

    /// The same, and every block's attention weights.
    fn encode_with_attentions(&self, batch: &Packed) -> (Vec<f32>, Attentions);

    /// Masked-language logits `[rows, vocabulary]` of representations `[rows, dim]`.
    fn token_logits(&self, hidden: &[f32]) -> Vec<f32>;

    /// Logits of all pairs of one sequence, `[len, len]`, symmetric and 0 on the diagonal, of its bases' representations
    /// `[len, dim]` (special tokens removed) and the bases themselves.
    fn pair_logits(&self, hidden: &[f32], bases: &[u8]) -> Vec<f32>;

    /// Bytes that [`Network::pair_logits`] needs at its peak for a sequence of `len` bases, weights aside.
    fn pair_memory(&self, len: usize) -> u64;

    /// Mean ribosome loads in the scaler's units, one a sequence, of all tokens' representations `[rows, dim]`, every
    /// sequence padded to `pad_to` tokens.
    fn ribosome_loads(&self, hidden: &[f32], batch: &Packed, pad_to: usize) -> Vec<f32>;

    /// Splice-site logits, one a sequence, of the representations of `<cls>`, `[sequences, dim]`.
    fn splice_logits(&self, cls: &[f32]) -> Vec<f32>;

    /// Family logits `[sequences, classes]` of the representations of `<cls>`, `[sequences, dim]`.
    fn family_logits(&self, cls: &[f32]) -> Vec<f32>;

    /// What is said of whole sequences, `[sequences, outputs]`, of what stands for each, `[sequences, dim]`.
    fn sequence_outputs(&self, pooled: &[f32]) -> Vec<f32>;

    /// What is said of bases, `[bases, outputs]`, of their representations `[bases, dim]`.
    fn base_outputs(&self, hidden: &[f32]) -> Vec<f32>;
}
