//! Every verb gives the same whether the representation is in memory or stays on a device: the CPU's kernels compared
//! with tensors. The weights are random, so that every kind of head can be tested.

use std::sync::OnceLock;

use burn::module::Module;
use burn::tensor::{Device as BurnDevice, Tensor};
use rinalmo_energy::{BuiltIn, Deigan, EnergyModel, Restraints};
use rinalmo_kernels::Level;
use rinalmo_model::cpu::{CpuModel, Precision};
use rinalmo_model::task::TASKS;
use rinalmo_model::{
    CnnConfig, CnnGather, CnnInput, CnnLayer, CnnPadding, EncoderConfig, HeadConfig, ModelConfig, Network, OnDevice,
    Pooling,
};
use rinalmo_sink::ArrayKind;

use crate::{
    Alternative, Alternatives, Constraint, Device, EmbedOptions, Error, FoldOptions, FoldRequest, Marginal, Method,
    Model, PredictOptions, ScoreOptions, Window,
};

/// Sums in another order, relative to the largest value.
const F32: f32 = 1e-5;

/// Of several lengths, so that a batch has several groups.
const SEQUENCES: [&str; 5] = ["GGGGAAAACCCC", "ACGU", "GGGAAACCCAAAGGGAAACCC", "UGCA", "A"];

/// The same weights in memory and on a device.
fn both(head: Option<HeadConfig>) -> [Model; 2] {
    let config = ModelConfig { head, ..ModelConfig::pretrained(EncoderConfig::new(24, 2, 3)) };
    let flex = BurnDevice::flex();
    let weights = config.init(&flex).to_device(&flex); // a parameter is drawn when it is first used
    let here = CpuModel::new(weights.clone(), Precision::F32, Level::best());
    let there = OnDevice::new(weights, flex);
    [model(config.clone(), Box::new(here)), model(config, Box::new(there))]
}

fn model(config: ModelConfig, network: Box<dyn Network>) -> Model {
    let checkpoint = crate::bundled::first().unwrap();
    Model {
        network,
        config,
        meta: checkpoint.meta.clone(),
        device: Device::cpu(),
        precision: Precision::F32,
        checkpoint,
        max_memory: None,
        broken: OnceLock::new(),
    }
}

#[track_caller]
fn close(what: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(1.0_f32, |largest, x| largest.max(x.abs()));
    for (at, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= F32 * scale, "{what}: value {at} is {a}, expected {b}");
    }
}

fn arrays(model: &Model, options: &EmbedOptions) -> Vec<f32> {
    let found = model.embed(SEQUENCES, options).unwrap();
    found.into_iter().flat_map(|embedding| embedding.arrays).flat_map(|array| array.data).collect()
}

#[test]
fn vectors_are_the_same() {
    use ArrayKind::{Attentions, Cls, Logits, Mean, Tokens};
    let [here, there] = both(None);
    let pooled = EmbedOptions::default().include([Cls, Mean, Logits]).batch_tokens(30);
    let windows = pooled.clone().window(Window { len: 8, overlap: 3 });
    let all = EmbedOptions::default().include([Mean, Tokens, Cls]);
    let maps = EmbedOptions::default().include([Attentions, Mean]);
    for options in [pooled, windows, all, maps] {
        close(&format!("{options:?}"), &arrays(&there, &options), &arrays(&here, &options));
    }
}

#[test]
fn scores_are_the_same() {
    let [here, there] = both(None);
    for marginal in [Marginal::Masked, Marginal::Unmasked] {
        let options = ScoreOptions::default().marginal(marginal);
        let scores = |model: &Model| {
            let found = model.score(SEQUENCES, &options).unwrap();
            found.into_iter().flat_map(|score| score.log_likelihoods).collect::<Vec<_>>()
        };
        close("log-likelihoods", &scores(&there), &scores(&here));
    }
}

#[test]
fn probabilities_of_pairs_are_the_same() {
    let within = [None, Some(BuiltIn::Turner2004), Some(BuiltIn::Rinalmo2026)];
    for (energy, ensemble) in within.into_iter().flat_map(|ensemble| [(false, ensemble), (true, ensemble)]) {
        let [here, there] = both(Some(HeadConfig::Structure { channels: 16, blocks: 1, kernel: 3, energy, ensemble }));
        let options = FoldOptions::default().probabilities(true);
        let maps = |model: &Model| {
            let folds = model.fold(SEQUENCES, &options).unwrap();
            folds.into_iter().flat_map(|fold| fold.probabilities.unwrap().values).collect::<Vec<_>>()
        };
        close("probabilities", &maps(&there), &maps(&here));
    }
}

/// Reactivities that favour pairs of the first and last bases over all others.
fn reactivities(sequence: &str) -> Vec<Option<f32>> {
    let len = sequence.len();
    (0..len).map(|i| (i % 5 > 0).then_some(if i < len / 3 || i > 2 * len / 3 { 0.0 } else { 3.0 })).collect()
}

#[test]
fn reactivities_change_the_energies_of_a_head_on_every_device() {
    for (energy, ensemble) in [(true, None), (false, Some(BuiltIn::Rinalmo2026))] {
        reactivities_change(HeadConfig::Structure { channels: 16, blocks: 1, kernel: 3, energy, ensemble });
    }
}

fn reactivities_change(head: HeadConfig) {
    let [here, there] = both(Some(head));
    let options = FoldOptions::default().probabilities(true);
    let maps = |model: &Model, with: bool| {
        let request =
            |sequence: &&'static str| FoldRequest::new(*sequence).reactivities(with.then(|| reactivities(sequence)));
        let folds = model.fold(SEQUENCES.iter().map(request), &options).unwrap();
        folds.into_iter().flat_map(|fold| fold.probabilities.unwrap().values).collect::<Vec<_>>()
    };
    close("probabilities", &maps(&there, true), &maps(&here, true));
    assert_ne!(maps(&here, true), maps(&here, false));
}

#[test]
fn a_model_without_energies_refuses_reactivities_unless_energies_have_a_share() {
    let [model, _] =
        both(Some(HeadConfig::Structure { channels: 16, blocks: 1, kernel: 3, energy: false, ensemble: None }));
    let sequence = SEQUENCES[0];
    let request = || FoldRequest::new(sequence).reactivities(reactivities(sequence));
    let refused = model.fold([request()], &FoldOptions::default().energy_share(0.0)).unwrap_err().to_string();
    assert!(refused.contains("this model sees no energies"), "{refused}");
    let options = FoldOptions::default().energy_share(1.0).probabilities(true);
    let found = model.fold([request()], &options).unwrap().remove(0).probabilities.unwrap();
    let stacked = Deigan::default().energies(&reactivities(sequence));
    let restraints = Restraints::default().stacked(&stacked[..]);
    let expected = EnergyModel::learned().ensemble_with(sequence.as_bytes(), restraints);
    close("probabilities", &found.values, &expected.probabilities());
    let short = FoldRequest::new(sequence).reactivities(vec![None; 3]);
    let refused = model.fold([short], &options).unwrap_err().to_string();
    assert!(refused.contains(&format!("expected one for each of {} bases, found 3", sequence.len())), "{refused}");
}

#[test]
fn reactivities_count_less_beside_the_bonuses_of_a_network() {
    let energies = Some(BuiltIn::Turner2004);
    let [model, _] =
        both(Some(HeadConfig::Structure { channels: 16, blocks: 1, kernel: 3, energy: false, ensemble: energies }));
    let sequence = SEQUENCES[0];
    let probable = |options: FoldOptions| {
        let request = FoldRequest::new(sequence).reactivities(reactivities(sequence));
        model.fold([request], &options.probabilities(true)).unwrap().remove(0).probabilities.unwrap().values
    };
    let with = |slope, intercept| FoldOptions::default().reactivity_slope(slope).reactivity_intercept(intercept);
    let usual = probable(FoldOptions::default());
    assert_eq!(usual, probable(with(1.0, -0.45)));
    assert_ne!(usual, probable(with(1.8, -0.6)));
    // Where energies decide alone, they count as with energies alone.
    let energies_alone = |options: FoldOptions| probable(options.energy_share(1.0));
    assert_eq!(energies_alone(FoldOptions::default()), energies_alone(with(1.8, -0.6)));
}

/// A network on the encoder's vectors, for the longest of the sequences.
fn cnn(padding: CnnPadding) -> CnnConfig {
    let layers = vec![CnnLayer { filters: 6, kernel: 4, pool: 2 }];
    CnnConfig { input: CnnInput::Encoder, window: 21, padding, layers, gather: CnnGather::Flatten, dense: vec![5] }
}

#[test]
fn sequences_outside_the_window_of_a_network_are_errors_and_the_others_are_computed() {
    for (padding, fits, said) in [
        (CnnPadding::Left, [true, true, false], "a sequence of 22 nt, the model's network takes up to 21 nt"),
        (CnnPadding::None, [false, true, false], "a sequence of 22 nt, the model's network takes exactly 21 nt"),
    ] {
        let head = HeadConfig::Cnn { made_for: "splice".into(), outputs: 1, network: cnn(padding) };
        for model in both(Some(head)) {
            let sequences = ["A".repeat(20), "C".repeat(21), "G".repeat(22)];
            let task = rinalmo_model::TaskSpec::named;
            let found = model.predictions(task("splice"), &sequences, &PredictOptions::default()).unwrap();
            let found: Vec<_> = found.collect();
            assert_eq!(found.iter().map(Result::is_ok).collect::<Vec<_>>(), fits);
            assert_eq!(found[2].as_ref().unwrap_err().to_string(), said);
            // Another task's labels mean something else.
            let other = model.predict(task("mrl"), &sequences, &PredictOptions::default()).unwrap_err().to_string();
            assert!(other.contains("has no mrl head"), "{other}");
        }
    }
}

#[test]
fn predictions_of_every_head_are_the_same() {
    let own = [
        HeadConfig::Sequence { hidden: 8, outputs: 3, pooling: Pooling::Mean },
        HeadConfig::Sequence { hidden: 8, outputs: 2, pooling: Pooling::Cls },
        HeadConfig::Token { hidden: 8, outputs: 2 },
        HeadConfig::splice(),
        HeadConfig::family(),
        HeadConfig::Mrl { channels: 8, blocks: 2, kernel: 3 },
        HeadConfig::Cnn { made_for: "mrl".into(), outputs: 1, network: cnn(CnnPadding::Left) },
        HeadConfig::Cnn { made_for: "family".into(), outputs: 4, network: cnn(CnnPadding::Left) },
    ];
    for head in own {
        let task = TASKS.iter().find(|task| task.labels.is_some() && task.takes(&head)).unwrap();
        let [here, there] = both(Some(head.clone()));
        let outputs = |model: &Model| {
            let found = model.predict(task, SEQUENCES, &PredictOptions::default()).unwrap();
            found.into_iter().flat_map(|answer| answer.outputs).collect::<Vec<_>>()
        };
        let expected = outputs(&here);
        assert!(expected.iter().any(|x| *x != expected[0]), "{head:?} gives the same for all");
        close(&format!("{head:?}"), &outputs(&there), &expected);
    }
}

/// A head whose map has bonuses in the ensemble of learned energies.
const IN_ENSEMBLE: HeadConfig =
    HeadConfig::Structure { channels: 16, blocks: 1, kernel: 3, energy: false, ensemble: Some(BuiltIn::Rinalmo2026) };

/// The other structures of a sequence.
fn others(model: &Model, sequence: &str, options: &FoldOptions) -> Vec<Alternative> {
    model.fold([sequence], options).unwrap().remove(0).alternatives.unwrap()
}

#[test]
fn other_structures_are_of_the_ensemble_that_a_head_is_in() {
    let (models, sequence) = (both(Some(IN_ENSEMBLE)), SEQUENCES[2]);
    let len = sequence.len();
    for model in &models {
        let samples = FoldOptions::default().alternatives(Alternatives::Samples { count: 4000, seed: 1 });
        let drawn: Vec<_> = others(model, sequence, &samples).iter().map(Alternative::structure).collect();
        let log_odds = model.pair_logits(sequence.as_bytes()).unwrap();
        for (i, j) in (0..len).flat_map(|i| (i + 1..len).map(move |j| (i, j))) {
            let found = drawn.iter().filter(|structure| structure.pairs().contains(&(i, j))).count() as f32 / 4000.0;
            let expected = 1.0 / (1.0 + (-log_odds[i * len + j]).exp());
            assert!((found - expected).abs() < 0.04, "{i} {j}: drawn {found}, probability {expected}");
        }
        let near = others(model, sequence, &FoldOptions::default().alternatives(Alternatives::Band(2.0)));
        assert!(near.len() > 2 && near.is_sorted_by(|a, b| a.energy <= b.energy));
        // The search rounds each pair's bonus to a hundredth of kcal/mol, so both energies can be off by that for each pair.
        let pairs = |one: &Alternative| one.structure().pairs().len() as f64;
        let off = |one: &Alternative| 0.005 * (pairs(one) + pairs(&near[0])) + 0.01;
        assert!(near.iter().all(|one| one.energy <= near[0].energy + 2.0 + off(one)));
        let rt = EnergyModel::learned().conditions().rt();
        for one in &near {
            let (found, expected) = ((one.share / near[0].share).ln(), (near[0].energy - one.energy) / rt);
            assert!((found - expected).abs() < 0.1, "{}: {found}, {expected}", one.dot_bracket);
        }
    }
    let [here, there] = models;
    let three = FoldOptions::default().alternatives(Alternatives::Clusters { most: 3, samples: 500, seed: 1 });
    let [here, there] = [&here, &there].map(|model| others(model, sequence, &three));
    assert!(here.len() > 1 && here.iter().zip(&there).all(|(a, b)| a.dot_bracket == b.dot_bracket));
}

#[test]
fn pairs_can_be_left_out_of_the_ensemble_that_a_head_is_in() {
    let ([model, _], sequence) = (both(Some(IN_ENSEMBLE)), SEQUENCES[2]);
    let samples = FoldOptions::default().alternatives(Alternatives::Samples { count: 200, seed: 1 });
    let near = others(&model, sequence, &samples.clone().max_span(9));
    assert!(near.iter().any(|one| !one.structure().pairs().is_empty()));
    assert!(near.iter().all(|one| one.structure().pairs().iter().all(|(i, j)| j - i < 9)));
    let lonely = |one: &Alternative| {
        let pairs = one.structure().pairs().to_vec();
        pairs.iter().any(|&(i, j)| !pairs.contains(&(i + 1, j - 1)) && !pairs.contains(&(i.wrapping_sub(1), j + 1)))
    };
    assert!(others(&model, sequence, &samples).iter().any(lonely));
    assert!(!others(&model, sequence, &samples.no_lonely_pairs(true)).iter().any(lonely));

    let [without, _] = both(Some(HeadConfig::structure()));
    for options in [FoldOptions::default().max_span(9), FoldOptions::default().no_lonely_pairs(true)] {
        let refused = without.fold([sequence], &options).unwrap_err().to_string();
        assert!(refused.contains("which this network lacks"), "{refused}");
    }
}

#[test]
fn what_options_ask_of_pairs_holds_for_every_structure_of_an_ensemble() {
    let ([model, _], sequence) = (both(Some(IN_ENSEMBLE)), SEQUENCES[2]);
    let wide = FoldOptions::default().min_loop(6).probabilities(true);
    let wide = wide.alternatives(Alternatives::Samples { count: 100, seed: 1 });
    let fold = model.fold([sequence], &wide).unwrap().remove(0);
    let map = fold.probabilities.unwrap();
    assert!(fold.alternatives.unwrap().iter().all(|one| one.structure().pairs().iter().all(|(i, j)| j - i > 6)));
    let len = sequence.len();
    for (i, j) in (0..len).flat_map(|i| (i + 1..len).map(move |j| (i, j))) {
        assert!(j - i > 6 || map.get(i, j) < 1e-6, "{i} with {j}: {}", map.get(i, j));
    }
    // A decoder chooses pairs one by one.
    for method in [Method::Mea, Method::Centroid, Method::Greedy] {
        let options = FoldOptions::default().method(method).no_lonely_pairs(true);
        let options = if method == Method::Greedy { options.threshold(0.01) } else { options };
        let pairs = model.fold([sequence], &options).unwrap().remove(0).structure.pairs().to_vec();
        let stacks =
            |&(i, j): &(usize, usize)| pairs.contains(&(i + 1, j - 1)) || pairs.contains(&(i.wrapping_sub(1), j + 1));
        assert!(pairs.iter().all(stacks), "{method:?}: {pairs:?}");
    }
    let refused = |constraint: &str, options: &FoldOptions| {
        let request = FoldRequest::new(sequence).constraint(constraint.parse::<Constraint>().unwrap());
        model.fold([request], options).unwrap_err().to_string()
    };
    let said = refused("(........)...........", &FoldOptions::default().max_span(9));
    assert!(said.contains("the pair of bases 1 and 10, which spans 10 bases; pairs may span 9"), "{said}");
    let said = refused("(........)...........", &FoldOptions::default().beam(9));
    assert!(said.contains("only an energy model"), "{said}");
}

#[test]
fn a_constraint_counts_in_the_ensemble_that_a_head_is_in() {
    let [model, _] = both(Some(IN_ENSEMBLE));
    let fold = |sequence: &str, constraint: &str| {
        let request = FoldRequest::new(sequence).constraint(constraint.parse::<Constraint>().unwrap());
        model.fold([request], &FoldOptions::default().probabilities(true)).unwrap().remove(0)
    };
    let free = model.fold([SEQUENCES[2]], &FoldOptions::default().probabilities(true)).unwrap().remove(0);
    let before = free.probabilities.unwrap();
    let fold_of = fold(SEQUENCES[2], "......(.......)......");
    assert!(before.get(6, 14) < 0.5);
    let map = fold_of.probabilities.unwrap();
    assert!(map.get(6, 14) > 0.99 && map.get(7, 13) > before.get(7, 13), "its neighbour gains from it");
    assert!(map.get(0, 8) < 1e-3, "what it excludes has no probability left");
    let not_canonical = fold(SEQUENCES[0], ".(.....)...."); // G and A
    assert!(not_canonical.structure.pairs().contains(&(1, 7)));
}

#[test]
fn a_representation_that_is_not_finite_is_an_error_of_its_sequence_only() {
    let config = ModelConfig::pretrained(EncoderConfig::new(24, 2, 3));
    let flex = BurnDevice::flex();
    let mut weights = config.init(&flex);
    let [rows, dim] = weights.encoder.embedding.val().dims();
    let guanine = usize::from(rinalmo_seq::alphabet::token(b'G'));
    weights.encoder.embedding = weights.encoder.embedding.map(|table| {
        let bad = Tensor::full([1, dim], f32::NAN, &flex);
        table.slice_assign([guanine..guanine + 1, 0..dim], bad)
    });
    assert!(guanine < rows);
    let model = model(config, Box::new(OnDevice::new(weights, flex)));
    for kinds in [vec![ArrayKind::Tokens], vec![ArrayKind::Logits, ArrayKind::Mean]] {
        let options = EmbedOptions::default().include(kinds);
        let found: Vec<_> = model.embeddings(["ACUU", "ACGU", "ACCU"], &options).unwrap().collect();
        assert!(matches!(found[..], [Ok(_), Err(Error::NotFinite { .. }), Ok(_)]), "{found:?}");
    }
}
