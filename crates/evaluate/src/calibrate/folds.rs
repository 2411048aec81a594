//! Deals structures into folds and keeps similar ones together. Near copies in different folds would make the figures
//! too good.

use std::collections::HashMap;

use rinalmo_seq::labelled::structures::Item;

use super::CrossFit;
use crate::Error;
use rinalmo_corpus::alike;

/// The number of folds, unless there are fewer groups.
const FOLDS: usize = 5;

/// What stays together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Together {
    /// Families, as the data name them.
    Family,
    /// Clusters of similar sequences, as the data name them or as found by a search.
    Cluster,
}

impl Together {
    /// The plural for messages.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Family => "families",
            Self::Cluster => "clusters",
        }
    }
}

/// The fold of every item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Folds {
    pub(super) of: Vec<usize>,
    pub(super) count: usize,
    pub(super) together: Together,
    pub(super) groups: usize,
}

impl Folds {
    /// By families if every item has one and there are enough, else by clusters.
    pub(super) fn of(items: &[&Item]) -> Result<Self, Error> {
        let (together, groups) = match families(items) {
            Some(families) => (Together::Family, families),
            None => (Together::Cluster, alike::clusters(items, |item| &item.sequence, |item| item.cluster)?),
        };
        let count = groups.iter().max().map_or(0, |last| last + 1);
        let folds = count.clamp(1, FOLDS);
        let fold = dealt(&groups, count, folds);
        Ok(Self { of: groups.iter().map(|&group| fold[group]).collect(), count: folds, together, groups: count })
    }

    /// How they were dealt, if there are several.
    pub(super) fn cross_fit(&self) -> Option<CrossFit> {
        let Self { count, together, groups, .. } = *self;
        (count > 1).then_some(CrossFit { folds: count, together, groups })
    }
}

fn families(items: &[&Item]) -> Option<Vec<usize>> {
    let mut known = HashMap::new();
    let mut number = |item: &&Item| {
        let next = known.len();
        item.family.clone().map(|family| *known.entry(family).or_insert(next))
    };
    let families: Vec<usize> = items.iter().map(&mut number).collect::<Option<_>>()?;
    (families.iter().max().is_some_and(|last| last + 1 >= FOLDS)).then_some(families)
}

/// The fold of every group: the largest first, each to the smallest fold so far.
fn dealt(groups: &[usize], count: usize, folds: usize) -> Vec<usize> {
    let mut sizes = vec![0; count];
    groups.iter().for_each(|&group| sizes[group] += 1);
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|&group| (std::cmp::Reverse(sizes[group]), group));
    let (mut fold_of, mut filled) = (vec![0; count], vec![0; folds]);
    for group in order {
        let smallest = (0..folds).min_by_key(|&fold| (filled[fold], fold)).unwrap_or(0);
        fold_of[group] = smallest;
        filled[smallest] += sizes[group];
    }
    fold_of
}

#[cfg(test)]
mod tests {
    use super::*;
    use rinalmo_seq::Structure;

    fn items(families: &[Option<&str>], clusters: &[u64]) -> Vec<Item> {
        let item = |(family, &cluster): (&Option<&str>, &u64)| Item {
            family: family.map(str::to_owned),
            cluster: Some(cluster),
            ..Item::new(String::new(), b"GAAAC".to_vec(), Structure::unpaired(5))
        };
        families.iter().zip(clusters).map(item).collect()
    }

    fn dealt_out(items: &[Item]) -> Folds {
        Folds::of(&items.iter().collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn similar_items_are_in_one_fold_and_folds_have_similar_sizes() {
        let clusters: Vec<u64> = (0..60).map(|number| number / 3).collect();
        let folds = dealt_out(&items(&[None; 60], &clusters));
        assert_eq!((folds.count, folds.together, folds.groups), (5, Together::Cluster, 20));
        assert!(folds.of.chunks(3).all(|three| three.iter().all(|fold| *fold == three[0])));
        assert!((0..5).all(|fold| folds.of.iter().filter(|of| **of == fold).count() == 12));
    }

    #[test]
    fn families_are_preferred_to_clusters_if_there_are_enough() {
        let names = [Some("a"), Some("b"), Some("c"), Some("d"), Some("e"), Some("a")];
        let folds = dealt_out(&items(&names, &[0, 1, 2, 3, 4, 5]));
        assert_eq!((folds.together, folds.groups, folds.of[0]), (Together::Family, 5, folds.of[5]));
        let few = dealt_out(&items(&names[..4], &[0, 1, 2, 3]));
        assert_eq!((few.together, few.count), (Together::Cluster, 4));
    }

    #[test]
    fn one_cluster_cannot_be_cross_fitted() {
        let folds = dealt_out(&items(&[None; 4], &[7; 4]));
        assert_eq!((folds.count, folds.cross_fit()), (1, None));
    }
}
