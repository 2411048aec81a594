//! Checkpoints are complete or missing; damaged ones are skipped; the last few and the best are kept.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{tiny, weights};
use burn::tensor::Device;
use rinalmo_model::{EncoderConfig, HeadConfig, ModelConfig};
use rinalmo_train::checkpoint::Contents;
use rinalmo_train::run::Best;
use rinalmo_train::{Checkpoints, Error, Optimizer, OptimizerConfig, RunState, Saved, start};
use rinalmo_weights::{Checkpoint, Document, OpenOptions};

/// Saves random weights as those of a step.
fn save(checkpoints: &Checkpoints, step: u64, best: Option<Best>) -> Result<PathBuf, Error> {
    let model = start::fresh(&tiny(), step, &Device::flex().autodiff());
    checkpoints.save(&Contents {
        model: &model,
        document: &Document::new("tiny", tiny()),
        optimizer: &Optimizer::new(OptimizerConfig::default()),
        state: &RunState { step, best, loss: Some(0.1 + 0.2), ..RunState::default() },
        run: &serde_json::json!({ "seed": step }),
    })
}

fn spoil(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_checkpoint_comes_back_as_it_was_and_opens_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = Checkpoints::new(folder.path().join("checkpoints"));
    let path = save(&checkpoints, 7, None).unwrap();
    let expected = weights(&start::fresh(&tiny(), 7, &Device::flex()));
    let saved = checkpoints.latest().unwrap().saved.unwrap();
    assert_eq!(saved, Saved::open(&path).unwrap());
    assert_eq!((saved.state.step, saved.state.loss, saved.run["seed"].as_u64()), (7, Some(0.1 + 0.2), Some(7)));
    let (model, document) = saved.model(&Device::flex()).unwrap();
    assert!(weights(&model) == expected);
    assert_eq!(document.name, "tiny");
    let official = folder.path().join("official.safetensors");
    saved.export_official(&official).unwrap();
    for path in [path.as_path(), &path.join("model.safetensors"), &official] {
        let options = OpenOptions::default().heads(path.ends_with("official.safetensors").then_some(2));
        let opened = Checkpoint::open(path, &options).unwrap();
        assert!(weights(&rinalmo_weights::load(&opened, &Device::flex()).unwrap()) == expected);
    }
}

#[test]
fn a_damaged_checkpoint_is_skipped_and_reported() {
    for name in ["model.safetensors", "optimizer.safetensors", "state.json", "checksums.txt"] {
        let folder = tempfile::tempdir().unwrap();
        let checkpoints = Checkpoints::new(folder.path());
        save(&checkpoints, 1, None).unwrap();
        let newest = save(&checkpoints, 2, None).unwrap();
        spoil(&newest.join(name));
        let latest = checkpoints.latest().unwrap();
        assert_eq!(latest.saved.unwrap().state.step, 1, "{name}");
        assert_eq!(latest.skipped.len(), 1);
        assert!(latest.skipped[0].to_string().contains("step-0000002"), "{}", latest.skipped[0]);
        fs::remove_file(newest.join(name)).unwrap();
        assert_eq!(checkpoints.latest().unwrap().saved.unwrap().state.step, 1, "{name} is gone");
        save(&checkpoints, 2, None).unwrap();
        assert_eq!(checkpoints.latest().unwrap().saved.unwrap().state.step, 2, "{name} is written again");
    }
}

#[test]
fn the_last_few_and_the_best_are_kept_and_nothing_half_written() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = Checkpoints::new(folder.path()).keeping(2);
    fs::create_dir_all(folder.path().join(".step-0000099.part")).unwrap(); // from a run that was killed
    let best = Some(Best { step: 2, score: 0.5 });
    for step in 1..=5 {
        save(&checkpoints, step, best.filter(|best| best.step <= step)).unwrap();
    }
    assert_eq!(checkpoints.steps().unwrap(), [2, 4, 5]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    assert_eq!(checkpoints.best().unwrap().unwrap().state.step, 2);
}

#[test]
fn a_missing_folder_has_no_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let latest = Checkpoints::new(folder.path().join("none")).latest().unwrap();
    assert!(latest.saved.is_none() && latest.skipped.is_empty());
}

#[test]
fn a_run_starts_from_any_checkpoint_of_its_encoder() {
    let folder = tempfile::tempdir().unwrap();
    let saved = Saved::open(&save(&Checkpoints::new(folder.path()), 3, None).unwrap()).unwrap();
    let (weights_of, device) = (|model| weights(&model), Device::flex());
    let theirs = saved.weights().unwrap();
    let bare = ModelConfig { mlm: false, ..tiny() };
    let with_head = tiny().with_head(HeadConfig::splice());
    let start_from = |config: &ModelConfig| start::from_checkpoint(&theirs, config, 8, &device);
    let known = weights_of(start::fresh(&tiny(), 3, &device));
    assert!(weights_of(start_from(&bare).unwrap()) == known[..bare.manifest().len()], "a head may be left out");
    let found = weights_of(start_from(&with_head).unwrap());
    let fresh = weights_of(start::fresh(&with_head, 8, &device));
    assert!(found[..known.len()] == known && found[known.len()..] == fresh[known.len()..], "a missing head is random");
    let deeper = ModelConfig::pretrained(EncoderConfig::new(16, 3, 2));
    let error = start_from(&deeper).err().unwrap().to_string();
    assert!(error.contains("missing: `encoder.blocks.2."), "{error}");
    let error = start_from(&ModelConfig::pretrained(EncoderConfig::new(16, 2, 4))).err().unwrap().to_string();
    assert!(error.contains("its encoder is") && error.contains("heads: 2"), "{error}");
}

/// Needs a small disk of its own, named by an environment variable:
/// `mount -t tmpfs -o size=4m tmpfs /mnt/small && RINALMO_SMALL_DISK=/mnt/small cargo test -p rinalmo-train`.
#[test]
fn a_full_disk_keeps_the_last_good_one_and_says_so() {
    let Some(disk) = std::env::var_os("RINALMO_SMALL_DISK").map(PathBuf::from) else {
        rinalmo_skips::skip!("RINALMO_SMALL_DISK names no small disk");
        return;
    };
    let folder = tempfile::tempdir_in(disk).unwrap();
    let checkpoints = Checkpoints::new(folder.path().join("checkpoints"));
    save(&checkpoints, 1, None).unwrap();
    let filler = folder.path().join("filler");
    let mut file = fs::File::create(&filler).unwrap();
    while std::io::Write::write_all(&mut file, &[0; 4096]).is_ok() {}
    let error = save(&checkpoints, 2, None).unwrap_err();
    assert!(matches!(error, Error::DiskFull { .. }), "{error}");
    assert_eq!(checkpoints.steps().unwrap(), [1]);
    assert_eq!(checkpoints.latest().unwrap().saved.unwrap().state.step, 1);
    assert_eq!(fs::read_dir(checkpoints.folder()).unwrap().count(), 1, "nothing half-written is left");
    drop(file); // an open file keeps its space
    fs::remove_file(filler).unwrap();
    save(&checkpoints, 2, None).unwrap();
    assert_eq!(checkpoints.latest().unwrap().saved.unwrap().state.step, 2);
}
