//! What can be asked of a model, and its answers.

use rinalmo::energy::{Conditions, Dangles};
use rinalmo::results::ModelName;
use rinalmo::sink::ArrayKind;
use rinalmo::task::TaskSpec;
use rinalmo::{
    Constraint, EmbedOptions, Embedding, Fold, FoldOptions, FoldRequest, Marginal, Model, PredictOptions, ScoreOptions,
    SequenceScore, Variant, VariantRequest,
};

use crate::failure::Failure;
use crate::models::Engine;

/// What is asked, the same for all sequences of a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    Fold(Folding),
    Embed(ArrayKind),
    Score(Marginal),
    Variants(Marginal),
    Predict(&'static TaskSpec, Option<usize>),
}

/// How to fold.
#[derive(Clone, Debug, PartialEq)]
pub struct Folding {
    pub options: FoldOptions,
    /// Probabilities above this are listed, if it is given.
    pub cutoff: Option<f32>,
    /// Only for an energy model: the temperature in °C.
    pub temperature: Option<f64>,
    /// Only for an energy model.
    pub dangles: Option<Dangles>,
}

impl Folding {
    /// The conditions, if they are not those that an energy model has anyway.
    pub fn conditions(&self) -> Option<Conditions> {
        let usual = Conditions::default();
        let conditions = usual
            .temperature(self.temperature.unwrap_or(usual.temperature))
            .dangles(self.dangles.unwrap_or(usual.dangles));
        (self.temperature.is_some() || self.dangles.is_some()).then_some(conditions)
    }
}

/// A sequence, and what is asked only of it.
#[derive(Clone, Debug, Default)]
pub struct Item {
    pub sequence: Vec<u8>,
    /// Of two strands, the first base of the second one.
    pub nick: Option<usize>,
    pub constraint: Option<Constraint>,
    pub reactivities: Option<Vec<Option<f32>>>,
    pub variants: Vec<Variant>,
}

impl Item {
    /// Only a sequence.
    pub fn new(sequence: Vec<u8>) -> Self {
        Self { sequence, ..Self::default() }
    }
}

/// The answer for a sequence.
pub enum Answer {
    Fold(Box<FoldAnswer>),
    Embedding(Embedding),
    Score(SequenceScore),
    /// The log-likelihood ratio of each variant.
    Ratios(Vec<f32>),
    Prediction(rinalmo::Answer),
}

/// A fold, its map of pairs made into a list.
pub struct FoldAnswer {
    pub fold: Fold,
    /// Pairs `i < j` from 0, more probable than the cutoff.
    pub probabilities: Option<Vec<(usize, usize, f32)>>,
    pub model: ModelName,
}

/// Most pairs that are listed for a sequence: about 25 MB of JSON.
const MOST_PAIRS: usize = 1_000_000;
/// Most letters of a sequence's alternatives, for the same reason.
const MOST_LETTERS: usize = 25_000_000;

impl FoldAnswer {
    fn new(mut fold: Fold, cutoff: Option<f32>, model: &ModelName) -> Result<Self, Failure> {
        let letters: usize = fold.alternatives.iter().flatten().map(|one| one.dot_bracket.len()).sum();
        if letters > MOST_LETTERS {
            let message = format!("the alternatives have {letters} letters, {MOST_LETTERS} are allowed; ask for fewer");
            return Err(Failure::too_large(message));
        }
        let probabilities = match (fold.probabilities.take(), cutoff) {
            (Some(map), Some(cutoff)) => {
                let listed: Vec<_> = map.above(cutoff).take(MOST_PAIRS + 1).collect();
                if listed.len() > MOST_PAIRS {
                    let message =
                        format!("more than {MOST_PAIRS} pairs are more probable than {cutoff}; raise `cutoff`");
                    return Err(Failure::too_large(message));
                }
                Some(listed)
            }
            _ => None,
        };
        Ok(Self { fold, probabilities, model: model.clone() })
    }
}

/// Answers as they are computed.
type Answers<'e> = Box<dyn Iterator<Item = Result<Answer, Failure>> + 'e>;

impl Engine {
    /// Answers a question about sequences, in their order.
    ///
    /// # Errors
    /// The model cannot answer it, or not with these options.
    pub fn answer(&self, question: &Question, items: Vec<Item>) -> Result<Answers<'_>, Failure> {
        match (self, question) {
            (Self::Energies(folder), Question::Fold(folding)) => {
                let name = ModelName::from(folder);
                let folds = folder.folds(items.into_iter().map(to_fold), &folding.options)?;
                Ok(with_list(folds, folding.cutoff, name))
            }
            (Self::Network(model), question) => network(model, question, items),
            (Self::Energies(folder), _) => {
                Err(Failure::invalid(format!("`{}` is an energy model, which only folds", folder.name())))
            }
        }
    }
}

fn with_list<'e>(
    folds: impl Iterator<Item = Result<Fold, rinalmo::Error>> + 'e,
    cutoff: Option<f32>,
    name: ModelName,
) -> Answers<'e> {
    let listed =
        move |fold: Result<Fold, rinalmo::Error>| Ok(Answer::Fold(Box::new(FoldAnswer::new(fold?, cutoff, &name)?)));
    Box::new(folds.map(listed))
}

fn to_fold(item: Item) -> FoldRequest<'static> {
    let request = FoldRequest::new(item.sequence).nick(item.nick);
    request.constraint(item.constraint).reactivities(item.reactivities)
}

/// The answers of a network.
fn network<'e>(model: &'e Model, question: &Question, items: Vec<Item>) -> Result<Answers<'e>, Failure> {
    let sequences = |items: Vec<Item>| items.into_iter().map(|item| item.sequence);
    Ok(match question {
        Question::Fold(folding) => {
            let folds = model.folds(items.into_iter().map(to_fold), &folding.options)?;
            with_list(folds, folding.cutoff, ModelName::from(model))
        }
        Question::Embed(kind) => {
            let options = EmbedOptions::default().include([*kind]);
            let found = model.embeddings(sequences(items), &options)?;
            Box::new(found.map(|found| Ok(Answer::Embedding(found?))))
        }
        Question::Score(marginal) => {
            let found = model.scores(sequences(items), &ScoreOptions::default().marginal(*marginal))?;
            Box::new(found.map(|found| Ok(Answer::Score(found?))))
        }
        Question::Variants(marginal) => {
            let requests =
                items.into_iter().map(|item| VariantRequest::new(&item.sequence, item.variants).into_owned());
            let found = model.variant_scores(requests, &ScoreOptions::default().marginal(*marginal))?;
            Box::new(found.map(|found| Ok(Answer::Ratios(found?))))
        }
        Question::Predict(task, pad_to) => {
            let found = model.predictions(task, sequences(items), &PredictOptions::default().pad_to(*pad_to))?;
            Box::new(found.map(|found| Ok(Answer::Prediction(found?))))
        }
    })
}
