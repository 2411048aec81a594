//! Draws validation data from the training data if no file is given for validation.
//!
//! Whole clusters are drawn: near copies of training sequences would choose the threshold, the step to stop at and the
//! best model by what was memorized. Clusters are those of the data's column `cluster`. If it does not name one for
//! every item, sequences are also clustered (80 % identity over 80 % of both, as `corpus structures` does), and both
//! clusterings are joined. The draw is stratified: every class gives its share, and every class keeps items in
//! training.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use crate::Error;
use rinalmo_corpus::alike;

/// Fewest items without a class that are held out, if training keeps as many: R² of one number is undefined.
const FEWEST_NUMBERS: usize = 2;

/// What is drawn as one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// All sequences of a cluster.
    #[default]
    Cluster,
    /// One sequence, even if it has near copies.
    Item,
}

/// What the draw needs of an item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its letters.
    pub sequence: Vec<u8>,
    /// Its cluster, if the data name one.
    pub cluster: Option<u64>,
    /// Its classes: several if each base has one, none if labels are numbers.
    pub classes: Vec<String>,
}

/// What was drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Drawn {
    /// Whether each entry is held out.
    pub held_out: Vec<bool>,
    /// Number of clusters that were drawn, and of all clusters; `None` if single sequences were drawn.
    pub clusters: Option<(usize, usize)>,
}

/// Draws about `share` of the entries. The same seed draws the same.
///
/// # Errors
/// Every choice would leave a near copy in training or take all items of a class.
pub(super) fn draw(entries: &[Entry], share: f64, unit: Unit, seed: u64) -> Result<Drawn, Error> {
    let groups = match unit {
        Unit::Item => (0..entries.len()).collect(),
        Unit::Cluster => clusters(entries)?,
    };
    let chosen = Strata::new(entries, &groups, share).choose(seed);
    let all = groups.iter().max().map_or(0, |last| last + 1);
    if chosen.is_empty() {
        return Err(nothing_to_hold_out(entries.len(), all));
    }
    let held_out = groups.iter().map(|group| chosen.contains(group)).collect();
    Ok(Drawn { held_out, clusters: (unit == Unit::Cluster).then_some((chosen.len(), all)) })
}

fn clusters(entries: &[Entry]) -> Result<Vec<usize>, Error> {
    Ok(alike::clusters(entries, |entry| &entry.sequence, |entry| entry.cluster)?)
}

fn nothing_to_hold_out(items: usize, groups: usize) -> Error {
    let why = match (items, groups) {
        (0, _) => "the training data have no item, expected 2 at least".to_owned(),
        (1, _) => "the training data have 1 item, expected 2 at least".to_owned(),
        (_, 1) => format!("all {items} training sequences are similar, so each would have a near copy in training"),
        _ => format!("each of the {groups} clusters of the training data has the only items of some class"),
    };
    Error::NothingToHoldOut { why, by_item: items > 1 }
}

/// How many items of each class every group has, and how many are still to be drawn.
struct Strata {
    /// Of each group: its items of each class. Items without a class count as one class.
    groups: Vec<BTreeMap<usize, usize>>,
    /// Of each class: groups that are left to training.
    left: Vec<usize>,
    /// Of each class: items to hold out.
    target: Vec<usize>,
    /// Of each class: items held out so far.
    held: Vec<usize>,
    chosen: BTreeSet<usize>,
}

impl Strata {
    fn new(entries: &[Entry], groups: &[usize], share: f64) -> Self {
        let names: BTreeSet<&str> = entries.iter().flat_map(|entry| &entry.classes).map(String::as_str).collect();
        let numbers: HashMap<&str, usize> = names.into_iter().zip(1..).collect(); // 0 is for items without a class
        let mut by_group = vec![BTreeMap::new(); groups.iter().max().map_or(0, |last| last + 1)];
        for (entry, &group) in entries.iter().zip(groups) {
            let mut classes: BTreeSet<usize> = entry.classes.iter().map(|name| numbers[name.as_str()]).collect();
            if classes.is_empty() {
                classes.insert(0);
            }
            classes.into_iter().for_each(|class| *by_group[group].entry(class).or_insert(0) += 1);
        }
        let mut left = vec![0; numbers.len() + 1];
        let mut items = vec![0; numbers.len() + 1];
        for (&class, &count) in by_group.iter().flatten() {
            left[class] += 1;
            items[class] += count;
        }
        // A fit cannot be judged by one number; one item of a class is enough, as there are other classes.
        let least =
            |class: usize, count: usize| if class == 0 { (count / 2).min(FEWEST_NUMBERS) } else { 1 }.min(count);
        let target = items.iter().enumerate().map(|(class, &count)| {
            let share = (count as f64 * share).round() as usize;
            share.max(least(class, count)).max(usize::from(count > 0))
        });
        let (target, held) = (target.collect(), vec![0; items.len()]);
        Self { groups: by_group, left, target, held, chosen: BTreeSet::new() }
    }

    /// Draws groups, for the rarest class first.
    fn choose(mut self, seed: u64) -> BTreeSet<usize> {
        let order = rinalmo_train::shuffled(self.groups.len(), seed);
        let mut classes: Vec<usize> = (0..self.target.len()).filter(|&class| self.target[class] > 0).collect();
        classes.sort_by_key(|&class| (self.target[class], class));
        for class in classes {
            for &group in &order {
                let count = self.groups[group].get(&class).copied().unwrap_or(0);
                if count > 0 && self.held[class] + count <= self.target[class] {
                    self.take(group);
                }
            }
            if self.held[class] == 0 {
                self.take_smallest(class, &order);
            }
        }
        self.chosen
    }

    /// If every group is larger than the share, takes the smallest that leaves each class in training.
    fn take_smallest(&mut self, class: usize, order: &[usize]) {
        let mut candidates: Vec<usize> =
            order.iter().copied().filter(|&group| self.groups[group].contains_key(&class)).collect();
        candidates.sort_by_key(|&group| self.groups[group].values().sum::<usize>());
        candidates.into_iter().find(|&group| self.take(group));
    }

    /// Holds a group out, unless it already is or training would lose a class.
    fn take(&mut self, group: usize) -> bool {
        if self.chosen.contains(&group) || self.groups[group].keys().any(|&class| self.left[class] < 2) {
            return false;
        }
        self.chosen.insert(group);
        for (&class, &count) in &self.groups[group] {
            self.left[class] -= 1;
            self.held[class] += count;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Random sequences, with `copies` near copies each.
    fn families(families: usize, copies: usize) -> Vec<Entry> {
        let mut random = fastrand::Rng::with_seed(7);
        let mut entries = Vec::new();
        for _ in 0..families {
            let parent: Vec<u8> = (0..80).map(|_| b"ACGU"[random.usize(0..4)]).collect();
            for copy in 0..copies {
                let mut sequence = parent.clone();
                sequence[10 + 7 * copy] = if sequence[10 + 7 * copy] == b'A' { b'C' } else { b'A' };
                entries.push(Entry { sequence, ..Entry::default() });
            }
        }
        entries
    }

    fn held(entries: &[Entry], share: f64, seed: u64) -> Vec<bool> {
        draw(entries, share, Unit::Cluster, seed).unwrap().held_out
    }

    #[test]
    fn near_copies_stay_together_whether_or_not_a_column_says_so() {
        let unsaid = families(12, 5);
        let said: Vec<Entry> = (0..60).map(|number| Entry { cluster: Some(number / 5), ..Entry::default() }).collect();
        for entries in [&unsaid, &said] {
            for seed in 0..8 {
                let found = draw(entries, 0.25, Unit::Cluster, seed).unwrap();
                assert_eq!(found.clusters, Some((3, 12)));
                for family in found.held_out.chunks(5) {
                    assert!(family.iter().all(|held| *held == family[0]), "{:?}", found.held_out);
                }
            }
        }
        let apart = draw(&unsaid, 0.25, Unit::Item, 0).unwrap();
        assert_eq!((apart.clusters, apart.held_out.iter().filter(|held| **held).count()), (None, 15));
        assert!(apart.held_out.chunks(5).any(|family| family.iter().any(|held| *held != family[0])));
    }

    #[test]
    fn clusters_of_the_column_and_of_the_search_are_joined() {
        // The first two are near copies; the column says the second belongs to the third.
        let mut entries = families(4, 1);
        entries.insert(1, Entry { cluster: Some(9), ..families(4, 2)[1].clone() });
        entries[2].cluster = Some(9);
        assert_eq!(clusters(&entries).unwrap(), [0, 0, 0, 1, 2]);
    }

    #[test]
    fn equal_sequences_too_short_for_the_engine_are_one_cluster() {
        let entry = |text: &str| Entry { sequence: text.into(), ..Entry::default() };
        assert_eq!(clusters(&[entry("GCA"), entry("AAU"), entry("gca")]).unwrap(), [0, 1, 0]);
    }

    #[test]
    fn every_class_gives_its_share_and_none_leaves_training() {
        let class = |number: usize| if number < 90 { "no" } else { "yes" };
        let mut entries = families(100, 1);
        (0..100).for_each(|number| entries[number].classes = vec![class(number).into()]);
        for seed in 0..16 {
            let held = held(&entries, 0.1, seed);
            let of = |part: &[bool]| part.iter().filter(|held| **held).count();
            assert_eq!((of(&held[..90]), of(&held[90..])), (9, 1), "seed {seed}");
        }
        entries[99].classes = vec!["only once".into()];
        assert!((0..16).all(|seed| !held(&entries, 0.3, seed)[99]), "training would lose a class");
    }

    #[test]
    fn a_draw_is_its_seeds_and_about_the_share() {
        let entries = families(40, 2);
        let count = |seed| held(&entries, 0.1, seed).iter().filter(|held| **held).count();
        assert!((0..8).all(|seed| count(seed) == 8));
        assert_eq!(held(&entries, 0.1, 3), held(&entries, 0.1, 3));
        assert_ne!(held(&entries, 0.1, 3), held(&entries, 0.1, 4));
    }

    #[test]
    fn clusters_larger_than_the_share_give_the_smallest_of_them() {
        let entry = |cluster| Entry { cluster: Some(cluster), ..Entry::default() };
        let entries: Vec<Entry> = [1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3].map(entry).to_vec();
        let expected: Vec<bool> = (0..12).map(|number| (5..8).contains(&number)).collect();
        assert!((0..8).all(|seed| held(&entries, 0.1, seed) == expected));
    }

    #[test]
    fn a_hold_out_that_is_impossible_is_refused() {
        let refused = |entries: &[Entry]| draw(entries, 0.2, Unit::Cluster, 0).unwrap_err();
        let similar = refused(&families(1, 6));
        assert!(similar.to_string().contains("all 6 training sequences are similar"), "{similar}");
        assert!(matches!(similar, Error::NothingToHoldOut { by_item: true, .. }), "{similar:?}");
        assert!(draw(&families(1, 6), 0.2, Unit::Item, 0).is_ok());
        let single = refused(&families(1, 1));
        assert!(single.to_string().ends_with("the training data have 1 item, expected 2 at least"), "{single}");
        assert!(matches!(single, Error::NothingToHoldOut { by_item: false, .. }), "{single:?}");
    }
}
