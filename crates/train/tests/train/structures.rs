//! Fine-tuning on structures through the whole loop.

use burn::tensor::Device;
use rinalmo_energy::BuiltIn;
use rinalmo_model::{EncoderConfig, HeadConfig, ModelConfig};
use rinalmo_seq::Structure;
use rinalmo_seq::labelled::structures::Item;
use rinalmo_train::optimizer::{Part, Thaw};
use rinalmo_train::run::DropoutRates;
use rinalmo_train::{
    Alone, Checkpoints, Ended, Every, Limits, OptimizerConfig, Options, Schedule, Share, Stop, StructureConfig,
    Structures, Trainer, start,
};
use rinalmo_weights::Document;

use crate::common::{Record, weights};

fn config() -> ModelConfig {
    let head = HeadConfig::Structure { channels: 16, blocks: 1, kernel: 3, energy: false, ensemble: None };
    ModelConfig { encoder: EncoderConfig::new(16, 2, 2), mlm: false, head: Some(head) }
}

/// Hairpins that can be recognised by the letters of their stem.
fn hairpins() -> Vec<Item> {
    let item = |number: usize| {
        let (stem, loop_len) = (3 + number % 4, 4 + number % 3);
        let sequence = ["A".repeat(number % 3), "G".repeat(stem), "A".repeat(loop_len), "C".repeat(stem), "A".into()];
        let brackets = [".".repeat(number % 3), "(".repeat(stem), ".".repeat(loop_len), ")".repeat(stem), ".".into()];
        let structure = Structure::parse_dot_bracket(&brackets.concat()).unwrap();
        Item::new(format!("hairpin {number}"), sequence.concat().into_bytes(), structure)
    };
    (0..12).map(item).collect()
}

fn options(epochs: u64) -> Options {
    Options {
        schedule: Schedule::constant(3e-3),
        optimizer: OptimizerConfig::adam(),
        dropout: DropoutRates::NONE,
        until: Limits { epochs: Some(epochs), ..Limits::default() },
        save: Every::Never,
        explosion: None,
        ..Options::default()
    }
}

fn task(batch: usize) -> Structures {
    let config = StructureConfig { batch, ..StructureConfig::default() };
    Structures::new(hairpins(), hairpins(), &config, 1, Share::default()).unwrap()
}

#[test]
fn a_dozen_hairpins_are_learned_by_heart_and_the_threshold_goes_with_the_weights() {
    let (task, device, folder) = (task(2), Device::flex().autodiff(), tempfile::tempdir().unwrap());
    let model = start::fresh(&config(), 1, &device);
    let mut trainer = Trainer::new(&task, Document::new("t", config()), model, options(40), device, Alone).unwrap();
    let (mut record, checkpoints) = (Record::default(), Checkpoints::new(folder.path()));
    assert_eq!(trainer.run(Some(&checkpoints), &Stop::default(), &mut record).unwrap(), Ended::Finished);
    assert_eq!(record.steps.len(), 40 * 6);
    let f1 = |at: usize| record.validations[at].validation.part("relaxed F1").unwrap().mean().unwrap();
    let (first, last) = (f1(0), f1(record.validations.len() - 1));
    assert!(last > 0.9 && last > first, "relaxed F1 {first}, then {last}");
    let best = checkpoints.best().unwrap().unwrap();
    assert!((-best.state.best.unwrap().score - last).abs() < 0.1);
    let threshold = best.weights().unwrap().document().threshold.unwrap();
    assert!((0.01..0.30).contains(&threshold), "{threshold}");
}

/// Three letters C that pair with either of two stems; the known structure has the second one.
fn competing() -> Vec<Item> {
    let item = |(first, second): (usize, usize)| {
        let sequence = ["GGG", &"A".repeat(first), "CCC", &"A".repeat(second), "GGG"].concat();
        let brackets = [&".".repeat(3 + first), "(((", &".".repeat(second), ")))"].concat();
        let structure = Structure::parse_dot_bracket(&brackets).unwrap();
        Item::new(format!("{first} {second}"), sequence.into_bytes(), structure)
    };
    (3..6).flat_map(|first| (3..6).map(move |second| (first, second))).map(item).collect()
}

#[test]
fn a_head_in_an_ensemble_learns_what_energies_leave_open() {
    let head = HeadConfig::Structure {
        channels: 16,
        blocks: 1,
        kernel: 3,
        energy: false,
        ensemble: Some(BuiltIn::Turner2004),
    };
    let config = ModelConfig { head: Some(head), ..config() };
    let options_of_task =
        StructureConfig { batch: 3, ensemble: Some(BuiltIn::Turner2004), ..StructureConfig::default() };
    let task = Structures::new(competing(), competing(), &options_of_task, 1, Share::default()).unwrap();
    let device = Device::flex().autodiff();
    let model = start::fresh(&config, 1, &device);
    let mut trainer = Trainer::new(&task, Document::new("t", config), model, options(40), device, Alone).unwrap();
    let mut record = Record::default();
    trainer.run(None, &Stop::default(), &mut record).unwrap();
    let (first, last) = (record.steps[0].loss, record.steps.last().unwrap().loss);
    assert!(first > 0.005 && last < first / 100.0, "a loss of {first} for each base, then {last}");

    let crop = StructureConfig { crop: Some(8), ..options_of_task };
    let refused = Structures::new(competing(), competing(), &crop, 1, Share::default()).unwrap_err();
    assert!(refused.to_string().contains("data.crop: expected none with data.ensemble"), "{refused}");
}

#[test]
fn blocks_thaw_from_the_top_and_what_is_frozen_does_not_move() {
    let (task, device) = (task(3), Device::flex().autodiff());
    let thaw = vec![
        Thaw { epoch: 0, part: Part::Heads, rate: 1.0 },
        Thaw { epoch: 1, part: Part::Blocks(1, 2), rate: 0.1 },
        Thaw { epoch: 1, part: Part::FinalNorm, rate: 0.1 },
    ];
    let model = start::fresh(&config(), 1, &device);
    let before = weights(&model);
    let options = Options { thaw, ..options(2) };
    let mut trainer = Trainer::new(&task, Document::new("t", config()), model, options, device, Alone).unwrap();
    let mut record = Record::default();
    trainer.run(None, &Stop::default(), &mut record).unwrap();
    let after = weights(trainer.model());
    let names: Vec<String> = config().manifest().into_iter().map(|spec| spec.name).collect();
    for ((name, before), after) in names.iter().zip(&before).zip(&after) {
        let trains =
            name.starts_with("encoder.blocks.1.") || name.starts_with("encoder.norm") || !name.starts_with("encoder.");
        assert_eq!(before != after, trains, "{name}");
    }
    let trained: Vec<usize> = record.epochs.iter().map(|(_, trained)| *trained).collect();
    assert!(trained[0] < trained[1], "{trained:?}");
}

#[test]
fn a_run_ends_when_validations_do_not_improve() {
    let (task, device) = (task(12), Device::flex().autodiff());
    // At a rate of 0 no validation is better than the first.
    let schedule = Schedule::constant(0.0);
    let options = Options { schedule, patience: Some(2), ..options(50) };
    let model = start::fresh(&config(), 1, &device);
    let mut trainer = Trainer::new(&task, Document::new("t", config()), model, options, device, Alone).unwrap();
    let mut record = Record::default();
    assert_eq!(trainer.run(None, &Stop::default(), &mut record).unwrap(), Ended::Finished);
    assert_eq!(record.validations.len(), 3);
    assert_eq!(trainer.state().best.unwrap().step, 1);
}

#[test]
fn adapters_change_nothing_at_first_learn_alone_and_merge_into_the_same_model() {
    use rinalmo_model::{Lora, LoraTarget, Model, Packed};
    use rinalmo_train::optimizer::groups;
    let (task, device) = (task(3), Device::flex().autodiff());
    let targets = vec![LoraTarget::Qkv, LoraTarget::Out, LoraTarget::Up, LoraTarget::Gate, LoraTarget::Down];
    let lora = Some(Lora { rank: 2, alpha: 4, targets });
    let adapted = ModelConfig { encoder: config().encoder.with_lora(lora), ..config() };
    assert_eq!(adapted.parameters() - config().parameters(), 2 * 2 * (64 + 32 + 3 * 58));
    let (plain, model) = (start::fresh(&config(), 1, &device), start::fresh(&adapted, 1, &device));
    let batch = Packed::new([b"\x00\x05\x07\x06\x08\x02"]);
    let represent = |model: &Model| model.encoder.forward(&batch, &device).inner().try_into_vec_as::<f32>().unwrap();
    assert_eq!(represent(&plain), represent(&model));

    let before = weights(&model);
    let thaw = [Part::Heads, Part::Adapters].map(|part| Thaw { epoch: 0, part, rate: 1.0 }).to_vec();
    let options = Options { thaw: thaw.clone(), ..options(3) };
    let mut trainer =
        Trainer::new(&task, Document::new("t", adapted.clone()), model, options, device.clone(), Alone).unwrap();
    trainer.run(None, &Stop::default(), &mut ()).unwrap();
    let model = trainer.into_model();
    let names: Vec<String> = adapted.manifest().into_iter().map(|spec| spec.name).collect();
    for ((name, before), after) in names.iter().zip(&before).zip(&weights(&model)) {
        assert_eq!(before != after, groups::rate(&thaw, 0, name).is_some(), "{name}");
    }
    let trained = represent(&model);
    let merged = Model { encoder: model.encoder.merged(), ..model };
    let (found, first) = (represent(&merged), represent(&plain));
    let apart = |other: &[f32]| found.iter().zip(other).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(apart(&trained) < 1e-5, "{}", apart(&trained));
    assert!(apart(&first) > 1e-3, "{}", apart(&first));
}
