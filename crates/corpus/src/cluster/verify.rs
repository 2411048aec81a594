//! Whether two sequences are similar enough: first along the diagonal, then, if needed, by a banded alignment.

use super::{
    Coverage, Options, Sequences,
    align::{Aligner, Alignment, MATCH, MISMATCH, along_diagonal},
    kmers::{encode, reverse_complement},
};

/// Half the band: diagonals to either side of the one two sequences share a word on (`mmseqs` uses 64 in all as well).
const BAND: usize = 32;

/// Chance hits allowed if only lengths or one side's coverage decide (`mmseqs -e`).
const E_VALUE: f64 = 1e-3;
/// Karlin–Altschul parameters of match 2, mismatch −3 for even bases (NCBI BLAST, `blast_stat.c`).
const LAMBDA: f64 = 0.625;
const K: f64 = 0.41;

/// Compares pairs of sequences; one per thread.
pub(crate) struct Verifier<'a> {
    sequences: &'a dyn Sequences,
    options: &'a Options,
    /// Bases of all sequences, for the number of chance hits.
    total: f64,
    comparison: Comparison,
    a: Vec<u8>,
    b: Vec<u8>,
    turned: Vec<u8>,
}

impl<'a> Verifier<'a> {
    pub(crate) fn new(sequences: &'a dyn Sequences, options: &'a Options, total: f64) -> Self {
        let [a, b, turned] = [const { Vec::new() }; 3];
        Self { sequences, options, total, comparison: Comparison::default(), a, b, turned }
    }

    /// Sets the sequence that is then compared with others, as codes.
    pub(crate) fn set_member(&mut self, index: usize) {
        self.sequences.read(index, &mut self.b);
        encode(&mut self.b);
        if self.options.both_strands {
            self.turned.clone_from(&self.b);
            reverse_complement(&mut self.turned);
        }
    }

    /// Whether the member, or its reverse complement if asked, is similar enough to a representative.
    pub(crate) fn resembles(&mut self, representative: usize, diagonal: isize, turned: bool) -> bool {
        self.sequences.read(representative, &mut self.a);
        encode(&mut self.a);
        let member = if turned { &self.turned } else { &self.b };
        self.comparison.compare(&self.a, member, diagonal, self.options, self.total).is_some()
    }
}

/// Compares two sequences given as codes, keeping its memory between calls.
#[derive(Default)]
pub(crate) struct Comparison {
    aligner: Aligner<BAND>,
}

impl Comparison {
    /// The identity of two sequences that are similar enough, with `a` as the representative; `total` is the
    /// number of bases that `b` was found among.
    pub(crate) fn compare(
        &mut self,
        a: &[u8],
        b: &[u8],
        diagonal: isize,
        options: &Options,
        total: f64,
    ) -> Option<f64> {
        let enough = |matches: usize, columns: usize, of_a: usize, of_b: usize, score: i32| {
            let identity = matches as f64 / columns.max(1) as f64;
            let similar = identity >= options.identity && options.covers((of_a, a.len()), (of_b, b.len()));
            // Coverage of both sequences rules out short hits by chance; the other modes do not.
            let chance = || K * b.len() as f64 * total * (-LAMBDA * f64::from(score)).exp();
            let believed = options.mode == Coverage::Both || chance() <= E_VALUE;
            (matches > 0 && similar && believed).then_some(identity)
        };
        let (overlap, matches) = along_diagonal(a, b, diagonal);
        let score = i32::from(MATCH) * matches as i32 + i32::from(MISMATCH) * (overlap - matches) as i32;
        enough(matches, overlap, overlap, overlap, score).or_else(|| {
            let latest = options.latest_start(a.len(), b.len());
            let Alignment { a: of_a, b: of_b, matches, columns, score } = self.aligner.align(a, b, diagonal, latest);
            enough(matches, columns, of_a.len(), of_b.len(), score)
        })
    }
}
