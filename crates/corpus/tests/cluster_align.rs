//! The banded aligner against plain dynamic programming.

mod cluster_fixtures;

use cluster_fixtures::{Random, codes, plain_score};
use rinalmo_corpus::cluster::align::{Aligner, Alignment, Column, along_diagonal};

/// Recounts an alignment from its columns: every number it reports must follow from them.
fn recount<const W: usize>(aligner: &Aligner<W>, found: &Alignment, a: &[u8], b: &[u8]) {
    let mut x = found.a.start;
    let mut y = found.b.start;
    let mut matches = 0;
    let mut score = 0;
    let mut last = Column::Pair;
    for &column in aligner.columns() {
        match column {
            Column::Pair => {
                let equal = a[x] == b[y] && a[x] < 4;
                matches += usize::from(equal);
                score += if equal { 2 } else { -3 };
            }
            gap => score -= if gap == last { 2 } else { 5 },
        }
        x += usize::from(column != Column::OnlyB);
        y += usize::from(column != Column::OnlyA);
        last = column;
    }
    assert_eq!((x, y), (found.a.end, found.b.end));
    assert_eq!((matches, aligner.columns().len(), score), (found.matches, found.columns, found.score));
}

fn pair(random: &mut Random, longest: usize) -> (Vec<u8>, Vec<u8>) {
    let length = 1 + random.below(longest);
    let a = random.sequence(length);
    let rate = random.below(350);
    let extra = random.below(20);
    let skipped = random.below(a.len() / 4 + 1);
    let mut b = random.sequence(extra);
    b.extend(random.mutated(&a[skipped..], rate));
    let tail = random.below(20);
    b.extend(random.sequence(tail));
    (codes(&a), codes(&b))
}

#[test]
fn a_band_over_everything_finds_the_best_score() {
    let (mut random, mut aligner) = (Random::seeded(1), Aligner::<128>::default());
    for _ in 0..400 {
        let (a, b) = pair(&mut random, 100);
        let found = aligner.align(&a, &b, 0, (a.len(), b.len()));
        assert_eq!(found.score, plain_score(&a, &b), "{a:?} {b:?}");
        recount(&aligner, &found, &a, &b);
    }
}

#[test]
fn a_narrow_band_anywhere_reports_a_real_alignment() {
    let (mut random, mut aligner) = (Random::seeded(2), Aligner::<8>::default());
    for _ in 0..2000 {
        let (a, b) = pair(&mut random, 120);
        let diagonal = random.below(300) as isize - 150;
        let found = aligner.align(&a, &b, diagonal, (random.below(a.len() + 1), random.below(b.len() + 1)));
        recount(&aligner, &found, &a, &b);
        assert!(found.score <= plain_score(&a, &b));
    }
}

#[test]
fn the_band_follows_its_diagonal() {
    let (mut random, mut aligner) = (Random::seeded(3), Aligner::<16>::default());
    let b = random.sequence(80);
    let (before, after) = (random.sequence(500), random.sequence(200));
    let a = codes(&[before, b.clone(), after].concat());
    let b = codes(&b);
    assert_eq!(aligner.align(&a, &b, 500, (a.len(), b.len())).a, 500..580);
    assert_eq!(aligner.align(&b, &a, -510, (b.len(), a.len())).b, 500..580);
    assert!(aligner.align(&a, &b, 400, (a.len(), b.len())).score < 60);
    assert_eq!(aligner.align(&a, &b, 5000, (a.len(), b.len())), Alignment::default());
    assert_eq!(aligner.align(&a, &b, -5000, (a.len(), b.len())), Alignment::default());
    assert_eq!(aligner.align(&[], &b, 0, (0, 0)), Alignment::default());
}

#[test]
fn an_alignment_that_begins_early_is_found_all_the_same() {
    let (mut random, mut aligner) = (Random::seeded(4), Aligner::<32>::default());
    let mut early = 0;
    for _ in 0..300 {
        let a = random.sequence(400);
        let b = random.mutated(&a, 200);
        let (a, b) = (codes(&a), codes(&b));
        let whole = aligner.align(&a, &b, 0, (a.len(), b.len()));
        if whole.a.start <= 80 && whole.b.start <= 80 {
            early += 1;
            assert_eq!(aligner.align(&a, &b, 0, (80, 80)), whole);
        }
    }
    assert!(early > 250, "{early}");
}

#[test]
fn scores_beyond_16_bits_are_right() {
    let (mut random, mut aligner) = (Random::seeded(5), Aligner::<32>::default());
    let a = random.sequence(17_000);
    let b = random.mutated(&a, 2);
    let (a, b) = (codes(&a), codes(&b));
    let found = aligner.align(&a, &b, 0, (100, 100));
    recount(&aligner, &found, &a, &b);
    assert!(found.score > 32_767 && found.identity() > 0.99);
}

#[test]
fn strange_letters_match_nothing() {
    let mut aligner = Aligner::<16>::default();
    let n = codes(&[b'N'; 40]);
    assert_eq!(aligner.align(&n, &n, 0, (40, 40)), Alignment::default());
    assert_eq!(along_diagonal(&n, &n, 0), (40, 0));
}

#[test]
fn bases_along_a_diagonal_are_counted() {
    let mut random = Random::seeded(6);
    for _ in 0..200 {
        let (a, b) = pair(&mut random, 600);
        let diagonal = random.below(700) as isize - 350;
        let facing = (0..a.len()).filter_map(|x| Some((a[x], *b.get(usize::try_from(x as isize - diagonal).ok()?)?)));
        let facing: Vec<(u8, u8)> = facing.collect();
        let equal = facing.iter().filter(|(a, b)| a == b).count();
        assert_eq!(along_diagonal(&a, &b, diagonal), (facing.len(), equal));
    }
}
