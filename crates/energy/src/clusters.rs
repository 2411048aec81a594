//! A few structures that stand for many drawn ones.
//!
//! Structures that were drawn from an ensemble are divided into clusters of similar ones. Each cluster is represented by
//! its centroid, the pairs that more than half of its members have, which is nearest to all members on average (Ding,
//! Chan and Lawrence, RNA 11 (2005) 1157). The distance of two structures is the number of pairs that only one of them
//! has. Clusters are found as by k-means: first representatives chosen one by one, each where it brings the drawn
//! structures nearest to their representatives; then assignment and centroids in turn until nothing changes.

use std::collections::BTreeMap;

use crate::fold::Pairs;

/// Structures that may become first representatives, the most frequent ones. This keeps the time proportional to the
/// number of structures.
const CANDIDATES: usize = 256;

/// Two representatives differ by at least this many pairs, and by this share of the pairs of the larger one. Otherwise
/// ends of helices that open and close would count as alternatives.
const LEAST_PAIRS: usize = 3;
const LEAST_SHARE: f64 = 0.2;

/// Smallest share of a cluster: below it, the draws of a thousand say little about its members.
const SMALLEST: f64 = 0.01;

/// Rounds of assignment; most often five suffice.
const ROUNDS: usize = 30;

/// A cluster of similar structures.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Cluster {
    /// The pairs that more than half of its members have, 0-based, `i < j`, by increasing `i`.
    pub pairs: Vec<(usize, usize)>,
    /// The drawn structure that is nearest to these pairs. Unlike them it is a structure of the ensemble, and obeys whatever
    /// all of that do.
    pub nearest: Vec<(usize, usize)>,
    /// Its share of the structures.
    pub share: f64,
}

/// At most `most` clusters of structures that were drawn from an ensemble, the largest first.
///
/// There are fewer if the structures are too similar: representatives differ by at least three pairs and a fifth of
/// their pairs, and every cluster has at least 1 % of the structures. Pairs of a structure are sorted.
///
/// ```
/// use rinalmo_energy::{EnergyModel, clusters};
///
/// let drawn = EnergyModel::turner2004().sample(b"GGGCCCAAAGGGCCCAAAGGGCCC", 1000, 1);
/// let clusters = clusters(&drawn, 3);
/// assert!(clusters.len() > 1 && clusters[0].share >= clusters[1].share);
/// ```
pub fn clusters(drawn: &[Vec<(usize, usize)>], most: usize) -> Vec<Cluster> {
    let mut counts: BTreeMap<&[(usize, usize)], usize> = BTreeMap::new();
    drawn.iter().for_each(|pairs| *counts.entry(pairs).or_default() += 1);
    let mut different: Vec<_> = counts.into_iter().collect();
    different.sort_by_key(|&(_, count)| std::cmp::Reverse(count)); // stable, so the order is the same every time
    let drawn = Drawn { different };
    let mut found = drawn.settle(drawn.first(most));
    while let Some(superfluous) = drawn.superfluous(&found) {
        found.remove(superfluous);
        found = drawn.settle(found.into_iter().map(|cluster| cluster.pairs).collect());
    }
    for cluster in &mut found {
        // Of those that are as near the most frequent one, which is listed first.
        let nearest = drawn.different.iter().min_by_key(|(pairs, _)| distance(pairs, &cluster.pairs));
        cluster.nearest = nearest.map(|(pairs, _)| pairs.to_vec()).unwrap_or_default();
    }
    found
}

/// The structures that were drawn, each once with how often it was.
struct Drawn<'a> {
    different: Vec<(&'a [(usize, usize)], usize)>,
}

impl Drawn<'_> {
    /// The first representatives.
    fn first(&self, most: usize) -> Vec<Pairs> {
        let candidates = &self.different[..self.different.len().min(CANDIDATES)];
        let row = |of: &[(usize, usize)]| self.different.iter().map(|(pairs, _)| distance(pairs, of)).collect();
        let distances: Vec<Vec<usize>> = candidates.iter().map(|(pairs, _)| row(pairs)).collect();
        // An empty structure is as far as a structure can be from one of this size.
        let mut nearest: Vec<usize> = self.different.iter().map(|(pairs, _)| 2 * pairs.len() + 1).collect();
        let mut chosen: Vec<usize> = Vec::new();
        while chosen.len() < most {
            let gain = |of: &[usize]| -> usize {
                let gains = nearest.iter().zip(of).map(|(now, then)| now.saturating_sub(*then));
                gains.zip(&self.different).map(|(gain, (_, count))| gain * count).sum()
            };
            let is_new = |at: &usize| chosen.iter().all(|&other| is_far(candidates[*at].0, candidates[other].0));
            let gains = (0..candidates.len()).filter(is_new).map(|at| (gain(&distances[at]), at));
            // Of equal gains the more frequent one, which is listed first.
            let Some((_, best)) = gains.filter(|&(gain, _)| gain > 0).max_by_key(|&(gain, at)| (gain, usize::MAX - at))
            else {
                break;
            };
            nearest.iter_mut().zip(&distances[best]).for_each(|(now, then)| *now = (*now).min(*then));
            chosen.push(best);
        }
        chosen.into_iter().map(|at| candidates[at].0.to_vec()).collect()
    }

    /// Assigns structures to the nearest representative and replaces those by centroids, until nothing changes.
    fn settle(&self, mut representatives: Vec<Pairs>) -> Vec<Cluster> {
        let mut clusters = Vec::new();
        for _ in 0..ROUNDS {
            clusters = self.assigned(&representatives);
            let centroids: Vec<Pairs> = clusters.iter().map(|cluster| cluster.pairs.clone()).collect();
            if centroids == representatives {
                break;
            }
            representatives = centroids;
        }
        clusters
    }

    /// The clusters of structures that are nearest to the same representative, the largest first.
    fn assigned(&self, representatives: &[Pairs]) -> Vec<Cluster> {
        let mut members = vec![(0, BTreeMap::new()); representatives.len()];
        for &(pairs, count) in &self.different {
            let to = |at: &usize| distance(pairs, &representatives[*at]);
            let Some(nearest) = (0..representatives.len()).min_by_key(to) else { continue };
            let (size, counts): &mut (usize, BTreeMap<(usize, usize), usize>) = &mut members[nearest];
            *size += count;
            pairs.iter().for_each(|&pair| *counts.entry(pair).or_default() += count);
        }
        members.retain(|(size, _)| *size > 0);
        members.sort_by_key(|(size, _)| std::cmp::Reverse(*size));
        let all: usize = self.different.iter().map(|(_, count)| count).sum();
        let cluster = |(size, counts): (usize, BTreeMap<_, usize>)| {
            let frequent = counts.into_iter().filter(|(_, count)| 2 * count > size);
            let pairs = frequent.map(|(pair, _)| pair).collect();
            Cluster { pairs, nearest: Pairs::new(), share: size as f64 / all as f64 }
        };
        members.into_iter().map(cluster).collect()
    }

    /// The last cluster that is too small, or too similar to a larger one.
    fn superfluous(&self, clusters: &[Cluster]) -> Option<usize> {
        (1..clusters.len()).rev().find(|&at| {
            let larger = &clusters[..at];
            clusters[at].share < SMALLEST || !larger.iter().all(|other| is_far(&other.pairs, &clusters[at].pairs))
        })
    }
}

/// Are these alternatives of each other?
fn is_far(a: &[(usize, usize)], b: &[(usize, usize)]) -> bool {
    let least = LEAST_SHARE * a.len().max(b.len()) as f64;
    distance(a, b) >= LEAST_PAIRS.max(least.ceil() as usize)
}

/// How many pairs only one of the two has.
fn distance(a: &[(usize, usize)], b: &[(usize, usize)]) -> usize {
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    let mut common = 0;
    let total = a.len() + b.len();
    while let (Some(x), Some(y)) = (a.peek(), b.peek()) {
        match x.cmp(y) {
            std::cmp::Ordering::Less => _ = a.next(),
            std::cmp::Ordering::Greater => _ = b.next(),
            std::cmp::Ordering::Equal => {
                common += 1;
                a.next();
                b.next();
            }
        }
    }
    total - 2 * common
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The helix of `length` pairs around `(i, j)`.
    fn helix(i: usize, j: usize, length: usize) -> Pairs {
        (0..length).map(|k| (i + k, j - k)).collect()
    }

    /// A cluster whose pairs are those of a drawn structure.
    fn cluster(pairs: Pairs, share: f64) -> Cluster {
        Cluster { nearest: pairs.clone(), pairs, share }
    }

    /// Each helix is shorter on another side, and no member has the pairs that most have.
    #[test]
    fn the_nearest_structure_was_drawn() {
        let parts = [helix(0, 30, 4), helix(40, 70, 4), helix(80, 99, 4)];
        let without = |left: usize| {
            let kept = parts.iter().enumerate().map(|(at, part)| &part[usize::from(at == left)..]);
            kept.flatten().copied().collect::<Pairs>()
        };
        let drawn = [vec![without(0); 34], vec![without(1); 33], vec![without(2); 33]].concat();
        let found = clusters(&drawn, 3);
        assert_eq!(found, [Cluster { pairs: parts.concat(), nearest: without(0), share: 1.0 }]);
    }

    #[test]
    fn structures_that_fray_are_one_cluster() {
        let mut drawn = vec![helix(0, 30, 10); 55];
        drawn.extend(vec![helix(1, 29, 9); 30]);
        drawn.extend(vec![helix(2, 28, 8); 15]);
        assert_eq!(clusters(&drawn, 5), [cluster(helix(0, 30, 10), 1.0)]);
    }

    #[test]
    fn alternatives_have_their_shares_and_the_pairs_of_most_members() {
        let mut drawn = vec![helix(0, 30, 10); 40];
        drawn.extend(vec![helix(1, 29, 9); 21]);
        drawn.extend(vec![helix(3, 60, 8); 30]);
        drawn.extend(vec![Vec::new(); 9]);
        let found = clusters(&drawn, 5);
        let expected = [(helix(0, 30, 10), 0.61), (helix(3, 60, 8), 0.3), (Vec::new(), 0.09)];
        assert_eq!(found, expected.map(|(pairs, share)| cluster(pairs, share)));
        assert_eq!(clusters(&drawn, 2).len(), 2);
        assert_eq!(clusters(&[], 3), []);
    }

    #[test]
    fn a_rare_structure_is_no_alternative() {
        let mut drawn = vec![helix(0, 30, 10); 995];
        drawn.extend(vec![helix(3, 60, 8); 5]);
        assert_eq!(clusters(&drawn, 5), [cluster(helix(0, 30, 10), 1.0)]);
    }

    #[test]
    fn the_distance_counts_pairs_of_only_one() {
        assert_eq!(distance(&[(0, 9), (1, 8)], &[(1, 8), (2, 7), (10, 20)]), 3);
        assert_eq!((distance(&[], &[(1, 8)]), distance(&[(1, 8)], &[(1, 8)])), (1, 0));
    }
}
