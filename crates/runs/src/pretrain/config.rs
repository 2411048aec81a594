//! A pre-training run's config: one TOML file with everything except the paths of its input and output.
//!
//! `[model]` is the size, `[data]` what is drawn, `[train]` how it is trained, `[checkpoints]` what is kept. A missing
//! key has the paper's value (RiNALMo, Methods, "Pre-training").

use std::path::Path;

use rinalmo_corpus::sample::Split;
use rinalmo_model::ModelConfig;
use rinalmo_train::{MlmConfig, Options, Share};
use serde::{Deserialize, Serialize};

use super::Size;
use crate::Error;
use crate::recipes;
use crate::run::{Keep, RunConfig, config};

/// A run's config.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The task that it is for: `pretrain`, if it is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// How large the model is.
    pub model: Size,
    /// What is drawn from the corpus.
    pub data: MlmConfig,
    /// How it is trained.
    pub train: Options,
    /// Which checkpoints are kept.
    pub checkpoints: Keep,
}

impl RunConfig for Config {
    fn full() -> Self {
        let some = Some(1);
        Self {
            task: Some(String::new()),
            model: Size {
                preset: Some(String::new()),
                dim: some,
                blocks: some,
                heads: some,
                hidden: some,
                ..Size::default()
            },
            data: MlmConfig { sequences: some, tokens: some, validation_batches: some, ..MlmConfig::default() },
            train: Options {
                recompute: some,
                until: rinalmo_train::Limits { steps: Some(1), epochs: Some(1), seconds: Some(1.0) },
                ..Options::default()
            },
            ..Self::default()
        }
    }
}

impl Config {
    /// Reads a file, or the built-in config of that name, then applies `overrides` in order, each `section.key=value`.
    /// A value is TOML, else it is text; an empty value removes the key.
    ///
    /// # Errors
    /// With file and line, or the override; for an unknown key with the nearest known one.
    pub fn open(path: &Path, overrides: &[String]) -> Result<Self, Error> {
        let (text, name) = (recipes::read(path)?, path.display().to_string());
        recipes::check_task(&text, &name, recipes::PRETRAIN)?;
        Self::parse(&text, &name)?.with(overrides, Some(&text))
    }

    /// Parses the text of a file; errors call it `name`.
    ///
    /// # Errors
    /// As [`Config::open`].
    pub fn parse(text: &str, name: &str) -> Result<Self, Error> {
        config::parse(text, name)
    }

    /// The same with some keys changed. `text` is the text that it was read from: keys that are missing there stay
    /// missing.
    ///
    /// # Errors
    /// As [`Config::open`].
    pub fn with(self, overrides: &[String], text: Option<&str>) -> Result<Self, Error> {
        config::with(self, overrides, text)
    }

    /// The sizes of its model. Everything that needs no data is checked.
    ///
    /// # Errors
    /// Names the invalid key.
    pub fn model(&self) -> Result<ModelConfig, Error> {
        let encoder = self.model.encoder(self.data.max_tokens).map_err(Error::Config)?;
        let config = ModelConfig::pretrained(encoder);
        config.check().map_err(|what| Error::Config(format!("[model]: {what}")))?;
        self.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), Error> {
        self.train.check()?;
        self.data.sampling(self.train.seed, Split::Train, Share::default())?;
        let until = self.train.until;
        if until.steps.is_none() && until.epochs.is_none() && until.seconds.is_none() {
            return Err(Error::NoEnd);
        }
        match i64::try_from(self.train.seed) {
            Ok(_) => Ok(()),
            Err(_) => Err(Error::Config(format!("train.seed = {}, expected less than 2^63", self.train.seed))),
        }
    }

    /// The config with every size written out, and infinity for limits that are switched off (TOML has no null).
    pub(super) fn resolved(mut self, model: &ModelConfig) -> Self {
        self.task = Some(recipes::PRETRAIN.to_owned());
        self.model = Size::from(&model.encoder);
        self.train.clip = self.train.clip.or(Some(f64::INFINITY));
        self.train.explosion = self.train.explosion.or(Some(f64::INFINITY));
        if self.data.sequences.is_none() && self.data.tokens.is_none() {
            self.data.sequences = Some(MlmConfig::SEQUENCES);
        }
        self
    }

    pub(super) fn to_table(&self) -> toml::Table {
        config::to_table(self)
    }

    /// The config as TOML text.
    pub fn to_toml(&self) -> String {
        config::to_toml(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rinalmo_train::Every;

    const SMALL: &str = "[model]\npreset = \"nano\"\n[data]\ntokens = 4096\n[train]\nsave = { steps = 10 }\n\
                         until.steps = 5\n";

    fn complaint(text: &str) -> String {
        Config::parse(text, "a.toml").unwrap_err().to_string()
    }

    #[test]
    fn what_is_left_out_has_the_papers_value() {
        let config = Config::parse(SMALL, "").unwrap();
        assert_eq!(config.model().unwrap().parameters(), 7_508_824);
        assert_eq!((config.train.save, config.train.clip), (Every::Steps(10), Some(1.0)));
        assert_eq!((config.data.tokens, config.data.max_tokens), (Some(4096), 1024));
    }

    #[test]
    fn an_unknown_key_is_reported_with_line_and_nearest_known_one() {
        insta::assert_snapshot!(complaint("[train]\nseed = 1\nacumulate = 7\n"), @r"
        a.toml:3: unknown key `acumulate`
        hint: did you mean `accumulate`?
        ");
        insta::assert_snapshot!(complaint("[modle]\n"), @r"
        a.toml:1: unknown key `modle`
        hint: did you mean `model`?
        ");
        insta::assert_snapshot!(complaint("[train]\nmax_tokens = 7\n"), @r"
        a.toml:2: unknown key `max_tokens`
        hint: did you mean `data.max_tokens`?
        ");
        insta::assert_snapshot!(complaint("[train.schedule]\npeak = 1\nthen = { cosin = {} }\n"), @r"
        a.toml:3: unknown word `cosin`
        hint: did you mean `cosine`?
        ");
    }

    #[test]
    fn a_wrong_value_is_reported_with_its_line() {
        insta::assert_snapshot!(complaint("[train]\n\nseed = \"one\"\n"), @r#"a.toml:3: invalid type: string "one", expected u64"#);
        assert!(complaint("[train\n").starts_with("a.toml:1: "));
    }

    #[test]
    fn overrides_change_add_and_take_away() {
        let changes =
            ["train.seed=7", "model.preset=micro", "data.tokens=", "train.validate=never", "train.save.steps=3"];
        let config = Config::parse(SMALL, "").unwrap().with(&changes.map(String::from), Some(SMALL)).unwrap();
        assert_eq!((config.train.seed, config.data.tokens), (7, None));
        assert_eq!((config.train.validate, config.train.save), (Every::Never, Every::Steps(3)));
        assert_eq!(config.model().unwrap().parameters(), 33_491_074);
        let complaint = |change: &str| {
            Config::parse(SMALL, "").unwrap().with(&[change.into()], Some(SMALL)).unwrap_err().to_string()
        };
        let expected = "--set train.sed=1: unknown key `sed`\nhint: did you mean `seed`?";
        assert_eq!(complaint("train.sed=1"), expected);
        assert_eq!(complaint("train"), "--set train: expected section.key=value");
    }

    #[test]
    fn a_resolved_config_reads_as_it_is_written() {
        let mut config = Config::parse(SMALL, "").unwrap();
        config.train.clip = None;
        let model = config.model().unwrap();
        let resolved = config.resolved(&model);
        let again = Config::parse(&resolved.to_toml(), "").unwrap();
        assert_eq!(again, resolved);
        assert_eq!(again.model().unwrap(), model);
        assert!(resolved.to_toml().contains("beta1 = 0.9\n"), "{}", resolved.to_toml());
    }

    #[test]
    fn a_run_without_end_is_refused() {
        let config = Config::parse("[model]\npreset = \"nano\"\n", "").unwrap();
        assert!(matches!(config.model(), Err(Error::NoEnd)));
    }
}
