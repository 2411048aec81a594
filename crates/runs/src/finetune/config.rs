//! A fine-tuning run's config: one TOML file that says everything but where it reads and writes.
//!
//! `[data]` is what is drawn and how a validation judges, by task; `[hold_out]` what is kept for validation where no
//! file is; `[unfreeze]` which of the encoder's blocks train from when on; `[train]` and `[checkpoints]` are as in
//! pre-training.

use std::path::Path;

use rinalmo_model::{EncoderConfig, HeadConfig, Lora, LoraTarget};
use rinalmo_train::Options;
use rinalmo_train::optimizer::{Part, Thaw};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::hold_out::Unit;
use crate::Error;
use crate::pretrain::Size;
use crate::recipes;
use crate::run::{Keep, RunConfig, config};

/// What a task's `[data]` section must be able to do.
pub trait Section: Serialize + DeserializeOwned + Default + Clone + PartialEq + std::fmt::Debug {
    /// One in which no key is left out.
    fn full() -> Self;

    /// Keys that are given and that a head contradicts, each in words; `needed` is the head that these keys and the task
    /// describe.
    fn contradictions(&self, head: &HeadConfig, needed: &HeadConfig) -> Vec<String>;

    /// Writes down what the head is, and what is inherited from the model that a run begins with: how it chooses pairs.
    fn settle(&mut self, _head: &HeadConfig, _decode: Option<&str>) {}

    /// With what another run settled, where this leaves it open.
    #[must_use]
    fn settled_as(self, _run: &Self) -> Self {
        self
    }
}

/// A run's config; `D` is the task's section `[data]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, bound(serialize = "D: Section", deserialize = "D: Section"))]
pub struct Config<D: Section> {
    /// The task that it is for, as the command line spells it; any where it is left out.
    #[serde(deserialize_with = "rinalmo_model::task::read_optional_name", skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// Whether the head is a new one, even where the model to begin with has one for the task.
    #[serde(skip_serializing_if = "is_false")]
    pub fresh_head: bool,
    /// How large the encoder is, for runs that do not begin with a model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<Size>,
    /// What is drawn, and how a validation judges.
    pub data: D,
    /// What is kept for validation where no file is given for it.
    pub hold_out: HoldOut,
    /// Which blocks train from when on; everything from the start where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unfreeze: Option<Unfreeze>,
    /// The head alone trains.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frozen: Option<Frozen>,
    /// Adapters beside the encoder's weights, which stay as they are: they and the head are what trains.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lora: Option<Adapters>,
    /// How it is trained. The schedule has to be told.
    pub train: Options,
    /// What is kept of the way.
    pub checkpoints: Keep,
}

impl<D: Section> Default for Config<D> {
    fn default() -> Self {
        Self {
            task: None,
            model: None,
            data: D::default(),
            fresh_head: false,
            hold_out: HoldOut::default(),
            unfreeze: None,
            frozen: None,
            lora: None,
            train: Options::default(),
            checkpoints: Keep::default(),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

/// A share of the training data kept for validation, every class giving its own.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HoldOut {
    /// The share, chosen at random by the seed.
    pub share: f64,
    /// What is held out as one: `cluster`, all that are alike, or `item`; clusters where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<Unit>,
}

impl Default for HoldOut {
    fn default() -> Self {
        Self { share: 0.1, by: None }
    }
}

/// An encoder that does not train.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Frozen {
    /// Has what the encoder says of each sequence computed once and kept in the run's folder, 4 bytes times its width for
    /// each token; nothing is dropped in it then.
    pub cache: bool,
}

/// Low-rank adapters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Adapters {
    /// Width of each.
    pub rank: usize,
    /// What they add counts `alpha / rank`-fold.
    pub alpha: usize,
    /// Which weights of every block have one: `qkv`, `out`, `up`, `gate`, `down`.
    pub targets: Vec<LoraTarget>,
}

impl Default for Adapters {
    /// As most have it: rank 8 on attention, counting twice.
    fn default() -> Self {
        Self { rank: 8, alpha: 16, targets: vec![LoraTarget::Qkv, LoraTarget::Out] }
    }
}

impl Adapters {
    /// As the model has them.
    pub fn lora(&self) -> Lora {
        let Self { rank, alpha, targets } = self.clone();
        Lora { rank, alpha, targets }
    }
}

/// Gradual unfreezing from the top: the head alone, then some blocks and the final norm, then further blocks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Unfreeze {
    /// Epochs in which the head trains alone.
    pub after: u64,
    /// Blocks that join then, and each time further ones do; with 0 the encoder stays frozen for good.
    pub blocks: usize,
    /// Epochs between; no further ones join where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<u64>,
    /// The rate of what has joined, as a share of the schedule's.
    pub rate: f64,
}

impl Default for Unfreeze {
    /// The beginning of the paper's for structures.
    fn default() -> Self {
        Self { after: 3, blocks: 3, every: None, rate: 1.0 }
    }
}

impl Unfreeze {
    /// The same as a list of parts and the epochs from which they train.
    pub fn thaws(&self, encoder: &EncoderConfig, epochs: Option<u64>) -> Vec<Thaw> {
        let mut thaws = vec![Thaw { epoch: 0, part: Part::Heads, rate: 1.0 }];
        let (mut epoch, mut top) = (self.after, encoder.blocks);
        while self.blocks > 0 && top > 0 && epochs.is_none_or(|epochs| epoch < epochs) {
            let from = top.saturating_sub(self.blocks);
            thaws.push(Thaw { epoch, part: Part::Blocks(from, top), rate: self.rate });
            if top == encoder.blocks {
                thaws.push(Thaw { epoch, part: Part::FinalNorm, rate: self.rate });
            }
            let Some(every) = self.every.filter(|every| *every > 0) else { break };
            (epoch, top) = (epoch + every, from);
        }
        thaws
    }
}

impl<D: Section> RunConfig for Config<D> {
    fn full() -> Self {
        let some = Some(1);
        Self {
            model: Some(Size {
                preset: Some(String::new()),
                dim: some,
                blocks: some,
                heads: some,
                hidden: some,
                ..Size::default()
            }),
            task: Some(String::new()),
            data: D::full(),
            fresh_head: true,
            hold_out: HoldOut { by: Some(Unit::Cluster), ..HoldOut::default() },
            unfreeze: Some(Unfreeze { every: Some(1), ..Unfreeze::default() }),
            frozen: Some(Frozen::default()),
            lora: Some(Adapters::default()),
            train: Options {
                recompute: some,
                patience: Some(1),
                until: rinalmo_train::Limits { steps: Some(1), epochs: Some(1), seconds: Some(1.0) },
                thaw: vec![Thaw { epoch: 0, part: Part::All, rate: 1.0 }],
                ..Options::default()
            },
            ..Self::default()
        }
    }
}

impl<D: Section> Config<D> {
    /// Reads a file, or the config in the program of that name, then changes what `overrides` say: `section.key=value`,
    /// one after the other.
    ///
    /// # Errors
    /// With file and line, or the override; for an unknown key with the nearest known one.
    pub fn open(path: &Path, overrides: &[String]) -> Result<Self, Error> {
        let text = recipes::read(path)?;
        Self::read(&text, &path.display().to_string(), overrides)
    }

    /// As [`Config::open`], but for one task.
    ///
    /// # Errors
    /// As [`Config::open`]; and where the config says that it is for another task.
    pub fn open_for(task: &str, path: &Path, overrides: &[String]) -> Result<Self, Error> {
        let (text, name) = (recipes::read(path)?, path.display().to_string());
        recipes::check_task(&text, &name, task)?; // first, as its keys mean nothing to another task
        Self::read(&text, &name, overrides)
    }

    /// Takes the text of a file, then changes what `overrides` say; `name` is what complaints call it.
    ///
    /// # Errors
    /// As [`Config::open`].
    pub fn read(text: &str, name: &str, overrides: &[String]) -> Result<Self, Error> {
        Self::parse(text, name)?.with(overrides, Some(text))
    }

    /// Takes the text of a file; `name` is what complaints call it.
    ///
    /// # Errors
    /// As [`Config::open`]; and where the file tells no schedule, for pre-training's would not do.
    pub fn parse(text: &str, name: &str) -> Result<Self, Error> {
        let parsed = config::parse(text, name)?;
        let table: toml::Table = toml::from_str(text).map_err(|error| Error::Config(error.to_string()))?;
        let told = table.get("train").and_then(|train| train.get("schedule")).is_some();
        match told {
            true => Ok(parsed),
            false => Err(Error::Config(format!(
                "{name}: the config tells no learning rate\nhint: [train.schedule] with peak = 1e-4, say; configs/ has whole recipes"
            ))),
        }
    }

    /// The same with some keys changed; `text` is what it was read from.
    ///
    /// # Errors
    /// As [`Config::open`].
    pub fn with(self, overrides: &[String], text: Option<&str>) -> Result<Self, Error> {
        config::with(self, overrides, text)
    }

    /// The text of a file that says the same.
    pub fn to_toml(&self) -> String {
        config::to_toml(self)
    }

    /// The same, saying which task it is for.
    ///
    /// # Errors
    /// It says that it is for another one.
    pub fn for_task(mut self, task: &str) -> Result<Self, Error> {
        match self.task.replace(task.to_owned()).filter(|said| said != task) {
            None => Ok(self),
            Some(said) => Err(Error::Config(format!("the config is for the task `{said}`, not for `{task}`"))),
        }
    }

    /// Checks what can be checked without data.
    ///
    /// # Errors
    /// Naming the key that has no sense.
    pub fn check(&self) -> Result<(), Error> {
        self.train.check()?;
        let until = self.train.until;
        if until.steps.is_none() && until.epochs.is_none() && until.seconds.is_none() {
            let hint = "hint: [train.until] with steps, epochs or seconds; or --steps, --epochs, --time";
            return Err(Error::Config(format!("the config says no end\n{hint}")));
        }
        let told = [
            ("[unfreeze]", self.unfreeze.is_some()),
            ("train.thaw", !self.train.thaw.is_empty()),
            ("[frozen]", self.frozen.is_some()),
            ("[lora]", self.lora.is_some()),
        ];
        let told: Vec<&str> = told.into_iter().filter(|(_, told)| *told).map(|(name, _)| name).collect();
        if told.len() > 1 {
            let told = told.join(" and ");
            return Err(Error::Config(format!("{told} each say what trains\nhint: leave all but one of them out")));
        }
        if let Some(Unfreeze { rate, .. }) = self.unfreeze
            && !(rate.is_finite() && rate >= 0.0)
        {
            return Err(Error::Config(format!("unfreeze.rate = {rate}, expected a share of the schedule's")));
        }
        if !(0.0..1.0).contains(&self.hold_out.share) {
            return Err(Error::Config(format!("hold_out.share = {}, expected a share below 1", self.hold_out.share)));
        }
        match i64::try_from(self.train.seed) {
            Ok(_) => Ok(()),
            Err(_) => Err(Error::Config(format!("train.seed = {}, expected less than 2^63", self.train.seed))),
        }
    }

    /// How it is trained, adapters alone where there are any.
    pub(super) fn options(&self) -> Options {
        let mut options = self.train.clone();
        if self.lora.is_some() {
            options.thaw = [Part::Heads, Part::Adapters].map(|part| Thaw { epoch: 0, part, rate: 1.0 }).to_vec();
        }
        if self.frozen.is_some() {
            options.thaw = vec![Thaw { epoch: 0, part: Part::Heads, rate: 1.0 }];
        }
        options
    }

    /// As a run would keep it that trains an encoder of the same size as another run's.
    ///
    /// # Errors
    /// The size of the encoder cannot be.
    pub fn like(&self, run: &Self) -> Result<Self, Error> {
        let size = run.model.as_ref().or(self.model.as_ref()).cloned().unwrap_or_default();
        let data = self.data.clone().settled_as(&run.data);
        Ok(Self { data, ..self.clone() }.resolved(&size.encoder(0).map_err(Error::Config)?))
    }

    /// With the unfreezing spelt out for an encoder, and what is switched off told by a number (TOML has no word for
    /// nothing).
    pub(super) fn resolved(mut self, encoder: &EncoderConfig) -> Self {
        if let Some(unfreeze) = self.unfreeze.take() {
            self.train.thaw = unfreeze.thaws(encoder, self.train.until.epochs);
        }
        self.train.clip = self.train.clip.or(Some(f64::INFINITY));
        self.train.explosion = self.train.explosion.or(Some(f64::INFINITY));
        self.hold_out.by = Some(self.hold_out.by.unwrap_or_default());
        self.model = Some(Size::from(encoder));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rinalmo_model::Preset;
    use rinalmo_train::StructureConfig;

    type Structure = Config<StructureConfig>;

    /// For structures.
    const PAPER: Unfreeze = Unfreeze { after: 3, blocks: 3, every: Some(3), rate: 1.0 };

    const SMALL: &str =
        "[data]\nmax_len = 100\n[unfreeze]\nrate = 0.1\n[train]\nschedule.peak = 1e-4\nuntil.epochs = 15\n";

    #[test]
    fn giga_thaws_as_in_the_paper() {
        let giga = Preset::find("giga").unwrap().encoder();
        let thaws = PAPER.thaws(&giga, Some(15));
        let told: Vec<(u64, Part)> = thaws.iter().map(|thaw| (thaw.epoch, thaw.part)).collect();
        let blocks = [(3, Part::Blocks(30, 33)), (3, Part::FinalNorm), (6, Part::Blocks(27, 30))];
        let further = [(9, Part::Blocks(24, 27)), (12, Part::Blocks(21, 24))];
        assert_eq!(told, [&[(0, Part::Heads)], &blocks[..], &further].concat());
    }

    #[test]
    fn a_small_encoder_thaws_until_there_is_no_more_and_a_frozen_one_never() {
        let nano = Preset::find("nano").unwrap().encoder();
        let last = Unfreeze { blocks: 4, ..PAPER }.thaws(&nano, None).pop().unwrap();
        assert_eq!((last.epoch, last.part), (6, Part::Blocks(0, 2)));
        let once = Unfreeze { after: 5, blocks: 27, every: None, rate: 1.0 }.thaws(&nano, Some(50));
        assert_eq!(once[1], Thaw { epoch: 5, part: Part::Blocks(0, 6), rate: 1.0 });
        let frozen = Unfreeze { blocks: 0, ..PAPER }.thaws(&nano, Some(15));
        assert_eq!(frozen, [Thaw { epoch: 0, part: Part::Heads, rate: 1.0 }]);
    }

    #[test]
    fn a_resolved_config_reads_as_it_is_written() {
        let nano = Preset::find("nano").unwrap().encoder();
        let resolved = Structure::parse(SMALL, "a").unwrap().resolved(&nano);
        assert_eq!(Structure::parse(&resolved.to_toml(), "b").unwrap(), resolved);
        resolved.check().unwrap();
    }

    #[test]
    fn what_has_no_sense_is_named() {
        let said =
            |text: &str| Structure::parse(text, "a.toml").and_then(|config| config.check()).unwrap_err().to_string();
        assert!(said("[train]\nseed = 1\n").starts_with("a.toml: the config tells no learning rate\nhint: "));
        assert_eq!(
            said("[data]\nmax_length = 3\n"),
            "a.toml:2: unknown key `max_length`\nhint: did you mean `max_len`?"
        );
        assert_eq!(said("[unfreeze]\nseed = 3\n"), "a.toml:2: unknown key `seed`\nhint: did you mean `train.seed`?");
        let both = format!("{SMALL}thaw = [{{ part = \"all\" }}]\n");
        assert!(said(&both).starts_with("[unfreeze] and train.thaw each say what trains"));
        assert!(said("[train]\nschedule.peak = 1e-4\n").starts_with("the config says no end"));
    }
}
