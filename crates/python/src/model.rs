//! A model with its weights: every verb, on the sequences of one call.

use std::sync::Arc;

use numpy::IntoPyArray;
use numpy::ndarray::ArrayD;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use rinalmo::seq::SequenceRecord;
use rinalmo::sink::ArrayKind;
use rinalmo::task::{LabelSpec, TaskSpec};
use rinalmo::{
    Answer, Device, EmbedOptions, Error, FoldRequest, LoadOptions, Marginal, Model, Precision, PredictOptions, Said,
    ScoreOptions, Variant, VariantRequest, Window,
};

use crate::asked::{Asked, Given, Results};
use crate::folding::{FoldSettings, constrained};
use crate::work::gathered;
use crate::{error, folded, work};

/// A loaded model. Everything but its threads is shared by all calls.
#[pyclass(frozen, module = "rinalmo._rinalmo")]
pub struct Engine {
    model: Arc<Model>,
    threads: Option<usize>,
    max_memory: Option<u64>,
}

#[pymethods]
impl Engine {
    /// Loads a model by name or path.
    #[new]
    fn new(
        py: Python<'_>,
        name: String,
        device: String,
        dtype: &str,
        threads: Option<usize>,
        heads: Option<usize>,
        max_memory: Option<u64>,
    ) -> PyResult<Self> {
        let precision = match dtype {
            "auto" => None,
            "f32" => Some(Precision::F32),
            "bf16" => Some(Precision::Bf16),
            "int8" => Some(Precision::Int8),
            other => {
                let message = format!("dtype: expected \"auto\", \"f32\", \"bf16\" or \"int8\", found \"{other}\"");
                return Err(error::input(py, message));
            }
        };
        let options = LoadOptions::default().heads(heads).precision(precision).max_memory(max_memory);
        let load = move |_: &work::Stop| Model::load_with(&name, &options, &Device::open(device.parse()?)?);
        let model = work::run(py, threads, load)?.map_err(|error| error::of(py, &error))?;
        Ok(Self { model: Arc::new(model), threads, max_memory })
    }

    /// What the model is: its name, device, number format, sizes, task and licence.
    fn about<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let (model, about) = (&self.model, PyDict::new(py));
        let meta = model.metadata();
        about.set_item("name", model.name())?;
        about.set_item("device", model.device().name().to_string())?;
        about.set_item("dtype", model.precision().name())?;
        about.set_item("dim", model.config().encoder.dim)?;
        about.set_item("parameters", model.config().parameters())?;
        about.set_item("task", meta.task)?;
        about.set_item("has_mlm", model.config().mlm)?;
        about.set_item("threshold", model.threshold())?;
        about.set_item("license", meta.license.as_deref())?;
        Ok(about)
    }

    /// SHA-256 of the model's file, in hex.
    fn sha256(&self, py: Python<'_>) -> String {
        py.detach(|| self.model.sha256().to_owned())
    }

    fn fold<'py>(
        &self,
        py: Python<'py>,
        given: Given,
        first: usize,
        on_error: &str,
        settings: FoldSettings,
    ) -> PyResult<Results<'py>> {
        let asked = Asked::new(py, &given, first, on_error)?;
        if settings.keeps_probabilities() {
            asked.check_kept(py, self.max_memory)?;
        }
        let (options, model) = (settings.options(py)?, self.model.clone());
        let ask = |record: &SequenceRecord| settings.request(py, record.index - first, record);
        let work = move |requests: Vec<FoldRequest<'static>>, all: bool, stop: &work::Stop| {
            let constraints = requests.iter().map(|request| request.constraint.clone()).collect();
            let folds = model.folds(requests, &options)?;
            Ok(gathered(constrained(folds, constraints), all, stop))
        };
        asked.each(py, self.threads, ask, work, |record, folded| folded::fields(py, record, folded))
    }

    fn embed<'py>(
        &self,
        py: Python<'py>,
        given: Given,
        first: usize,
        on_error: &str,
        kind: &str,
        window: Option<(usize, usize)>,
    ) -> PyResult<Results<'py>> {
        let kind = match kind {
            "tokens" => ArrayKind::Tokens,
            "mean" => ArrayKind::Mean,
            "cls" => ArrayKind::Cls,
            "logits" => ArrayKind::Logits,
            "attentions" => ArrayKind::Attentions,
            other => return Err(error::input(py, format!("no vectors are called \"{other}\""))),
        };
        let window = window.map(|(len, overlap)| Window { len, overlap });
        let (options, model) = (EmbedOptions::default().include([kind]).window(window), self.model.clone());
        let work = move |sequences: Vec<Vec<u8>>, all: bool, stop: &work::Stop| {
            Ok(gathered(model.embeddings(sequences, &options)?, all, stop))
        };
        Asked::new(py, &given, first, on_error)?.each(py, self.threads, letters, work, |_, mut embedding| {
            let array = embedding.arrays.remove(0);
            let array = ArrayD::from_shape_vec(array.shape, array.data).expect("an array has its shape");
            Ok(array.into_pyarray(py).into_any())
        })
    }

    fn score<'py>(
        &self,
        py: Python<'py>,
        given: Given,
        first: usize,
        on_error: &str,
        unmasked: bool,
    ) -> PyResult<Results<'py>> {
        let (options, model) = (score_options(unmasked), self.model.clone());
        let work = move |sequences: Vec<Vec<u8>>, all: bool, stop: &work::Stop| {
            Ok(gathered(model.scores(sequences, &options)?, all, stop))
        };
        Asked::new(py, &given, first, on_error)?.each(py, self.threads, letters, work, |record, score| {
            let fields = PyDict::new(py);
            fields.set_item("length", record.sequence.len())?;
            fields.set_item("loss", score.loss)?;
            fields.set_item("perplexity", score.perplexity)?;
            fields.set_item("log_likelihoods", score.log_likelihoods.into_pyarray(py))?;
            Ok(fields.into_any())
        })
    }

    /// For each sequence the normal form and the log-likelihood ratio of each of its variants.
    fn variants<'py>(
        &self,
        py: Python<'py>,
        given: Given,
        first: usize,
        on_error: &str,
        variants: Vec<Vec<String>>,
        unmasked: bool,
    ) -> PyResult<Results<'py>> {
        let (options, model) = (score_options(unmasked), self.model.clone());
        let ask = |record: &SequenceRecord| {
            let texts = variants.get(record.index - first).map_or(&[][..], Vec::as_slice);
            let parsed = texts.iter().map(|text| fitting(text, &record.sequence)).collect::<Result<Vec<_>, Error>>();
            let parsed = parsed.map_err(|error| error::of_record(py, &error, Some(&record.name())))?;
            Ok(VariantRequest::new(&record.sequence, parsed).into_owned())
        };
        let work = move |requests: Vec<VariantRequest<'static>>, all: bool, stop: &work::Stop| {
            let names: Vec<Vec<String>> =
                requests.iter().map(|request| request.variants.iter().map(Variant::to_string).collect()).collect();
            let scores = model.variant_scores(requests, &options)?;
            let named = scores.zip(names).map(|(scores, names)| Ok((scores?, names)));
            Ok(gathered(named, all, stop))
        };
        Asked::new(py, &given, first, on_error)?.each(py, self.threads, ask, work, |_, (scores, names)| {
            Ok(PyList::new(py, names.into_iter().zip(scores))?.into_any())
        })
    }

    /// What the model's own head says of each sequence.
    fn predict<'py>(
        &self,
        py: Python<'py>,
        given: Given,
        first: usize,
        on_error: &str,
        pad_to: Option<usize>,
    ) -> PyResult<Results<'py>> {
        let own = self.model.metadata().task;
        let Some(task) = TaskSpec::find(own).filter(|task| task.labels.is_some()) else {
            let message = format!("model `{}` predicts no labels: its task is {own}", self.model.name());
            return Err(error::input(py, message + "\nhint: rinalmo.models() names the bundled models"));
        };
        let is_padded = task.labels.is_some_and(|labels| labels.pad_to.is_some())
            && self.model.config().head.as_ref().is_some_and(|head| head.cnn().is_none());
        if pad_to.is_some() && !is_padded {
            let message = format!("pad_to: model `{}` pads no sequences", self.model.name());
            return Err(error::input(py, message));
        }
        if pad_to.is_some_and(|tokens| tokens < 3) {
            return Err(error::input(py, "pad_to: expected at least 3, a base and two special tokens"));
        }
        let (options, model) = (PredictOptions::default().pad_to(pad_to), self.model.clone());
        let work = move |sequences: Vec<Vec<u8>>, all: bool, stop: &work::Stop| {
            Ok(gathered(model.predictions(task, sequences, &options)?, all, stop))
        };
        Asked::new(py, &given, first, on_error)?
            .each(py, self.threads, letters, work, |_, answer| answer_fields(py, task, answer))
    }
}

/// The letters of a sequence, which most verbs ask about.
fn letters(record: &SequenceRecord) -> PyResult<Vec<u8>> {
    Ok(record.sequence.clone())
}

fn score_options(unmasked: bool) -> ScoreOptions {
    ScoreOptions::default().marginal(if unmasked { Marginal::Unmasked } else { Marginal::Masked })
}

fn fitting(text: &str, sequence: &[u8]) -> Result<Variant, Error> {
    let variant: Variant = text.parse()?;
    variant.check(sequence).map(|()| variant)
}

/// An answer in the columns that the task names, and the head's outputs.
fn answer_fields<'py>(py: Python<'py>, task: &TaskSpec, answer: Answer) -> PyResult<Bound<'py, PyAny>> {
    let fields = PyDict::new(py);
    let Answer { said, outputs, .. } = answer;
    let labels = task.labels.unwrap_or(LabelSpec::PLAIN);
    let column = |usual| labels.predicted.first().copied().unwrap_or(usual);
    if task.is_of_bases() {
        let (column, values) = of_each(py, said)?;
        fields.set_item(column, values)?;
    } else {
        match said.into_iter().next() {
            Some(Said::Number(value)) => fields.set_item(column("value"), value)?,
            Some(Said::Yes(probability)) => {
                fields.set_item(column("probability"), probability)?;
                if labels.meaning.is_some() {
                    fields.set_item("logit", outputs.first())?;
                }
            }
            Some(Said::Class { label, probability }) => {
                fields.set_item(column("class"), label)?;
                fields.set_item("probability", probability)?;
            }
            None => {}
        }
    }
    fields.set_item("outputs", outputs.into_pyarray(py))?;
    Ok(fields.into_any())
}

/// What is said of each base, in one column.
fn of_each<'py>(py: Python<'py>, bases: Vec<Said>) -> PyResult<(&'static str, Bound<'py, PyAny>)> {
    let column = match bases.first() {
        Some(Said::Yes(_)) => "probabilities",
        Some(Said::Class { .. }) => "classes",
        Some(Said::Number(_)) | None => "values",
    };
    let mut numbers = Vec::new();
    let mut classes = Vec::new();
    for said in bases {
        match said {
            Said::Number(value) | Said::Yes(value) => numbers.push(value),
            Said::Class { label, .. } => classes.push(label),
        }
    }
    let values =
        if column == "classes" { PyList::new(py, classes)?.into_any() } else { numbers.into_pyarray(py).into_any() };
    Ok((column, values))
}
