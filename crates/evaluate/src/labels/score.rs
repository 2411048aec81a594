//! The figures of each question.

use std::collections::{BTreeMap, BTreeSet};

use rinalmo_metrics::bootstrap::{Bootstrap, Units};
use rinalmo_metrics::calibration::Calibration;
use rinalmo_metrics::classification::{Binary, Confusion};
use rinalmo_metrics::paired::Paired;
use rinalmo_metrics::ranking::Ranking;
use rinalmo_metrics::regression::Regression;
use rinalmo_seq::labelled::labels::same;

use super::{Answers, Figure, LabelComparison, LabelReport, Labels, Question, Scores};
use crate::Error;

/// Bins of the expected calibration error.
const BINS: usize = 10;

/// Known answer and prediction of a row.
type Pair<'a> = (&'a str, &'a str);

/// All figures of one predictor on the rows of `numbers`, each of which it answers.
pub(super) fn report(
    labels: &Labels,
    predictor: &Answers,
    numbers: &[usize],
    bootstrap: &Bootstrap,
) -> Result<LabelReport, Error> {
    let pairs = pairs(labels, predictor, numbers);
    let mut groups: BTreeMap<String, (Vec<usize>, Vec<Pair<'_>>)> = BTreeMap::new();
    for (&number, pair) in numbers.iter().zip(&pairs) {
        if let Some(group) = &labels.items[number].group {
            let (numbers, pairs) = groups.entry(group.clone()).or_default();
            numbers.push(number);
            pairs.push(*pair);
        }
    }
    let scored =
        |numbers: &[usize], pairs: &[Pair<'_>]| scores(&labels.question, pairs, &labels.units(numbers), bootstrap);
    let of_group =
        |(name, (numbers, pairs)): (String, (Vec<usize>, Vec<Pair<'_>>))| Ok((name, scored(&numbers, &pairs)?));
    Ok(LabelReport {
        predictor: predictor.name.clone(),
        all: scored(numbers, &pairs)?,
        groups: groups.into_iter().map(of_group).collect::<Result<_, Error>>()?,
        classes: if matches!(labels.question, Question::Classes(_)) { classes(&pairs)? } else { BTreeMap::new() },
    })
}

fn pairs<'a>(labels: &'a Labels, predictor: &'a Answers, numbers: &[usize]) -> Vec<Pair<'a>> {
    let pair = |&number: &usize| Some((labels.items[number].answer.as_str(), predictor.values[number].as_deref()?));
    numbers.iter().filter_map(pair).collect()
}

/// Compares each two predictors row by row.
pub(super) fn compare(
    labels: &Labels,
    predictors: &[Answers],
    numbers: &[usize],
    bootstrap: &Bootstrap,
) -> Result<Vec<LabelComparison>, Error> {
    let of = match labels.question {
        Question::Number(_) => "absolute error",
        Question::YesNo { .. } | Question::Classes(_) => "accuracy",
    };
    let of_row = |pair: &Pair<'_>| match &labels.question {
        Question::Number(_) => (number(pair.0) - number(pair.1)).abs(),
        Question::Classes(_) => f64::from(pair.0 == pair.1),
        Question::YesNo { positive, threshold, .. } => {
            f64::from(same(pair.0, positive) == (number(pair.1) >= *threshold))
        }
    };
    let rows = |predictor| pairs(labels, predictor, numbers).iter().map(of_row).collect::<Vec<f64>>();
    // Numbers that are not probabilities have no threshold, so they are neither right nor wrong.
    let predictors: Vec<&Answers> =
        predictors.iter().filter(|predictor| predictor.not_probabilities(labels).is_none()).collect();
    let (units, mut comparisons) = (labels.units(numbers), Vec::new());
    for (place, first) in predictors.iter().copied().enumerate() {
        for second in predictors[place + 1..].iter().copied() {
            let paired = Paired::over(&rows(first), &rows(second), bootstrap, &units).map_err(unfit)?;
            let (first, second) = (first.name.clone(), second.name.clone());
            comparisons.push(LabelComparison { first, second, of, paired });
        }
    }
    Ok(comparisons)
}

/// Is an answer a number from 0 to 1?
pub(super) fn is_probability(answer: &str) -> bool {
    (0.0..=1.0).contains(&number(answer))
}

/// An answer that was checked to be a number when it was read.
fn number(text: &str) -> f64 {
    text.parse().unwrap_or(0.0)
}

fn unfit(error: rinalmo_metrics::Error) -> Error {
    Error::Options(error.to_string())
}

fn scores(question: &Question, pairs: &[Pair<'_>], units: &Units, bootstrap: &Bootstrap) -> Result<Scores, Error> {
    let mut figures = figures(question, pairs)?;
    let first = |items: &[usize]| {
        let drawn: Vec<Pair<'_>> = items.iter().map(|&item| pairs[item]).collect();
        figures_quickly(question, &drawn)
    };
    if let Some(headline) = figures.first_mut().filter(|headline| headline.value.is_some()) {
        headline.interval = bootstrap.over(units, first);
    }
    Ok(Scores { records: pairs.len(), figures })
}

/// Only the first figure, for the bootstrap.
fn figures_quickly(question: &Question, pairs: &[Pair<'_>]) -> f64 {
    match question {
        Question::YesNo { positive, threshold, .. } => {
            let (predicted, actual) = decisions(pairs, positive, *threshold);
            Binary::of(&predicted, &actual).map_or(0.0, |counts| counts.f1())
        }
        Question::Number(_) => {
            let (known, predicted) = numbers(pairs);
            Regression::of(&predicted, &known).ok().and_then(|of| of.r2).unwrap_or(0.0)
        }
        Question::Classes(_) => pairs.iter().filter(|pair| pair.0 == pair.1).count() as f64 / pairs.len().max(1) as f64,
    }
}

fn figures(question: &Question, pairs: &[Pair<'_>]) -> Result<Vec<Figure>, Error> {
    match question {
        Question::YesNo { positive, threshold, .. } => splice(pairs, positive, *threshold),
        Question::Number(_) => load(pairs),
        Question::Classes(_) => family(pairs),
    }
}

fn list(figures: impl IntoIterator<Item = (&'static str, Option<f64>)>) -> Vec<Figure> {
    figures.into_iter().map(|(name, value)| Figure { name, value, interval: None }).collect()
}

fn decisions(pairs: &[Pair<'_>], positive: &str, threshold: f64) -> (Vec<bool>, Vec<bool>) {
    pairs.iter().map(|(known, predicted)| (number(predicted) >= threshold, same(known, positive))).unzip()
}

/// Figures that need a threshold and the calibration are given only for probabilities, and figures of sites only if
/// there is one.
fn splice(pairs: &[Pair<'_>], positive: &str, threshold: f64) -> Result<Vec<Figure>, Error> {
    let (predicted, actual) = decisions(pairs, positive, threshold);
    let probabilities: Vec<f64> = pairs.iter().map(|pair| number(pair.1)).collect();
    let counts = Binary::of(&predicted, &actual).map_err(unfit)?;
    let ranking = Ranking::of(&probabilities, &actual).map_err(unfit)?;
    let mut calibration = Calibration::new(BINS);
    probabilities.iter().zip(&actual).for_each(|(probability, actual)| calibration.add(*probability, *actual));
    let are_probabilities = pairs.iter().all(|pair| is_probability(pair.1));
    let decided = |value: f64| are_probabilities.then_some(value);
    let of_sites = |value: f64| decided(value).filter(|_| actual.contains(&true));
    Ok(list([
        ("f1", of_sites(counts.f1())),
        ("accuracy", decided(counts.accuracy())),
        ("precision", of_sites(counts.precision())),
        ("recall", of_sites(counts.recall())),
        ("specificity", decided(counts.specificity())),
        ("mcc", of_sites(counts.mcc())),
        ("auroc", ranking.auroc),
        ("auprc", ranking.auprc),
        ("calibration_error", calibration.expected_error().and_then(decided)),
    ]))
}

fn numbers(pairs: &[Pair<'_>]) -> (Vec<f64>, Vec<f64>) {
    pairs.iter().map(|(known, predicted)| (number(known), number(predicted))).unzip()
}

fn load(pairs: &[Pair<'_>]) -> Result<Vec<Figure>, Error> {
    let (known, predicted) = numbers(pairs);
    let of = Regression::of(&predicted, &known).map_err(unfit)?;
    Ok(list([("r2", of.r2), ("pearson_squared", of.pearson_squared), ("mae", Some(of.mae)), ("mse", Some(of.mse))]))
}

/// The classes of both sides, sorted, and their confusion matrix.
fn confusion<'a>(pairs: &[Pair<'a>]) -> Result<(Vec<&'a str>, Confusion), Error> {
    let names: BTreeSet<&str> = pairs.iter().flat_map(|pair| [pair.0, pair.1]).collect();
    let names = Vec::from_iter(names);
    let class = |name: &str| names.partition_point(|other| *other < name);
    let (actual, predicted): (Vec<usize>, Vec<usize>) = pairs.iter().map(|pair| (class(pair.0), class(pair.1))).unzip();
    let confusion = Confusion::of(names.len(), &predicted, &actual).map_err(unfit)?;
    Ok((names, confusion))
}

fn family(pairs: &[Pair<'_>]) -> Result<Vec<Figure>, Error> {
    let (names, confusion) = confusion(pairs)?;
    let f1: Vec<f64> = (0..names.len()).map(|class| confusion.one_against_rest(class).f1()).collect();
    let macro_f1 = f1.iter().sum::<f64>() / f1.len().max(1) as f64;
    Ok(list([
        ("accuracy", Some(confusion.accuracy())),
        ("weighted_f1", Some(confusion.weighted_f1())),
        ("macro_f1", Some(macro_f1)),
    ]))
}

fn classes(pairs: &[Pair<'_>]) -> Result<BTreeMap<String, Scores>, Error> {
    let (names, confusion) = confusion(pairs)?;
    let of_class = |(class, name): (usize, &&str)| {
        let counts = confusion.one_against_rest(class);
        let figures = list([
            ("f1", Some(counts.f1())),
            ("precision", Some(counts.precision())),
            ("recall", Some(counts.recall())),
        ]);
        let records = counts.true_positives + counts.false_negatives;
        ((*name).to_owned(), Scores { records, figures })
    };
    Ok(names.iter().enumerate().map(of_class).collect())
}
