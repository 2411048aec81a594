//! The other strand of a sequence, IUPAC letters included.

/// What each letter pairs with; letters outside the table (inosine, the gap) stand for themselves.
const COMPLEMENTS: [u8; 256] = {
    let pairs = *b"ATCGRYKMBVDH"; // neighbours pair; N, S and W pair with themselves
    let mut table = [0; 256];
    let mut letter = 0;
    while letter < table.len() {
        table[letter] = letter as u8;
        letter += 1;
    }
    let mut pair = 0;
    while pair < pairs.len() {
        table[pairs[pair] as usize] = pairs[pair + 1];
        table[pairs[pair + 1] as usize] = pairs[pair];
        pair += 2;
    }
    table
};

/// Replaces `to` by the reverse complement of `letters`, which are upper case with T for U.
pub fn reverse_complement(letters: &[u8], to: &mut Vec<u8>) {
    to.clear();
    to.extend(letters.iter().rev().map(|&letter| COMPLEMENTS[letter as usize]));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twice_complemented_is_unchanged() {
        let (mut there, mut back) = (Vec::new(), Vec::new());
        reverse_complement(b"ACGTIRYKMSWBDHVN-", &mut there);
        assert_eq!(there, b"-NBDHVWSKMRYIACGT");
        reverse_complement(&there, &mut back);
        assert_eq!(back, b"ACGTIRYKMSWBDHVN-");
    }
}
