//! The result of an engine: for every sequence, the one that represents it.

use super::Error;

/// A partition of sequences, each cluster known by its representative, which is one of its members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clusters {
    representatives: Vec<u32>,
}

impl Clusters {
    /// Takes, for every sequence, the index of its representative.
    ///
    /// # Errors
    /// [`Error::NotAPartition`] if a representative does not represent itself.
    pub fn new(representatives: Vec<u32>) -> Result<Self, Error> {
        for (index, &representative) in representatives.iter().enumerate() {
            if representatives.get(representative as usize) != Some(&representative) {
                return Err(Error::NotAPartition { index, representative: representative as usize });
            }
        }
        Ok(Self { representatives })
    }

    /// How many sequences there are.
    pub fn len(&self) -> usize {
        self.representatives.len()
    }

    /// Whether there are no sequences.
    pub fn is_empty(&self) -> bool {
        self.representatives.is_empty()
    }

    /// How many clusters there are.
    pub fn count(&self) -> usize {
        self.representatives.iter().enumerate().filter(|(index, of)| *index == **of as usize).count()
    }

    /// The representative of sequence `index`.
    pub fn representative(&self, index: usize) -> usize {
        self.representatives[index] as usize
    }

    /// The representative of every sequence, in their order.
    pub fn representatives(&self) -> &[u32] {
        &self.representatives
    }

    /// The cluster of every sequence, clusters numbered from 0 in the order of their first member.
    pub fn numbers(&self) -> Vec<u32> {
        const NONE: u32 = u32::MAX;
        let (mut number_of, mut next) = (vec![NONE; self.len()], 0);
        let mut number = |representative: u32| {
            let number = &mut number_of[representative as usize];
            if *number == NONE {
                *number = next;
                next += 1;
            }
            *number
        };
        self.representatives.iter().map(|&representative| number(representative)).collect()
    }

    /// The members of every cluster in the order of [`numbers`](Self::numbers): where each cluster begins (and the
    /// last one ends), and all members, cluster by cluster, ascending.
    pub fn members(&self) -> (Vec<usize>, Vec<u32>) {
        let numbers = self.numbers();
        let mut starts = vec![0; self.count() + 1];
        for &number in &numbers {
            starts[number as usize + 1] += 1;
        }
        for cluster in 1..starts.len() {
            starts[cluster] += starts[cluster - 1];
        }
        let (mut next, mut members) = (starts.clone(), vec![0; self.len()]);
        for (index, &number) in numbers.iter().enumerate() {
            members[next[number as usize]] = index as u32;
            next[number as usize] += 1;
        }
        (starts, members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_are_numbered_by_their_first_member() {
        let clusters = Clusters::new(vec![3, 1, 1, 3, 4]).unwrap();
        assert_eq!((clusters.len(), clusters.count()), (5, 3));
        assert_eq!(clusters.numbers(), [0, 1, 1, 0, 2]);
        assert_eq!(clusters.members(), (vec![0, 2, 4, 5], vec![0, 3, 1, 2, 4]));
    }

    #[test]
    fn a_representative_must_represent_itself() {
        assert!(Clusters::new(vec![]).unwrap().is_empty());
        let error = Clusters::new(vec![1, 2, 2]).unwrap_err();
        assert_eq!(error.to_string(), "clusters: sequence 0 is given to 1, which does not represent itself");
        assert!(Clusters::new(vec![0, 7]).is_err());
    }
}
