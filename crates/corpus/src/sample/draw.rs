//! What an epoch takes from a cluster: a random member, or a random window of a long one.
//!
//! Everything is drawn from one stream of random numbers, named by seed, epoch and cluster: first the member, then the
//! window, then the mask. So a cluster gives the same row in whatever batch, thread or rank it is drawn.

use rinalmo_seq::alphabet::{self, CLS, EOS, Token};

use crate::Error;
use crate::random::Random;
use crate::store::{Index, View};

/// A part of a sequence, and what is still to be drawn for it.
pub(super) struct Draw {
    pub(super) sequence: u32,
    /// Where the window begins, in nt.
    pub(super) start: usize,
    len: usize,
    of: usize,
    pub(super) random: Random,
}

impl Draw {
    /// Draws from `cluster` a window of at most `tokens − 2` nt.
    pub(super) fn new(index: &Index<'_>, seed: u64, epoch: u64, cluster: u32, tokens: usize) -> Self {
        let mut random = Random::keyed([seed, epoch, u64::from(cluster)]);
        let members = index.members(cluster);
        let sequence = members.at(random.below(members.len()));
        let of = index.lengths.at(sequence as usize) as usize;
        let len = of.min(tokens - 2);
        let start = if len < of { random.below(of - len + 1) } else { 0 };
        Self { sequence, start, len, of, random }
    }

    /// How many tokens it is: the letters, `<cls>` if it begins the sequence, `<eos>` if it ends it.
    pub(super) fn tokens(&self) -> usize {
        self.len + usize::from(self.starts()) + usize::from(self.ends())
    }

    fn starts(&self) -> bool {
        self.start == 0
    }

    fn ends(&self) -> bool {
        self.start + self.len == self.of
    }

    /// Writes the tokens to the beginning of `row`; `letters` is a buffer.
    pub(super) fn read(&self, view: &mut View<'_>, letters: &mut Vec<u8>, row: &mut [Token]) -> Result<(), Error> {
        view.window(self.sequence, self.start, self.len, letters)?;
        let letters = letters.iter().map(|&letter| alphabet::token(letter));
        let first = self.starts().then_some(CLS);
        let last = self.ends().then_some(EOS);
        row.iter_mut().zip(first.into_iter().chain(letters).chain(last)).for_each(|(to, token)| *to = token);
        Ok(())
    }
}
