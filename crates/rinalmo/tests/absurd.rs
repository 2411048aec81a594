//! From bytes to a forward pass: a model with an extreme size either is an error with a message about it, or computes.
//! The tables are over families and sizes; no case may panic.

use rinalmo::checkpoint::{Checkpoint, OpenOptions};
use rinalmo::sink::ArrayKind;
use rinalmo::task::TaskSpec;
use rinalmo::{
    Device, EmbedOptions, FoldOptions, Marginal, Model, Precision, PredictOptions, ScoreOptions, VariantRequest,
};
use rinalmo_model::{
    CnnConfig, CnnGather, CnnInput, CnnLayer, CnnPadding, EncoderConfig, HeadConfig, ModelConfig, Pooling,
};

#[allow(dead_code)]
#[path = "../../weights/tests/checkpoints/pt.rs"]
mod pt;

/// Zero, one, and odd and even numbers that do not divide other sizes.
const SIZES: [usize; 6] = [0, 1, 2, 3, 5, 8];

/// Sets one size of a model.
type Set = fn(&mut ModelConfig, usize);

const ENCODER: [(&str, Set); 5] = [
    ("dim", |c, n| c.encoder.dim = n),
    ("blocks", |c, n| c.encoder.blocks = n),
    ("heads", |c, n| c.encoder.heads = n),
    ("hidden", |c, n| c.encoder.hidden = n),
    ("positions", |c, n| c.encoder = c.encoder.clone().with_learned_positions(n)),
];

/// A convolutional network on vectors, with one size changed.
fn cnn(change: impl Fn(&mut CnnConfig)) -> Option<HeadConfig> {
    let layers = vec![CnnLayer { filters: 3, kernel: 3, pool: 2 }; 2];
    let (input, padding, gather) = (CnnInput::Encoder, CnnPadding::Left, CnnGather::Flatten);
    let mut network = CnnConfig { input, window: 12, padding, layers, gather, dense: vec![4] };
    change(&mut network);
    Some(HeadConfig::Cnn { made_for: "mrl".into(), outputs: 1, network })
}

const HEADS: [(&str, Set); 18] = [
    ("structure channels", |c, n| {
        c.head = Some(HeadConfig::Structure { channels: n, blocks: 1, kernel: 3, energy: false, ensemble: None });
    }),
    ("structure blocks", |c, n| {
        c.head = Some(HeadConfig::Structure { channels: 4, blocks: n, kernel: 3, energy: true, ensemble: None });
    }),
    ("structure kernel", |c, n| {
        c.head = Some(HeadConfig::Structure { channels: 4, blocks: 1, kernel: n, energy: false, ensemble: None });
    }),
    ("ribosome channels", |c, n| c.head = Some(HeadConfig::Mrl { channels: n, blocks: 1, kernel: 3 })),
    ("ribosome blocks", |c, n| c.head = Some(HeadConfig::Mrl { channels: 4, blocks: n, kernel: 3 })),
    ("ribosome kernel", |c, n| c.head = Some(HeadConfig::Mrl { channels: 4, blocks: 1, kernel: n })),
    ("splice hidden", |c, n| c.head = Some(HeadConfig::Splice { hidden: n })),
    ("family hidden", |c, n| c.head = Some(HeadConfig::Family { hidden: n, classes: 3 })),
    ("family classes", |c, n| c.head = Some(HeadConfig::Family { hidden: 4, classes: n })),
    ("sequence hidden", |c, n| {
        c.head = Some(HeadConfig::Sequence { hidden: n, outputs: 2, pooling: Pooling::Mean });
    }),
    ("sequence outputs", |c, n| {
        c.head = Some(HeadConfig::Sequence { hidden: 4, outputs: n, pooling: Pooling::Cls });
    }),
    ("token hidden", |c, n| c.head = Some(HeadConfig::Token { hidden: n, outputs: 2 })),
    ("token outputs", |c, n| c.head = Some(HeadConfig::Token { hidden: 4, outputs: n })),
    ("cnn window", |c, n| c.head = cnn(|network| network.window = n)),
    ("cnn filters", |c, n| c.head = cnn(|network| network.layers[0].filters = n)),
    ("cnn kernel", |c, n| c.head = cnn(|network| network.layers[1].kernel = n)),
    ("cnn pool", |c, n| c.head = cnn(|network| network.layers[1].pool = n)),
    ("cnn dense", |c, n| c.head = cnn(|network| network.dense[0] = n)),
];

/// A small model with each size set to each extreme value.
fn configs() -> Vec<(String, ModelConfig)> {
    let edges = ENCODER.iter().chain(&HEADS).flat_map(|(name, set)| SIZES.map(|size| (name, set, size)));
    edges
        .map(|(name, set, size)| {
            let mut config = ModelConfig::pretrained(EncoderConfig::new(8, 2, 2));
            set(&mut config, size);
            (format!("{name} = {size}"), config)
        })
        .collect()
}

/// Runs every verb that a model has a head for.
fn ask(model: &Model) {
    let sequences = ["GGGGAAAACCCC", "A", "ACGU"];
    let kinds = [ArrayKind::Tokens, ArrayKind::Mean, ArrayKind::Cls, ArrayKind::Attentions, ArrayKind::Logits];
    let options = EmbedOptions::default().include(kinds);
    assert_sensible(model.embed(&sequences, &options).map(drop));
    drop(model.score(&["ACGU"], &ScoreOptions::default()));
    let found = match model.config().head.clone() {
        None => Ok(()),
        Some(HeadConfig::Structure { .. }) => {
            model.fold(&sequences, &FoldOptions::default().probabilities(true)).map(drop)
        }
        Some(HeadConfig::Mrl { .. }) => model.predict_mrl(&sequences, 20).map(drop),
        Some(HeadConfig::Splice { .. }) => model.predict_splice(&sequences).map(drop),
        Some(HeadConfig::Family { .. }) => model.predict_family(&sequences).map(drop),
        Some(HeadConfig::Sequence { .. }) => model.predict_sequence(&sequences).map(drop),
        Some(HeadConfig::Token { .. }) => model.predict_token(&sequences).map(drop),
        Some(HeadConfig::Cnn { .. }) => model.predict_mrl(&sequences, 20).map(drop),
    };
    assert_sensible(found);
}

/// Checks that a model which opened has no other errors than too few positions for the sequence, and no attention in an
/// encoder without blocks.
fn assert_sensible(asked: Result<(), rinalmo::Error>) {
    let text = asked.err().map_or_else(String::new, |error| error.to_string());
    assert!(
        text.is_empty()
            || ["longer than the", "has no blocks", "the model's network takes"]
                .iter()
                .any(|known| text.contains(known)),
        "{text}"
    );
}

/// The files of a model in every family that has names for its tensors.
fn files(config: &ModelConfig) -> Vec<(&'static str, Vec<u8>)> {
    let own = pt::tensors_of(config, str::to_owned);
    let mut files = vec![("own", pt::modern(&own, &[], false)), ("safetensors", pt::plain_safetensors(&own))];
    let energy = matches!(config.head, Some(HeadConfig::Structure { energy: true, .. }));
    if matches!(config.head, None | Some(HeadConfig::Structure { .. })) && !energy {
        files.push(("official", pt::legacy(&pt::tensors_of(config, pt::official), &[])));
    }
    if config.head.is_none() && config.encoder.dim > 0 {
        files.push(("multimolecule", pt::plain_safetensors(&pt::multimolecule(config))));
    }
    files
}

#[test]
fn every_size_at_the_edge_is_refused_or_computes() {
    let folder = tempfile::tempdir().unwrap();
    let (mut refused, mut computed) = (0, 0);
    for (what, config) in configs() {
        for (family, bytes) in files(&config) {
            let path = folder.path().join("file");
            std::fs::write(&path, bytes).unwrap();
            let description = folder.path().join("config.json");
            let _ = std::fs::remove_file(&description);
            if matches!(config.head, Some(HeadConfig::Sequence { .. } | HeadConfig::Cnn { .. })) {
                let document = rinalmo::checkpoint::Document::new("edge", config.clone());
                std::fs::write(&description, serde_json::to_string(&document).unwrap()).unwrap();
            }
            let options = OpenOptions::default().heads(config.encoder.heads);
            match Checkpoint::open(&path, &options) {
                Ok(found) => {
                    assert_eq!(found.config, config, "{family}: {what}");
                    assert_eq!(config.check(), Ok(()), "{family}: {what}");
                    for precision in [Precision::F32, Precision::Bf16, Precision::Int8] {
                        let again = Checkpoint::open(&path, &options).unwrap();
                        ask(&Model::from_checkpoint(again, Some(precision), &Device::cpu()).unwrap());
                    }
                    computed += 1;
                }
                Err(error) => {
                    let text = error.to_string();
                    // A description that is not sound does not count next to a file of any name.
                    let words = [
                        "not a sound model: ",
                        "attention heads",
                        "heads do not divide",
                        "not a RiNALMo",
                        "is odd",
                        "a convolutional network, and no description",
                    ];
                    let missing = text.contains("does not fit") && (what.contains("= 0") || what.contains("heads"));
                    assert!(words.iter().any(|word| text.contains(word)) || missing, "{family}: {what}: {text}");
                    // Without blocks there are no names by which other families could be recognized.
                    assert!(config.check().is_err() || what == "blocks = 0", "{family}: {what}: {text}");
                    refused += 1;
                }
            }
        }
    }
    assert!(refused > 40 && computed > 120, "{refused} refused, {computed} computed");
}

/// A model of small numbers with one that is not finite.
fn broken(config: &ModelConfig, tensor: &str, bad: f32) -> Model {
    changed(config, tensor, |values| values[0] = bad)
}

/// A model of small numbers except for one tensor.
fn changed(config: &ModelConfig, tensor: &str, change: impl Fn(&mut [f32])) -> Model {
    let mut tensors = pt::tensors_of(config, str::to_owned);
    for (name, _, values) in &mut tensors {
        values.iter_mut().for_each(|value| *value /= 64.0);
        if name == tensor {
            change(values);
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broken.pt");
    std::fs::write(&path, pt::modern(&tensors, &[], false)).unwrap();
    let checkpoint = Checkpoint::open(&path, &OpenOptions::default().heads(2)).unwrap();
    Model::from_checkpoint(checkpoint, Some(Precision::F32), &Device::cpu()).unwrap()
}

#[test]
fn results_that_are_not_finite_are_errors() {
    let heads = [
        (
            HeadConfig::Structure { channels: 4, blocks: 1, kernel: 3, energy: false, ensemble: None },
            "structure.out.bias",
        ),
        (
            HeadConfig::Structure { channels: 4, blocks: 1, kernel: 3, energy: false, ensemble: None },
            "structure.project.weight",
        ),
        (HeadConfig::Mrl { channels: 4, blocks: 1, kernel: 3 }, "ribosome.project.bias"),
        (HeadConfig::Splice { hidden: 4 }, "splice.out.bias"),
        (HeadConfig::Family { hidden: 4, classes: 3 }, "family.out.bias"),
        (HeadConfig::Token { hidden: 4, outputs: 2 }, "token.out.bias"),
    ];
    for bad in [f32::NAN, f32::INFINITY] {
        for (head, own) in &heads {
            let config = ModelConfig::pretrained(EncoderConfig::new(8, 2, 2)).with_head(head.clone());
            for tensor in [*own, "encoder.blocks.1.attention.out.weight", "encoder.norm.bias"] {
                let model = broken(&config, tensor, bad);
                let sequences = ["ACGUACGUAC", "GGGG"];
                let found: Vec<Option<rinalmo::Error>> = match head {
                    HeadConfig::Structure { .. } => errors(model.folds(&sequences, &FoldOptions::default())),
                    _ => {
                        let options = PredictOptions::default().pad_to(20);
                        errors(model.predictions(TaskSpec::named(head.task()), &sequences, &options))
                    }
                };
                for error in found {
                    let text = error.unwrap_or_else(|| panic!("{tensor} of {bad} gave a result")).to_string();
                    let weight = format!("tensor `{tensor}` holds {bad} (value 0)");
                    assert!(text.starts_with("model `broken` gives no finite numbers for this sequence: "), "{text}");
                    assert!(text.ends_with(&weight), "{text}");
                }
            }
        }
    }
}

fn errors<T>(
    found: Result<impl Iterator<Item = Result<T, rinalmo::Error>>, rinalmo::Error>,
) -> Vec<Option<rinalmo::Error>> {
    found.unwrap().map(Result::err).collect()
}

#[test]
fn every_verb_of_the_encoder_checks_its_results() {
    let config = ModelConfig::pretrained(EncoderConfig::new(8, 2, 2));
    for tensor in ["encoder.blocks.0.attention.qkv.weight", "mlm.out.bias"] {
        let model = broken(&config, tensor, f32::NAN);
        for kind in [ArrayKind::Tokens, ArrayKind::Mean, ArrayKind::Cls, ArrayKind::Attentions, ArrayKind::Logits] {
            let options = EmbedOptions::default().include([kind]);
            let found = model.embed(&["ACGU"], &options);
            assert_eq!(found.is_err(), tensor.starts_with("encoder") || kind == ArrayKind::Logits, "{tensor}: {kind}");
        }
        for marginal in [Marginal::Masked, Marginal::Unmasked] {
            let options = ScoreOptions::default().marginal(marginal);
            assert!(model.score(&["ACGU"], &options).is_err(), "{tensor}");
            let variant = VariantRequest::new("ACGU", vec!["A1C".parse().unwrap()]);
            assert!(model.score_variants([variant], &options).is_err(), "{tensor}");
        }
    }
}

/// One row of the embedding is broken: sequences without that letter have the same results as before.
#[test]
fn other_records_are_computed() {
    let config = ModelConfig::pretrained(EncoderConfig::new(8, 2, 2));
    let mut tensors = pt::tensors_of(&config, str::to_owned);
    tensors.iter_mut().for_each(|(_, _, values)| values.iter_mut().for_each(|value| *value /= 64.0));
    let guanine = rinalmo_seq::tokenizer::tokenize(b"G")[1];
    let embedding = tensors.iter_mut().find(|(name, _, _)| name == "encoder.embedding").unwrap();
    embedding.2[usize::from(guanine) * 8] = f32::NAN;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broken.pt");
    std::fs::write(&path, pt::modern(&tensors, &[], false)).unwrap();
    let checkpoint = Checkpoint::open(&path, &OpenOptions::default().heads(2)).unwrap();
    let model = Model::from_checkpoint(checkpoint, None, &Device::cpu()).unwrap();
    let found = model.embeddings(["ACUA", "ACGU", "UUUU"], &EmbedOptions::default()).unwrap();
    assert_eq!(found.map(|found| found.is_ok()).collect::<Vec<_>>(), [true, false, true]);
}

#[test]
fn weights_too_large_to_compute_with_are_distinguished_from_broken_ones() {
    let config = ModelConfig::pretrained(EncoderConfig::new(8, 2, 2));
    // Some normalized values are above 1.
    let model = changed(&config, "encoder.norm.weight", |values| values.fill(f32::MAX));
    let error = model.embed(&["ACGUACGU"], &EmbedOptions::default()).unwrap_err().to_string();
    assert!(error.contains("its weights are finite, so a sum overflowed f32"), "{error}");
}

#[test]
fn records_that_do_not_fit_into_memory_are_refused_and_the_others_computed() {
    let config = ModelConfig::pretrained(EncoderConfig::new(8, 2, 2));
    let model = broken(&config, "", 0.0);
    let long = "ACGU".repeat(500);
    let options = |kind| EmbedOptions::default().include([kind]).max_memory(1 << 20).batch_tokens(1 << 30);
    for (kind, fits) in [(ArrayKind::Attentions, false), (ArrayKind::Mean, true)] {
        let options = options(kind);
        assert_eq!(model.embed_memory(long.len(), &options) <= 1 << 20, fits, "{kind}");
        let found: Vec<_> = model.embeddings(["ACGU", long.as_str(), "GGGG"], &options).unwrap().collect();
        assert_eq!(found.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, fits, true], "{kind}");
        if let Err(error) = &found[1] {
            let text = error.to_string();
            assert!(text.starts_with("a sequence of 2000 nt needs "), "{text}");
            assert!(text.contains(" MiB for its attention maps, 1 MiB are allowed"), "{text}");
            assert!(matches!(error, rinalmo::Error::TooLong { fits: 1.., .. }), "{error:?}");
        }
        // Batches are embedded in parts that fit, however large a batch may be.
        let together = model.embed_batch_tokens(&options);
        assert!(model.embed_memory(together, &options) <= 1 << 20, "{kind}: {together}");
        assert!(model.embed_memory(together + 1, &options) > 1 << 20, "{kind}: {together}");
    }
}
