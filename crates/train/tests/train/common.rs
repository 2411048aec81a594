//! Shared by the tests of this crate: a task of one batch, a small corpus, and an observer that records.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Barrier, Mutex};

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use rinalmo_corpus::cluster::{Clusters, Engine, Options as Clustering, Sequences};
use rinalmo_corpus::sample::Position;
use rinalmo_corpus::{Store, build, clean::Clean, unique};
use rinalmo_model::ops::cross_entropy;
use rinalmo_model::{EncoderConfig, Model, ModelConfig, Packed};
use rinalmo_train::run::{ReturnReport, StepReport, ValidationReport};
use rinalmo_train::{
    Batches, Drawn, Error, Exchange, Gradients, Loading, Loss, Observer, Part, Pass, Share, Task, Validation,
};

/// The same batch in every step, one per epoch.
pub struct Fixed {
    pub packed: Packed,
    pub targets: Vec<i32>,
}

impl Task for Fixed {
    type Batch = ();

    fn batches(&self, from: Position, _: Loading) -> Result<Batches<'_, ()>, Error> {
        Ok(Box::new((from.step..).map(|step| Ok(Drawn { at: Position { epoch: 0, step }, batch: () }))))
    }

    fn check(&self, config: &ModelConfig) -> Result<(), String> {
        if config.mlm { Ok(()) } else { Err("no head".into()) }
    }

    fn loss(&self, pass: &mut Pass<'_>, (): &()) -> Loss {
        let hidden = pass.encode(&self.packed);
        let weight = self.targets.iter().filter(|&&target| target >= 0).count() as f64;
        let mean = cross_entropy(pass.model.mlm.as_ref().unwrap().forward(hidden), &self.targets);
        Loss { sum: mean * weight, weight, count: weight }
    }

    fn tokens(&self, (): &()) -> usize {
        self.packed.total()
    }

    fn describe_batch(&self, (): &()) -> String {
        "the batch".into()
    }

    fn validate(&self, model: &Model, device: &Device, _: Share) -> Result<Validation, Error> {
        let Loss { sum, weight, .. } = self.loss(&mut Pass::whole(model, device), &());
        let sum = f64::from(sum.into_scalar::<f32>());
        Ok(Validation { parts: vec![Part { name: "all".into(), sum, weight }] })
    }
}

/// Records what was reported.
#[derive(Default)]
pub struct Record {
    pub steps: Vec<StepReport>,
    pub validations: Vec<ValidationReport>,
    pub epochs: Vec<(u64, usize)>,
    pub saved: Vec<PathBuf>,
    pub returns: Vec<ReturnReport>,
}

impl Observer for Record {
    fn step(&mut self, report: &StepReport) {
        self.steps.push(report.clone());
    }

    fn epoch(&mut self, epoch: u64, trained: usize, _parameters: usize) {
        self.epochs.push((epoch, trained));
    }

    fn validated(&mut self, report: &ValidationReport) {
        self.validations.push(report.clone());
    }

    fn saved(&mut self, _step: u64, path: &Path) {
        self.saved.push(path.to_owned());
    }

    fn returned(&mut self, report: &ReturnReport) {
        self.returns.push(report.clone());
    }
}

/// Every sequence is its own cluster.
struct Apart;

impl Engine for Apart {
    fn name(&self) -> &'static str {
        "apart"
    }

    fn version(&self) -> Result<String, rinalmo_corpus::cluster::Error> {
        Ok("1".into())
    }

    fn cluster(&self, sequences: &dyn Sequences, _: &Clustering) -> Result<Clusters, rinalmo_corpus::cluster::Error> {
        Clusters::new((0..sequences.count() as u32).collect())
    }
}

/// Made-up sequences of 16 to 79 nt, in two files.
pub fn corpus(folder: &Path, sequences: usize, hold_out: f64) -> Store {
    let mut state = 7u64;
    let mut random = move |end: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % end
    };
    let mut texts = [String::new(), String::new()];
    for number in 0..sequences {
        let letters: String = (0..16 + random(64)).map(|_| "ACGU".as_bytes()[random(4)] as char).collect();
        texts[number % 2] += &format!(">s{number}\n{letters}\n");
    }
    let inputs: Vec<PathBuf> = ["first.fa", "second.fa"].map(|name| folder.join(name)).to_vec();
    inputs.iter().zip(&texts).for_each(|(path, text)| std::fs::write(path, text).unwrap());
    let clean = Clean { min_length: 8, ..Clean::default() };
    let options =
        build::Options { read: unique::Options { clean, ..Default::default() }, hold_out, ..Default::default() };
    let output = folder.join("corpus.lmdb");
    build::build(&inputs, &output, &options, &Apart, &()).unwrap();
    Store::open(&output).unwrap()
}

/// A model that trains quickly.
pub fn tiny() -> ModelConfig {
    ModelConfig::pretrained(EncoderConfig::new(16, 2, 2))
}

/// Every parameter's values.
pub fn weights(model: &Model) -> Vec<Vec<f32>> {
    struct Values(Vec<Vec<f32>>);
    impl ModuleVisitor for Values {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0.push(param.val().try_into_vec_as::<f32>().unwrap());
        }
    }
    let mut values = Values(Vec::new());
    model.visit(&mut values);
    values.0
}

/// Two ranks in threads that add up in shared memory.
pub struct Two {
    rank: usize,
    barrier: Arc<Barrier>,
    sums: Arc<Mutex<[Vec<f64>; 2]>>,
    pieces: Vec<Gradients>,
    /// Most pieces that gradients were sent in.
    pub most: usize,
}

impl Two {
    /// Both of them.
    pub fn both() -> [Self; 2] {
        let (barrier, sums) = (Arc::new(Barrier::new(2)), Arc::default());
        [0, 1].map(|rank| Self {
            rank,
            barrier: Arc::clone(&barrier),
            sums: Arc::clone(&sums),
            pieces: Vec::new(),
            most: 0,
        })
    }

    fn add(&self, numbers: Vec<f64>) -> Vec<f64> {
        self.sums.lock().unwrap()[self.rank] = numbers;
        self.barrier.wait();
        let sums = self.sums.lock().unwrap().clone();
        self.barrier.wait();
        sums[0].iter().zip(&sums[1]).map(|(one, other)| one + other).collect()
    }
}

impl Exchange for Two {
    fn share(&self) -> Share {
        Share { rank: self.rank, ranks: 2 }
    }

    fn sum(&mut self, numbers: &mut [f64]) -> Result<(), Error> {
        numbers.copy_from_slice(&self.add(numbers.to_vec()));
        Ok(())
    }

    fn start(&mut self, piece: Gradients) -> Result<(), Error> {
        let (flat, outline) = piece.flatten();
        let sums = self.add(flat.into_iter().map(f64::from).collect());
        let sums: Vec<f32> = sums.into_iter().map(|sum| sum as f32).collect();
        self.pieces.push(outline.restore(&sums));
        Ok(())
    }

    fn collect(&mut self) -> Result<Gradients, Error> {
        self.most = self.most.max(self.pieces.len());
        Ok(Gradients { tensors: self.pieces.drain(..).flat_map(|piece| piece.tensors).collect() })
    }
}
