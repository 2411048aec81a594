//! Rows of tables: cells with the names of their columns.

use rinalmo_infer::task::{LabelSpec, TaskSpec};
use rinalmo_infer::{Answer, Marginal, Said, SequenceScore, Variant};
use rinalmo_seq::SequenceRecord;
use serde::{Serialize, Serializer};
use serde_json::Value;

/// One cell with its column's name.
pub type Field = (&'static str, Value);

/// A row; as JSON, an object whose keys are in the order of the columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Row(pub Vec<Field>);

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// A float as a short decimal that reads back as the same float.
pub fn number(value: f32) -> Value {
    value.to_string().parse::<f64>().ok().filter(|value| value.is_finite()).map_or(Value::Null, Value::from)
}

/// The row of a sequence's pseudo-perplexity.
pub fn scored(record: &SequenceRecord, score: &SequenceScore, marginal: Marginal) -> Vec<Field> {
    vec![
        ("id", record.id.as_str().into()),
        ("length", record.sequence.len().into()),
        ("loss", number(score.loss as f32)),
        ("perplexity", number(score.perplexity as f32)),
        ("marginal", marginal.name().into()),
    ]
}

/// The row of a variant's log-likelihood ratio; with `written`, also how the variant was written.
pub fn variant_scored(id: &str, variant: &Variant, ratio: f32, marginal: Marginal, written: bool) -> Vec<Field> {
    let mut row = vec![
        ("id", id.into()),
        ("variant", variant.to_string().into()),
        ("llr", number(ratio)),
        ("marginal", marginal.name().into()),
    ];
    row.extend(written.then(|| ("written", variant.written().into())));
    row
}

/// The row of a prediction, with the columns of the task, or else named by the meaning; with `logits`, also those of all
/// classes.
pub fn predicted(id: &str, task: &TaskSpec, labels: &LabelSpec, answer: Answer, logits: bool) -> Vec<Field> {
    let rest = if task.is_of_bases() { said_of_each(answer.said) } else { said(answer, labels, logits) };
    std::iter::once(("id", id.into())).chain(rest).collect()
}

/// The prediction for a sequence in columns.
fn said(Answer { said, outputs, .. }: Answer, labels: &LabelSpec, logits: bool) -> Vec<Field> {
    let column = |name| labels.predicted.first().copied().unwrap_or(name);
    let all = || Value::Array(outputs.iter().copied().map(number).collect());
    match said.into_iter().next() {
        Some(Said::Number(value)) => vec![(column("value"), number(value))],
        Some(Said::Yes(probability)) => {
            let logit = labels.meaning.and_then(|_| Some(("logit", number(*outputs.first()?))));
            std::iter::once((column("probability"), number(probability))).chain(logit).collect()
        }
        Some(Said::Class { label, probability }) => {
            let row = vec![(column("class"), label.into()), ("probability", number(probability))];
            row.into_iter().chain(logits.then(|| ("logits", all()))).collect()
        }
        None => Vec::new(),
    }
}

/// The predictions for all bases, in one column.
fn said_of_each(bases: Vec<Said>) -> Vec<Field> {
    let name = match bases.first() {
        Some(Said::Yes(_)) => "probabilities",
        Some(Said::Class { .. }) => "classes",
        Some(Said::Number(_)) | None => "values",
    };
    let each = bases.into_iter().map(|said| match said {
        Said::Number(value) | Said::Yes(value) => number(value),
        Said::Class { label, .. } => label.into(),
    });
    vec![(name, Value::Array(each.collect()))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_short_as_they_can_be() {
        assert_eq!(number(0.1).to_string(), "0.1");
        assert_eq!(number(1e-12).to_string(), "1e-12");
        assert_eq!(number(f32::NAN), Value::Null);
    }

    #[test]
    fn the_keys_of_a_row_keep_their_order() {
        let row = Row(vec![("z", 1.into()), ("a", "x".into())]);
        assert_eq!(serde_json::to_string(&row).unwrap(), r#"{"z":1,"a":"x"}"#);
    }
}
