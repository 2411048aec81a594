//! How many similar sequences the leakage guard finds, compared with aligning everything with everything.

mod cluster_fixtures;

use cluster_fixtures::{Random, codes};
use rinalmo_corpus::{
    cluster::{Coverage, Options, align::Aligner},
    exclude::{EvaluationSet, Guard, default_options},
};

/// Whether two sequences are similar by an alignment in a band wider than any shift between them.
fn similar(aligner: &mut Aligner<64>, query: &[u8], target: &[u8], options: &Options) -> bool {
    let (a, b) = (codes(query), codes(target));
    let found = aligner.align(&a, &b, 0, (a.len(), b.len()));
    let covers = |part: usize, whole: usize| part as f64 >= options.coverage * whole as f64;
    found.identity() >= options.identity && covers(found.a.len(), a.len()) && covers(found.b.len(), b.len())
}

#[test]
fn nearly_all_that_is_alike_is_found() {
    let (mut random, mut aligner) = (Random::seeded(11), Aligner::default());
    let targets: Vec<Vec<u8>> = (0..300).map(|at| random.sequence(40 + at)).collect();
    let set = EvaluationSet { name: "planted".into(), sequences: targets.clone() };
    let options = Options { mode: Coverage::Both, ..default_options() };
    let guard = Guard::new(&[set], options.clone()).unwrap();
    for (of_1000, least) in [(0, 1.0), (100, 0.99), (150, 0.98), (200, 0.93)] {
        let queries: Vec<Vec<u8>> = targets.iter().map(|target| random.mutated(target, of_1000)).collect();
        let pairs = queries.iter().zip(&targets);
        let truth: Vec<bool> = pairs.map(|(query, target)| similar(&mut aligner, query, target, &options)).collect();
        let marks = guard.mark(&queries);
        let found = marks.iter().filter(|mark| truth[mark.sequence as usize]).count();
        let recall = found as f64 / truth.iter().filter(|hit| **hit).count() as f64;
        eprintln!("{of_1000} of 1000 bases hit: {recall:.3} of {}", truth.iter().filter(|hit| **hit).count());
        assert!(recall >= least, "{of_1000} of 1000 bases hit: {recall}");
        assert!(marks.iter().all(|mark| mark.target == mark.sequence));
    }
}

#[test]
fn unrelated_sequences_are_not_marked() {
    let mut random = Random::seeded(12);
    let set = EvaluationSet { name: "set".into(), sequences: (0..300).map(|at| random.sequence(20 + at)).collect() };
    let guard = Guard::new(&[set], default_options()).unwrap();
    let others: Vec<Vec<u8>> = (0..3000).map(|at| random.sequence(16 + at / 3)).collect();
    assert_eq!(guard.mark(&others), []);
}

#[test]
fn marks_are_the_same_for_any_number_of_threads() {
    let mut random = Random::seeded(13);
    let targets: Vec<Vec<u8>> = (0..50).map(|_| random.sequence(120)).collect();
    let queries: Vec<Vec<u8>> =
        targets.iter().flat_map(|target| [random.mutated(target, 150), target[9..].to_vec()]).collect();
    let set = EvaluationSet { name: "set".into(), sequences: targets };
    let guard = Guard::new(&[set], default_options()).unwrap();
    let marked = |threads| {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(|| guard.mark(&queries))
    };
    let expected = marked(1);
    assert!(expected.len() > 80);
    assert_eq!(marked(2), expected);
    assert_eq!(marked(3), expected);
}

/// The same bases as a row of an alignment would have them: gaps anywhere, often many, inserts in lower case, U for T.
fn aligned(random: &mut Random, bases: &[u8]) -> Vec<u8> {
    let mut row = Vec::new();
    let gaps = |random: &mut Random, row: &mut Vec<u8>, most: usize| {
        let gap = b"-.~_"[random.below(4)];
        row.extend(std::iter::repeat_n(gap, random.below(most + 1)));
    };
    gaps(random, &mut row, 300);
    for &base in bases {
        let base = if base == b'T' && random.below(2) == 0 { b'U' } else { base };
        row.push(if random.below(4) == 0 { base.to_ascii_lowercase() } else { base });
        if random.below(5) == 0 {
            gaps(random, &mut row, 9);
        }
    }
    gaps(random, &mut row, 300);
    row
}

#[test]
fn however_either_side_is_aligned_or_padded_the_same_is_marked() {
    let mut random = Random::seeded(14);
    let targets: Vec<Vec<u8>> = (0..60).map(|at| random.sequence(30 + 4 * at)).collect();
    let mut queries: Vec<Vec<u8>> = targets.iter().map(|target| random.mutated(target, 120)).collect();
    queries.extend((0..60).map(|at| random.sequence(30 + 4 * at)));
    queries.extend([targets[3].clone(), [&targets[7][..], &targets[9]].concat()]);
    for mode in [Coverage::Member, Coverage::Both, Coverage::Representative] {
        let marks = |targets: &[Vec<u8>], queries: &[Vec<u8>]| {
            let set = EvaluationSet { name: "set".into(), sequences: targets.to_vec() };
            Guard::new(&[set], Options { mode, both_strands: true, ..default_options() }).unwrap().mark(queries)
        };
        let expected = marks(&targets, &queries);
        assert!(expected.len() >= 55, "{} marks", expected.len());
        let mut padded = |all: &[Vec<u8>]| all.iter().map(|bases| aligned(&mut random, bases)).collect::<Vec<_>>();
        let (rows, others) = (padded(&targets), padded(&queries));
        assert_eq!(marks(&rows, &queries), expected);
        assert_eq!(marks(&targets, &others), expected);
        assert_eq!(marks(&rows, &others), expected);
    }
}

#[test]
fn a_row_of_gaps_is_like_nothing() {
    let set = EvaluationSet { name: "set".into(), sequences: vec![b"----....".to_vec(), b"".to_vec()] };
    let guard = Guard::new(&[set], default_options()).unwrap();
    assert_eq!(guard.mark(&["", "--", "....----", "ACGUACGUACGU"]), []);
}
