//! A model's answers.

use rinalmo_model::TaskSpec;

use super::{Answers, Known, Labels, Question};
use crate::Error;
use crate::Watch;
use crate::problem::{Kind, Problem};
use rinalmo_infer::{Answer, Model, Said};

/// Sequences between two looks at the clock: enough for batches of similar lengths among them.
const CHUNK: usize = 512;

impl Answers {
    /// Asks a model of every known answer's sequence: with the head that was made for the question, or one of the user's
    /// own for whole sequences.
    ///
    /// # Errors
    /// The model has no head for the question, or a sequence is not told.
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
                    answers.problems.push(Problem::new(Kind::NoPrediction, format!("{}: {error}", known.place)));
                }
                answers.values.push(answer.ok());
            }
            chunk.iter().for_each(|sequence| watch.done(sequence.len()));
        }
        answers.values.resize(sequences.len(), None);
        Ok(answers)
    }
}

/// What the model says of each sequence, with the head that was made for the task or one of the user's own.
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
