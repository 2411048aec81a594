//! An aligned sequence without its gaps.

use super::Structure;
use crate::alphabet::is_gap;

/// The letters that are no gaps, and the pairs of which both bases are left.
pub(crate) fn without_gaps(sequence: &[u8], structure: &Structure) -> (Vec<u8>, Structure) {
    let mut position = vec![None; sequence.len()];
    let mut letters = Vec::with_capacity(sequence.len());
    for (column, letter) in sequence.iter().enumerate().filter(|(_, letter)| !is_gap(**letter)) {
        position[column] = Some(letters.len());
        letters.push(*letter);
    }
    let at = |column: usize| position.get(column).copied().flatten();
    let pairs = structure.pairs().iter().filter_map(|&(i, j)| at(i).zip(at(j))).collect();
    let found = Structure::new(letters.len(), pairs).expect("columns in order become distinct positions in order");
    let before = |nick: usize| sequence[..nick].iter().filter(|letter| !is_gap(**letter)).count();
    let nick = structure.nick().map(before).filter(|nick| 0 < *nick && *nick < letters.len());
    (letters, found.with_nick(nick))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_those_of_the_letters_that_are_left() {
        let structure = Structure::parse_strands("((...(&)..))").unwrap();
        let (letters, found) = without_gaps(b"GG.-AGC-ACC", &structure);
        assert_eq!(letters, b"GGAGCACC");
        assert_eq!((found.pairs(), found.nick()), (&[(0, 7), (1, 6), (3, 4)][..], Some(4)));
        let (letters, found) = without_gaps(b"---", &Structure::unpaired(3));
        assert!(letters.is_empty() && found.is_empty());
    }
}
