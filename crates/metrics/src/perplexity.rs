//! Perplexity: `exp` of the language model's mean loss, the number of tokens among which it hesitates.
//!
//! The mean runs over tokens, not over batches: a batch with more scored tokens weighs more.

/// A running mean of negative log-likelihoods, in nats per token.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct MeanLoss {
    sum: f64,
    tokens: usize,
}

impl MeanLoss {
    /// Adds a batch whose loss is a mean over `tokens` tokens.
    pub fn add_mean(&mut self, mean: f64, tokens: usize) {
        self.add_sum(mean * tokens as f64, tokens);
    }

    /// Adds the summed loss of `tokens` tokens.
    pub fn add_sum(&mut self, sum: f64, tokens: usize) {
        self.sum += sum;
        self.tokens += tokens;
    }

    /// Number of tokens so far.
    pub fn tokens(&self) -> usize {
        self.tokens
    }

    /// The mean loss per token; `None` before the first token.
    pub fn mean(&self) -> Option<f64> {
        (self.tokens > 0).then(|| self.sum / self.tokens as f64)
    }

    /// The perplexity; `None` before the first token.
    pub fn perplexity(&self) -> Option<f64> {
        self.mean().map(perplexity)
    }
}

/// `exp(mean_loss)`, from a mean negative log-likelihood in nats.
pub fn perplexity(mean_loss: f64) -> f64 {
    mean_loss.exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_even_guess_among_four_bases_has_perplexity_four() {
        assert!((perplexity(4f64.ln()) - 4.0).abs() < 1e-12);
    }

    #[test]
    fn batches_weigh_by_their_tokens() {
        // One certain token and three with probability 1/16: mean 3/4 · ln 16 = ln 8.
        let mut loss = MeanLoss::default();
        loss.add_mean(0.0, 1);
        loss.add_sum(3.0 * 16f64.ln(), 3);
        assert_eq!(loss.tokens(), 4);
        assert!((loss.perplexity().unwrap() - 8.0).abs() < 1e-12);
    }

    #[test]
    fn nothing_scored_has_no_perplexity() {
        assert_eq!(MeanLoss::default().perplexity(), None);
    }
}
