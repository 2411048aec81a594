//! A model's answers.

use rinalmo_model::HeadConfig;

use super::{Answers, Known, Labels, Question};
use crate::Error;
use crate::Watch;
use crate::problem::{Kind, Problem};
use rinalmo_infer::{MRL_PADDING, Model, Said};

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

type Found = Result<Vec<Result<String, Error>>, Error>;
type Asked<T> = Result<Vec<Result<T, rinalmo_infer::Error>>, rinalmo_infer::Error>;

fn ask(model: &Model, question: &Question, sequences: &[Vec<u8>]) -> Found {
    let own = matches!(model.config().head, Some(HeadConfig::Sequence { .. }));
    match question {
        _ if own => {
            let said = model.predict_sequence(sequences)?;
            let fits = |said: Said| match (said, question) {
                (Said::Yes(probability), Question::Splice { .. }) => Ok(probability.to_string()),
                (Said::Number(number), Question::Mrl) => Ok(number.to_string()),
                (Said::Class { label, .. }, Question::Family) => Ok(label),
                _ => Err(Error::Options("the model was fitted to labels of another kind".into())),
            };
            Ok(said.into_iter().map(|said| said.map_err(Error::from).and_then(fits)).collect())
        }
        Question::Splice { .. } => texts(model.predict_splice(sequences), |site| site.probability.to_string()),
        Question::Mrl => texts(model.predict_mrl(sequences, MRL_PADDING), |load| load.to_string()),
        Question::Family => texts(model.predict_family(sequences), |family| family.label),
    }
}

fn texts<T>(found: Asked<T>, text: impl Fn(T) -> String) -> Found {
    Ok(found?.into_iter().map(|answer| Ok(text(answer?))).collect())
}
