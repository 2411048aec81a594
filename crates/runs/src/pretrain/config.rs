//! A pre-training run's config: one TOML file with everything except the paths of its input and output.
//!
//! `[model]` is the size, `[data]` what is drawn, `[train]` how it is trained, `[checkpoints]` what is kept. A missing
//! key has the paper's value (RiNALMo, Methods, "Pre-training").

use rinalmo_corpus::sample::Split;
use rinalmo_model::ModelConfig;
use rinalmo_train::{MlmConfig, Options, Share};
use serde::{Deserialize, Serialize};

use super::Size;
use crate::Error;
use crate::recipes;
use crate::run::config::{self, shared_keys};
use crate::run::{Keep, RunConfig};

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
    shared_keys!();

    const TASK: Option<&'static str> = Some(recipes::PRETRAIN);

    fn full() -> Self {
        let some = Some(1);
        Self {
            task: Some(String::new()),
            model: Size::full(),
            data: MlmConfig { sequences: some, tokens: some, validation_batches: some, ..MlmConfig::default() },
            train: config::full_train(),
            checkpoints: Keep::default(),
        }
    }

    fn check(&self) -> Result<(), Error> {
        config::check_train(&self.train)?;
        self.data.sampling(self.train.seed, Split::Train, Share::default())?;
        Ok(())
    }

    fn like(&self, _: &Self) -> Result<Self, Error> {
        Ok(self.clone().resolved(&self.model()?))
    }
}

impl Config {
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

    /// The config with every size written out, and with infinity for limits that are switched off.
    pub(super) fn resolved(mut self, model: &ModelConfig) -> Self {
        self.task = Some(recipes::PRETRAIN.to_owned());
        self.model = Size::from(&model.encoder);
        self.train = config::written_out(self.train);
        if self.data.sequences.is_none() && self.data.tokens.is_none() {
            self.data.sequences = Some(MlmConfig::SEQUENCES);
        }
        self
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
    fn limits_that_mean_nothing_are_named() {
        let complaint = |until: rinalmo_train::Limits| {
            let mut config = Config::parse(SMALL, "").unwrap();
            config.train.until = until;
            config.check().unwrap_err().to_string()
        };
        let of = |seconds: f64| rinalmo_train::Limits { seconds: Some(seconds), ..Default::default() };
        assert_eq!(complaint(of(-1.0)), "train.until.seconds = -1, expected 0 or more");
        assert_eq!(complaint(of(f64::NAN)), "train.until.seconds = NaN, expected 0 or more");
        let epochs = rinalmo_train::Limits { epochs: Some(1 << 63), ..Default::default() };
        assert_eq!(complaint(epochs), "train.until.epochs = 9223372036854775808, expected less than 2^63");
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
        let expected = "train.sed=1: unknown key `sed`\nhint: did you mean `seed`?";
        assert_eq!(complaint("train.sed=1"), expected);
        assert_eq!(complaint("train"), "train: expected section.key=value");
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
