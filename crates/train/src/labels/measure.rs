//! Figures of a validation: the sums over items and processes, and the figures computed from them.

use super::Aim;
use crate::{Part, Validation};

/// Sums for a quantity: of differences, and of products for correlations.
const NUMBER: [&str; 7] = ["squares", "absolutes", "actual", "actual²", "predicted", "predicted²", "product"];
/// Counts for a binary label.
const YES_NO: [&str; 4] = ["true positives", "false positives", "true negatives", "false negatives"];

/// The loss, then sums of 0.
pub(super) fn empty(aim: &Aim) -> Validation {
    let names: Vec<String> = match aim {
        Aim::Number(_) => NUMBER.map(String::from).to_vec(),
        Aim::YesNo => YES_NO.map(String::from).to_vec(),
        Aim::Classes(names) => {
            names.iter().flat_map(|name| ["hits", "predicted", "actual"].map(|what| format!("{what} {name}"))).collect()
        }
    };
    let part = |name: String| Part { name, sum: 0.0, weight: 0.0 };
    Validation { parts: std::iter::once("loss".to_owned()).chain(names).map(part).collect() }
}

/// Adds one label: its loss, the outputs and the target.
pub(super) fn add(validation: &mut Validation, aim: &Aim, loss: f64, outputs: &[f32], target: f32) {
    let parts = &mut validation.parts;
    let mut count = |at: usize, value: f64| parts[at].sum += value;
    count(0, loss);
    match aim {
        Aim::Number(scaler) => {
            let (found, actual) = (f64::from(outputs[0] * scaler.std + scaler.mean), f64::from(target));
            let apart = found - actual;
            let sums = [apart * apart, apart.abs(), actual, actual * actual, found, found * found, found * actual];
            sums.into_iter().enumerate().for_each(|(at, value)| count(at + 1, value));
        }
        Aim::YesNo => match (outputs[0] > 0.0, target > 0.5) {
            (true, true) => count(1, 1.0),
            (true, false) => count(2, 1.0),
            (false, false) => count(3, 1.0),
            (false, true) => count(4, 1.0),
        },
        Aim::Classes(_) => {
            let chosen = (0..outputs.len()).max_by(|&a, &b| outputs[a].total_cmp(&outputs[b])).unwrap_or(0);
            let actual = target as usize;
            count(1 + 3 * chosen + 1, 1.0);
            count(1 + 3 * actual + 2, 1.0);
            if chosen == actual {
                count(1 + 3 * actual, 1.0);
            }
        }
    }
    parts.iter_mut().for_each(|part| part.weight += 1.0);
}

/// Makes figures of the sums.
pub(super) fn conclude(validation: &mut Validation, aim: &Aim) {
    let Some((loss, sums)) = validation.parts.split_first() else { return };
    let (count, sums) = (loss.weight, sums.iter().map(|part| part.sum).collect::<Vec<f64>>());
    if count == 0.0 {
        return;
    }
    let figures = match aim {
        Aim::Number(_) => numbers(&sums, count),
        Aim::YesNo => yes_no(&sums),
        Aim::Classes(_) => classes(&sums, count),
    };
    let figures =
        figures.into_iter().map(|(name, value)| Part { name: name.into(), sum: value * count, weight: count });
    validation.parts = std::iter::once(loss.clone()).chain(figures).collect();
}

fn ratio(above: f64, below: f64) -> f64 {
    if below == 0.0 { 0.0 } else { above / below }
}

fn harmonic(precision: f64, recall: f64) -> f64 {
    if precision + recall < 1e-5 { 0.0 } else { 2.0 * precision * recall / (precision + recall) }
}

fn numbers(sums: &[f64], count: f64) -> Vec<(&'static str, f64)> {
    let &[squares, absolutes, actual, actual_squares, found, found_squares, product] = sums else { return Vec::new() };
    let spread = actual_squares - actual * actual / count;
    let other = found_squares - found * found / count;
    let shared = product - actual * found / count;
    let mut figures = Vec::new();
    if spread > 0.0 {
        figures.push(("R²", 1.0 - squares / spread));
        figures.extend((other > 0.0).then(|| ("squared Pearson", shared / spread * (shared / other))));
    }
    figures.extend([("MSE", squares / count), ("MAE", absolutes / count)]);
    figures
}

fn yes_no(sums: &[f64]) -> Vec<(&'static str, f64)> {
    let &[hits, false_alarms, passes, missed] = sums else { return Vec::new() };
    let (precision, recall) = (ratio(hits, hits + false_alarms), ratio(hits, hits + missed));
    vec![
        ("F1", harmonic(precision, recall)),
        ("accuracy", ratio(hits + passes, hits + false_alarms + passes + missed)),
        ("precision", precision),
        ("recall", recall),
        ("specificity", ratio(passes, passes + false_alarms)),
    ]
}

fn classes(sums: &[f64], count: f64) -> Vec<(&'static str, f64)> {
    let mut weighted = 0.0;
    let mut hits = 0.0;
    let mut present = 0.0;
    let mut plain = 0.0;
    for class in sums.chunks_exact(3) {
        let f1 = harmonic(ratio(class[0], class[1]), ratio(class[0], class[2]));
        weighted += class[2] * f1;
        hits += class[0];
        if class[2] > 0.0 {
            (present, plain) = (present + 1.0, plain + f1);
        }
    }
    vec![("weighted F1", weighted / count), ("macro F1", ratio(plain, present)), ("accuracy", hits / count)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use rinalmo_metrics::classification::{Binary, Confusion};
    use rinalmo_metrics::regression::Regression;
    use rinalmo_weights::Scaler;

    fn figures(aim: &Aim, said: &[(&[f32], f32)]) -> Validation {
        let mut validation = empty(aim);
        said.iter().for_each(|(outputs, target)| add(&mut validation, aim, 0.5, outputs, *target));
        conclude(&mut validation, aim);
        validation
    }

    #[test]
    fn figures_are_those_that_their_meaning_names() {
        let number = Aim::Number(Scaler { mean: 0.0, std: 1.0 });
        for aim in [number, Aim::YesNo, Aim::Classes(vec!["a".into(), "b".into()])] {
            let outputs: [&[f32]; 2] = [&[1.0, -1.0], &[-1.0, 1.0]];
            let found = figures(&aim, &[(outputs[0], 0.0), (outputs[1], 1.0)]);
            let names: Vec<&str> = found.parts.iter().skip(1).map(|part| part.name.as_str()).collect();
            assert_eq!(names, aim.meaning().figures());
        }
    }

    fn close(validation: &Validation, name: &str, expected: f64) {
        let found = validation.part(name).unwrap().mean().unwrap();
        assert!((found - expected).abs() < 1e-6, "{name}: {found}, expected {expected}");
    }

    #[test]
    fn quantities_are_scored_as_the_metrics_do() {
        let aim = Aim::Number(Scaler { mean: 1.0, std: 2.0 });
        let found = figures(&aim, &[(&[0.75], 3.0), (&[-0.5], -0.5), (&[0.5], 2.0), (&[3.5], 7.0)]);
        let expected = Regression::of(&[2.5, 0.0, 2.0, 8.0], &[3.0, -0.5, 2.0, 7.0]).unwrap();
        close(&found, "R²", expected.r2.unwrap());
        close(&found, "squared Pearson", expected.pearson_squared.unwrap());
        close(&found, "MSE", expected.mse);
        close(&found, "MAE", expected.mae);
        close(&found, "loss", 0.5);
    }

    #[test]
    fn answers_are_scored_as_the_metrics_do() {
        let said: Vec<(&[f32], f32)> =
            vec![(&[1.0], 1.0), (&[2.0], 0.0), (&[-1.0], 1.0), (&[-2.0], 0.0), (&[0.5], 1.0)];
        let found = figures(&Aim::YesNo, &said);
        let expected = Binary::of(&[true, true, false, false, true], &[true, false, true, false, true]).unwrap();
        close(&found, "F1", expected.f1());
        close(&found, "specificity", expected.specificity());
        close(&found, "accuracy", expected.accuracy());
    }

    #[test]
    fn classes_are_scored_as_the_metrics_do() {
        let aim = Aim::Classes(["a", "b", "c"].map(String::from).to_vec());
        let one = |class: usize| -> &'static [f32] { [&[1.0, 0.0, 0.0], &[0.0, 1.0, 0.0], &[0.0, 0.0, 1.0]][class] };
        let (predicted, actual) = ([0, 0, 0, 2, 2, 0], [0, 0, 0, 1, 2, 2]);
        let said: Vec<(&[f32], f32)> = predicted.iter().zip(actual).map(|(&p, a)| (one(p), a as f32)).collect();
        let expected = Confusion::of(3, &predicted, &actual).unwrap();
        let found = figures(&aim, &said);
        close(&found, "weighted F1", expected.weighted_f1());
        close(&found, "accuracy", expected.accuracy());
    }
}
