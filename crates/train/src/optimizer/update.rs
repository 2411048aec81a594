//! One step of the optimiser through a model.

use std::collections::{BTreeMap, HashMap};
use std::iter::Peekable;
use std::vec::IntoIter;

use burn::module::Param;
use burn::tensor::Tensor;
use rinalmo_kernels::adamw::AdamW;

use super::Moments;
use super::gradients::Gradient;
use super::values::{Values, level};
use crate::names::Change;

/// Gives parameters their new values: those in this process's memory step here, in the order of their gradients.
pub(super) struct Update<'a, F> {
    pub(super) moments: &'a mut BTreeMap<String, Moments>,
    pub(super) gradients: Peekable<IntoIter<Gradient>>,
    pub(super) scale: f32,
    /// The rule for a parameter, by its name and its number of axes.
    pub(super) rule: F,
    /// New values of those on a device.
    pub(super) changed: HashMap<String, Tensor<1>>,
}

impl<F: Fn(&str, usize) -> AdamW> Change for Update<'_, F> {
    fn of<const D: usize>(&mut self, name: &str, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if let Some(values) = self.changed.remove(name) {
            return replaced(param, |_| Values::Device(values));
        }
        let Some(Gradient { values: gradient, .. }) = self.gradients.next_if(|next| next.name == name) else {
            return param; // it is frozen
        };
        let rule = (self.rule)(name, D);
        let fresh = || Moments { steps: 0, first: gradient.zeros_like(), second: gradient.zeros_like() };
        let Moments { steps, first, second } = self.moments.entry(name.to_owned()).or_insert_with(fresh);
        *steps += 1;
        replaced(param, |values| {
            let (Values::Host(mut values), Values::Host(gradient), Values::Host(first), Values::Host(second)) =
                (values, gradient, first, second)
            else {
                unreachable!("a parameter, its gradient and its moments are on one device")
            };
            let taken = rule.step(level(), *steps, self.scale, &mut values, &gradient, first, second);
            taken.expect("a parameter, its gradient and its moments have one length");
            Values::Host(values)
        })
    }
}

/// A parameter with other values.
fn replaced<const D: usize>(param: Param<Tensor<D>>, change: impl FnOnce(Values) -> Values) -> Param<Tensor<D>> {
    param.map(|tensor| {
        let (shape, device) = (tensor.dims(), tensor.device());
        change(Values::of(tensor)).into_tensor(shape, &device).require_grad()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    /// The address of each parameter's values, read by taking them out and putting them back.
    struct Addresses(Vec<usize>);

    impl Change for Addresses {
        fn of<const D: usize>(&mut self, _: &str, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            param.map(|tensor| {
                let (shape, device, values) = (tensor.dims(), tensor.device(), Values::of(tensor));
                let Values::Host(values) = values else { unreachable!("it is on the CPU") };
                self.0.push(values.as_ptr() as usize);
                Values::Host(values).into_tensor(shape, &device).require_grad()
            })
        }
    }

    #[test]
    fn a_step_works_in_the_parameters_memory() {
        use crate::{Optimizer, OptimizerConfig, Pass, names, start};
        use rinalmo_model::{EncoderConfig, ModelConfig, Packed, ops::cross_entropy};
        let device = Device::flex().autodiff();
        let config = ModelConfig::pretrained(EncoderConfig::new(16, 2, 2));
        let (mut before, mut after) = (Addresses(Vec::new()), Addresses(Vec::new()));
        let model = names::change(start::fresh(&config, 1, &device), &mut before);
        let mut pass = Pass::whole(&model, &device);
        let hidden = pass.encode(&Packed::new([[0, 5, 6, 4, 8, 2]]));
        let logits = model.mlm.as_ref().unwrap().forward(hidden);
        let gradients = pass.backward(&cross_entropy(logits, &[-1, -1, -1, 7, -1, -1]));
        let mut optimizer = Optimizer::new(OptimizerConfig::default());
        let model = optimizer.step(model, gradients, 1.0, 0.1, |_| 1.0);
        names::change(model, &mut after);
        assert_eq!(before.0, after.0);
    }
}
