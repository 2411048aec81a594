//! Properties of every ensemble.

use proptest::prelude::*;
use rinalmo_energy::{
    Conditions, Dangles, EnergyModel, Ensemble, Parameters, Restraints, TooMany, memory, memory_within,
};

/// Rounding of probabilities to f32, summed over a row.
const ROW: f32 = 1e-5;

fn sequence(len: std::ops::Range<usize>) -> impl Strategy<Value = Vec<u8>> {
    let letter =
        prop_oneof![8 => prop::sample::select(b"ACGU".to_vec()), 1 => prop::sample::select(b"acgutTNn-".to_vec())];
    prop::collection::vec(letter, len)
}

/// A random sequence.
fn random(len: usize) -> Vec<u8> {
    let mut state: u64 = 31;
    let mut letter = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        b"ACGU"[(state >> 62) as usize]
    };
    (0..len).map(|_| letter()).collect()
}

fn can_pair(a: u8, b: u8) -> bool {
    let letter = |x: u8| if x.eq_ignore_ascii_case(&b't') { b'U' } else { x.to_ascii_uppercase() };
    matches!(
        (letter(a), letter(b)),
        (b'A', b'U') | (b'U', b'A') | (b'C', b'G') | (b'G', b'C') | (b'G', b'U') | (b'U', b'G')
    )
}

proptest! {
    #[test]
    fn probabilities_are_probabilities(sequence in sequence(0..120)) {
        let ensemble = Ensemble::new(&sequence);
        let len = sequence.len();
        prop_assert_eq!((ensemble.len(), ensemble.probabilities().len()), (len, len * len));
        prop_assert!(ensemble.energy() < 1e-9);
        for (i, row) in ensemble.probabilities().chunks(len.max(1)).enumerate() {
            for (j, &p) in row.iter().enumerate() {
                prop_assert!((0.0..=1.0 + ROW).contains(&p), "{} of ({}, {})", p, i, j);
                prop_assert_eq!(p, ensemble.probability(j, i));
                prop_assert!(p == 0.0 || can_pair(sequence[i], sequence[j]) && i.abs_diff(j) > 3);
            }
            prop_assert!(row.iter().sum::<f32>() <= 1.0 + ROW);
            prop_assert!((ensemble.unpaired()[i] - (1.0 - row.iter().sum::<f32>())).abs() < ROW);
        }
    }

    #[test]
    fn case_and_dna_change_nothing(sequence in sequence(0..60)) {
        let other: Vec<u8> = sequence.iter().map(|x| match x.to_ascii_lowercase() { b'u' => b't', x => x }).collect();
        prop_assert_eq!(Ensemble::new(&sequence), Ensemble::new(&other));
    }

    #[test]
    fn unknown_letters_pair_with_nothing(len in 0..80usize) {
        let ensemble = Ensemble::new(&vec![b'N'; len]);
        prop_assert!(ensemble.energy().abs() < 1e-12);
        prop_assert!(ensemble.probabilities().iter().all(|&p| p == 0.0));
        prop_assert_eq!(ensemble.unpaired(), vec![1.0; len]);
    }

    /// A base that never pairs and is not next to a pair contributes no energy.
    #[test]
    fn unknown_letters_around_change_no_pair(sequence in sequence(1..50), before in 1..40usize, after in 1..40usize) {
        let alone = Ensemble::new(&sequence);
        let longer = [vec![b'N'; before], sequence.clone(), vec![b'N'; after]].concat();
        let within = Ensemble::new(&longer);
        prop_assert!((alone.energy() - within.energy()).abs() < 1e-9);
        for (i, j) in (0..sequence.len()).flat_map(|i| (0..sequence.len()).map(move |j| (i, j))) {
            prop_assert!((alone.probability(i, j) - within.probability(i + before, j + before)).abs() < 1e-6);
        }
    }
}

fn conditions() -> impl Strategy<Value = Conditions> {
    let dangles = prop::sample::select(vec![Dangles::None, Dangles::Both]);
    (5.0..90.0f64, dangles).prop_map(|(celsius, dangles)| Conditions::default().temperature(celsius).dangles(dangles))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn no_structure_has_less_than_the_minimum_free_energy(sequence in sequence(0..90), conditions in conditions(), seed: u64) {
        let model = EnergyModel::new(Parameters::turner2004(), conditions).unwrap();
        let mfe = model.mfe(&sequence);
        prop_assert_eq!(model.evaluate(&sequence, &mfe.pairs).unwrap().energy(), mfe.energy);
        for pairs in model.sample(&sequence, 20, seed) {
            prop_assert!(pairs.iter().all(|&(i, j)| can_pair(sequence[i], sequence[j]) && j - i > 3));
            let energy = model.evaluate(&sequence, &pairs).unwrap().energy();
            prop_assert!(energy >= mfe.energy, "{} below {}: {:?}", energy, mfe.energy, pairs);
        }
        prop_assert_eq!(model.sample(&sequence, 3, seed), model.sample(&sequence, 3, seed));
    }

    #[test]
    fn forbidden_pairs_are_in_no_structure(sequence in sequence(1..60), seed: u64) {
        let (model, len) = (EnergyModel::turner2004(), sequence.len());
        let mut bonuses = vec![0.0; len * len];
        let forbidden = |i: usize, j: usize| (i as u64 * 31 + j as u64 * 17 + seed % 97).is_multiple_of(3);
        (0..len * len).filter(|cell| forbidden(cell / len, cell % len)).for_each(|cell| bonuses[cell] = f32::NEG_INFINITY);
        let restraints = Restraints::default().bonuses(&bonuses[..]);
        let mfe = model.mfe_with(&sequence, restraints);
        prop_assert!(!mfe.pairs.iter().any(|&(i, j)| forbidden(i, j)));
        prop_assert!(mfe.energy >= model.mfe(&sequence).energy);
        for pairs in model.sample_with(&sequence, restraints, 5, seed) {
            prop_assert!(!pairs.iter().any(|&(i, j)| forbidden(i, j)));
        }
        let ensemble = model.ensemble_with(&sequence, restraints);
        prop_assert!((0..len * len).all(|cell| cell / len >= cell % len
            || !forbidden(cell / len, cell % len)
            || ensemble.probabilities()[cell] == 0.0));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Two strands that may not pair with each other are two ensembles.
    #[test]
    fn strands_that_do_not_meet_fold_alone(first in sequence(1..50), second in sequence(1..50), seed: u8) {
        let (model, nick, len) = (EnergyModel::turner2004(), first.len(), first.len() + second.len());
        let sequence = [&first[..], &second].concat();
        let of_pair = |i: usize, j: usize| ((i * 5 + j * 3 + usize::from(seed)) % 7) as f32 * 0.3 - 0.8;
        let square = |from: usize, to: usize| -> Vec<f32> {
            let is_between = |i: usize, j: usize| i < nick && nick <= j;
            let bonus = |i, j| if is_between(i, j) { f32::NEG_INFINITY } else { of_pair(i, j) };
            (from..to).flat_map(|i| (from..to).map(move |j| bonus(i, j))).collect()
        };
        let stacked: Vec<f32> = (0..len).map(|k| of_pair(k, k * k)).collect();
        let fold = |sequence: &[u8], bonuses: &[f32], stacked: &[f32], nick: Option<usize>| {
            let restraints = Restraints::default().bonuses(bonuses).stacked(stacked).nick(nick);
            (model.mfe_with(sequence, restraints), model.ensemble_with(sequence, restraints))
        };
        let (mfe, both) = fold(&sequence, &square(0, len), &stacked, Some(nick));
        let alone = [
            fold(&first, &square(0, nick), &stacked[..nick], None),
            fold(&second, &square(nick, len), &stacked[nick..], None),
        ];
        let [least, energy] = [alone[0].0.energy + alone[1].0.energy, alone[0].1.energy() + alone[1].1.energy()];
        prop_assert!((mfe.energy - least).abs() < 0.011, "{} kcal/mol, expected {}", mfe.energy, least);
        prop_assert!((both.energy() - energy).abs() < 1e-6, "{} kcal/mol, expected {}", both.energy(), energy);
        let strands = both.strands().unwrap();
        prop_assert_eq!(strands.bound, f64::INFINITY);
        prop_assert!((0..2).all(|k| (strands.alone[k] - alone[k].1.energy()).abs() < 1e-6), "{:?}", strands);
        for (i, j) in (0..len).flat_map(|i| (0..len).map(move |j| (i, j))) {
            let expected = match (i < nick, j < nick) {
                (true, true) => alone[0].1.probability(i, j),
                (false, false) => alone[1].1.probability(i - nick, j - nick),
                _ => 0.0,
            };
            prop_assert!((both.probability(i, j) - expected).abs() < 1e-6, "({}, {})", i, j);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn suboptimal_structures_are_in_order_and_in_the_band(sequence in sequence(0..60), conditions in conditions(), band in 0.0..3.0f64) {
        const MOST: usize = 2000;
        let model = EnergyModel::new(Parameters::turner2004(), conditions).unwrap();
        let mfe = model.mfe(&sequence);
        let found = match model.suboptimal(&sequence, band, MOST) {
            Ok(found) => found,
            Err(TooMany { limit, .. }) => {
                prop_assert_eq!(limit, MOST);
                return Ok(());
            }
        };
        prop_assert!(model.suboptimal(&sequence, band, found.len() - 1).is_err());
        prop_assert_eq!(found[0].energy, mfe.energy);
        prop_assert!(found.contains(&mfe));
        for one in &found {
            prop_assert_eq!(model.evaluate(&sequence, &one.pairs).unwrap().energy(), one.energy);
            prop_assert!(one.energy <= mfe.energy + band + 0.005 + 1e-9);
        }
        prop_assert!(found.windows(2).all(|two| (two[0].energy, &two[0].pairs) < (two[1].energy, &two[1].pairs)));
    }

    #[test]
    fn shares_of_drawn_structures_are_probabilities(sequence in sequence(1..60), conditions in conditions(), seed: u64) {
        let model = EnergyModel::new(Parameters::turner2004(), conditions).unwrap();
        let ensemble = model.ensemble(&sequence);
        let drawn: std::collections::BTreeSet<_> = model.sample(&sequence, 200, seed).into_iter().collect();
        let share = |pairs: &Vec<_>| model.share(&sequence, Restraints::default(), &ensemble, pairs).unwrap();
        let sum: f64 = drawn.iter().map(share).sum();
        prop_assert!(sum <= 1.0 + 1e-6, "{} of {} structures", sum, drawn.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Tables that hold only near spans give what whole tables give if bonuses forbid the far pairs.
    #[test]
    fn a_span_that_is_limited_is_a_bonus_that_forbids(sequence in sequence(0..260), span in 0..140usize, lonely: bool, seed: u64) {
        let (model, len) = (EnergyModel::turner2004(), sequence.len());
        let mut bonuses = vec![0.0; len * len];
        let far = |cell: &usize| (cell % len).saturating_sub(cell / len) >= span.max(1);
        (0..len * len).filter(far).for_each(|cell| bonuses[cell] = f32::NEG_INFINITY);
        let near = Restraints::default().no_lonely_pairs(!lonely).max_span(span);
        let all = Restraints::default().no_lonely_pairs(!lonely).bonuses(&bonuses[..]);
        prop_assert_eq!(model.mfe_with(&sequence, near), model.mfe_with(&sequence, all));
        prop_assert_eq!(model.sample_with(&sequence, near, 10, seed), model.sample_with(&sequence, all, 10, seed));
        let [near, all] = [near, all].map(|restraints| model.ensemble_with(&sequence, restraints));
        prop_assert!((near.energy() - all.energy()).abs() < 1e-9, "{} and {}", near.energy(), all.energy());
        prop_assert!((near.diversity() - all.diversity()).abs() < 1e-4);
        for (i, j) in (0..len).flat_map(|i| (0..len).map(move |j| (i, j))) {
            let [p, q] = [near.probability(i, j), all.probability(i, j)];
            prop_assert!((p - q).abs() < 1e-6, "{} and {} of ({}, {})", p, q, i, j);
        }
        for (p, q) in near.unpaired().iter().zip(all.unpaired()) {
            prop_assert!((p - q).abs() < ROW);
        }
        prop_assert_eq!(near.probabilities().len(), len * len);
    }
}

/// Far from what a base contributes on average, the sum over all structures leaves the range of f64 by itself.
#[test]
fn long_sequences_of_near_pairs_stay_in_range() {
    let sequence = random(20_000);
    let ensemble = EnergyModel::turner2004().ensemble_with(&sequence, Restraints::default().max_span(60));
    let halves = sequence
        .chunks(10_000)
        .map(|half| EnergyModel::turner2004().ensemble_with(half, Restraints::default().max_span(60)).energy());
    let apart: f64 = halves.sum();
    assert!((ensemble.energy() - apart).abs() < 20.0, "{} and {apart}", ensemble.energy());
    assert!(ensemble.unpaired().iter().all(|p| (0.0..=1.0).contains(p)));
}

#[test]
fn threads_change_no_bit() {
    let sequence = random(700);
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| Ensemble::new(&sequence))
    };
    assert_eq!(with(1), with(2));
    assert_eq!(with(2), Ensemble::on_this_thread(&sequence));
    let model = EnergyModel::turner2004();
    assert_eq!(model.mfe(&sequence), model.on_this_thread().mfe(&sequence));
    assert_eq!(model.ensemble(&sequence), model.on_this_thread().ensemble(&sequence));
}

#[test]
fn long_sequences_stay_in_range() {
    let ensemble = Ensemble::new(&random(3000));
    assert!((-1300.0..-800.0).contains(&ensemble.energy()), "{} kcal/mol", ensemble.energy());
    assert!(ensemble.unpaired().iter().all(|p| (0.0..=1.0).contains(p)));
    assert!(ensemble.probabilities().iter().all(|p| (0.0..=1.0 + ROW).contains(p)));
}

#[test]
fn memory_grows_with_the_square() {
    assert!((18.0..24.0).contains(&(memory(3000) as f64 / 9e6)));
    assert_eq!(memory_within(3000, 5000), memory(3000));
}

#[test]
fn memory_of_near_pairs_grows_with_the_length() {
    let [one, two] = [10_000, 20_000].map(|len| memory_within(len, 200) as f64);
    assert!((1.9..2.1).contains(&(two / one)));
    assert!(memory_within(30_000, 200) < 300 << 20, "{} MiB", memory_within(30_000, 200) >> 20);
}
