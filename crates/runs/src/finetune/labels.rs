//! Fine-tuning on labels: splice sites, ncRNA families, mean ribosome load, and others of the same kind.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

pub use rinalmo_model::Meaning;
use rinalmo_model::{
    CnnConfig, CnnGather, CnnInput, CnnLayer, CnnPadding, HeadConfig, LabelSpec, LooksAt, MRL_PADDING, Pooling,
    TaskSpec,
};
use rinalmo_seq::labelled::labels::{self, Columns, Item};
use rinalmo_train::{Aim, Cache, Example, LabelOptions, Labels, Readout};
use rinalmo_weights::{Document, Scaler};
use serde::{Deserialize, Serialize};

use super::Section;
use super::heads::contradiction;
use super::hold_out::Entry;
use super::kind::{Files, Kind, Parts, Prepared, Split, divide, unfit};
use crate::Error;

/// The `[data]` section for labels. Missing keys have the task's own values.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LabelConfig {
    /// Sequences in a batch; 32, for ribosome load 64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<usize>,
    /// Longer sequences are left out; no limit by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_len: Option<usize>,
    /// What a label means, for tasks that do not define it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aim: Option<Meaning>,
    /// Labels that mean yes; by default `1`, `true`, `yes`, `y`, `+` and `positive`, in upper or lower case.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub positive: Vec<String>,
    /// Give every class the same weight in the loss, however rare it is.
    pub balance: bool,
    /// The column of sequences, if it has another name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<String>,
    /// The column of labels, if it has another name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Width of the head's hidden layer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden: Option<usize>,
    /// The vector for a whole sequence, for `sequence`: `"cls"` or `"mean"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pooling: Option<Pooling>,
    /// Tokens that every sequence is padded to, for ribosome load; 102 as published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pad_to: Option<usize>,
    /// Dropout rate before the head's last layer, for ribosome load; 0.2 as published. Of a convolutional network, of
    /// every dense layer's result; 0 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropout: Option<f32>,
    /// Dropout rate of every convolution's result, for a convolutional network; 0 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub map_dropout: Option<f32>,
    /// The sizes of a convolutional network in place of the task's own head.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cnn: Option<CnnConfig>,
    /// Use only rows with these values in these columns, for training and validation.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub only: BTreeMap<String, String>,
    /// The same for the test data.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub only_test: BTreeMap<String, String>,
}

impl Section for LabelConfig {
    fn full() -> Self {
        let some = || Some(String::new());
        let map = || BTreeMap::from([("column".to_owned(), "value".to_owned())]);
        Self {
            batch: Some(1),
            max_len: Some(1),
            aim: Some(Meaning::Number),
            positive: vec![String::new()],
            balance: false,
            sequence: some(),
            label: some(),
            hidden: Some(1),
            pooling: Some(Pooling::Cls),
            pad_to: Some(1),
            dropout: Some(0.0),
            map_dropout: Some(0.0),
            cnn: Some(CnnConfig {
                input: CnnInput::Letters,
                window: 1,
                padding: CnnPadding::Left,
                layers: vec![CnnLayer { filters: 1, kernel: 1, pool: 1 }],
                gather: CnnGather::Flatten,
                dense: vec![1],
            }),
            only: map(),
            only_test: map(),
        }
    }

    fn contradictions(&self, head: &HeadConfig, needed: &HeadConfig) -> Vec<String> {
        let name = |pooling: Pooling| if pooling == Pooling::Cls { "cls" } else { "mean" };
        let hidden = head.classifier().and_then(|(hidden, _)| contradiction("hidden", self.hidden, hidden));
        let pooled = match (head.looks_at(), needed.looks_at()) {
            (LooksAt::Whole(found), LooksAt::Whole(asked)) => contradiction("pooling", Some(name(asked)), name(found)),
            _ => None,
        };
        let words =
            |head: &HeadConfig| head.cnn().map_or_else(|| "no convolutional network".into(), CnnConfig::describe);
        let network = (head.cnn() != needed.cnn())
            .then(|| format!("data.cnn asks for {}, its head has {}", words(needed), words(head)));
        hidden.into_iter().chain(pooled).chain(network).collect()
    }
}

/// A task that is learned from labels: a row of the table of tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Labelled(&'static TaskSpec);

impl Labelled {
    /// The task of this row; `None` if it is not learned from labels.
    pub fn of(task: &'static TaskSpec) -> Option<Self> {
        (task.labels.is_some() && task.head.is_some()).then_some(Self(task))
    }

    /// The task of this name or alias.
    pub fn find(name: &str) -> Option<Self> {
        Self::of(TaskSpec::find(name)?)
    }

    fn labels(self) -> &'static LabelSpec {
        self.0.labels.as_ref().expect("`of` takes no other row")
    }
}

impl Kind for Labelled {
    type Data = LabelConfig;
    type Task = Labels;

    fn spec(&self) -> &'static TaskSpec {
        self.0
    }

    fn planned(&self, data: &LabelConfig) -> HeadConfig {
        let published = self.published();
        self.sized(data, published.outputs())
    }

    fn prepare(&self, files: &Files, split: &Split, data: &LabelConfig) -> Result<Prepared<Labels>, Error> {
        prepare(*self, files, split, data)
    }

    fn describe(task: &Labels, document: &mut Document) {
        task.describe(document);
    }

    fn cached(task: Labels, cache: Cache) -> Result<Labels, Error> {
        Ok(task.cached(cache))
    }

    fn fixed(test: Labels, _: &Document) -> Labels {
        test
    }
}

fn prepare(kind: Labelled, files: &Files, split: &Split, data: &LabelConfig) -> Result<Prepared<Labels>, Error> {
    let (spec, meaning) = (kind.labels(), kind.check(data)?);
    let columns = |only: &BTreeMap<String, String>| Columns {
        sequence: data.sequence.clone(),
        label: data.label.clone(),
        only: only.clone(),
    };
    let (training, testing) = (columns(&data.only), columns(&data.only_test));
    let read = |path: &Path, test: bool| Ok(labels::read(path, if test { &testing } else { &training })?);
    let mut parts = divide(files, read, |item: &Item| &item.id)?;
    let left_out = parts.keep(|item| data.max_len.is_none_or(|most| item.sequence.len() <= most));
    let each = kind.0.is_of_bases();
    let clusters: HashMap<String, u64> = parts.train.iter().filter_map(|item| item.cluster.clone()).zip(0..).collect();
    let entry = |item: &Item| {
        let (sequence, classes) = (item.sequence.clone(), strata(item, meaning, each, &data.positive)?);
        let cluster = item.cluster.as_ref().and_then(|cluster| clusters.get(cluster).copied());
        Ok(Entry { sequence, cluster, classes })
    };
    let mut about_parts = Vec::from_iter(parts.hold_out(split, entry)?);
    let (aim, parts) = targets(parts, meaning, each, &data.positive)?;
    if parts.validation_given || split.hold_out > 0.0 {
        about_parts.extend(check(&parts, &aim)?);
    }
    let (head, readout) = kind.head(data, &aim);
    let named = [("training", &parts.train), ("validation", &parts.validation), ("test", &parts.test)];
    let named = named.into_iter().filter(|(name, examples)| *name == "training" || !examples.is_empty());
    let mut notes: Vec<String> = named.map(|(name, examples)| about(name, examples, &aim)).collect();
    notes.append(&mut about_parts);
    if left_out > 0 {
        notes.push(format!("{left_out} sequences are left out, longer than data.max_len"));
    }
    let weights = data.balance.then(|| balanced(&parts.train, &aim)).flatten();
    let options = LabelOptions {
        batch: data.batch.unwrap_or(spec.batch),
        weights,
        dropout: data.dropout.unwrap_or(if data.cnn.is_some() { 0.0 } else { spec.dropout }),
        map_dropout: data.map_dropout.unwrap_or(0.0),
        chosen_by: Some(spec.chosen_by(meaning)),
    };
    let tokens = parts.train.iter().map(|example| example.sequence.len() as u64 + 2).sum();
    let longest = parts.train.iter().map(|example| example.sequence.len() + 2).max().unwrap_or(0);
    let test = (!parts.test.is_empty()).then(|| Labels::trial(parts.test, (readout, aim.clone())));
    let task = Labels::new(parts.train, parts.validation, (readout, aim), &options, split.seed, split.share)?;
    let (items, batches) = (task.train().len(), task.batches_an_epoch());
    Ok(Prepared { task, head, test, notes, items, batches, tokens, longest })
}

impl Labelled {
    /// What labels mean. Keys of other tasks are errors.
    fn check(self, data: &LabelConfig) -> Result<Meaning, Error> {
        let (own, head) = (self.labels(), self.published());
        let refuse =
            |key: &str, of: String| Err(Error::Config(format!("data.{key} is for {of}, not for `{}`", self.0.name)));
        let of = |has: fn(&TaskSpec, &LabelSpec) -> bool| {
            let names = TaskSpec::of_labels().filter(|(task, labels)| has(task, labels));
            names.map(|(task, _)| format!("`{}`", task.name)).collect::<Vec<_>>().join(" and ")
        };
        if data.cnn.is_some() {
            self.check_cnn(data)?;
        } else if data.map_dropout.is_some() {
            return refuse("map_dropout", "convolutional networks, which data.cnn describes".into());
        }
        if data.pad_to.is_some() && own.pad_to.is_none() {
            return refuse("pad_to", of(|_, labels| labels.pad_to.is_some()));
        }
        if data.dropout.is_some() && own.pad_to.is_none() && data.cnn.is_none() {
            return refuse("dropout", of(|_, labels| labels.pad_to.is_some()));
        }
        if data.pooling.is_some() && !is_pooled(&head) {
            return refuse("pooling", of(|task, _| task.head.as_ref().is_some_and(is_pooled)));
        }
        if data.hidden.is_some() && head.classifier().is_none() {
            return refuse("hidden", "tasks with a hidden layer".into());
        }
        match (own.meaning, data.aim) {
            (Some(own), None) => Ok(own),
            (None, Some(aim)) => Ok(aim),
            (Some(own), Some(aim)) if own == aim => Ok(own),
            (Some(_), Some(_)) => refuse("aim", of(|_, labels| labels.meaning.is_none())),
            (None, None) => {
                let hint = "hint: aim = \"number\", \"yes_no\" or \"classes\"";
                Err(Error::Config(format!("data.aim is left out: what does a label mean?\n{hint}")))
            }
        }
    }

    /// Refuses keys of other heads next to a convolutional network, and a network for labels of bases.
    fn check_cnn(self, data: &LabelConfig) -> Result<(), Error> {
        if !self.0.has_labels_of_sequences() {
            return Err(Error::Config(format!("data.cnn is for labels of whole sequences, not for `{}`", self.0.name)));
        }
        let keys =
            [("pad_to", data.pad_to.is_some()), ("hidden", data.hidden.is_some()), ("pooling", data.pooling.is_some())];
        match keys.into_iter().find(|(_, given)| *given) {
            Some((key, _)) => {
                let hint = "hint: the network's own keys are data.cnn.window, padding, layers, gather and dense";
                Err(Error::Config(format!("data.{key} is for other heads than data.cnn\n{hint}")))
            }
            None => Ok(()),
        }
    }

    /// The head that the config describes.
    fn sized(self, data: &LabelConfig, outputs: usize) -> HeadConfig {
        match data.cnn.clone() {
            Some(network) => HeadConfig::Cnn { made_for: self.0.name.to_owned(), outputs, network },
            None => self.published().resized(data.hidden, outputs, data.pooling),
        }
    }

    fn head(self, data: &LabelConfig, aim: &Aim) -> (HeadConfig, Readout) {
        let outputs = if let Aim::Classes(names) = aim { names.len() } else { 1 };
        let head = self.sized(data, outputs);
        let pad_to = data.pad_to.or(self.labels().pad_to).unwrap_or(MRL_PADDING);
        let readout =
            Readout::of(&head, pad_to).expect("rows of labels have heads that say something of sequences or bases");
        (head, readout)
    }
}

/// Does the config's `pooling` apply to this head?
fn is_pooled(head: &HeadConfig) -> bool {
    matches!(head, HeadConfig::Sequence { .. })
}

/// The classes of an item, for a draw that keeps all of them; none if labels are numbers.
fn strata(item: &Item, meaning: Meaning, each: bool, positive: &[String]) -> Result<Vec<String>, Error> {
    let known_words = |item: &Item| Ok::<_, Error>(words(item, each)?.into_iter().flatten());
    match meaning {
        Meaning::Number if each => Ok(item.numbers().map(|_| Vec::new())?),
        Meaning::Number => Ok(item.number().map(|_| Vec::new())?),
        Meaning::Classes => Ok(known_words(item)?.collect()),
        Meaning::YesNo => known_words(item)?.map(|word| Ok(yes(item, &word, positive)?.to_string())).collect(),
    }
}

/// Checks that the best model can be chosen with the validation data; returns a note on classes that they lack.
fn check(parts: &Parts<Example>, aim: &Aim) -> Result<Option<String>, Error> {
    let (examples, given) = (&parts.validation, parts.validation_given);
    if examples.is_empty() {
        return Err(unfit("hold no sequence that data.max_len and data.only leave", given));
    }
    let Some(counts) = counts(examples, aim) else {
        let targets: Vec<f32> =
            examples.iter().flat_map(|example| &example.targets).copied().filter(|target| !target.is_nan()).collect();
        if targets.iter().all(|target| *target == targets[0]) {
            return Err(unfit(&format!("have {} labels, and no two of them differ", targets.len()), given));
        }
        return Ok(None);
    };
    let names = match aim {
        Aim::Classes(names) => names.clone(),
        _ => vec!["no".into(), "yes".into()],
    };
    let of = |present: bool| {
        let named = names.iter().zip(&counts).filter(move |(_, count)| (**count > 0) == present);
        named.map(|(name, _)| name.as_str()).collect::<Vec<_>>()
    };
    let (present, missing) = (of(true), of(false));
    if present.len() < 2 {
        return Err(unfit(&format!("have no label other than {}", present.first().unwrap_or(&"unknown ones")), given));
    }
    Ok((!missing.is_empty()).then(|| format!("note: the validation data have no {}", missing.join(", "))))
}

/// An item's labels: one, or one for each base.
fn words(item: &Item, each: bool) -> Result<Vec<Option<String>>, Error> {
    Ok(if each { item.classes()? } else { vec![Some(item.label.clone())] })
}

/// Converts labels to numbers; classes are those of the training data.
fn targets(
    parts: Parts<Item>,
    meaning: Meaning,
    each: bool,
    positive: &[String],
) -> Result<(Aim, Parts<Example>), Error> {
    let train = &parts.train;
    let aim = match meaning {
        Meaning::YesNo => both(train, each, positive)?,
        Meaning::Number => Aim::Number(scaler(train, each)?),
        Meaning::Classes => {
            let mut names = BTreeSet::new();
            for item in train {
                names.extend(words(item, each)?.into_iter().flatten());
            }
            if names.len() < 2 {
                let found = Vec::from_iter(names).join(", ");
                return Err(Error::Options(format!("the training data have one class only: {found}")));
            }
            Aim::Classes(names.into_iter().collect())
        }
    };
    let example = |item: Item, part: &str| -> Result<Example, Error> {
        let targets = match &aim {
            Aim::Number(_) if each => item.numbers()?.into_iter().map(|n| n.map_or(f32::NAN, |n| n as f32)).collect(),
            Aim::Number(_) => vec![item.number()? as f32],
            Aim::YesNo => marks(&item, each, |word| yes(&item, word, positive))?,
            Aim::Classes(names) => marks(&item, each, |word| {
                let place = names.binary_search_by(|name| name.as_str().cmp(word));
                place.map(|class| class as f32).map_err(|_| {
                    let known = names.iter().take(20).map(String::as_str).collect::<Vec<_>>().join(", ");
                    item.wrong(format!(
                        "class `{word}` occurs in the {part} data, but not in the training data ({known})"
                    ))
                })
            })?,
        };
        Ok(Example { id: item.id, sequence: item.sequence, targets })
    };
    let all =
        |items: Vec<Item>, part: &str| items.into_iter().map(|item| example(item, part)).collect::<Result<Vec<_>, _>>();
    let parts = Parts {
        train: all(parts.train, "training")?,
        validation: all(parts.validation, "validation")?,
        test: all(parts.test, "test")?,
        validation_given: parts.validation_given,
    };
    Ok((aim, parts))
}

fn marks(
    item: &Item,
    each: bool,
    mark: impl Fn(&str) -> Result<f32, rinalmo_seq::table::Error>,
) -> Result<Vec<f32>, Error> {
    words(item, each)?.iter().map(|word| word.as_deref().map_or(Ok(f32::NAN), |word| Ok(mark(word)?))).collect()
}

/// Refuses training data that are all yes or all no.
fn both(train: &[Item], each: bool, positive: &[String]) -> Result<Aim, Error> {
    let mut found = BTreeSet::new();
    for item in train {
        found.extend(strata(item, Meaning::YesNo, each, positive)?);
    }
    match found.len() {
        2 => Ok(Aim::YesNo),
        _ => {
            let all = if found.contains("1") { "yes" } else { "no" };
            let hint = "hint: data.positive names labels that mean yes";
            Err(Error::Options(format!("the training data's labels all mean {all}: there is nothing to learn\n{hint}")))
        }
    }
}

fn yes(item: &Item, word: &str, positive: &[String]) -> Result<f32, rinalmo_seq::table::Error> {
    let yes = match positive {
        [] => labels::yes_no(word),
        positive => Some(positive.iter().any(|known| labels::same(known, word))),
    };
    let hint = "hint: data.positive names labels that mean yes";
    yes.map(|yes| f32::from(u8::from(yes))).ok_or_else(|| item.wrong(format!("`{word}`, expected 0 or 1\n{hint}")))
}

/// Mean and standard deviation of the training data's labels.
fn scaler(items: &[Item], each: bool) -> Result<Scaler, Error> {
    let mut values = Vec::new();
    for item in items {
        if each {
            values.extend(item.numbers()?.into_iter().flatten());
        } else {
            values.push(item.number()?);
        }
    }
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count.max(1.0);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let std = (squares / (count - 1.0).max(1.0)).sqrt();
    if std > 0.0 {
        Ok(Scaler { mean: mean as f32, std: std as f32 })
    } else {
        Err(Error::Options("the training data's labels are all the same: there is nothing to learn".into()))
    }
}

/// Weights of classes by which each has the same total weight; the mean weight of a label is 1.
fn balanced(examples: &[Example], aim: &Aim) -> Option<Vec<f32>> {
    let counts = counts(examples, aim)?;
    let (all, present) = (counts.iter().sum::<usize>(), counts.iter().filter(|count| **count > 0).count());
    Some(counts.iter().map(|&count| if count == 0 { 0.0 } else { all as f32 / (present * count) as f32 }).collect())
}

/// How many labels each class has.
fn counts(examples: &[Example], aim: &Aim) -> Option<Vec<usize>> {
    let classes = match aim {
        Aim::Number(_) => return None,
        Aim::YesNo => 2,
        Aim::Classes(names) => names.len(),
    };
    let mut counts = vec![0; classes];
    let targets = examples.iter().flat_map(|example| &example.targets).filter(|target| !target.is_nan());
    targets.for_each(|&target| counts[target as usize] += 1);
    Some(counts)
}

fn about(what: &str, examples: &[Example], aim: &Aim) -> String {
    let longest = examples.iter().map(|example| example.sequence.len()).max().unwrap_or(0);
    let labels = match (aim, counts(examples, aim)) {
        (Aim::Number(Scaler { mean, std }), _) => {
            format!("labels of mean {mean:.3} and deviation {std:.3} in training")
        }
        (Aim::YesNo, Some(counts)) => format!("{} yes, {} no", counts[1], counts[0]),
        (Aim::Classes(names), Some(counts)) => {
            let (least, most) = (counts.iter().min().unwrap_or(&0), counts.iter().max().unwrap_or(&0));
            format!("{} classes of {least} to {most} labels", names.len())
        }
        _ => String::new(),
    };
    format!("{what}: {} sequences of up to {longest} nt, {labels}", examples.len())
}

#[cfg(test)]
mod tests {
    use super::super::hold_out::Unit;
    use super::*;
    use rinalmo_train::Share;

    fn prepare_text(task: &str, train: &str, test: &str, data: &LabelConfig) -> Result<Prepared<Labels>, String> {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["train.csv", "test.csv"].map(|name| folder.path().join(name));
        paths.iter().zip([train, test]).for_each(|(path, text)| std::fs::write(path, text).unwrap());
        let text_of_test = test;
        let [train, test] = paths.map(|path| vec![path]);
        let test = if text_of_test.is_empty() { Vec::new() } else { test };
        let files = Files { train, test, ..Files::default() };
        let split = Split { seed: 0, hold_out: 0.0, by: Unit::Item, share: Share::default() };
        Labelled::find(task).unwrap().prepare(&files, &split, data).map_err(|error| error.to_string())
    }

    #[test]
    fn a_class_seen_only_in_test_is_named() {
        let train = "id,seq,label\na,ACG,tRNA\nb,ACG,5S\n";
        let said =
            prepare_text("family", train, "id,seq,label\nc,ACG,snoRNA\n", &LabelConfig::default()).err().unwrap();
        let expected = "test.csv:2: column `label`: record `c`: class `snoRNA` occurs in the test data, but not in the training \
                        data (5S, tRNA)";
        assert!(said.ends_with(expected), "{said}");
        let found = prepare_text("family", train, train, &LabelConfig::default()).unwrap();
        assert_eq!(found.head, HeadConfig::Family { hidden: 256, classes: 2 });
        assert_eq!(found.task.train()[0].targets, [1.0]);
    }

    #[test]
    fn yes_is_what_the_config_says() {
        let text = "seq,label\nACG,1\nACG,0\nACG,2\n";
        let said = prepare_text("splice", text, text, &LabelConfig::default()).err().unwrap();
        assert!(said.contains("train.csv:4: column `label`: record `row 4`: `2`, expected 0 or 1"), "{said}");
        let donors = LabelConfig { positive: vec!["1".into()], balance: true, ..LabelConfig::default() };
        let found = prepare_text("splice", text, text, &donors).unwrap();
        assert_eq!(found.notes[0], "training: 3 sequences of up to 3 nt, 1 yes, 2 no");
    }

    #[test]
    fn tables_of_spreadsheets_are_trained_on() {
        let numbers = "sep=;\r\nID;Sequence;RL\r\na;ACG;0,5\r\nb;ACG;1,5\r\n;;\r\n";
        let found = prepare_text("mrl", numbers, numbers, &LabelConfig::default()).unwrap();
        assert_eq!(found.task.train().iter().map(|example| example.targets[0]).collect::<Vec<_>>(), [0.5, 1.5]);
        for (yes, no) in [("1.0", "0.0"), ("TRUE", "FALSE"), ("+", "-"), ("Positive", "negative"), ("y", "n")] {
            let text = format!("seq\tlabel\nACG\t{yes}\nACG\t{no}\n\t\n");
            let found = prepare_text("splice", &text, &text, &LabelConfig::default()).unwrap();
            assert_eq!(found.notes[0], "training: 2 sequences of up to 3 nt, 1 yes, 1 no", "{yes} {no}");
        }
        let doubtful = "utr,rl\nACG,\"1,234\"\nACG,2\n";
        let said = prepare_text("mrl", doubtful, doubtful, &LabelConfig::default()).err().unwrap();
        assert!(said.contains("train.csv:2: column `rl`: record `row 2`: `1,234` may be 1.234 or 1234"), "{said}");
    }

    #[test]
    fn a_hold_out_splits_no_cluster_that_the_column_names() {
        // No two sequences are similar, so only the column can keep a cluster together.
        let mut random = fastrand::Rng::with_seed(3);
        let mut row = |number: usize, cluster: &str| {
            let letters: String = (0..60).map(|_| ["A", "C", "G", "U"][random.usize(0..4)]).collect();
            format!("{cluster}_{number},{letters},{number},{cluster}\n")
        };
        let rows: String = (0..60).map(|number| row(number, &format!("c{}", number / 5))).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("train.csv");
        std::fs::write(&path, format!("id,seq,label,cluster\n{rows}")).unwrap();
        let files = Files { train: vec![path], ..Files::default() };
        for seed in 0..6 {
            let split = Split { seed, hold_out: 0.25, by: Unit::Cluster, share: Share::default() };
            let found = Labelled::find("mrl").unwrap().prepare(&files, &split, &LabelConfig::default()).unwrap();
            assert!(found.notes.iter().any(|note| note.contains("3 of 12 clusters")), "{:?}", found.notes);
            let left: Vec<&str> = found.task.train().iter().filter_map(|item| item.id.split('_').next()).collect();
            assert_eq!(left.len(), 45);
            let names: BTreeSet<&str> = left.iter().copied().collect();
            assert!(names.iter().all(|name| left.iter().filter(|other| other == &name).count() == 5), "{left:?}");
        }
    }

    #[test]
    fn labels_that_are_not_numbers_or_all_the_same_are_refused() {
        let said = prepare_text("mrl", "utr,rl\nACG,1\nACG,NaN\n", "", &LabelConfig::default()).err().unwrap();
        assert!(said.contains("train.csv:3: column `rl`: record `row 3`: `NaN`, expected a finite number"), "{said}");
        let same = "utr,rl\nACG,1\nACG,1\n";
        assert!(prepare_text("mrl", same, same, &LabelConfig::default()).err().unwrap().contains("all the same"));
    }

    #[test]
    fn bases_have_labels_of_their_own() {
        let data = LabelConfig { aim: Some(Meaning::Classes), ..LabelConfig::default() };
        let found = prepare_text("token", "seq,label\nACG,EI-\n", "seq,label\nACG,III\n", &data).unwrap();
        assert_eq!(found.head, HeadConfig::Token { hidden: 128, outputs: 2 });
        let targets = &found.task.train()[0].targets;
        assert_eq!(targets[..2], [0.0, 1.0]);
        assert!(targets[2].is_nan());
    }

    #[test]
    fn keys_of_other_tasks_are_refused() {
        let text = "seq,label\nACG,1\nACG,0\n";
        let said = |data: LabelConfig| prepare_text("splice", text, text, &data).err().unwrap();
        let padded = LabelConfig { pad_to: Some(102), ..LabelConfig::default() };
        assert_eq!(said(padded), "data.pad_to is for `mrl`, not for `splice`");
        let unsaid = prepare_text("sequence", text, text, &LabelConfig::default()).err().unwrap();
        assert!(unsaid.starts_with("data.aim is left out"), "{unsaid}");
    }

    /// A small network for windows of so many bases.
    fn network(window: usize) -> LabelConfig {
        let text = format!("cnn = {{ window = {window}, layers = [{{ filters = 3, kernel = 2 }}] }}\n");
        toml::from_str(&text).unwrap()
    }

    #[test]
    fn a_network_takes_the_place_of_the_tasks_own_head() {
        let text = "seq,label\nACG,1\nACG,0\n";
        let found = prepare_text("splice", text, text, &network(3)).unwrap();
        let HeadConfig::Cnn { made_for, outputs: 1, network: sizes } = &found.head else { panic!("{:?}", found.head) };
        assert_eq!((made_for.as_str(), sizes.window, sizes.padding), ("splice", 3, CnnPadding::None));
        let families = "seq,label\nACG,a\nACG,b\nACG,c\n";
        assert_eq!(prepare_text("family", families, families, &network(3)).unwrap().head.outputs(), 3);

        let said = |task: &str, data: LabelConfig| prepare_text(task, text, text, &data).err().unwrap();
        let hidden = said("splice", LabelConfig { hidden: Some(3), ..network(3) });
        assert!(hidden.starts_with("data.hidden is for other heads than data.cnn\nhint: "), "{hidden}");
        assert!(
            said("mrl", LabelConfig { pad_to: Some(9), ..network(3) }).starts_with("data.pad_to is for other heads")
        );
        let bases = LabelConfig { aim: Some(Meaning::YesNo), ..network(3) };
        assert_eq!(said("token", bases), "data.cnn is for labels of whole sequences, not for `token`");
        let dropped = said("splice", LabelConfig { map_dropout: Some(0.1), ..LabelConfig::default() });
        assert!(dropped.starts_with("data.map_dropout is for convolutional networks"), "{dropped}");
        let much = said("splice", LabelConfig { map_dropout: Some(1.0), ..network(3) });
        assert_eq!(much, "data.map_dropout = 1, expected a rate from 0 to below 1");
    }

    #[test]
    fn sequences_of_other_lengths_than_the_window_are_named_before_training() {
        use rinalmo_model::{EncoderConfig, ModelConfig};
        use rinalmo_train::Task;
        let text = "id,seq,label\na,ACG,1\nb,ACGU,0\n";
        let check = |data: &LabelConfig| {
            let found = prepare_text("splice", text, text, data).unwrap();
            let config = ModelConfig::pretrained(EncoderConfig::new(2, 0, 1)).with_head(found.head.clone());
            super::super::run::check(&found, &config).map_err(|error| error.to_string())
        };
        let said = check(&network(3)).unwrap_err();
        let expected =
            "`b` of 4 nt: the network takes exactly 3 nt\nhint: data.max_len leaves longer ones out, data.cnn.window";
        assert!(said.starts_with(expected), "{said}");
        let said = check(&network(4)).unwrap_err();
        assert!(said.starts_with("`a` of 3 nt: the network takes exactly 4 nt\nhint: data.cnn.padding"), "{said}");
        let mut padded = network(4);
        padded.cnn.as_mut().unwrap().padding = CnnPadding::Left;
        assert_eq!(check(&padded), Ok(()));
        // `data.max_len` leaves nothing out of the test data.
        let most = LabelConfig { max_len: Some(3), ..network(3) };
        let all = "id,seq,label\na,ACG,1\nc,ACC,0\n";
        let found = prepare_text("splice", all, text, &most).unwrap();
        let config = ModelConfig::pretrained(EncoderConfig::new(2, 0, 1)).with_head(found.head.clone());
        assert_eq!(found.task.check(&config), Ok(()));
        let said = super::super::run::check(&found, &config).unwrap_err().to_string();
        assert!(said.starts_with("test data: `b` of 4 nt: the network takes exactly 3 nt"), "{said}");
    }
}
