//! Scores compared with formulas in numpy, with scikit-learn and with scipy, computed by the scripts in `golden/`.

use rinalmo_metrics::classification::Binary;
use rinalmo_metrics::paired::wilcoxon;
use rinalmo_metrics::pairs::PairCounts;
use rinalmo_metrics::ranking::Ranking;
use serde_json::Value;

/// Sums of f64 are in another order, so the last digits may differ.
const F64: f64 = 1e-12;

fn cases(text: &str) -> Vec<Value> {
    let cases: Vec<Value> = serde_json::from_str(text).unwrap();
    assert!(cases.len() > 4);
    cases
}

#[track_caller]
fn near(found: f64, expected: &Value, what: &str) {
    let expected = expected.as_f64().unwrap_or_else(|| panic!("{what} is not a number"));
    assert!((found - expected).abs() < F64, "{what}: {found}, expected {expected}");
}

#[test]
fn pairs_score_as_by_the_published_formulas() {
    let pairs = |value: &Value| -> Vec<(usize, usize)> { serde_json::from_value(value.clone()).unwrap() };
    for (n, case) in cases(include_str!("golden/pairs/cases.json")).iter().enumerate() {
        let (predicted, reference) = (pairs(&case["predicted"]), pairs(&case["reference"]));
        let strict = PairCounts::strict(&predicted, &reference);
        let relaxed = PairCounts::relaxed(&predicted, &reference);
        for (name, counts) in [("strict", strict), ("relaxed", relaxed)] {
            let score = counts.score();
            near(score.precision, &case[name]["precision"], &format!("case {n}: {name} precision"));
            near(score.recall, &case[name]["recall"], &format!("case {n}: {name} recall"));
            near(score.f1, &case[name]["f1"], &format!("case {n}: {name} F1"));
        }
        let len = case["len"].as_u64().unwrap() as usize;
        near(strict.mcc(len), &case["strict"]["mcc"], &format!("case {n}: strict MCC"));
    }
}

#[test]
fn areas_and_rates_are_those_of_scikit_learn() {
    for (n, case) in cases(include_str!("golden/ranking/cases.json")).iter().enumerate() {
        let scores: Vec<f64> = serde_json::from_value(case["scores"].clone()).unwrap();
        let actual: Vec<bool> = serde_json::from_value(case["actual"].clone()).unwrap();
        let ranking = Ranking::of(&scores, &actual).unwrap();
        near(ranking.auroc.unwrap(), &case["auroc"], &format!("case {n}: AUROC"));
        near(ranking.auprc.unwrap(), &case["auprc"], &format!("case {n}: AUPRC"));
        let chosen: Vec<bool> = scores.iter().map(|score| *score > 0.5).collect();
        let counts = Binary::of(&chosen, &actual).unwrap();
        let rates = [
            ("f1", counts.f1()),
            ("precision", counts.precision()),
            ("recall", counts.recall()),
            ("specificity", counts.specificity()),
            ("accuracy", counts.accuracy()),
            ("mcc", counts.mcc()),
        ];
        for (name, rate) in rates {
            near(rate, &case[name], &format!("case {n}: {name}"));
        }
    }
}

#[test]
fn signed_ranks_are_tested_as_by_scipy() {
    for (n, case) in cases(include_str!("golden/wilcoxon/cases.json")).iter().enumerate() {
        let differences: Vec<f64> = serde_json::from_value(case["differences"].clone()).unwrap();
        near(wilcoxon(&differences), &case["p"], &format!("case {n}: p"));
    }
}
