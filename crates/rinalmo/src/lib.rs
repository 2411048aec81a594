//! RNA language models: structures, embeddings, splice sites, ribosome load, families, effects of mutations.
//!
//! Load a [`Model`] onto a [`Device`], then call one of its verbs:
//!
//! | verb | as sequences come | returns |
//! |---|---|---|
//! | [`Model::fold`] | [`Model::folds`] | secondary structures with pair probabilities |
//! | [`Model::embed`] | [`Model::embeddings`] | vectors of bases and sequences, attention maps |
//! | [`Model::predict`] | [`Model::predictions`] | the answers of a head, for sequences or bases |
//! | [`Model::score`] | [`Model::scores`] | pseudo-perplexity |
//! | [`Model::score_variants`] | [`Model::variant_scores`] | effects of mutations |
//!
//! The first form takes all sequences and returns all results, or the first error. The second takes an iterator and
//! returns one, which holds a batch at a time: each sequence has its own result, so a sequence that is too long is an
//! error of that sequence only.
//!
//! Options begin with their defaults and are changed one by one: `FoldOptions::default().threshold(0.3)`.
//!
//! # Fold a sequence
//!
//! ```
//! # #[cfg(feature = "bundled")] {
//! use rinalmo::{Device, FoldOptions, Model};
//!
//! let model = Model::load("nano", &Device::cpu())?;
//! let trna = "GGGCUAUUAGCUCAGUUGGUUAGAGCGCACCCCUGAUAAGGGUGAGGUCGCUGAUUCGAAUUCAGCAUAGCCCA";
//! let folds = model.fold(&[trna], &FoldOptions::default())?;
//! println!("{trna}\n{}", folds[0].dot_bracket());
//! assert!(folds[0].structure.pairs().len() > 10);
//!
//! // A file of any size, one batch in memory at a time.
//! let file = std::io::Cursor::new(format!(">phe\n{trna}\n>none\n\n"));
//! let records = rinalmo::seq::Sequences::from_reader("rnas.fa", file, Default::default());
//! let sequences = records.filter_map(|record| Some(record.ok()?.sequence));
//! for fold in model.folds(sequences, &FoldOptions::default())? {
//!     match fold {
//!         Ok(fold) => println!("{}", fold.dot_bracket()),
//!         Err(error) => println!("not folded: {error}"),
//!     }
//! }
//! # }
//! # Ok::<(), rinalmo::Error>(())
//! ```
//!
//! # Embed sequences into an array
//!
//! ```
//! # #[cfg(feature = "bundled")] {
//! use ndarray::{Array2, Axis};
//! use rinalmo::{Device, EmbedOptions, Model, sink::ArrayKind};
//!
//! let model = Model::load("nano", &Device::cpu())?;
//! let options = EmbedOptions::default().include([ArrayKind::Tokens]);
//! for embedding in model.embed(&["GGGGAAAACCCC", "ACGU"], &options)? {
//!     let bases = embedding.get(ArrayKind::Tokens).expect("the options include it");
//!     let bases = Array2::from_shape_vec((bases.shape[0], bases.shape[1]), bases.data.clone())?;
//!     assert_eq!(bases.mean_axis(Axis(0)).map(|mean| mean.len()), Some(320));
//! }
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Score mutations
//!
//! A score is the logarithm of how much more probable the model finds the new base than the old one. It is negative if
//! the mutation makes the sequence less probable.
//!
//! ```
//! # #[cfg(feature = "bundled")] {
//! use rinalmo::{Device, Model, ScoreOptions, Variant, VariantRequest};
//!
//! let model = Model::load("nano-mlm", &Device::cpu())?;
//! let variants = ["G1A".parse::<Variant>()?, "C12U".parse()?];
//! let request = VariantRequest::new("GGGGAAAACCCC", variants.to_vec());
//! let scores = model.score_variants([request], &ScoreOptions::default())?.remove(0);
//! for (variant, score) in variants.iter().zip(scores) {
//!     println!("{}\t{score:.3}", variant.written());
//! }
//! # }
//! # Ok::<(), rinalmo::Error>(())
//! ```
//!
//! # Fine-tune a model on your own labels
//!
//! ```
//! # #[cfg(all(feature = "bundled", feature = "train"))] {
//! use rinalmo::finetune::{Config, Files, Labelled, Request, Run, RunConfig};
//! use rinalmo::pretrain::{Alone, Program, Share, Stop};
//! use rinalmo::{Device, Model};
//!
//! let folder = tempfile::tempdir()?;
//! let table = folder.path().join("half-lives.csv");
//! let rows = (0..24).map(|n| format!("r{n},GG{}CC,{n}\n", "ACGU".repeat(1 + n % 5)));
//! std::fs::write(&table, format!("id,sequence,label\n{}", rows.collect::<String>()))?;
//!
//! // A built-in recipe; this example takes only a few steps.
//! let changes = ["train.until.steps=2".into(), "hold_out.by=item".into()];
//! let config = Config::open("sequence".as_ref(), &changes)?;
//! let data = Files { train: vec![table], ..Files::default() };
//! let (name, from, out) = ("half-lives".into(), Some("nano".into()), folder.path().join("run"));
//! let request = Request { name, config, data, out: out.clone(), from, program: Program::default() };
//! let task = Labelled::find("sequence").expect("a row of the table of tasks");
//! let run = Run::begin(task, request, &Device::cpu(), Share::default())?;
//! let finished = run.go(Alone, &Stop::default(), &mut ())?;
//! assert_eq!(finished.state.step, 2);
//!
//! let model = Model::load(&out.join("model.safetensors").to_string_lossy(), &Device::cpu())?;
//! println!("{:?}", model.predict_sequence(&["GGACGUACGUCC"])?);
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Find out how good a model is
//!
//! ```
//! # #[cfg(all(feature = "bundled", feature = "evaluate"))] {
//! use rinalmo::evaluate::{EvaluateOptions, FamilyFrom, Predictions, References, structure};
//! use rinalmo::{Device, FoldOptions, Model};
//!
//! let folder = tempfile::tempdir()?;
//! let known = folder.path().join("known.csv");
//! std::fs::write(&known, "id,sequence,structure\nhairpin,GGGGAAAACCCC,((((....))))\n")?;
//!
//! let model = Model::load("nano", &Device::cpu())?;
//! let references = References::open(&known, &FamilyFrom::default(), None)?;
//! let predictions = Predictions::from_model(&model, &references, &FoldOptions::default(), false, &mut ())?;
//! let evaluation = structure(&references, &[predictions], None, &EvaluateOptions::default())?;
//! println!("F1 {:.3}", evaluation.reports[0].mean.figures.strict.mean.f1);
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is where
//!
//! | module | does |
//! |---|---|
//! | [`seq`] | reads and writes sequence and structure files |
//! | [`checkpoint`] | opens, converts, downloads and lists checkpoints |
//! | [`sink`] | writes arrays and tables, and reads vectors back |
//! | [`results`] | results as JSON objects and rows |
//! | `map` | places embeddings in two dimensions (feature `map`) |
//! | `draw` | draws secondary structures as SVG or PNG (feature `draw`) |
//! | [`energy`], [`EnergyFolder`] | free energies of structures; folding without a network |
//! | `corpus`, `pretrain`, `finetune`, `recipes` | train your own models (feature `train`) |
//! | `evaluate`, `calibrate`, `structures`, `benchmark` | measure them (feature `evaluate`) |
//!
//! Without default features the library has no C code, no TLS and no LMDB: it opens checkpoints, and runs every verb
//! above.

#[cfg(feature = "corpus")]
pub mod corpus;

/// Checkpoints: open them by name or path, convert, download and list them.
pub mod checkpoint {
    pub use rinalmo_infer::checkpoint::*;
    #[cfg(feature = "train")]
    pub use rinalmo_runs::finetune::merge;
}

/// Reproduces the paper's experiments and compares them with the published figures.
#[cfg(feature = "evaluate")]
pub use rinalmo_benchmark as benchmark;
/// Pictures: secondary structures, curves, groups; data in, SVG text or PNG out.
#[cfg(feature = "draw")]
pub use rinalmo_draw as draw;
/// Evaluates predictors: scores, intervals, comparisons, leakage.
#[cfg(feature = "evaluate")]
pub use rinalmo_evaluate as evaluate;
#[cfg(feature = "evaluate")]
pub use rinalmo_evaluate::{calibrate, structures};
/// The table of tasks.
pub use rinalmo_infer::task;
pub use rinalmo_infer::{
    Alternative, Alternatives, Answer, Cause, Constraint, Device, DeviceName, EmbedOptions, Embedding, EnergyFolder,
    Error, Family, Fold, FoldEnergies, FoldOptions, FoldRequest, LoadOptions, MRL_PADDING, Marginal, Method, Model,
    PairMap, Precision, PredictOptions, Said, ScoreOptions, SequenceScore, SpliceSite, TRAINED_LENGTH, Variant,
    VariantRequest, Window, batches, constraints, default_budget, energy, is_device_failure, kernel_level, variant,
};
/// Embeddings as points in two dimensions: PCA, t-SNE, UMAP, and how far to trust them.
#[cfg(feature = "map")]
pub use rinalmo_map as map;
/// Results as JSON objects and rows of tables.
pub use rinalmo_results as results;
#[cfg(feature = "train")]
pub use rinalmo_runs::{finetune, pretrain, recipes, run};
/// Sequence and structure files: readers, writers, records.
pub use rinalmo_seq as seq;
/// Arrays and tables on disk.
pub use rinalmo_sink as sink;

/// The example of README.md, which runs with the tests. The workspace's README.md has the same one.
#[cfg(all(doctest, feature = "bundled"))]
#[doc = include_str!("../README.md")]
struct Readme;
