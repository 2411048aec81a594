//! What CT and BPSEQ share: one row per base with its partner, which must say the same from both sides.

use crate::{Error, Structure, letters::single};

/// Rows gathered so far: the base and its partner, from 1, 0 for none.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    sequence: Vec<u8>,
    partners: Vec<usize>,
    lines: Vec<usize>,
}

impl Rows {
    pub(crate) fn len(&self) -> usize {
        self.sequence.len()
    }

    /// Adds the row at `line`: its `index`, which must be the next one, its base and its partner.
    pub(crate) fn push(&mut self, line: usize, index: &str, base: &str, partner: &str) -> Result<(), Error> {
        let expected = self.len() + 1;
        if index.parse() != Ok(expected) {
            return Err(Error::malformed(line, format!("expected the row of base {expected}, found `{index}`")));
        }
        let Some(base) = single(base) else {
            return Err(Error::malformed(line, format!("expected one letter for base {expected}, found `{base}`")));
        };
        let Ok(partner) = partner.parse::<usize>() else {
            let message = format!("expected the partner of base {expected} or 0, found `{partner}`");
            return Err(Error::malformed(line, message));
        };
        if partner == expected {
            return Err(Error::malformed(line, format!("base {expected} is paired with itself")));
        }
        self.sequence.push(base);
        self.partners.push(partner);
        self.lines.push(line);
        Ok(())
    }

    /// The sequence and its structure, once every pair is found on both its rows.
    pub(crate) fn finish(self) -> Result<(Vec<u8>, Structure), Error> {
        let mut pairs = Vec::new();
        for (i, &partner) in self.partners.iter().enumerate().filter(|(_, partner)| **partner != 0) {
            let (j, line) = (partner - 1, self.lines[i]);
            let back = match self.partners.get(j) {
                Some(&back) if back == i + 1 => {
                    pairs.push((i, j));
                    continue;
                }
                Some(0) => "without a partner".to_string(),
                Some(back) => format!("with {back}"),
                None => format!("not among the {} bases", self.sequence.len()),
            };
            return Err(Error::malformed(line, format!("base {} pairs with {partner}, which is {back}", i + 1)));
        }
        let structure = Structure::new(self.sequence.len(), pairs)?;
        Ok((self.sequence, structure))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finish(partners: &[usize]) -> Result<Structure, String> {
        let mut rows = Rows::default();
        for (n, partner) in partners.iter().enumerate() {
            rows.push(n + 10, &(n + 1).to_string(), "A", &partner.to_string()).map_err(|error| error.to_string())?;
        }
        rows.finish().map(|(_, structure)| structure).map_err(|error| error.to_string())
    }

    #[test]
    fn both_sides_of_a_pair_must_agree() {
        assert_eq!(finish(&[3, 0, 1]).unwrap().pairs(), [(0, 2)]);
        assert_eq!(finish(&[3, 0, 0]).unwrap_err(), "line 10: base 1 pairs with 3, which is without a partner");
        assert_eq!(finish(&[3, 3, 1]).unwrap_err(), "line 11: base 2 pairs with 3, which is with 1");
        assert_eq!(finish(&[4, 0, 0]).unwrap_err(), "line 10: base 1 pairs with 4, which is not among the 3 bases");
        assert_eq!(finish(&[0, 2, 0]).unwrap_err(), "line 11: base 2 is paired with itself");
    }

    #[test]
    fn rows_must_come_in_order_and_hold_what_they_should() {
        let message = |index, base, partner| Rows::default().push(7, index, base, partner).unwrap_err().to_string();
        assert_eq!(message("2", "A", "0"), "line 7: expected the row of base 1, found `2`");
        assert_eq!(message("1", "AC", "0"), "line 7: expected one letter for base 1, found `AC`");
        assert_eq!(message("1", "A", "-1"), "line 7: expected the partner of base 1 or 0, found `-1`");
    }
}
