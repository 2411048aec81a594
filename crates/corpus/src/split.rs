//! Which clusters are held out: a random share, chosen by their content and not by their order.
//!
//! Each cluster is known by the hash of its representative and the seed; those with the smallest hashes are held out.
//! So the choice does not depend on the order of inputs, and when a corpus grows, most clusters stay on their side.

use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::cluster::Sequences;

/// Returns the clusters held out, ascending: `share` of them, at least one if there are two and `share` is above 0.
pub fn hold_out(sequences: &dyn Sequences, representatives: &[u32], share: f64, seed: u64) -> Vec<u32> {
    let wanted = (representatives.len() as f64 * share).round() as usize;
    let least = usize::from(share > 0.0 && representatives.len() > 1);
    let wanted = wanted.clamp(least, representatives.len());
    if wanted == 0 {
        return Vec::new();
    }
    let hash = |letters: &mut Vec<u8>, (cluster, &representative): (usize, &u32)| {
        sequences.read(representative as usize, letters);
        (xxh3_64_with_seed(letters, seed), cluster as u32)
    };
    let mut hashes: Vec<(u64, u32)> = representatives.par_iter().enumerate().map_init(Vec::new, hash).collect();
    hashes.select_nth_unstable(wanted - 1);
    let mut chosen: Vec<u32> = hashes[..wanted].iter().map(|&(_, cluster)| cluster).collect();
    chosen.sort_unstable();
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sequences(count: usize) -> Vec<Vec<u8>> {
        (0..count).map(|n| (0..12).map(|bit| b"ACGT"[n >> (2 * bit) & 3]).collect()).collect()
    }

    #[test]
    fn the_share_is_exact_and_depends_on_the_seed() {
        let sequences = sequences(1000);
        let all: Vec<u32> = (0..1000).collect();
        let chosen = hold_out(&sequences, &all, 0.01, 1);
        assert_eq!(chosen.len(), 10);
        assert!(chosen.is_sorted());
        assert_ne!(chosen, hold_out(&sequences, &all, 0.01, 2));
        assert!(hold_out(&sequences, &all, 0.0, 1).is_empty());
        assert_eq!(hold_out(&sequences, &all[..2], 0.01, 1).len(), 1);
        assert!(hold_out(&sequences, &[], 0.01, 1).is_empty());
    }

    #[test]
    fn the_order_of_clusters_does_not_matter() {
        let sequences = sequences(300);
        let forth: Vec<u32> = (0..300).collect();
        let back: Vec<u32> = (0..300).rev().collect();
        let mut found: Vec<u32> = hold_out(&sequences, &back, 0.1, 7).iter().map(|&n| back[n as usize]).collect();
        found.sort_unstable();
        assert_eq!(found, hold_out(&sequences, &forth, 0.1, 7));
    }
}
