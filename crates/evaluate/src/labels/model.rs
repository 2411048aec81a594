//! Predicts answers with a model.

use rinalmo_model::TaskSpec;

use super::{Answers, Known, Labels, Question};
use crate::Error;
use crate::Watch;
use crate::problem::{Problem, ProblemKind};
use rinalmo_infer::{Answer, Model, Said};

/// Sequences between two reports of progress: enough for batches of similar lengths among them.
const CHUNK: usize = 512;

impl Answers {
    /// Runs a model on every known answer's sequence, with the head for the task or with a user's own head for whole
    /// sequences.
    ///
    /// # Errors
    /// The model has no head for the question, or a sequence is missing.
    pub fn from_model(model: &Model, labels: &Labels, watch: &mut dyn Watch) -> Result<Self, Error> {
        let letters = |known: &'_ Known| match &known.sequence {
            Some(sequence) => Ok(sequence.clone()),
            None => Err(Error::Options(format!("{}: no sequence, which a model needs", known.place))),
        };
        let sequences = labels.items.iter().map(letters).collect::<Result<Vec<_>, _>>()?;
        let name = model.name().to_owned();
        let mut answers = Self { name, problems: Vec::new(), values: Vec::with_capacity(sequences.len()) };
        for (chunk, known) in sequences.chunks(CHUNK).zip(labels.items.chunks(CHUNK)) {
            if watch.stopped() {
                break;
            }
            for (answer, known) in ask(model, &labels.question, chunk)?.into_iter().zip(known) {
                if let Err(error) = &answer {
                    answers.problems.push(Problem::new(ProblemKind::NoPrediction, format!("{}: {error}", known.place)));
                }
                answers.values.push(answer.ok());
            }
            chunk.iter().for_each(|sequence| watch.done(sequence.len()));
        }
        answers.values.resize(sequences.len(), None);
        Ok(answers)
    }
}

/// The model's answer for each sequence, by the head for the task or a user's own.
fn ask(model: &Model, question: &Question, sequences: &[Vec<u8>]) -> Result<Vec<Result<String, Error>>, Error> {
    let own = TaskSpec::named("sequence");
    let task = if model.config().head.as_ref().is_some_and(|head| own.takes(head)) { own } else { question.task() };
    let fits = |answer: Answer| match (answer.said.into_iter().next(), question) {
        (Some(Said::Yes(probability)), Question::YesNo { .. }) => Ok(probability.to_string()),
        (Some(Said::Number(number)), Question::Number(_)) => Ok(number.to_string()),
        (Some(Said::Class { label, .. }), Question::Classes(_)) => Ok(label),
        _ => Err(Error::Options("the model was fitted to labels of another kind".into())),
    };
    let found = model.predict(task, sequences, None)?;
    Ok(found.into_iter().map(|answer| answer.map_err(Error::from).and_then(fits)).collect())
}
