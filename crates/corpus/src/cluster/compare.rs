//! How far two clusterings agree, and how pure clusters are.

use std::collections::HashMap;

use super::Clusters;

/// The adjusted Rand index of two clusterings of the same sequences (Hubert & Arabie 1985): 1 if they are equal,
/// around 0 if they agree no more than by chance.
///
/// # Panics
/// If they have different numbers of sequences.
pub fn adjusted_rand(a: &Clusters, b: &Clusters) -> f64 {
    assert_eq!(a.len(), b.len(), "both clusterings are of the same sequences");
    let both = a.representatives().iter().zip(b.representatives()).map(|(&a, &b)| (a, b));
    let together = pairs_within(both);
    let of_a = pairs_within(a.representatives().iter().copied());
    let of_b = pairs_within(b.representatives().iter().copied());
    let all = choose_two(a.len());
    if all == 0.0 {
        return 1.0;
    }
    let (expected, most) = (of_a * of_b / all, (of_a + of_b) / 2.0);
    // Every sequence alone in both, or all in one cluster in both.
    if most == expected { 1.0 } else { (together - expected) / (most - expected) }
}

/// Of the pairs of sequences that are together in `a`, the share that is together in `b` as well; 1 if there are
/// none.
///
/// # Panics
/// If they have different numbers of sequences.
pub fn pairs_kept(a: &Clusters, b: &Clusters) -> f64 {
    assert_eq!(a.len(), b.len(), "both clusterings are of the same sequences");
    let both = a.representatives().iter().zip(b.representatives()).map(|(&a, &b)| (a, b));
    let of_a = pairs_within(a.representatives().iter().copied());
    if of_a == 0.0 { 1.0 } else { pairs_within(both) / of_a }
}

/// The share of labelled sequences whose label is the most frequent one of their cluster; sequences without a label
/// are left out. 1 if no sequence has a label.
///
/// # Panics
/// If there is not one label per sequence.
pub fn purity(clusters: &Clusters, labels: &[Option<u32>]) -> f64 {
    assert_eq!(clusters.len(), labels.len(), "there is one label a sequence");
    let labelled = || clusters.representatives().iter().zip(labels).filter_map(|(&of, &label)| Some((of, label?)));
    let mut largest: HashMap<u32, usize> = HashMap::new();
    for ((cluster, _), count) in counts(labelled()) {
        let largest = largest.entry(cluster).or_default();
        *largest = count.max(*largest);
    }
    let total = labelled().count();
    if total == 0 { 1.0 } else { largest.values().sum::<usize>() as f64 / total as f64 }
}

fn counts<T: std::hash::Hash + Eq>(of: impl Iterator<Item = T>) -> HashMap<T, usize> {
    let mut counts = HashMap::new();
    for item in of {
        *counts.entry(item).or_default() += 1;
    }
    counts
}

/// Pairs of equal items.
fn pairs_within<T: std::hash::Hash + Eq>(of: impl Iterator<Item = T>) -> f64 {
    // Whole numbers, so that the order of a hash map cannot be seen in the sum.
    let pairs: u128 = counts(of).into_values().map(|count| count as u128 * (count as u128 - 1) / 2).sum();
    pairs as f64
}

fn choose_two(count: usize) -> f64 {
    count as f64 * (count as f64 - 1.0) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clusters(representatives: &[u32]) -> Clusters {
        Clusters::new(representatives.to_vec()).unwrap()
    }

    #[test]
    fn the_adjusted_rand_index_of_a_worked_example() {
        // {0 1 2} {3 4 5} against {0 1} {2 3} {4 5}: together 1 + 1 pairs; 6 and 3 of 15 pairs; expected 1.2.
        let (a, b) = (clusters(&[0, 0, 0, 3, 3, 3]), clusters(&[0, 0, 2, 2, 4, 4]));
        let expected = (2.0 - 1.2) / (4.5 - 1.2);
        assert!((adjusted_rand(&a, &b) - expected).abs() < 1e-12);
        assert_eq!(adjusted_rand(&a, &b), adjusted_rand(&b, &a));
    }

    #[test]
    fn pairs_are_kept_where_clusters_are_within_clusters() {
        let (fine, coarse) = (clusters(&[0, 0, 2, 2]), clusters(&[0, 0, 0, 0]));
        assert_eq!((pairs_kept(&fine, &coarse), pairs_kept(&coarse, &fine)), (1.0, 2.0 / 6.0));
        assert_eq!(pairs_kept(&clusters(&[0, 1]), &clusters(&[0, 0])), 1.0);
    }

    #[test]
    fn names_of_clusters_do_not_matter() {
        assert_eq!(adjusted_rand(&clusters(&[0, 0, 2, 2]), &clusters(&[1, 1, 3, 3])), 1.0);
        for same in [&[0, 1, 2][..], &[0, 0, 0], &[0], &[]] {
            assert_eq!(adjusted_rand(&clusters(same), &clusters(same)), 1.0);
        }
        assert_eq!(adjusted_rand(&clusters(&[0, 1, 2]), &clusters(&[0, 0, 0])), 0.0);
    }

    #[test]
    fn purity_counts_the_most_frequent_label() {
        // Manning, Raghavan & Schütze 2008, figure 16.4: 17 items in three clusters, 5 + 4 + 3 of the majority.
        let labels = [0, 0, 0, 0, 0, 1, /**/ 0, 1, 1, 1, 1, 2, /**/ 0, 0, 2, 2, 2];
        let of: Vec<u32> = (0..17).map(|item| [0, 6, 12][usize::min(item / 6, 2)]).collect();
        let labels = labels.map(Some);
        assert!((purity(&clusters(&of), &labels) - 12.0 / 17.0).abs() < 1e-12);
    }

    #[test]
    fn sequences_without_a_label_are_left_out() {
        let labels = [Some(1), None, Some(2), None];
        assert_eq!(purity(&clusters(&[0, 0, 0, 0]), &labels), 0.5);
        assert_eq!(purity(&clusters(&[0, 0, 0, 0]), &[None; 4]), 1.0);
    }
}
