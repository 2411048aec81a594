//! The six base pairs an RNA fold may hold: Watson–Crick A–U, G–C, and the wobble G–U, in either order.

/// Whether two letters can pair: AU, UA, CG, GC, GU, UG. T counts as U, and case does not matter.
///
/// ```
/// use rinalmo_seq::base_pair::is_canonical;
/// assert!(is_canonical(b'G', b'u') && !is_canonical(b'G', b'A'));
/// ```
pub const fn is_canonical(a: u8, b: u8) -> bool {
    use crate::alphabet::normal;
    matches!(
        (normal(a), normal(b)),
        (b'A', b'T') | (b'T', b'A') | (b'C', b'G') | (b'G', b'C') | (b'G', b'T') | (b'T', b'G')
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_of_the_sixteen_pairs_are_canonical_in_any_spelling() {
        let count = |letters: &[u8]| {
            letters
                .iter()
                .flat_map(|&a| letters.iter().map(move |&b| (a, b)))
                .filter(|&(a, b)| is_canonical(a, b))
                .count()
        };
        assert_eq!(count(b"ACGU"), 6);
        assert_eq!(count(b"acgt"), 6);
        assert_eq!(count(b"NRYI-X"), 0);
    }

    #[test]
    fn order_does_not_matter() {
        for (a, b) in (0..=u8::MAX).flat_map(|a| (0..=u8::MAX).map(move |b| (a, b))) {
            assert_eq!(is_canonical(a, b), is_canonical(b, a));
        }
    }
}
