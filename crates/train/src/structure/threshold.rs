//! The probability above which positions pair, chosen on the validation set.

use rinalmo_decode::Method;
use serde::{Deserialize, Serialize};

use crate::{Part, Validation};

/// Mean binary cross-entropy of a structure.
pub(super) const LOSS: &str = "loss";
/// Mean relaxed F1 at the chosen threshold.
pub(super) const F1: &str = "relaxed F1";
/// The chosen threshold.
pub(super) const THRESHOLD: &str = "threshold";

/// How the threshold is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tuning {
    /// The best mean relaxed F1, as the released code does.
    #[default]
    F1,
    /// As many pairs predicted as there are in the references, as the paper says.
    Balance,
    /// The tested threshold nearest to this one.
    Fixed(f32),
}

/// Thresholds that are tested: 0.01, 0.02, … 0.29 for the greedy decoder, as in the released code; up to 0.59 in steps
/// of 0.02 for the others, where a threshold is the cost of a pair.
pub(super) fn thresholds(decode: Method) -> impl Iterator<Item = f32> + Clone {
    let step = if decode == Method::Greedy { 1 } else { 2 };
    (0..29 + step - 1).map(move |number| (1 + number * step) as f32 / 100.0)
}

/// What is summed at each threshold, each over structures.
pub(super) const AT_EACH: [&str; 5] = [F1, "relaxed precision", "relaxed recall", "strict F1", "pairs to reference"];

/// Keeps only the sums at the best threshold.
pub(super) fn conclude(validation: &mut Validation, tuning: Tuning, decode: Method) {
    let Some((loss, each)) = validation.parts.split_first() else { return };
    let quality = |threshold: f32, parts: &[Part]| match tuning {
        Tuning::F1 => parts[0].mean().unwrap_or(0.0),
        // Ratios r and 1/r are equally good; no predicted pairs is worst.
        Tuning::Balance => -parts[4].mean().map_or(f64::INFINITY, |ratio| ratio.ln().abs()),
        Tuning::Fixed(wanted) => -f64::from((threshold - wanted).abs()),
    };
    let mut best: Option<(f64, f32, &[Part])> = None;
    for (threshold, parts) in thresholds(decode).zip(each.chunks_exact(AT_EACH.len())) {
        let quality = quality(threshold, parts);
        if best.is_none_or(|(before, ..)| quality > before) {
            best = Some((quality, threshold, parts)); // the first of equals, as in the released code
        }
    }
    let Some((_, threshold, parts)) = best else { return };
    let told = Part { name: THRESHOLD.into(), sum: f64::from(threshold), weight: 1.0 };
    validation.parts = std::iter::once(loss).chain(parts).chain([&told]).cloned().collect();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At the 10th threshold as many pairs as in the references, at the 20th and 21st the best F1.
    fn validation() -> Validation {
        let part = |name: &str, sum: f64| Part { name: name.into(), sum, weight: 2.0 };
        let mut parts = vec![part(LOSS, 1.0)];
        for number in 1..30 {
            let f1 = if number == 20 || number == 21 { 1.5 } else { 1.0 };
            let values = [f1, 0.5, 0.5, 0.25, 20.0 / f64::from(number)];
            parts.extend(AT_EACH.iter().zip(values).map(|(name, value)| part(name, value)));
        }
        Validation { parts }
    }

    #[test]
    fn the_best_threshold_is_the_first_of_the_best_f1_or_the_most_balanced() {
        let cases = [(Tuning::F1, 0.20, 0.75), (Tuning::Balance, 0.10, 0.5), (Tuning::Fixed(0.17), 0.17, 0.5)];
        for (tuning, expected, f1) in cases {
            let mut validation = validation();
            conclude(&mut validation, tuning, Method::Greedy);
            let names: Vec<&str> = validation.parts.iter().map(|part| part.name.as_str()).collect();
            assert_eq!(names, [&[LOSS], &AT_EACH[..], &[THRESHOLD]].concat());
            let mean = |name: &str| validation.part(name).unwrap().mean().unwrap();
            assert!((mean(THRESHOLD) - expected).abs() < 1e-6 && mean(F1) == f1, "{validation:?}");
        }
    }

    #[test]
    fn thresholds_are_the_released_codes() {
        let all: Vec<f32> = thresholds(Method::Greedy).collect();
        assert_eq!((all.len(), all[0], all[28]), (29, 0.01, 0.29));
        let nested: Vec<f32> = thresholds(Method::Nested).collect();
        assert_eq!((nested.len(), nested[0], nested[1], nested[29]), (30, 0.01, 0.03, 0.59));
    }
}
