//! The table of tasks that models can be trained for, one row for each.
//!
//! Everything that depends on the task uses these rows: the commands `finetune`, `predict`, `evaluate` and `benchmark`,
//! configs, published and bundled models. `docs/new-task.md` shows how to add one.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use crate::config::{HeadConfig, LooksAt, Pooling};

/// Tokens that the published weights for mean ribosome load pad every sequence to: 100 nt and two special tokens
/// (Methods, "Mean ribosome load").
pub const MRL_PADDING: usize = 102;

/// A task.
pub struct TaskSpec {
    /// Its name in files and output.
    pub name: &'static str,
    /// Further names that are accepted in commands, configs, run folders and checkpoints.
    pub aliases: &'static [&'static str],
    /// What it predicts, for help and listings: a noun phrase in lower case.
    pub about: &'static str,
    /// Its training data, for help.
    pub data: &'static str,
    /// Its head, with the published sizes if there are any; `None` for the masked-language head, which is not a task
    /// head. Tasks may share a kind of head.
    pub head: Option<HeadConfig>,
    /// The ending of the bundled model's name; if empty, the task's name.
    pub bundled: &'static str,
    /// Its labels; `None` if it is not learned from labels of sequences or bases.
    pub labels: Option<LabelSpec>,
}

/// The labels of a task.
#[derive(Clone, Copy, Debug)]
pub struct LabelSpec {
    /// The meaning of a label; `None` if the config's `data.aim` sets it.
    pub meaning: Option<Meaning>,
    /// Default number of sequences in a batch.
    pub batch: usize,
    /// Dropout rate before the head's last layer in training, if the head supports it.
    pub dropout: f32,
    /// Tokens that every sequence is padded to, for a head that looks at padding too.
    pub pad_to: Option<usize>,
    /// The smallest possible number; predictions below it are raised to it.
    pub least: Option<f32>,
    /// The output of `predict` in a sentence or two, for help.
    pub gives: &'static str,
    /// Possible names of the column of known answers; empty if `evaluate` has no such task.
    pub known: &'static [&'static str],
    /// Possible names of the column of predictions; `predict` writes the first. If empty, `predict` names the column
    /// after the kind of answer.
    pub predicted: &'static [&'static str],
    /// The figures of a validation. The first decides which model is best by validation; higher is better. If empty,
    /// those of [`Meaning::figures`].
    pub figures: &'static [&'static str],
}

/// The meaning of a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    /// A quantity.
    Number,
    /// Yes or no.
    YesNo,
    /// One of several classes.
    Classes,
}

impl Meaning {
    /// The figures of a validation. The first decides which model is best by validation.
    pub const fn figures(self) -> &'static [&'static str] {
        match self {
            Self::Number => &["R²", "squared Pearson", "MSE", "MAE"],
            Self::YesNo => &["F1", "accuracy", "precision", "recall", "specificity"],
            Self::Classes => &["weighted F1", "macro F1", "accuracy"],
        }
    }
}

/// Every task.
pub const TASKS: &[TaskSpec] = &[
    TaskSpec { name: "mlm", about: "masked letters", data: "a corpus, see `rinalmo pretrain`", ..TaskSpec::PLAIN },
    TaskSpec {
        name: "structure",
        about: "which positions pair",
        data: "tables with structures or lists of pairs, dbn, ct, bpseq, st, and folders of them",
        head: Some(HeadConfig::structure()),
        ..TaskSpec::PLAIN
    },
    TaskSpec {
        name: "splice",
        about: "splice sites in the middle of windows",
        data: "tables or FASTA with labels 0 and 1",
        head: Some(HeadConfig::splice()),
        bundled: "splice-donor",
        labels: Some(LabelSpec {
            meaning: Some(Meaning::YesNo),
            gives: "Gives id, probability and logit. The published weights are separate models for donors and acceptors \
                    and expect windows of 400 nt.",
            known: &["label", "class"],
            predicted: &["probability", "score", "prediction", "logit", "logits"],
            figures: Meaning::YesNo.figures(),
            ..LabelSpec::PLAIN
        }),
        ..TaskSpec::PLAIN
    },
    TaskSpec {
        name: "mrl",
        aliases: &["ribosome"],
        about: "mean ribosome load of 5' UTRs",
        data: "tables with numbers",
        head: Some(HeadConfig::mrl()),
        labels: Some(LabelSpec {
            meaning: Some(Meaning::Number),
            batch: 64,
            dropout: 0.2,
            pad_to: Some(MRL_PADDING),
            least: Some(0.0),
            gives: "Gives id and mrl, in the units of the training set. The published head sees its padding, so every \
                    sequence is padded to the length it was trained with: 100 nt and two more tokens.",
            known: &["rl", "mrl", "load", "ribosome_load", "mean_ribosome_load"],
            predicted: &["mrl", "rl", "load", "ribosome_load", "mean_ribosome_load", "prediction"],
            figures: Meaning::Number.figures(),
        }),
        ..TaskSpec::PLAIN
    },
    TaskSpec {
        name: "family",
        about: "families of non-coding RNAs",
        data: "tables or FASTA with names of classes",
        head: Some(HeadConfig::family()),
        labels: Some(LabelSpec {
            meaning: Some(Meaning::Classes),
            gives: "Gives id, family and its probability.",
            known: &["family", "label", "class"],
            predicted: &["family", "prediction", "label", "class"],
            figures: Meaning::Classes.figures(),
            ..LabelSpec::PLAIN
        }),
        ..TaskSpec::PLAIN
    },
    TaskSpec {
        name: "sequence",
        about: "anything said of whole sequences",
        data: "a number, yes or no, or a class, as the config's data.aim says",
        head: Some(HeadConfig::Sequence { hidden: 128, outputs: 1, pooling: Pooling::Cls }),
        labels: Some(LabelSpec {
            gives: "Gives id and value, or probability (of yes), or class and its probability, as the model was fine-tuned.",
            ..LabelSpec::PLAIN
        }),
        ..TaskSpec::PLAIN
    },
    TaskSpec {
        name: "token",
        about: "anything said of each base",
        data: "as many numbers or classes as bases",
        head: Some(HeadConfig::Token { hidden: 128, outputs: 1 }),
        labels: Some(LabelSpec {
            batch: 8,
            gives: "Gives id and a list as long as the sequence: values, probabilities (of yes), or classes.",
            ..LabelSpec::PLAIN
        }),
        ..TaskSpec::PLAIN
    },
];

impl TaskSpec {
    /// A row with defaults, for struct update syntax.
    pub const PLAIN: Self = Self { name: "", aliases: &[], about: "", data: "", head: None, bundled: "", labels: None };

    /// The task of this name or alias.
    pub fn find(name: &str) -> Option<&'static Self> {
        TASKS.iter().find(|task| task.answers_to(name))
    }

    /// The task of this name, for tables and constants: there, an unknown name does not compile.
    ///
    /// # Panics
    /// No task has this name.
    pub const fn named(name: &str) -> &'static Self {
        let mut number = 0;
        while number < TASKS.len() {
            if same(TASKS[number].name.as_bytes(), name.as_bytes()) {
                return &TASKS[number];
            }
            number += 1;
        }
        panic!("no task has this name")
    }

    /// The tasks that are learned from labels of sequences or bases.
    pub fn of_labels() -> impl Iterator<Item = (&'static Self, &'static LabelSpec)> {
        TASKS.iter().filter_map(|task| Some((task, task.labels.as_ref()?)))
    }

    /// Is this its name or an alias?
    pub fn answers_to(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }

    /// What it predicts, with a capital letter.
    pub fn title(&self) -> String {
        let (first, rest) = self.about.split_at(self.about.chars().next().map_or(0, char::len_utf8));
        first.to_uppercase() + rest
    }

    /// Is `head` of the kind that it needs, of any sizes? A convolutional network is if it was made for this task.
    pub fn takes(&self, head: &HeadConfig) -> bool {
        match head {
            HeadConfig::Cnn { made_for, .. } => self.has_labels_of_sequences() && self.answers_to(made_for),
            _ => self.head.as_ref().is_some_and(|own| own.prefix() == head.prefix()),
        }
    }

    /// Is it learned from labels of whole sequences?
    pub fn has_labels_of_sequences(&self) -> bool {
        self.labels.is_some() && self.head.is_some() && !self.is_of_bases()
    }

    /// Does each base have its own label?
    pub fn is_of_bases(&self) -> bool {
        self.head.as_ref().is_some_and(|head| head.looks_at() == LooksAt::Bases)
    }

    /// The ending of the bundled model's name, after the name of the first bundled model.
    pub fn bundled(&self) -> &'static str {
        if self.bundled.is_empty() { self.name } else { self.bundled }
    }
}

impl LabelSpec {
    /// A row with defaults, for struct update syntax.
    pub const PLAIN: Self = Self {
        meaning: None,
        batch: 32,
        dropout: 0.0,
        pad_to: None,
        least: None,
        gives: "",
        known: &[],
        predicted: &[],
        figures: &[],
    };

    /// The figure that decides which model is best by validation, for labels of this meaning.
    pub fn chosen_by(&self, meaning: Meaning) -> &'static str {
        self.figures.first().unwrap_or(&meaning.figures()[0])
    }
}

impl PartialEq for TaskSpec {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for TaskSpec {}

impl fmt::Debug for TaskSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TaskSpec").field(&self.name).finish()
    }
}

impl fmt::Display for TaskSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

const fn same(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

/// The name of a task, given its name or an alias; other words are returned unchanged.
pub fn canonical(name: &str) -> &str {
    TaskSpec::find(name).map_or(name, |task| task.name)
}

/// For serde: a field that names a task, by an alias in files of earlier versions.
///
/// # Errors
/// The value is not text.
pub fn read_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(canonical(&String::deserialize(deserializer)?).to_owned())
}

/// As [`read_name`], for an optional field.
///
/// # Errors
/// The value is neither text nor missing.
pub fn read_optional_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(|name| canonical(&name).to_owned()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::HeadConfig;

    #[test]
    fn every_name_and_alias_means_one_task() {
        let names = || TASKS.iter().flat_map(|task| std::iter::once(&task.name).chain(task.aliases));
        assert_eq!(names().collect::<BTreeSet<_>>().len(), names().count());
        assert_eq!((canonical("ribosome"), canonical("mrl"), canonical("pretrain")), ("mrl", "mrl", "pretrain"));
    }

    #[test]
    fn rows_agree_with_their_heads() {
        for (task, labels) in TaskSpec::of_labels() {
            let head = task.head.as_ref().unwrap();
            assert_eq!(head.looks_at() == LooksAt::Padded, labels.pad_to.is_some(), "{task}");
            assert_ne!(head.looks_at(), LooksAt::Pairs, "{task}");
            assert!(labels.pad_to.is_some() || labels.dropout == 0.0, "{task}: no other head drops");
            assert!(!labels.gives.is_empty() && labels.batch > 0, "{task}");
            assert!(labels.known.is_empty() || labels.meaning.is_some(), "{task}: what is scored means one thing");
            let known = labels.meaning.map_or(&[][..], Meaning::figures);
            assert!(labels.figures.iter().all(|figure| known.contains(figure)), "{task}");
        }
        for task in TASKS {
            assert!(!task.name.is_empty() && !task.about.is_empty() && !task.data.is_empty());
            assert!(task.head.as_ref().is_none_or(|head| head.task() == task.name || !head.is_published()), "{task}");
        }
        assert_eq!(TaskSpec::named("mrl").title(), "Mean ribosome load of 5' UTRs");
    }

    #[test]
    fn a_head_of_an_earlier_name_is_read_and_written_with_the_new_one() {
        let written = serde_json::to_value(HeadConfig::mrl()).unwrap();
        assert_eq!(written["task"], "mrl");
        let mut earlier = written;
        earlier["task"] = "ribosome".into();
        assert_eq!(serde_json::from_value::<HeadConfig>(earlier).unwrap(), HeadConfig::mrl());
        assert_eq!((HeadConfig::mrl().task(), HeadConfig::mrl().prefix()), ("mrl", "ribosome"));
    }
}
