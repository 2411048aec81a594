//! The loss of a head whose map has bonuses in an ensemble of energies: how improbable the known structure is there.

use burn::tensor::{Tensor, TensorData};
use rinalmo_energy::BuiltIn;
use rinalmo_energy::learn::{Known, LearnOptions, Likelihood};
use rinalmo_model::in_ensemble::bound;
use rinalmo_seq::labelled::structures::Item;

/// `-ln` of the probability of the structure (or of those near it, as known ones are not complete), for each base.
///
/// Its gradient by a bonus is a difference of two probabilities, which the energy model computes. So nothing is
/// differentiated through the ensemble: the loss is linear in the bonuses, with that gradient as its slope.
///
/// # Shapes
/// - bonuses: `[len, len]`
/// - returns: `[1]`
pub(super) fn loss(bonuses: Tensor<2>, energies: BuiltIn, item: &Item) -> Tensor<1> {
    let [len, _] = bonuses.dims();
    let mut values: Vec<f32> =
        bonuses.clone().into_data().convert::<f32>().try_to_vec().expect("a map of numbers is one of f32");
    if !bound(&mut values) {
        return bonuses.sum(); // not a number, which the trainer notices
    }
    let known = Known { sequence: item.sequence.clone(), pairs: item.structure.pairs().to_vec(), weight: 1.0 };
    let Likelihood { loss, gradient, .. } = energies.model().likelihood(&known, &values, &LearnOptions::default());
    let along: f64 = gradient.iter().zip(&values).map(|(slope, bonus)| f64::from(slope * bonus)).sum();
    let slope = Tensor::from_data(TensorData::new(gradient, [len, len]), &bonuses.device());
    ((bonuses * slope).sum() + (loss - along)) / len as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, Distribution};
    use rinalmo_seq::Structure;

    #[test]
    fn its_value_and_its_slope_are_those_of_the_energy_model() {
        let structure = Structure::parse_dot_bracket("......(((...)))").unwrap();
        let item = Item::new("x".into(), b"GGGAAACCCAAAGGG".to_vec(), structure);
        let bonuses = Tensor::<2>::random([15, 15], Distribution::Normal(0.0, 1.0), &Device::flex().autodiff());
        let bonuses = bonuses.require_grad();
        let values: Vec<f32> = bonuses.clone().into_data().try_to_vec().unwrap();
        let known = Known { sequence: item.sequence.clone(), pairs: vec![(6, 14), (7, 13), (8, 12)], weight: 1.0 };
        let expected = BuiltIn::Turner2004.model().likelihood(&known, &values, &LearnOptions::default());

        let loss = super::loss(bonuses.clone(), BuiltIn::Turner2004, &item);
        let found: f32 = loss.clone().into_scalar();
        assert!((f64::from(found) * 15.0 - expected.loss).abs() < 1e-4, "{found} {}", expected.loss);
        let slope: Vec<f32> = bonuses.grad(&loss.backward()).unwrap().into_data().try_to_vec().unwrap();
        for (found, expected) in slope.iter().zip(&expected.gradient) {
            assert!((found * 15.0 - expected).abs() < 1e-5, "{found} {expected}");
        }
        let broken: f32 = super::loss(bonuses * f32::NAN, BuiltIn::Turner2004, &item).into_scalar();
        assert!(broken.is_nan());
    }
}
