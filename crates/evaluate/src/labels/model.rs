//! Predicts answers with a model.

use rinalmo_model::TaskSpec;

use super::{Answers, Known, Labels, Question};
use crate::Error;
use crate::Watch;
use crate::problem::{Problem, ProblemKind};
use rinalmo_infer::{Answer, Model, PredictOptions, Said};

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
        watch.begin(&name, sequences.len(), sequences.iter().map(Vec::len).sum());
        let mut answers = Self { name, problems: Vec::new(), values: Vec::with_capacity(sequences.len()) };
        let (question, task) = (&labels.question, task_of(model, &labels.question));
        let found = model.predictions(task, &sequences, &PredictOptions::default())?;
        for (answer, known) in found.zip(&labels.items) {
            match answer.map_err(Error::from).and_then(|answer| fits(answer, question)) {
                Ok(answer) => answers.values.push(Some(answer)),
                Err(error) => {
                    let text = format!("{}: {error}", known.place);
                    answers.problems.push(Problem::new(ProblemKind::NoPrediction, text));
                    answers.values.push(None);
                }
            }
            watch.done(sequences[answers.values.len() - 1].len());
            if watch.stopped() {
                break;
            }
        }
        answers.values.resize(sequences.len(), None);
        Ok(answers)
    }
}

/// The task of the model's head: the question's, or a user's own.
fn task_of(model: &Model, question: &Question) -> &'static TaskSpec {
    let own = TaskSpec::named("sequence");
    if model.config().head.as_ref().is_some_and(|head| own.takes(head)) { own } else { question.task() }
}

/// An answer as text, if it answers the question.
fn fits(answer: Answer, question: &Question) -> Result<String, Error> {
    match (answer.said.into_iter().next(), question) {
        (Some(Said::Yes(probability)), Question::YesNo { .. }) => Ok(probability.to_string()),
        (Some(Said::Number(number)), Question::Number(_)) => Ok(number.to_string()),
        (Some(Said::Class { label, .. }), Question::Classes(_)) => Ok(label),
        _ => Err(Error::Options("the model was fitted to labels of another kind".into())),
    }
}
