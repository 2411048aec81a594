//! A fine-tuning run's config: one TOML file with everything except the paths of its input and output.
//!
//! | section | sets |
//! |---|---|
//! | `[data]` | what is drawn and how a validation judges, by task |
//! | `[hold_out]` | what is kept for validation if no file is given for it |
//! | `[unfreeze]`, `[frozen]`, `[lora]` | which parts train, and from which epoch on |
//! | `[train]`, `[checkpoints]` | as in pre-training |

use rinalmo_model::{EncoderConfig, HeadConfig, Lora, LoraTarget};
use rinalmo_train::Options;
use rinalmo_train::optimizer::{Part, Thaw};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::hold_out::Unit;
use crate::Error;
use crate::pretrain::Size;
use crate::run::config::{self, shared_keys};
use crate::run::{Keep, RunConfig};

/// The `[data]` section of a task.
pub trait Section: Serialize + DeserializeOwned + Default + Clone + PartialEq + std::fmt::Debug {
    /// A section with every key.
    fn full() -> Self;

    /// A message for each given key that a head contradicts; `needed` is the head that these keys and the task
    /// describe.
    fn contradictions(&self, head: &HeadConfig, needed: &HeadConfig) -> Vec<String>;

    /// Sets the keys that the head decides, and the decoder of the model that a run starts with.
    fn settle(&mut self, _head: &HeadConfig, _decode: Option<&str>) {}

    /// Takes keys that are missing here from another run's section.
    #[must_use]
    fn settled_as(self, _run: &Self) -> Self {
        self
    }
}

/// A run's config; `D` is the task's section `[data]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, bound(serialize = "D: Section", deserialize = "D: Section"))]
pub struct Config<D: Section> {
    /// The task that it is for, as the command line spells it; any task by default.
    #[serde(deserialize_with = "rinalmo_model::task::read_optional_name", skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// Train a new head, even if the model to start with has one for the task?
    #[serde(skip_serializing_if = "is_false")]
    pub fresh_head: bool,
    /// The size of the encoder, for runs that do not start with a model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<Size>,
    /// What is drawn, and how a validation judges.
    pub data: D,
    /// What is kept for validation if no file is given for it.
    pub hold_out: HoldOut,
    /// Which blocks train from which epoch on; everything from the start by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unfreeze: Option<Unfreeze>,
    /// Only the head trains.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frozen: Option<Frozen>,
    /// Adapters next to the encoder's weights. Only they and the head train.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lora: Option<Adapters>,
    /// How it is trained. The schedule must be given.
    pub train: Options,
    /// Which checkpoints are kept.
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

/// A share of the training data that is kept for validation, of every class.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HoldOut {
    /// The share, chosen at random by the seed.
    pub share: f64,
    /// What is held out together: a `cluster` of similar sequences (the default), or a single `item`.
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
    /// Compute the encoder's representations once and keep them in the run's folder: 4 bytes × width for each token.
    /// The encoder then runs without dropout.
    pub cache: bool,
}

/// Low-rank adapters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Adapters {
    /// Width of each.
    pub rank: usize,
    /// Their output is scaled by `alpha / rank`.
    pub alpha: usize,
    /// Which weights of every block have one: `qkv`, `out`, `up`, `gate`, `down`.
    pub targets: Vec<LoraTarget>,
}

impl Default for Adapters {
    /// The usual choice: rank 8 on attention, scaled by 2.
    fn default() -> Self {
        Self { rank: 8, alpha: 16, targets: vec![LoraTarget::Qkv, LoraTarget::Out] }
    }
}

impl Adapters {
    /// The same as the model's type.
    pub fn lora(&self) -> Lora {
        let Self { rank, alpha, targets } = self.clone();
        Lora { rank, alpha, targets }
    }
}

/// Gradual unfreezing from the top: first only the head, then some blocks and the final norm, then further blocks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Unfreeze {
    /// Epochs in which only the head trains.
    pub after: u64,
    /// Blocks that are added then and each later time; with 0 the encoder stays frozen.
    pub blocks: usize,
    /// Epochs between additions; only the first blocks are added by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<u64>,
    /// The learning rate of these blocks, as a share of the schedule's.
    pub rate: f64,
}

impl Default for Unfreeze {
    /// The first step of the paper's unfreezing for structures.
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
    shared_keys!();

    const TASK: Option<&'static str> = None;

    fn full() -> Self {
        Self {
            model: Some(Size::full()),
            task: Some(String::new()),
            data: D::full(),
            fresh_head: true,
            hold_out: HoldOut { by: Some(Unit::Cluster), ..HoldOut::default() },
            unfreeze: Some(Unfreeze { every: Some(1), ..Unfreeze::default() }),
            frozen: Some(Frozen::default()),
            lora: Some(Adapters::default()),
            train: config::full_train(),
            checkpoints: Keep::default(),
        }
    }

    fn fresh_head(&self) -> bool {
        self.fresh_head
    }

    /// With adapters, only they and the head train; frozen, only the head.
    fn options(&self) -> Options {
        let mut options = self.train.clone();
        if self.lora.is_some() {
            options.thaw = [Part::Heads, Part::Adapters].map(|part| Thaw { epoch: 0, part, rate: 1.0 }).to_vec();
        }
        if self.frozen.is_some() {
            options.thaw = vec![Thaw { epoch: 0, part: Part::Heads, rate: 1.0 }];
        }
        options
    }

    /// The schedule must be given: pre-training's, which is the default, does not suit fine-tuning.
    fn check_given(file: &toml::Table, name: &str) -> Result<(), Error> {
        if file.get("train").and_then(|train| train.get("schedule")).is_some() {
            return Ok(());
        }
        Err(Error::Config(format!(
            "{name}: the config gives no learning rate\nhint: [train.schedule] with peak = 1e-4, for example; configs/ has \
             complete recipes"
        )))
    }

    fn check(&self) -> Result<(), Error> {
        config::check_train(&self.train)?;
        let sections = [
            ("[unfreeze]", self.unfreeze.is_some()),
            ("train.thaw", !self.train.thaw.is_empty()),
            ("[frozen]", self.frozen.is_some()),
            ("[lora]", self.lora.is_some()),
        ];
        let given: Vec<&str> = sections.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect();
        if given.len() > 1 {
            let given = given.join(" and ");
            return Err(Error::Config(format!("{given} each say what trains\nhint: leave all but one of them out")));
        }
        if let Some(Unfreeze { rate, .. }) = self.unfreeze
            && !(rate.is_finite() && rate >= 0.0)
        {
            return Err(Error::Config(format!("unfreeze.rate = {rate}, expected a share of the schedule's")));
        }
        if !(0.0..1.0).contains(&self.hold_out.share) {
            return Err(Error::Config(format!("hold_out.share = {}, expected a share below 1", self.hold_out.share)));
        }
        Ok(())
    }

    fn like(&self, run: &Self) -> Result<Self, Error> {
        let size = run.model.as_ref().or(self.model.as_ref()).cloned().unwrap_or_default();
        let data = self.data.clone().settled_as(&run.data);
        Ok(Self { data, ..self.clone() }.resolved(&size.encoder(0).map_err(Error::Config)?))
    }
}

impl<D: Section> Config<D> {
    /// The config with the unfreezing written out for an encoder, and infinity for limits that are switched off.
    pub(super) fn resolved(mut self, encoder: &EncoderConfig) -> Self {
        if let Some(unfreeze) = self.unfreeze.take() {
            self.train.thaw = unfreeze.thaws(encoder, self.train.until.epochs);
        }
        self.train = config::written_out(self.train);
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
        let found: Vec<(u64, Part)> = thaws.iter().map(|thaw| (thaw.epoch, thaw.part)).collect();
        let blocks = [(3, Part::Blocks(30, 33)), (3, Part::FinalNorm), (6, Part::Blocks(27, 30))];
        let further = [(9, Part::Blocks(24, 27)), (12, Part::Blocks(21, 24))];
        assert_eq!(found, [&[(0, Part::Heads)], &blocks[..], &further].concat());
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
    fn invalid_keys_are_named() {
        let said =
            |text: &str| Structure::parse(text, "a.toml").and_then(|config| config.check()).unwrap_err().to_string();
        assert!(said("[train]\nseed = 1\n").starts_with("a.toml: the config gives no learning rate\nhint: "));
        assert_eq!(
            said("[data]\nmax_length = 3\n"),
            "a.toml:2: unknown key `max_length`\nhint: did you mean `max_len`?"
        );
        assert_eq!(said("[unfreeze]\nseed = 3\n"), "a.toml:2: unknown key `seed`\nhint: did you mean `train.seed`?");
        let both = format!("{SMALL}thaw = [{{ part = \"all\" }}]\n");
        assert!(said(&both).starts_with("[unfreeze] and train.thaw each say what trains"));
        assert_eq!(said("[train]\nschedule.peak = 1e-4\n"), "the config sets no end");
    }
}
