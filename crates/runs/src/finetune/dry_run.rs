//! A dry run of fine-tuning, which does not touch the run's folder: sizes, data, and what trains when.

use std::fmt;

use rinalmo_model::{ModelConfig, Preset};
use rinalmo_train::optimizer::{Part, groups};
use rinalmo_train::{Options, Share};

use super::Config;
use super::heads::{Begun, choose};
use super::kind::{Files, Kind, Split};
use super::run::{afford, check, described, sizes};
use crate::Error;
use crate::pretrain::grouped;
use crate::run::{RunConfig, open};
use rinalmo_infer::default_budget;

/// A description of a run that is not started.
#[derive(Debug, Clone)]
pub struct DryRun {
    /// The model's sizes.
    pub model: ModelConfig,
    /// What trains when.
    pub stages: Vec<Stage>,
    /// Lines on the data.
    pub data: Vec<String>,
    /// Whether the head is the one of the model to start with, not a new one.
    pub keeps_head: bool,
    /// Steps of an epoch, if there are data.
    pub steps_an_epoch: Option<u64>,
    name: &'static str,
    head: String,
    options: Options,
}

/// Epochs in which the same parameters train.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// The first of them, from 0.
    pub first: u64,
    /// The epoch after the last, if the run has a limit of epochs.
    pub end: Option<u64>,
    /// The parts that start to train, and their share of the schedule's learning rate.
    pub joins: Vec<(Part, f64)>,
    /// Parameters that train.
    pub trained: usize,
}

impl DryRun {
    /// Checks everything that a run of `config` would need. Without data, only sizes and stages; `from` may then be the
    /// name of a published size, whose weights need not be on this machine.
    ///
    /// # Errors
    /// The config is invalid, or a file cannot be read or does not fit.
    pub fn new<K: Kind>(kind: K, config: Config<K::Data>, from: Option<&str>, files: &Files) -> Result<Self, Error> {
        let mut config = config.for_task(kind.name())?;
        config.check()?;
        let mut data = Vec::new();
        let mut steps_an_epoch = None;
        let mut head = kind.planned(&config.data);
        let mut longest = 0;
        let mut with_data = None;
        if !files.train.is_empty() {
            let split = Split::of(&config, Share::default());
            let prepared = kind.prepare(files, &split, &config.data)?;
            steps_an_epoch = Some(prepared.batches.div_ceil(config.train.accumulate) as u64);
            data.clone_from(&prepared.notes);
            head.clone_from(&prepared.head);
            longest = prepared.longest;
            with_data = Some(prepared);
        }
        let begun = from.map(begun).transpose()?;
        let document = with_data.as_ref().map(|prepared| described::<K>(&prepared.task));
        let chosen = choose(&mut config, begun.as_ref(), &head, document.as_ref())?;
        let model = sizes(&config, begun.as_ref(), chosen.head, longest)?;
        if let Some(prepared) = &with_data {
            check(prepared, &model)?;
            afford(prepared, &model, true, default_budget())?;
        }
        let (keeps_head, head) = (chosen.trained, chosen.about);
        let options = config.resolved(&model.encoder).options();
        let stages = stages(&model, &options);
        Ok(Self { model, stages, data, keeps_head, steps_an_epoch, name: kind.name(), head, options })
    }
}

/// What a run would start with: a model, or the name of a published size.
fn begun(from: &str) -> Result<Begun, Error> {
    match (open(from), Preset::find(from)) {
        (Ok(checkpoint), _) => Ok(Begun::from(&checkpoint)),
        (Err(_), Some(preset)) => Ok(Begun::from(preset)),
        (Err(error), None) => Err(error),
    }
}

/// The stages of a run: each starts with an epoch in which more parts train.
fn stages(model: &ModelConfig, options: &Options) -> Vec<Stage> {
    let mut begins: Vec<u64> = options.thaw.iter().map(|thaw| thaw.epoch).collect();
    begins.push(0);
    begins.sort_unstable();
    begins.dedup();
    begins.retain(|epoch| options.until.epochs.is_none_or(|epochs| *epoch < epochs));
    let manifest = model.manifest();
    let stage = |(number, &first): (usize, &u64)| {
        let joins = options.thaw.iter().filter(|thaw| thaw.epoch == first).map(|thaw| (thaw.part, thaw.rate));
        let joins: Vec<(Part, f64)> = if options.thaw.is_empty() { vec![(Part::All, 1.0)] } else { joins.collect() };
        let trains = manifest.iter().filter(|spec| groups::rate(&options.thaw, first, &spec.name).is_some());
        let trained = trains.map(|spec| spec.shape.iter().product::<usize>()).sum();
        Stage { first, end: begins.get(number + 1).copied().or(options.until.epochs), joins, trained }
    };
    begins.iter().enumerate().map(stage).collect()
}

impl fmt::Display for DryRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoder = &self.model.encoder;
        let name = self.model.preset().map_or_else(String::new, |preset| format!("{}: ", preset.name));
        let mut line = |name: &str, text: String| writeln!(f, "{name:<12}{text}");
        let parameters = grouped(self.model.parameters() as u64);
        line("task", self.name.into())?;
        line(
            "model",
            format!("{name}width {}, {} blocks, with its head {parameters} parameters", encoder.dim, encoder.blocks),
        )?;
        for (number, about) in self.data.iter().enumerate() {
            line(if number == 0 { "data" } else { "" }, about.clone())?;
        }
        line("head", self.head.trim_start_matches("head: ").into())?;
        if let Some(steps) = self.steps_an_epoch {
            line("epoch", format!("{} steps", grouped(steps)))?;
        }
        line("rate", self.rate())?;
        for (number, stage) in self.stages.iter().enumerate() {
            line(if number == 0 { "trains" } else { "" }, stage.to_string())?;
        }
        Ok(())
    }
}

impl DryRun {
    fn rate(&self) -> String {
        let schedule = &self.options.schedule;
        let rate = |step: u64| format!("{:.2e}", schedule.rate(step));
        match self.steps_an_epoch.zip(self.options.until.epochs) {
            Some((steps, epochs)) => {
                let last = steps.saturating_mul(epochs).saturating_sub(1);
                format!("{} in step 0, {} in step {}", rate(0), rate(last), grouped(last))
            }
            None => format!("{} in step 0, {} in step 10,000", rate(0), rate(10_000)),
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let epochs = match self.end {
            Some(end) if end == self.first + 1 => format!("epoch {}", self.first),
            Some(end) => format!("epochs {} to {}", self.first, end - 1),
            None => format!("from epoch {} on", self.first),
        };
        let part = |&(part, rate): &(Part, f64)| {
            let name = match part {
                Part::All => "everything".to_owned(),
                Part::Heads => "the head".to_owned(),
                Part::Embedding => "the embedding".to_owned(),
                Part::Blocks(from, to) if to == from + 1 => format!("block {from}"),
                Part::Blocks(from, to) => format!("blocks {from} to {}", to - 1),
                Part::FinalNorm => "the final norm".to_owned(),
                Part::Adapters => "adapters".to_owned(),
            };
            if rate == 1.0 { name } else { format!("{name} at {rate} of the rate") }
        };
        let joins: Vec<String> = self.joins.iter().map(part).collect();
        let and = if self.first == 0 { "" } else { "and " };
        write!(f, "{epochs:<16}{and}{}: {} parameters", joins.join(", "), grouped(self.trained as u64))
    }
}
