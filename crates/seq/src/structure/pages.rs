//! Sorting crossing pairs into pages: within a page nothing crosses, and the first page holds as much as it can.
//!
//! Pairs that stack on one another cross the same others, so each helix is one weighted chord of a circle. The
//! heaviest set of chords that do not cross is found exactly by dynamic programming over the ends of the chords
//! (Supowit, *IEEE Trans. CAD* 6:93, 1987); it becomes a page, and the same is done with what is left.

/// One pair, first position first.
type Pair = (usize, usize);

/// Chords above this number are placed greedily: the table of the exact method has four cells per squared chord.
const EXACT_CHORDS: usize = 1500;

/// Splits pairs without multiplets into pages of nested pairs; later pages hold what crosses earlier ones.
///
/// Stops after one page more than dot-bracket can write.
pub(super) fn assign(pairs: &[Pair]) -> Vec<Vec<Pair>> {
    let mut left = pairs.to_vec();
    let mut pages: Vec<Vec<Pair>> = Vec::new();
    while !left.is_empty() && pages.len() <= super::PAGES.len() {
        let chords = chords(&left);
        let kept = match chords.len() {
            all if nested(&chords) => vec![true; all],
            ..=EXACT_CHORDS => heaviest(&chords),
            _ => greedy(&chords),
        };
        let (page, rest): (Vec<_>, Vec<_>) = chords.into_iter().zip(kept).partition(|(_, kept)| *kept);
        pages.push(page.into_iter().flat_map(|(chord, _)| chord.pairs).collect());
        left = rest.into_iter().flat_map(|(chord, _)| chord.pairs).collect();
        left.sort_unstable();
    }
    if pages.len() > super::PAGES.len() {
        let spread = spread(pairs, &pages[0]);
        if spread.len() < pages.len() {
            return spread;
        }
    }
    pages
}

/// Keeps the first page and puts every other pair, widest first, on the first page where it crosses nothing: fewer
/// pages than taking the heaviest one off again and again, each of them of less use to a reader.
fn spread(pairs: &[Pair], first: &[Pair]) -> Vec<Vec<Pair>> {
    let mut rest: Vec<Pair> = pairs.iter().copied().filter(|pair| !first.contains(pair)).collect();
    rest.sort_by_key(|&(i, j)| (std::cmp::Reverse(j - i), i));
    let mut pages = vec![first.to_vec()];
    for pair in rest {
        match pages.iter_mut().skip(1).find(|page| page.iter().all(|&other| !pairs_cross(pair, other))) {
            Some(page) => page.push(pair),
            None => pages.push(vec![pair]),
        }
    }
    pages
}

pub(super) fn pairs_cross((i, j): Pair, (k, l): Pair) -> bool {
    (i < k && k < j && j < l) || (k < i && i < l && l < j)
}

/// A helix, its ends numbered among the ends of all chords.
struct Chord {
    start: usize,
    end: usize,
    pairs: Vec<Pair>,
}

/// Joins pairs with no paired base between them on either strand into chords, ordered by start.
fn chords(sorted: &[Pair]) -> Vec<Chord> {
    let mut ends: Vec<(usize, usize)> = sorted.iter().enumerate().flat_map(|(n, p)| [(p.0, n), (p.1, n)]).collect();
    ends.sort_unstable();
    let mut rank = vec![(0, 0); sorted.len()];
    for (place, &(position, n)) in ends.iter().enumerate() {
        if position == sorted[n].0 { rank[n].0 = place } else { rank[n].1 = place }
    }
    let mut helices: Vec<Vec<usize>> = Vec::new();
    let mut helix_of = vec![usize::MAX; sorted.len()];
    for n in 0..sorted.len() {
        // The pair just outside, if the ends before and after this one's belong to the same pair.
        let (before, after) = (rank[n].0.checked_sub(1), rank[n].1 + 1);
        let outer = before.and_then(|b| ends.get(b)).zip(ends.get(after)).filter(|(b, a)| b.1 == a.1);
        if let Some((outer, _)) = outer {
            helix_of[n] = helix_of[outer.1];
            helices[helix_of[n]].push(n);
        } else {
            helix_of[n] = helices.len();
            helices.push(vec![n]);
        }
    }
    let mut sides: Vec<(usize, usize)> =
        helices.iter().enumerate().flat_map(|(h, of)| [(rank[of[0]].0, h), (rank[of[0]].1, h)]).collect();
    sides.sort_unstable();
    let mut chords: Vec<Chord> = helices
        .iter()
        .map(|of| Chord { start: usize::MAX, end: 0, pairs: of.iter().map(|&n| sorted[n]).collect() })
        .collect();
    for (place, &(_, h)) in sides.iter().enumerate() {
        chords[h].start = chords[h].start.min(place);
        chords[h].end = chords[h].end.max(place);
    }
    chords
}

/// Whether no two chords cross: each ends while it is the last one begun. The usual case, and quick to tell.
fn nested(chords: &[Chord]) -> bool {
    let mut side = vec![0; 2 * chords.len()];
    for (n, chord) in chords.iter().enumerate() {
        side[chord.start] = n;
        side[chord.end] = n;
    }
    let mut open = Vec::new();
    side.into_iter().enumerate().all(|(place, n)| {
        if place == chords[n].start {
            open.push(n);
            return true;
        }
        open.pop() == Some(n)
    })
}

/// Marks the heaviest set of chords of which no two cross: `best[i][j]` is its weight within ends `i..=j`.
fn heaviest(chords: &[Chord]) -> Vec<bool> {
    let ends = 2 * chords.len();
    let mut ending = vec![None; ends];
    for (n, chord) in chords.iter().enumerate() {
        ending[chord.end] = Some(n);
    }
    let mut best = vec![0u32; (ends + 1) * (ends + 1)]; // best[j][i] at j * (ends + 1) + i, for ends i..j
    let at = |j: usize, i: usize| j * (ends + 1) + i;
    let with = |best: &[u32], n: usize, i: usize| {
        let Chord { start, end, pairs } = &chords[n];
        best[at(*start, i)] + pairs.len() as u32 + best[at(*end, start + 1)]
    };
    for j in 1..=ends {
        for i in (0..j).rev() {
            let without = best[at(j - 1, i)];
            let chosen = ending[j - 1].filter(|&n| chords[n].start >= i).map_or(0, |n| with(&best, n, i));
            best[at(j, i)] = without.max(chosen);
        }
    }
    let mut kept = vec![false; chords.len()];
    let mut ranges = vec![(0, ends)];
    while let Some((i, j)) = ranges.pop() {
        if i >= j {
            continue;
        }
        match ending[j - 1].filter(|&n| chords[n].start >= i && with(&best, n, i) > best[at(j - 1, i)]) {
            Some(n) => {
                kept[n] = true;
                ranges.push((i, chords[n].start));
                ranges.push((chords[n].start + 1, j - 1));
            }
            None => ranges.push((i, j - 1)),
        }
    }
    kept
}

/// Marks chords from the longest helix down, each unless it crosses one already taken.
fn greedy(chords: &[Chord]) -> Vec<bool> {
    let mut order: Vec<usize> = (0..chords.len()).collect();
    order.sort_by_key(|&n| (std::cmp::Reverse(chords[n].pairs.len()), chords[n].start));
    let mut kept = vec![false; chords.len()];
    let mut taken: Vec<usize> = Vec::new();
    for n in order {
        if taken.iter().all(|&other| !cross(&chords[n], &chords[other])) {
            kept[n] = true;
            taken.push(n);
        }
    }
    kept
}

fn cross(a: &Chord, b: &Chord) -> bool {
    pairs_cross((a.start, a.end), (b.start, b.end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn helices_become_chords_across_bulges() {
        let of = chords(&[(0, 20), (1, 18), (3, 17), (5, 9), (12, 30)]);
        let sizes: Vec<usize> = of.iter().map(|chord| chord.pairs.len()).collect();
        assert_eq!(sizes, [3, 1, 1]);
    }

    #[test]
    fn two_helices_that_together_outweigh_a_third_make_the_first_page() {
        // The long helix (3 pairs) crosses two of 2 pairs each, which do not cross one another.
        let long = [(4, 24), (5, 23), (6, 22)];
        let short = [(0, 11), (1, 10), (20, 31), (21, 30)];
        let mut pairs = [&long[..], &short[..]].concat();
        pairs.sort_unstable();
        let pages = assign(&pairs);
        let mut first = pages[0].clone();
        first.sort_unstable();
        assert_eq!(first, short);
        assert_eq!(pages[1], long);
    }

    #[test]
    fn pages_beyond_the_exact_method_still_hold_every_pair() {
        let many = 3 * EXACT_CHORDS;
        let pairs: Vec<Pair> = (0..many).map(|n| (4 * n, 4 * n + 6 - 3 * (n % 2))).collect();
        let pages = assign(&pairs);
        assert_eq!(pages.len(), 2);
        assert_eq!(pages.concat().len(), many);
    }

    #[test]
    fn a_tangle_is_spread_over_fewer_pages_than_it_peels_into() {
        // A permutation of opening and closing ends, as unlike a fold as can be.
        let pairs: Vec<Pair> = (0..211).map(|n| (n, 211 + (n * 97 + 30) % 211)).collect();
        let pages = spread(&pairs, &[pairs[0]]);
        assert_eq!(pages.concat().len(), pairs.len());
        for page in pages {
            assert!(page.iter().all(|&a| page.iter().all(|&b| !pairs_cross(a, b))));
        }
    }

    #[test]
    fn both_methods_leave_no_crossing_in_a_page() {
        let pairs: Vec<Pair> = (0..61).map(|n| (n, 61 + (n * 37 + 30) % 61)).collect();
        for method in [greedy, heaviest] {
            let chords = chords(&pairs);
            let kept: Vec<&Chord> = chords.iter().zip(method(&chords)).filter(|(_, k)| *k).map(|(c, _)| c).collect();
            assert!(kept.len() > 1);
            assert!(kept.iter().all(|a| kept.iter().all(|b| !cross(a, b))));
        }
    }
}
