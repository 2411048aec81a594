//! A nested structure as a tree of arms: chains of pairs that are drawn straight, each with what is around the loop at its
//! end.

/// What follows one after the other in a loop, from 5′ to 3′.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Item {
    /// An unpaired base.
    Base(usize),
    /// An arm, by its number.
    Arm(usize),
}

/// A chain of pairs, and the loop that it ends in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Arm {
    /// Its pairs from its foot to its head. Unpaired bases between two of them are an inner loop that is drawn straight.
    pub(crate) pairs: Vec<(usize, usize)>,
    /// What is around the loop at its head; only bases in a hairpin.
    pub(crate) around: Vec<Item>,
    /// The number after that of its last descendant: arms are numbered in the order of their first bases.
    pub(crate) end: usize,
}

/// A structure as arms.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Tree {
    pub(crate) arms: Vec<Arm>,
    /// Bases and arms outside of all pairs.
    pub(crate) exterior: Vec<Item>,
}

/// What an arm goes on through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Through {
    /// Only pairs that stack directly: every other loop is round.
    Stacks,
    /// Bulges and inner loops too: they are drawn straight.
    InnerLoops,
}

impl Tree {
    /// Builds the tree of nested pairs, given as each base's partner.
    pub(crate) fn new(partners: &[Option<usize>], through: Through) -> Self {
        let mut tree = Self::default();
        let mut numbers = vec![usize::MAX; partners.len()]; // of the arm whose foot begins at a base
        let mut open = Vec::new();
        let exterior = items(partners, 0, partners.len());
        open.extend(exterior.iter().rev().copied().filter(is_arm));
        while let Some(item) = open.pop() {
            let Item::Arm(first) = item else { continue };
            numbers[first] = tree.arms.len();
            let arm = follow(partners, first, through);
            open.extend(arm.around.iter().rev().copied().filter(is_arm));
            tree.arms.push(arm);
        }
        let numbered = |items: &mut Vec<Item>| {
            for item in items {
                if let Item::Arm(first) = item {
                    *first = numbers[*first];
                }
            }
        };
        tree.exterior = exterior;
        numbered(&mut tree.exterior);
        tree.arms.iter_mut().for_each(|arm| numbered(&mut arm.around));
        tree.count();
        tree
    }

    /// Fills [`Arm::end`].
    fn count(&mut self) {
        for number in (0..self.arms.len()).rev() {
            let last = self.arms[number].around.iter().rev().find_map(|item| match item {
                Item::Arm(inner) => Some(self.arms[*inner].end),
                Item::Base(_) => None,
            });
            self.arms[number].end = last.unwrap_or(number + 1);
        }
    }
}

fn is_arm(item: &Item) -> bool {
    matches!(item, Item::Arm(_))
}

/// Bases and arms of `from..to`; arms by their first base.
fn items(partners: &[Option<usize>], from: usize, to: usize) -> Vec<Item> {
    let mut items = Vec::new();
    let mut position = from;
    while position < to {
        match partners[position] {
            Some(partner) if partner > position => {
                items.push(Item::Arm(position));
                position = partner + 1;
            }
            _ => {
                items.push(Item::Base(position));
                position += 1;
            }
        }
    }
    items
}

/// The arm whose first base this is; arms around its loop by their first bases.
fn follow(partners: &[Option<usize>], first: usize, through: Through) -> Arm {
    let mut arm = Arm::default();
    let mut next = first;
    loop {
        let partner = partners[next].expect("an arm begins at a paired base");
        arm.pairs.push((next, partner));
        let around = items(partners, next + 1, partner);
        let mut inner = around.iter().filter(|item| is_arm(item));
        let only = inner.next().filter(|_| inner.next().is_none());
        match only {
            Some(&Item::Arm(inner)) if through == Through::InnerLoops || around.len() == 1 => next = inner,
            _ => {
                arm.around = around;
                return arm;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rinalmo_seq::Structure;

    use super::*;

    fn tree(text: &str, through: Through) -> Tree {
        Tree::new(&Structure::parse_dot_bracket(text).unwrap().partners().unwrap(), through)
    }

    #[test]
    fn arms_end_where_they_branch() {
        let text = ".((.((...))(.(..)).)).";
        let straight = tree(text, Through::InnerLoops);
        assert_eq!(straight.exterior, [Item::Base(0), Item::Arm(0), Item::Base(21)]);
        let pairs: Vec<usize> = straight.arms.iter().map(|arm| arm.pairs.len()).collect();
        assert_eq!(pairs, [2, 2, 2]);
        assert_eq!(straight.arms[0].around, [Item::Base(3), Item::Arm(1), Item::Arm(2), Item::Base(18)]);
        assert_eq!(straight.arms.iter().map(|arm| arm.end).collect::<Vec<_>>(), [3, 2, 3]);
        assert_eq!(tree(text, Through::Stacks).arms.len(), 4);
    }

    #[test]
    fn nothing_is_a_tree_too() {
        assert_eq!(tree("", Through::Stacks), Tree::default());
        assert_eq!(tree(".", Through::Stacks).exterior, [Item::Base(0)]);
    }
}
