//! Results that one stage of a build passes to the next.

use crate::bank::Bank;
use crate::cluster::{Clusters, Sequences};

/// Some sequences of a bank, renumbered.
pub(super) struct Kept<'a> {
    pub(super) bank: &'a Bank,
    pub(super) kept: &'a [u32],
}

impl Sequences for Kept<'_> {
    fn count(&self) -> usize {
        self.kept.len()
    }

    fn length(&self, index: usize) -> usize {
        self.bank.length(self.kept[index] as usize)
    }

    fn read(&self, index: usize, to: &mut Vec<u8>) {
        self.bank.read(self.kept[index] as usize, to);
    }
}

/// Clusters as a store keeps them.
pub(super) struct Found {
    pub(super) starts: Vec<usize>,
    pub(super) members: Vec<u32>,
    pub(super) representatives: Vec<u32>,
}

impl Found {
    pub(super) fn new(clusters: Clusters) -> Self {
        let (starts, members) = clusters.members();
        let first = |start: &usize| clusters.representatives()[members[*start] as usize];
        let representatives = starts[..starts.len() - 1].iter().map(first).collect();
        Self { starts, members, representatives }
    }
}
