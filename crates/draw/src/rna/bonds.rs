//! What is shown of a pair: which letters it joins, whether it crosses others, whether a reference has it.

use rinalmo_seq::base_pair::is_canonical;

use super::colour::Colour;
use super::{Nested, Rna};

/// The letters of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Letters {
    /// AU, GC, or unknown letters.
    WatsonCrick,
    /// GU.
    Wobble,
    /// Any others.
    Other,
}

/// What a comparison with the reference says of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Both have it.
    Right,
    /// Only the structure has it.
    Wrong,
    /// Only the reference has it.
    Missed,
}

impl Verdict {
    pub(crate) const ALL: [Self; 3] = [Self::Right, Self::Wrong, Self::Missed];

    pub(crate) fn colour(self) -> Colour {
        match self {
            Self::Right => Colour::BLUE,
            Self::Wrong => Colour::VERMILION,
            Self::Missed => Colour::GREEN,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Right => "in both structures",
            Self::Wrong => "not in the reference",
            Self::Missed => "only in the reference",
        }
    }
}

/// A pair to draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bond {
    pub(crate) i: usize,
    pub(crate) j: usize,
    pub(crate) letters: Letters,
    /// Whether it is part of what the layout is built from; others are curves.
    pub(crate) is_nested: bool,
    pub(crate) verdict: Option<Verdict>,
}

impl Bond {
    pub(crate) fn colour(&self) -> Colour {
        match self.verdict {
            Some(verdict) => verdict.colour(),
            None if !self.is_nested => Colour::PURPLE,
            None => Colour::DARK,
        }
    }

    pub(crate) fn is_missed(&self) -> bool {
        self.verdict == Some(Verdict::Missed)
    }
}

/// All pairs of the structure, and those that only the reference has.
pub(crate) fn bonds(rna: &Rna, nested: &Nested) -> Vec<Bond> {
    let reference = rna.reference.as_ref();
    let in_reference = |pair| reference.map(|reference| reference.pairs().binary_search(&pair).is_ok());
    let bond = |(i, j): (usize, usize), verdict| {
        let is_nested = nested.partners[i] == Some(j);
        Bond { i, j, letters: letters(rna, i, j), is_nested, verdict }
    };
    let own = rna.structure.pairs().iter().map(|&pair| {
        let verdict = in_reference(pair).map(|found| if found { Verdict::Right } else { Verdict::Wrong });
        bond(pair, verdict)
    });
    let all = reference.map_or(&[][..], |reference| reference.pairs());
    let missed = all.iter().filter(|pair| pair.1 < rna.len() && !rna.has_pair(pair.0, pair.1));
    own.chain(missed.map(|&pair| bond(pair, Some(Verdict::Missed)))).collect()
}

fn letters(rna: &Rna, i: usize, j: usize) -> Letters {
    let (Some(&a), Some(&b)) = (rna.letters.get(i), rna.letters.get(j)) else { return Letters::WatsonCrick };
    let is_known = |letter: u8| b"ACGUT".contains(&letter.to_ascii_uppercase());
    let is_g = |letter: u8| letter.eq_ignore_ascii_case(&b'G');
    let is_u = |letter: u8| b"UT".contains(&letter.to_ascii_uppercase());
    if (is_g(a) && is_u(b)) || (is_u(a) && is_g(b)) {
        Letters::Wobble
    } else if is_canonical(a, b) || !is_known(a) || !is_known(b) {
        Letters::WatsonCrick
    } else {
        Letters::Other
    }
}

#[cfg(test)]
mod tests {
    use rinalmo_seq::Structure;

    use super::*;

    #[test]
    fn pairs_are_known_by_letters_and_reference() {
        let mut rna = Rna::new("GGANAUUC", Structure::new(8, vec![(0, 7), (1, 6), (2, 4), (3, 5)]).unwrap());
        rna.reference = Some(Structure::new(8, vec![(0, 7), (1, 5)]).unwrap());
        let found = bonds(&rna, &Nested::new(&rna.structure));
        let letters: Vec<Letters> = found.iter().map(|bond| bond.letters).collect();
        use Letters::*;
        assert_eq!(letters, [WatsonCrick, Wobble, Other, WatsonCrick, Wobble]);
        let verdicts: Vec<Verdict> = found.iter().filter_map(|bond| bond.verdict).collect();
        assert_eq!(verdicts[..2], [Verdict::Right, Verdict::Wrong]);
        assert_eq!((verdicts[4], found[4].i, found[4].j), (Verdict::Missed, 1, 5));
        assert_eq!(found.iter().filter(|bond| !bond.is_nested).count(), 2, "one of two that cross, and the missed one");
    }
}
