//! Folding by an energy model: constraints, order, memory, options.

use rinalmo_infer::energy::{Dimers, EnergyModel};
use rinalmo_infer::{
    Alternative, Alternatives, Constraint, EnergyFolder, Error, Fold, FoldOptions, FoldRequest, Method,
};

fn folder() -> EnergyFolder {
    EnergyFolder::new("turner2004", EnergyModel::turner2004().clone())
}

fn constrained(sequence: &str, constraint: &str) -> Result<Fold, Error> {
    let request = FoldRequest::new(sequence).constraint(constraint.parse::<Constraint>().unwrap());
    folder().fold([request], &FoldOptions::default()).map(|mut folds| folds.remove(0))
}

#[test]
fn constraints_are_obeyed_in_energies_and_probabilities() {
    let sequence = "GGGAAACCCAAAGGGAAACCC";
    let free = folder().fold([sequence], &FoldOptions::default()).unwrap().remove(0);
    for constraint in [
        "x....................",
        "(.......)............",
        "|..................<.",
        ">....................",
        "(...................)",
    ] {
        let fold = constrained(sequence, constraint).unwrap();
        let parsed: Constraint = constraint.parse().unwrap();
        for &(i, j) in fold.structure.pairs() {
            assert!(parsed.allows(i, j) || parsed.forced().any(|pair| pair == (i, j)), "{constraint}");
        }
        assert!(parsed.forced().all(|pair| fold.structure.pairs().contains(&pair)), "{constraint}");
        let (free, found) = (free.energies.unwrap(), fold.energies.unwrap());
        assert!(found.mfe >= free.mfe && found.ensemble >= free.ensemble - 1e-9, "{constraint}: {found:?}");
        assert!(found.ensemble <= found.mfe + 1e-9, "{constraint}: {found:?}");
    }
}

#[test]
fn a_constraint_that_no_structure_can_meet_is_an_error() {
    let error = constrained("AGGAAACCA", "(.......)").unwrap_err().to_string();
    assert_eq!(error, "constraint: bases 1 and 9 (A and A) are no pair that an energy model has");
    let long = format!("G{}GAAAC{}C", "A".repeat(20), "A".repeat(20));
    let error = constrained(&long, &format!("({}(...){})", ".".repeat(20), ".".repeat(20))).unwrap_err();
    assert!(error.to_string().starts_with("the constraint is not met: no structure"), "{error}");
}

#[test]
fn results_are_in_order_and_errors_are_of_single_sequences() {
    let sequences: Vec<String> = (0..40).map(|n| format!("GGGG{}CCCC", "A".repeat(n % 7))).collect();
    let folder = folder();
    let requests = sequences.iter().map(String::as_str).chain(["", "GGGAAACCC"]);
    let results: Vec<_> = folder.folds(requests, &FoldOptions::default()).unwrap().collect();
    assert_eq!(results.len(), 42);
    assert!(matches!(results[40], Err(Error::EmptySequence)));
    for (sequence, result) in sequences.iter().zip(&results) {
        let alone = EnergyModel::turner2004().mfe(sequence.as_bytes());
        assert_eq!(result.as_ref().unwrap().structure.pairs(), alone.pairs);
    }
}

#[test]
fn a_sequence_that_does_not_fit_is_refused() {
    let folder = folder().max_memory(1 << 20);
    let long = "A".repeat(2000);
    let results: Vec<_> = folder.folds([&long[..], "GGGAAACCC"], &FoldOptions::default()).unwrap().collect();
    assert!(matches!(results[0], Err(Error::TooLong { len: 2000, .. })));
    assert!(results[1].is_ok());
}

#[test]
fn options_without_a_meaning_are_refused() {
    let refused = |options: FoldOptions| folder().folds(["A"], &options).err().unwrap().to_string();
    assert!(refused(FoldOptions::default().threshold(0.3)).contains("needs the method"));
    assert!(refused(FoldOptions::default().non_canonical(true)).contains("pairs AU, GC and GU"));
}

fn alternatives(sequence: &str, which: Alternatives) -> Vec<Alternative> {
    let options = FoldOptions::default().alternatives(which);
    folder().fold([sequence], &options).unwrap().remove(0).alternatives.unwrap()
}

/// Two hairpins that exclude each other, of nearly equal energy.
const SWITCH: &str = "GGGCCCAAAAGGGCCCAAAAGGGCCC";

#[test]
fn samples_are_the_same_for_the_same_seed_and_have_their_probabilities() {
    let drawn = alternatives(SWITCH, Alternatives::Samples { count: 300, seed: 7 });
    assert_eq!(drawn, alternatives(SWITCH, Alternatives::Samples { count: 300, seed: 7 }));
    assert_ne!(drawn, alternatives(SWITCH, Alternatives::Samples { count: 300, seed: 8 }));
    assert_eq!(drawn.len(), 300);
    for one in &drawn {
        let often = drawn.iter().filter(|other| other.dot_bracket == one.dot_bracket).count() as f64 / 300.0;
        let deviation = (one.share * (1.0 - one.share) / 300.0).sqrt();
        assert!((often - one.share).abs() < 5.0 * deviation + 0.02, "{one:?}: {often}");
    }
}

#[test]
fn a_switch_has_two_alternatives_and_their_shares_add_up() {
    let found = alternatives(SWITCH, Alternatives::Clusters { most: 4, samples: 1000, seed: 1 });
    assert!(found.len() >= 2, "{found:?}");
    let shares: f64 = found.iter().map(|one| one.share).sum();
    assert!((shares - 1.0).abs() < 1e-9 && found.windows(2).all(|two| two[0].share >= two[1].share), "{found:?}");
    let stable = alternatives("GGACUCGAAAGAGUCC", Alternatives::Clusters { most: 4, samples: 1000, seed: 1 });
    assert_eq!(stable.len(), 1, "{stable:?}");
    assert_eq!((&*stable[0].dot_bracket, stable[0].share), ("((((((....))))))", 1.0));
}

/// A cluster's centroid need not have what all of its members have.
#[test]
fn alternatives_obey_constraints() {
    let sequence = "CCCAUCCACAGCUCAUUGUACCGAGUGUAGAGAGGGGCUU";
    let constraint: Constraint = ".........xx............|.....x....x.|...".parse().unwrap();
    let which = Alternatives::Clusters { most: 3, samples: 1000, seed: 1 };
    let request = FoldRequest::new(sequence).constraint(constraint.clone());
    let fold = folder().fold([request], &FoldOptions::default().alternatives(which)).unwrap().remove(0);
    let found = fold.alternatives.unwrap();
    assert!(found.len() > 1);
    for one in found {
        let structure = one.structure();
        let paired: Vec<usize> = structure.pairs().iter().flat_map(|&(i, j)| [i, j]).collect();
        assert!((0..sequence.len()).filter(|&i| constraint.must_pair(i)).all(|i| paired.contains(&i)), "{one:?}");
        assert!(structure.pairs().iter().all(|&(i, j)| constraint.allows(i, j)), "{one:?}");
    }
    let lonely = |pairs: &[(usize, usize)], &(i, j): &(usize, usize)| {
        !pairs.contains(&(i + 1, j - 1)) && !pairs.contains(&(i.wrapping_sub(1), j + 1))
    };
    let sequence = "AGUGACAUCACAGCGAAACGAAAUCCGCGGUUACUUAGGCUGCCAUUGGUUGCGGAAUGGCG";
    let options = FoldOptions::default().no_lonely_pairs(true);
    for options in
        [options.clone().alternatives(which), options.clone().method(Method::Mea), options.method(Method::F1)]
    {
        let fold = folder().fold([sequence], &options).unwrap().remove(0);
        let others = fold.alternatives.unwrap_or_default().into_iter().map(|one| one.structure());
        for structure in others.chain([fold.structure]) {
            assert!(!structure.pairs().iter().any(|pair| lonely(structure.pairs(), pair)), "{structure:?}");
        }
    }
}

#[test]
fn a_beam_folds_as_all_spans_do_if_it_is_wide_enough() {
    let sequence = "GGGAAAUCCGUUAGGCAAGCGAUUCGCAACCUAACUUUGGAACGCAGUCAAGGGCUGCGAACC".repeat(3);
    let folded = |options: FoldOptions| folder().fold([&sequence[..]], &options).unwrap().remove(0);
    for method in [None, Some(Method::Mea), Some(Method::F1), Some(Method::Greedy)] {
        let options = FoldOptions::default().method(method).probabilities(true);
        let [exact, beam] = [folded(options.clone()), folded(options.beam(sequence.len()))];
        assert_eq!(exact.structure, beam.structure);
        let (a, b) = (exact.energies.unwrap(), beam.energies.unwrap());
        assert_eq!((a.structure, a.mfe), (b.structure, b.mfe));
        assert!((a.ensemble - b.ensemble).abs() < 1e-8 && (a.diversity - b.diversity).abs() < 1e-3, "{a:?} {b:?}");
        let (a, b) = (exact.probabilities.unwrap(), beam.probabilities.unwrap());
        assert!(a.values.iter().zip(&b.values).all(|(a, b)| (a - b).abs() < 1e-5));
    }
    let narrow = folded(FoldOptions::default().beam(3)).energies.unwrap();
    let exact = folded(FoldOptions::default()).energies.unwrap();
    assert!(narrow.mfe >= exact.mfe && narrow.ensemble > exact.ensemble, "{narrow:?} {exact:?}");
}

#[test]
fn a_beam_refuses_what_it_cannot_do() {
    let refused = |request: FoldRequest<'_>, options: FoldOptions| {
        folder().fold([request], &options.beam(10)).unwrap_err().to_string()
    };
    let one = || FoldRequest::new("GGGGAAAACCCC");
    let options = FoldOptions::default();
    assert!(refused(one(), options.clone().no_lonely_pairs(true)).contains("structures without lonely pairs"));
    assert!(refused(one(), options.clone().alternatives(Alternatives::Band(1.0))).contains("a band of energies"));
    assert!(refused(FoldRequest::strands("GGGG", "CCCC"), options.clone()).contains("one strand only"));
    let none = folder().fold([one()], &options.beam(0)).unwrap_err().to_string();
    assert!(none.contains("at least one span"), "{none}");
}

/// Kinds that are counted apart are half as often of one kind as of both, whatever their letters.
#[test]
fn equal_strands_bind_the_same_however_they_are_counted() {
    let folder = folder();
    let (rt, dimers) = (folder.model().conditions().rt(), folder.dimers(b"GGGCCC", b"GGGCCC").unwrap());
    assert!((dimers.aa - dimers.ab - rt * std::f64::consts::LN_2).abs() < 1e-9, "{dimers:?}");
    let [apart, together] = [[1e-7, 1e-7], [2e-7, 0.0]].map(|total| dimers.equilibrium(rt, total));
    assert!((apart.a + apart.b - together.a).abs() < 1e-13, "{apart:?} {together:?}");
    assert!((apart.ab + apart.aa + apart.bb - together.aa).abs() < 1e-13, "{apart:?} {together:?}");
}

#[test]
fn a_band_begins_with_the_minimum_and_obeys_the_constraint() {
    let found = alternatives(SWITCH, Alternatives::Band(2.0));
    let mfe = EnergyModel::turner2004().mfe(SWITCH.as_bytes());
    assert!(found[0].energy == mfe.energy && found.last().unwrap().energy <= mfe.energy + 2.0);
    let options = FoldOptions::default().alternatives(Alternatives::Band(2.0));
    let constraint: Constraint = "xxx.......................".parse().unwrap();
    let request = FoldRequest::new(SWITCH).constraint(constraint);
    let fold = folder().fold([request], &options).unwrap().remove(0);
    let constrained = fold.alternatives.unwrap();
    assert!(constrained.iter().all(|one| one.dot_bracket.starts_with("...")) && !constrained.is_empty());
    assert_eq!(constrained[0].energy, fold.energies.unwrap().mfe);
}

#[test]
fn a_band_with_too_many_structures_is_an_error() {
    let options = FoldOptions::default().alternatives(Alternatives::Band(20.0)).max_memory(40 << 20);
    let error = folder().fold(["GGGAAACCCAAAGGGAAACCC".repeat(5)], &options).unwrap_err();
    assert!(matches!(error, Error::TooManyStructures { band: 20.0, .. }), "{error}");
    for wrong in [
        Alternatives::Band(-1.0),
        Alternatives::Band(f64::NAN),
        Alternatives::Samples { count: 0, seed: 1 },
        Alternatives::Clusters { most: 0, samples: 1, seed: 1 },
    ] {
        assert!(matches!(folder().fold([SWITCH], &FoldOptions::default().alternatives(wrong)), Err(Error::Options(_))));
    }
}

/// `FcAB − FA − FB` of `pf_dimer` in ViennaRNA 2.7.2; the last two are of two equal strands.
#[test]
fn strands_gain_what_they_gain_elsewhere() {
    let folder = folder();
    let dimers = |first: &str, second: &str| folder.dimers(first.as_bytes(), second.as_bytes()).unwrap();
    let binding = |first: &str, second: &str| match dimers(first, second) {
        one_kind if first == second => one_kind.aa,
        two_kinds => two_kinds.ab,
    };
    for (first, second, expected) in [
        ("GGGGA", "UCCCC", -7.985_315),
        ("GCGCUUCGCCGCGCGCC", "GGCGCGCGGCGAAGCGC", -26.633_914),
        ("GGCGAAAGCC", "GGGGCAUAGCCCC", 2.797_813),
        ("GGGGAUCCCC", "GGGGAUCCCC", -15.573_854),
        ("GGGGCAUAGCCCC", "GGGGCAUAGCCCC", -4.822_882),
    ] {
        let found = binding(first, second);
        assert!((found - expected).abs() < 1e-4, "{first} and {second}: {found}, not {expected}");
    }
    assert_eq!(dimers("GGGGAU", "ggggat"), dimers("GGGGAU", "GGGGAU"));
    let folded = folder.fold([FoldRequest::strands("GGNNCC", "GGRYCC")], &FoldOptions::default()).unwrap().remove(0);
    assert_eq!(folded.energies.and_then(|energies| energies.binding), Some(dimers("GGNNCC", "GGRYCC").ab));
    let none = folder.dimers(b"AAAA", b"CCCC").unwrap();
    assert_eq!(none, Dimers { ab: f64::INFINITY, aa: f64::INFINITY, bb: f64::INFINITY });
}
