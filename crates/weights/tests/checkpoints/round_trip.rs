//! Written files read the same: every layout, type, head and ablation.

use std::path::Path;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use rinalmo_model::{
    CnnConfig, CnnGather, CnnInput, CnnLayer, CnnPadding, EncoderConfig, HeadConfig, Model, ModelConfig, Pooling,
};
use rinalmo_weights::{Checkpoint, Document, Dtype, Layout, OpenOptions, WriteOptions, load, load_lazily};
use sha2::{Digest, Sha256};

use crate::pt;

/// The smallest model.
pub fn small() -> ModelConfig {
    ModelConfig::pretrained(EncoderConfig::new(16, 2, 4))
}

/// A convolutional network on letters.
pub fn cnn() -> ModelConfig {
    let layers = [(3, 4, 2), (5, 3, 1)].map(|(filters, kernel, pool)| CnnLayer { filters, kernel, pool }).to_vec();
    let (input, padding, gather) = (CnnInput::Letters, CnnPadding::Left, CnnGather::Flatten);
    let network = CnnConfig { input, window: 12, padding, layers, gather, dense: vec![6] };
    let head = HeadConfig::Cnn { made_for: "mrl".into(), outputs: 1, network };
    ModelConfig { mlm: false, ..ModelConfig::pretrained(EncoderConfig::new(16, 0, 4)) }.with_head(head)
}

fn configs() -> Vec<ModelConfig> {
    vec![
        small(),
        cnn(),
        small().with_head(HeadConfig::Structure { channels: 4, blocks: 2, kernel: 3, energy: false, ensemble: None }),
        small().with_head(HeadConfig::Structure { channels: 4, blocks: 1, kernel: 3, energy: true, ensemble: None }),
        small().with_head(HeadConfig::Mrl { channels: 4, blocks: 3, kernel: 3 }),
        small().with_head(HeadConfig::Splice { hidden: 8 }),
        small().with_head(HeadConfig::Family { hidden: 8, classes: 5 }),
        small().with_head(HeadConfig::Sequence { hidden: 8, outputs: 2, pooling: Pooling::Cls }),
        small().with_head(HeadConfig::Token { hidden: 8, outputs: 3 }),
        ModelConfig { mlm: false, ..small() },
        ModelConfig::pretrained(EncoderConfig::new(16, 2, 4).with_gelu().with_learned_positions(32)),
    ]
}

/// A checkpoint of `config` with our own names, in `folder`.
pub fn checkpoint(folder: &Path, config: &ModelConfig) -> Checkpoint {
    let path = folder.join("first.pt");
    std::fs::write(&path, pt::modern(&pt::tensors_of(config, str::to_owned), &[("threshold", 0.09)], false)).unwrap();
    if matches!(config.head, Some(HeadConfig::Sequence { .. } | HeadConfig::Cnn { .. })) {
        // No shape shows the pooling of such a head.
        let document = Document::new("first", config.clone());
        std::fs::write(folder.join("config.json"), serde_json::to_string(&document).unwrap()).unwrap();
    }
    let checkpoint = Checkpoint::open(path, &OpenOptions::default().heads(4)).unwrap();
    assert_eq!(checkpoint.config, *config);
    checkpoint
}

/// Parameters in the model's order: how many were read from their file before, and the values of all.
#[derive(Default)]
struct Parameters {
    read_before: usize,
    values: Vec<Vec<f32>>,
}

impl ModuleVisitor for Parameters {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.read_before += usize::from(param.is_initialized());
        self.values.push(param.val().into_data().try_to_vec().unwrap());
    }
}

fn parameters(model: &Model) -> Parameters {
    let mut all = Parameters::default();
    model.visit(&mut all);
    all
}

#[test]
fn every_layout_and_type_reads_back() {
    for config in configs() {
        for layout in [Layout::Own, Layout::OwnFolder, Layout::Official] {
            for dtype in [Dtype::F32, Dtype::F16, Dtype::Bf16] {
                let folder = tempfile::tempdir().unwrap();
                let first = checkpoint(folder.path(), &config);
                let path = folder.path().join("second");
                let written = first.write(&path, &WriteOptions::default().layout(layout).dtype(dtype));
                if layout == Layout::Official && !config.head.as_ref().is_none_or(HeadConfig::is_published) {
                    assert!(written.unwrap_err().to_string().contains("the released code has no"));
                    continue;
                }
                written.unwrap();
                let second = Checkpoint::open(&path, &OpenOptions::default()).unwrap();
                assert_eq!(second.config, first.config);
                assert_eq!(second.meta.threshold, Some(0.09));
                assert_eq!(second.meta.name, "first");
                for (name, tensor) in first.tensors() {
                    let back = second.tensor(name).unwrap();
                    let expected = if tensor.shape.len() == 1 { Dtype::F32 } else { dtype };
                    assert_eq!(back.dtype, expected, "{name}");
                    assert_eq!(back.shape, tensor.shape);
                    let exact = tensor.to_f32();
                    let rounded: Vec<f32> = match expected {
                        Dtype::F16 => exact.iter().map(|v| half::f16::from_f32(*v).to_f32()).collect(),
                        Dtype::Bf16 => exact.iter().map(|v| half::bf16::from_f32(*v).to_f32()).collect(),
                        _ => exact,
                    };
                    assert_eq!(back.to_f32(), rounded, "{name} as {dtype}");
                }
                let at_once = parameters(&load(&second, &Device::flex()).unwrap());
                let when_used = parameters(&load_lazily(&second, &Device::flex()).unwrap());
                assert_eq!((at_once.read_before, when_used.read_before), (at_once.values.len(), 0));
                assert_eq!(at_once.values, when_used.values);
            }
        }
    }
}

#[test]
fn nothing_but_the_result_is_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    let first = checkpoint(folder.path(), &small());
    first.write(folder.path().join("second"), &WriteOptions::default()).unwrap();
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
}

#[test]
fn writing_twice_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let first = checkpoint(folder.path(), &small());
    for name in ["a", "b"] {
        first.write(folder.path().join(name), &WriteOptions::default()).unwrap();
    }
    let read = |name| std::fs::read(folder.path().join(name)).unwrap();
    assert_eq!(read("a"), read("b"));
}

#[test]
fn a_checkpoint_may_be_written_over_itself() {
    let folder = tempfile::tempdir().unwrap();
    let first = checkpoint(folder.path(), &small());
    first.write(folder.path().join("first.pt"), &WriteOptions::default()).unwrap();
    let second = Checkpoint::open(folder.path().join("first.pt"), &OpenOptions::default()).unwrap();
    let name = "encoder.embedding";
    assert_eq!(second.tensor(name).unwrap().to_f32(), first.tensor(name).unwrap().to_f32());
}

#[test]
fn built_in_models_open_without_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("second");
    checkpoint(folder.path(), &small()).write(&path, &WriteOptions::default().dtype(Dtype::Bf16)).unwrap();
    let bytes: &'static [u8] = std::fs::read(&path).unwrap().leak();
    let built_in = Checkpoint::from_static(bytes, None).unwrap();
    assert_eq!(built_in.config, small());
    let expected: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(built_in.sha256(), expected);
    assert_eq!(Checkpoint::open(&path, &OpenOptions::default()).unwrap().sha256(), expected);
    load(&built_in, &Device::flex()).unwrap();
}

#[test]
fn weights_too_large_for_f16_are_not_made_infinite() {
    let folder = tempfile::tempdir().unwrap();
    let mut tensors = pt::tensors_of(&small(), str::to_owned);
    tensors[0].2[3] = 70_000.0;
    let path = folder.path().join("large.pt");
    std::fs::write(&path, pt::modern(&tensors, &[], false)).unwrap();
    let large = Checkpoint::open(path, &OpenOptions::default().heads(4)).unwrap();
    let out = folder.path().join("out");
    let error = large.write(&out, &WriteOptions::default().dtype(Dtype::F16)).unwrap_err();
    assert!(error.to_string().starts_with("tensor `encoder.embedding` holds 70000, more than f16 can"), "{error}");
    assert!(!out.exists());
}

#[test]
fn several_models_share_a_file_and_what_they_have_in_common() {
    let [first, donor, family] = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let main = checkpoint(first.path(), &small().with_head(HeadConfig::structure()));
    let mut donor = checkpoint(donor.path(), &ModelConfig { mlm: false, ..small().with_head(HeadConfig::splice()) });
    let mut family = checkpoint(family.path(), &small().with_head(HeadConfig::Family { hidden: 8, classes: 5 }));
    (donor.meta.name, family.meta.name) = ("donor".into(), "family".into());
    let path = first.path().join("all.safetensors");
    main.write_with(&[donor, family], &path, &WriteOptions::default()).unwrap();

    let open =
        |member: Option<&str>| Checkpoint::open(&path, &OpenOptions::default().member(member.map(str::to_owned)));
    let all = open(None).unwrap();
    assert_eq!((&all.config, all.members()), (&main.config, &["donor".to_owned(), "family".to_owned()][..]));
    let found = open(Some("family")).unwrap();
    assert_eq!((found.meta.name.as_str(), found.meta.task), ("family", "family"));
    let embedding = "encoder.embedding";
    assert_eq!(found.tensor(embedding).unwrap().to_f32(), main.tensor(embedding).unwrap().to_f32());
    load(&found, &Device::flex()).unwrap();
    assert_eq!(open(Some("donor")).unwrap().config.head, Some(HeadConfig::splice()));
    let own: usize =
        all.tensors().chain(found.tensors().filter(|(name, _)| name.starts_with("family."))).map(|t| t.1.count()).sum();
    let donor = HeadConfig::splice();
    let small_head: usize = small()
        .with_head(donor)
        .manifest()
        .iter()
        .filter(|t| t.name.starts_with("splice."))
        .map(|t| t.shape.iter().product::<usize>())
        .sum();
    assert!(all.file_len() < 4 * (own + small_head) + 20_000, "the encoder is there once: {} bytes", all.file_len());
    let error = open(Some("mrl")).unwrap_err().to_string();
    assert!(error.contains("no model `mrl` in this file; it holds `donor`, `family`"), "{error}");
    let twice = main.write_with(
        &[open(Some("family")).unwrap(), open(Some("family")).unwrap()],
        &path,
        &WriteOptions::default(),
    );
    assert!(twice.unwrap_err().to_string().contains("two models are called `family`"));
    let official = WriteOptions::default().layout(Layout::Official);
    assert!(main.write_with(&[found], first.path().join("x"), &official).is_err());
}
