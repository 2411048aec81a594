//! Hides letters for the model to guess: 15 % of them, of which 80 % become `<mask>`, 10 % another letter, 10 % stay.
//!
//! The recipe is BERT's with RiNALMo's letters (Methods, "Pre-training"): a random letter is one of A, C, G, T and N.
//! Each letter is chosen on its own, so their number varies around the share. Special tokens are never chosen.

use crate::alphabet::{A, C, FIRST_LETTER, G, MASK, N, PAD, T, Token};

/// What a letter may be replaced by.
pub const REPLACEMENTS: [Token; 5] = [A, C, G, T, N];

/// Shares of letters to hide, and of what is done to those.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Masking {
    /// Share of the letters that are to be guessed.
    pub chosen: f64,
    /// Share of the chosen ones that become `<mask>`.
    pub masked: f64,
    /// Share of the chosen ones that become a random one of [`REPLACEMENTS`]; the rest stay as they are.
    pub replaced: f64,
}

impl Default for Masking {
    /// The published recipe.
    fn default() -> Self {
        Self { chosen: 0.15, masked: 0.8, replaced: 0.1 }
    }
}

impl Masking {
    /// Hides letters of `tokens` and writes what they were to `targets`; everywhere else `targets` becomes `<pad>`.
    ///
    /// `random` gives 64 even bits a call; equal bits give equal outcomes.
    ///
    /// # Panics
    /// If the two differ in length.
    pub fn apply(&self, tokens: &mut [Token], targets: &mut [Token], random: &mut impl FnMut() -> u64) {
        assert_eq!(tokens.len(), targets.len(), "a target for each token");
        let chosen = threshold(self.chosen);
        for (tokens, targets) in tokens.chunks_mut(2).zip(targets.chunks_mut(2)) {
            let draw = random(); // 32 bits for each of two letters
            for (place, (token, target)) in tokens.iter_mut().zip(targets).enumerate() {
                let hidden = (draw >> (32 * place)) & 0xffff_ffff < chosen && *token >= FIRST_LETTER;
                *target = if hidden { *token } else { PAD };
                if hidden {
                    *token = self.hide(*token, random());
                }
            }
        }
    }

    fn hide(&self, token: Token, bits: u64) -> Token {
        let (kind, letter) = (bits >> 32, bits & 0xffff_ffff);
        if kind < threshold(self.masked) {
            MASK
        } else if kind < threshold(self.masked + self.replaced) {
            REPLACEMENTS[(letter as usize * REPLACEMENTS.len()) >> 32]
        } else {
            token
        }
    }
}

/// The number that 32 even bits are below with probability `share`.
fn threshold(share: f64) -> u64 {
    (share * 2f64.powi(32)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alphabet::{CLS, EOS};

    /// Even bits from a counter.
    fn counter(seed: u64) -> impl FnMut() -> u64 {
        let mut state = seed;
        move || {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mixed = (state ^ state >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
            mixed ^ mixed >> 31
        }
    }

    #[test]
    fn over_a_million_letters_the_shares_are_those_of_the_recipe() {
        const LETTERS: usize = 1_000_000;
        let original: Vec<Token> = (0..LETTERS).map(|n| [A, C, G, T][n % 4]).collect();
        let (mut tokens, mut targets) = (original.clone(), vec![0; LETTERS]);
        Masking::default().apply(&mut tokens, &mut targets, &mut counter(1));
        let chosen: Vec<usize> = (0..LETTERS).filter(|&n| targets[n] != PAD).collect();
        assert!(chosen.iter().all(|&n| targets[n] == original[n]));
        let count = |what: &dyn Fn(usize) -> bool| chosen.iter().filter(|&&n| what(n)).count() as f64;
        // Four standard deviations of a binomial count.
        let near = |found: f64, of: f64, share: f64| {
            let room = 4.0 * (of * share * (1.0 - share)).sqrt();
            assert!((found - of * share).abs() < room, "{found} of {of}, expected {share}");
        };
        let all = chosen.len() as f64;
        near(all, LETTERS as f64, 0.15);
        near(count(&|n| tokens[n] == MASK), all, 0.8);
        near(count(&|n| tokens[n] == N), all, 0.1 / 5.0);
        near(count(&|n| tokens[n] == A && original[n] == G), all, 0.1 / 5.0 / 4.0);
        near(count(&|n| tokens[n] == original[n]), all, 0.1 + 0.1 / 5.0);
        let untouched = |n: &usize| targets[*n] == PAD && tokens[*n] == original[*n];
        assert_eq!((0..LETTERS).filter(untouched).count(), LETTERS - chosen.len());
    }

    #[test]
    fn special_tokens_are_never_chosen() {
        let all = Masking { chosen: 1.0, masked: 1.0, replaced: 0.0 };
        let (mut tokens, mut targets) = ([CLS, A, N, EOS, PAD], [0; 5]);
        all.apply(&mut tokens, &mut targets, &mut counter(2));
        assert_eq!((tokens, targets), ([CLS, MASK, MASK, EOS, PAD], [PAD, A, N, PAD, PAD]));
    }

    #[test]
    fn equal_bits_give_equal_masks() {
        let run = |seed| {
            let (mut tokens, mut targets) = ([G; 101], [0; 101]);
            Masking::default().apply(&mut tokens, &mut targets, &mut counter(seed));
            (tokens, targets)
        };
        assert_eq!(run(3), run(3));
        assert_ne!(run(3), run(4));
    }
}
