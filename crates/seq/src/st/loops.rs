//! Which kind of loop each base is in, in the letters of bpRNA (Danaee et al., *Nucleic Acids Res.* 46:5381, 2018).
//!
//! `S` stem, `H` hairpin loop, `B` bulge, `I` interior loop, `M` multiloop, `X` between outer stems, `E` dangling end.
//! Only the nested pairs of the main fold count; pairs that cross them are pseudoknots, told in a line of their own.

/// The loop letter of each base of a fold, which must be nested.
pub(super) fn letters(partners: &[Option<usize>]) -> String {
    let len = partners.len();
    let mut text = vec!['S'; len];
    fill_outside(partners, &mut text);
    for (i, partner) in partners.iter().enumerate() {
        if let Some(j) = partner.filter(|&j| i < j) {
            fill_loop(partners, i, j, &mut text);
        }
    }
    text.into_iter().collect()
}

/// Letters of the bases that no pair encloses: `E` at both ends, `X` between stems.
fn fill_outside(partners: &[Option<usize>], text: &mut [char]) {
    let first = partners.iter().position(Option::is_some).unwrap_or(partners.len());
    let last = partners.iter().rposition(Option::is_some).unwrap_or(0);
    for i in unpaired_in(partners, 0, partners.len()) {
        text[i] = if i < first || i > last { 'E' } else { 'X' };
    }
}

/// Letters of the unpaired bases that the pair `(i, j)` encloses directly.
fn fill_loop(partners: &[Option<usize>], i: usize, j: usize, text: &mut [char]) {
    let unpaired = unpaired_in(partners, i + 1, j);
    let inner = branches(partners, i + 1, j);
    let letter = match inner[..] {
        [] => 'H',
        [(k, l)] if k == i + 1 || l + 1 == j => 'B',
        [_] => 'I',
        _ => 'M',
    };
    unpaired.into_iter().for_each(|position| text[position] = letter);
}

/// The pairs within `from..to` that no other pair within it encloses.
fn branches(partners: &[Option<usize>], from: usize, to: usize) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut i = from;
    while i < to {
        if let Some(j) = partners[i] {
            found.push((i, j));
            i = j;
        }
        i += 1;
    }
    found
}

/// The unpaired bases within `from..to` that no pair within it encloses.
fn unpaired_in(partners: &[Option<usize>], from: usize, to: usize) -> Vec<usize> {
    let mut found = Vec::new();
    let mut i = from;
    while i < to {
        match partners[i] {
            Some(j) => i = j,
            None => found.push(i),
        }
        i += 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Structure;

    #[test]
    fn each_kind_of_loop_has_its_letter() {
        for (fold, expected) in [
            ("..(...).", "EESHHHSE"),
            (".....", "EEEEE"),
            ("(...).(...)", "SHHHSXSHHHS"),
            ("((.(...)))", "SSBSHHHSSS"),
            ("(.(...)..)", "SISHHHSIIS"),
            ("(.(...).(...).)", "SMSHHHSMSHHHSMS"),
            ("()", "SS"),
            ("", ""),
        ] {
            let partners = Structure::parse_dot_bracket(fold).unwrap().partners().unwrap();
            assert_eq!(letters(&partners), expected, "{fold}");
        }
    }
}
