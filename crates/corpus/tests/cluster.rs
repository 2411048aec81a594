//! Laws of clusters from any engine.

mod cluster_fixtures;

use std::collections::{HashMap, HashSet};

use cluster_fixtures::{Random, can_be_alike, codes};
use rinalmo_corpus::cluster::{Builtin, Clusters, Coverage, Engine, Error, Mmseqs, Options, Sequences, compare};

/// Families of a random parent and its mutated children, and the family of each sequence.
fn families(seed: u64, count: usize, children: usize, of_1000: usize) -> (Vec<Vec<u8>>, Vec<Option<u32>>) {
    let mut random = Random::seeded(seed);
    let (mut sequences, mut labels) = (Vec::new(), Vec::new());
    for family in 0..count {
        let length = 60 + random.below(340);
        let parent = random.sequence(length);
        for _ in 0..children {
            sequences.push(random.mutated(&parent, of_1000));
            labels.push(Some(family as u32));
        }
        sequences.push(parent);
        labels.push(Some(family as u32));
    }
    (sequences, labels)
}

fn cluster(sequences: &[Vec<u8>], options: &Options) -> Clusters {
    Builtin::default().cluster(&sequences.to_vec(), options).unwrap()
}

/// The clusters as sets of sequences, whatever their numbers.
fn by_content(sequences: &[Vec<u8>], clusters: &Clusters) -> HashSet<Vec<Vec<u8>>> {
    let mut found: HashMap<usize, Vec<Vec<u8>>> = HashMap::new();
    for (index, sequence) in sequences.iter().enumerate() {
        found.entry(clusters.representative(index)).or_default().push(sequence.clone());
    }
    found.into_values().map(|mut members| (members.sort(), members).1).collect()
}

/// The share of children in the cluster of their parent, the last of each family.
fn recall(clusters: &Clusters, children: usize) -> f64 {
    let families = clusters.representatives().chunks(children + 1);
    let together = families.map(|family| family[..children].iter().filter(|of| **of == family[children]).count());
    together.sum::<usize>() as f64 / (clusters.len() / (children + 1) * children) as f64
}

#[test]
fn clusters_are_the_same_whatever_the_order_the_threads_and_the_memory() {
    let (mut sequences, _) = families(1, 60, 6, 150);
    sequences.extend(sequences[..30].to_vec());
    let expected = by_content(&sequences, &cluster(&sequences, &Options::default()));
    assert_eq!(expected.iter().map(Vec::len).sum::<usize>(), sequences.len());
    let shuffled = Random::seeded(2).shuffled(sequences);
    for threads in 1..=3 {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        for memory in [4 << 30, 100_000] {
            let options = Options { memory, ..Options::default() };
            let found = pool.install(|| cluster(&shuffled, &options));
            assert_eq!(by_content(&shuffled, &found), expected, "{threads} threads, {memory} bytes");
        }
    }
}

#[test]
fn every_member_really_resembles_its_representative() {
    let (mut sequences, _) = families(3, 40, 8, 280);
    // Chimeras share half of a sequence: too little.
    let halves = sequences.clone();
    sequences.extend(halves.windows(2).step_by(3).map(|pair| [&pair[0][..30], &pair[1][30..]].concat()));
    let clusters = cluster(&sequences, &Options::default());
    let mut members = 0;
    for (index, sequence) in sequences.iter().enumerate() {
        let representative = &sequences[clusters.representative(index)];
        assert!(can_be_alike(&codes(representative), &codes(sequence)), "{index}");
        members += usize::from(representative != sequence);
    }
    assert!(members > 150, "{members}");
    // The check itself distinguishes sequences.
    let apart = (0..sequences.len() - 9)
        .filter(|&index| !can_be_alike(&codes(&sequences[index]), &codes(&sequences[index + 9])));
    assert!(apart.count() > sequences.len() * 9 / 10);
}

#[test]
fn planted_families_are_found() {
    for (of_1000, least) in [(100, 0.97), (250, 0.25)] {
        let (sequences, labels) = families(4, 200, 5, of_1000);
        let clusters = cluster(&sequences, &Options::default());
        assert_eq!(compare::purity(&clusters, &labels), 1.0);
        let recall = recall(&clusters, 5);
        eprintln!("{of_1000} of 1000 bases hit: {recall:.3}");
        assert!(recall >= least, "{of_1000} of 1000 bases hit: {recall}");
    }
}

#[test]
fn odd_sequences_have_their_place() {
    let mut random = Random::seeded(5);
    let (short, long) = (random.sequence(16), random.sequence(8192));
    let n = vec![b'N'; 40];
    let mutated = random.mutated(&long, 100);
    let one = vec![b'A'];
    let sequences = [n.clone(), short.clone(), long, n, short, mutated, vec![b'A'; 50], one, vec![], vec![b'A'; 45]];
    let clusters = cluster(&sequences, &Options::default());
    assert_eq!(clusters.numbers(), [0, 1, 2, 0, 1, 2, 3, 4, 5, 3]);
    assert!(cluster(&[], &Options::default()).is_empty());
}

#[test]
fn fragments_join_what_contains_them_if_members_alone_must_be_covered() {
    let long = Random::seeded(6).sequence(300);
    let sequences = [long[100..200].to_vec(), long];
    assert_eq!(cluster(&sequences, &Options::default()).count(), 2);
    let member = Options { mode: Coverage::Member, ..Options::default() };
    assert_eq!(cluster(&sequences, &member).representatives(), [1, 1]);
    let shorter = Options { mode: Coverage::ShorterLength, ..Options::default() };
    assert_eq!(cluster(&sequences, &shorter).count(), 2);
}

#[test]
fn the_reverse_complement_counts_on_request() {
    let mut random = Random::seeded(7);
    let parent = random.sequence(200);
    let complement = |base: &u8| b"TGCA"[b"ACGT".iter().position(|other| other == base).unwrap()];
    let turned = |letters: &[u8]| letters.iter().rev().map(complement).collect::<Vec<u8>>();
    let children: Vec<Vec<u8>> = (0..8).map(|_| random.mutated(&parent, 60)).collect();
    let mut sequences: Vec<Vec<u8>> = children.iter().map(|child| turned(child)).collect();
    sequences.extend(children);
    assert_eq!(cluster(&sequences, &Options::default()).count(), 2);
    assert_eq!(cluster(&sequences, &Options { both_strands: true, ..Options::default() }).count(), 1);
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let refused = |engine: Builtin| engine.cluster(&["ACGT"], &Options::default()).unwrap_err().to_string();
    assert_eq!(
        refused(Builtin { word: Some(40), ..Builtin::default() }),
        "clusters: word is 40, expected 8 to 32 bases"
    );
    assert_eq!(refused(Builtin { words: 0, ..Builtin::default() }), "clusters: words is 0, expected at least 1");
    let options = Options { identity: 70.0, ..Options::default() };
    assert!(matches!(Builtin::default().cluster(&["ACGT"], &options), Err(Error::Options { .. })));
}

/// The program, or `None` and a printed reason.
fn mmseqs() -> Option<Mmseqs> {
    let engine = Mmseqs::default();
    match engine.version() {
        Ok(_) => Some(engine),
        Err(error) => {
            rinalmo_skips::skip!("{error}");
            None
        }
    }
}

#[test]
fn mmseqs_finds_planted_families_too() {
    let Some(engine) = mmseqs() else { return };
    let (mut sequences, mut labels) = families(8, 40, 5, 80);
    sequences.extend([b"ACG~~.ACGATTTAGCATGCA__CGATTATTTXXCGA".to_vec(), vec![]]);
    labels.extend([None, None]);
    let clusters = engine.cluster(&sequences, &Options::default()).unwrap();
    assert_eq!(clusters.len(), sequences.count());
    assert_eq!(compare::purity(&clusters, &labels), 1.0);
    assert!(recall(&Clusters::new(clusters.representatives()[..240].to_vec()).unwrap(), 5) > 0.9);
    assert!(compare::adjusted_rand(&clusters, &cluster(&sequences, &Options::default())) > 0.9);
}

#[cfg(unix)]
#[test]
fn a_program_that_fails_is_quoted_and_leaves_nothing_behind() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (program, scratch) = (folder.path().join("mmseqs"), folder.path().join("scratch"));
    std::fs::create_dir(&scratch).unwrap();
    for (end, status) in [("exit 3", "exit status: 3"), ("kill -9 $$", "signal: 9")] {
        let script = format!("#!/bin/sh\n[ $1 = version ] && exit 0\necho started\necho 'no space left' >&2\n{end}\n");
        std::fs::write(&program, script).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let engine = Mmseqs { program: program.clone(), scratch: Some(scratch.clone()), ..Mmseqs::default() };
        let error = engine.cluster(&["ACGT"], &Options::default()).unwrap_err();
        let message = error.to_string();
        assert!(matches!(error, Error::Failed { action: "easy-linclust", .. }), "{message}");
        assert!(message.contains(status) && message.ends_with("    started\n    no space left"), "{message}");
        assert_eq!(std::fs::read_dir(&scratch).unwrap().count(), 0);
    }
}
