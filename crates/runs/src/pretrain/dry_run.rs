//! A dry run of pre-training, which does not touch the run's folder.

use std::fmt;

use rinalmo_corpus::Store;
use rinalmo_corpus::report::grouped;
use rinalmo_corpus::sample::{BatchSize, Split};
use rinalmo_model::ModelConfig;
use rinalmo_train::{Limits, Mlm, Share, Stop};
use std::path::Path;

use super::estimate::{EpochSize, Memory};
use super::trial::{self, TooLarge, Trial};
use super::{Config, run};
use crate::Error;
use crate::run::steps;
use rinalmo_infer::{Device, default_budget};

/// A description of a run that is not started.
#[derive(Debug, Clone)]
pub struct DryRun {
    /// The config with every key.
    pub config: Config,
    /// The model's sizes.
    pub model: ModelConfig,
    /// What depends on the corpus, if one is given.
    pub corpus: Option<OnCorpus>,
    /// The memory that it would need; without a corpus, the most it could need.
    pub memory: Memory,
    device: String,
    on_cpu: bool,
}

/// What depends on a corpus.
#[derive(Debug, Clone)]
pub struct OnCorpus {
    /// The corpus itself.
    pub store: Store,
    /// Sequences in it.
    pub sequences: u64,
    /// Clusters in it.
    pub clusters: u64,
    /// Clusters that are held out.
    pub held_out: u64,
    /// One pass over it.
    pub epoch: EpochSize,
    /// A few timed steps, if they fit into memory.
    pub trial: Result<Trial, TooLarge>,
}

impl DryRun {
    /// Checks everything that a run of `config` would need. With a corpus, times a few real steps until `stop` is
    /// requested or some seconds have passed.
    ///
    /// # Errors
    /// The config is invalid, or a file cannot be opened or does not fit.
    pub fn new(
        mut config: Config,
        from: Option<&str>,
        corpus: Option<&Path>,
        device: &Device,
        stop: &Stop,
    ) -> Result<Self, Error> {
        let checkpoint = from.map(crate::run::open).transpose()?;
        let model = run::sizes(&mut config, checkpoint.as_ref())?;
        drop(checkpoint);
        let config = config.resolved(&model);
        let on_cpu = device.is_cpu();
        let corpus = corpus.map(|path| OnCorpus::look(path, &config, &model, device, stop)).transpose()?;
        let (largest, longest) = match &corpus {
            Some(OnCorpus { epoch, .. }) => (epoch.largest_batch, epoch.longest_row),
            None => (most_tokens(&config)?, config.data.max_tokens),
        };
        let memory = Memory::estimate(&model, &config.train, largest, longest, on_cpu);
        Ok(Self { config, model, corpus, memory, device: device.name().to_string(), on_cpu })
    }

    fn until(&self) -> &Limits {
        &self.config.train.until
    }

    fn steps(&self, corpus: &OnCorpus) -> Option<u64> {
        steps(&self.config.train, corpus.epoch.batches)
    }
}

impl OnCorpus {
    fn look(path: &Path, config: &Config, model: &ModelConfig, device: &Device, stop: &Stop) -> Result<Self, Error> {
        let store = Store::open(path)?;
        let (sequences, clusters, held_out) = {
            let header = store.header();
            (header.sequences, header.clusters, header.held_out)
        };
        let task = Mlm::new(store.clone(), &config.data, config.train.seed, Share::default())?;
        let epoch = EpochSize::look(task.sampler(), model, &config.train)?;
        let trial = trial::time(config, model, &store, device, stop)?;
        Ok(Self { store, sequences, clusters, held_out, epoch, trial })
    }
}

/// Tokens of the largest possible batch.
fn most_tokens(config: &Config) -> Result<usize, Error> {
    let sampling = config.data.sampling(config.train.seed, Split::Train, Share::default())?;
    Ok(match sampling.batch {
        BatchSize::Sequences(rows) => rows * sampling.max_tokens,
        BatchSize::Tokens(tokens) => tokens,
    })
}

impl fmt::Display for DryRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = |name: &str, text: String| writeln!(f, "{name:<12}{text}");
        line("model", sizes(&self.model))?;
        line("parameters", grouped(self.model.parameters() as u64))?;
        line("step", self.step())?;
        match &self.corpus {
            None => line("corpus", "none given: tokens, epochs and time are unknown without one".into())?,
            Some(corpus) => {
                line("corpus", corpus.sizes())?;
                line("epoch", corpus.epoch.to_string())?;
            }
        }
        line("run", self.run())?;
        line("memory", self.needs())?;
        match self.corpus.as_ref().map(|corpus| (corpus, &corpus.trial)) {
            None => Ok(()),
            Some((_, Err(TooLarge { needed, free }))) => {
                let (needed, free) = (bytes(*needed), bytes(*free));
                line("time", format!("not tried: a few steps need {needed}, {free} are free here"))
            }
            Some((corpus, Ok(trial))) => {
                line("speed", format!("{trial} on {}", self.device))?;
                line("time", self.time(corpus, trial))
            }
        }
    }
}

impl DryRun {
    fn step(&self) -> String {
        let (data, accumulate) = (&self.config.data, self.config.train.accumulate);
        let batch = match (data.sequences, data.tokens) {
            (_, Some(tokens)) => format!("up to {} tokens", grouped(tokens as u64)),
            (sequences, None) => format!("{} sequences", grouped(sequences.unwrap_or_default() as u64)),
        };
        let rows = format!("in rows of up to {} tokens", grouped(data.max_tokens as u64));
        match accumulate {
            1 => format!("one batch of {batch} {rows}"),
            several => format!("{several} batches of {batch} {rows}"),
        }
    }

    fn run(&self) -> String {
        let Limits { steps, epochs, seconds } = *self.until();
        let limits = [
            epochs.map(|epochs| format!("{} epochs", grouped(epochs))),
            steps.map(|steps| format!("{} steps", grouped(steps))),
            seconds.map(duration),
        ];
        let limits: Vec<String> = limits.into_iter().flatten().collect();
        let first = if limits.len() > 1 { ", whichever comes first" } else { "" };
        let until = format!("{}{first}", limits.join(" or "));
        match self.corpus.as_ref().and_then(|corpus| self.steps(corpus).map(|n| (n, corpus))) {
            None => until,
            Some((steps, OnCorpus { epoch, .. })) => {
                let flops = epoch.flops * steps as f64 / epoch.steps;
                format!("{until}: {} steps, {flops:.2e} FLOP", grouped(steps))
            }
        }
    }

    fn needs(&self) -> String {
        let Memory { weights, gradients, moments, activations } = self.memory;
        let most = if self.corpus.is_some() { "" } else { "at most " };
        let [weights, gradients, moments, activations] = [weights, gradients, moments, activations].map(bytes);
        let parts =
            format!("weights {weights}, gradients {gradients}, moments {moments}, activations {most}{activations}");
        let whole = format!("{most}{}: {parts}", bytes(self.memory.total()));
        match (self.on_cpu && self.corpus.is_some(), default_budget()) {
            (true, free) if self.memory.total() > free => {
                let hint = "take smaller batches (data.tokens) and more of them a step (train.accumulate)";
                format!("{whole}\n{:12}more than the {} that are free here; {hint}", "", bytes(free))
            }
            _ => whole,
        }
    }

    fn time(&self, corpus: &OnCorpus, trial: &Trial) -> String {
        let epoch = corpus.epoch.flops / trial.flops_per_second;
        let run = self.steps(corpus).map(|steps| epoch * steps as f64 / corpus.epoch.steps);
        let run = run.map_or_else(String::new, |run| format!(", the run {}", duration(run)));
        let limit = self.until().seconds.map_or_else(String::new, |limit| format!(", limited to {}", duration(limit)));
        format!("an epoch {}{run}{limit}; validation not counted", duration(epoch))
    }
}

impl OnCorpus {
    fn sizes(&self) -> String {
        let [sequences, clusters, held_out] = [self.sequences, self.clusters, self.held_out].map(grouped);
        format!("{}: {sequences} sequences in {clusters} clusters, {held_out} held out", self.store.path().display())
    }
}

impl fmt::Display for EpochSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps = match self.steps {
            few if few < 100.0 => format!("{few:.1}"),
            many => grouped(many.round() as u64),
        };
        let (clusters, tokens) = (grouped(self.clusters), grouped(self.tokens_per_step.round() as u64));
        write!(f, "{clusters} sequences in {steps} steps of {tokens} tokens on average, {:.2e} FLOP", self.flops)
    }
}

impl fmt::Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (speed, tokens) = (grouped(self.tokens_per_second.round() as u64), grouped(self.tokens));
        let (flops, steps) = (self.flops_per_second / 1e9, self.steps);
        write!(f, "{speed} tokens a second, {flops:.0} GFLOP/s, in {steps} trial batches of up to {tokens} tokens")
    }
}

fn sizes(model: &ModelConfig) -> String {
    let name = model.preset().map_or_else(String::new, |preset| format!("{}: ", preset.name));
    name + &model.encoder.describe()
}

/// Bytes with a readable unit.
pub fn bytes(count: u64) -> String {
    match count as f64 / f64::from(1 << 20) {
        small if small < 1.0 => format!("{:.0} KiB", (count as f64 / 1024.0).ceil()),
        middle if middle < 1024.0 => format!("{middle:.0} MiB"),
        large => format!("{:.1} GiB", large / 1024.0),
    }
}

/// Seconds with readable units, two at most.
pub fn duration(seconds: f64) -> String {
    const UNITS: [(&str, u64); 4] = [("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)];
    let whole = seconds.round() as u64;
    let first = UNITS.iter().position(|&(_, unit)| whole >= unit).unwrap_or(UNITS.len() - 1);
    let (name, unit) = UNITS[first];
    let mut text = format!("{} {name}", whole / unit);
    if let Some(&(next, smaller)) = UNITS.get(first + 1)
        && whole % unit / smaller > 0
    {
        text += &format!(" {} {next}", whole % unit / smaller);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_say_them() {
        assert_eq!((grouped(7_508_824), grouped(12)), ("7,508,824".into(), "12".into()));
        assert_eq!([12.0, 90.0, 7200.0, 90_000.0].map(duration), ["12 s", "1 min 30 s", "2 h", "1 d 1 h"]);
        assert_eq!([100, 5 << 20, 3 << 29].map(bytes), ["1 KiB", "5 MiB", "1.5 GiB"]);
    }
}
