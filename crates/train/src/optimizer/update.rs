//! One step of the optimiser through a model.

use std::iter::Peekable;
use std::vec::IntoIter;

use burn::module::Param;
use burn::tensor::Tensor;
use rinalmo_kernels::adamw::AdamW;

use super::gradients::Gradient;
use super::values::{Values, level};
use super::{Decay, Moments, Optimizer, Rule};
use crate::names::Change;

/// Visits parameters in the order of their gradients.
pub(super) struct Update<'a, F> {
    pub(super) optimizer: &'a mut Optimizer,
    pub(super) gradients: Peekable<IntoIter<Gradient>>,
    pub(super) scale: f64,
    pub(super) rate: f64,
    pub(super) share: F,
}

impl<F: Fn(&str) -> f64> Change for Update<'_, F> {
    fn of<const D: usize>(&mut self, name: &str, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(Gradient { values: gradient, .. }) = self.gradients.next_if(|next| next.name == name) else {
            return param; // it is frozen
        };
        let config = self.optimizer.config;
        let decays = config.rule == Rule::AdamW && (config.decay == Decay::All || D > 1);
        let rule = AdamW {
            rate: (self.rate * (self.share)(name)) as f32,
            beta1: config.beta1,
            beta2: config.beta2,
            epsilon: config.epsilon,
            weight_decay: if decays { config.weight_decay } else { 0.0 },
        };
        let fresh = || Moments { steps: 0, first: gradient.zeros_like(), second: gradient.zeros_like() };
        let moments = self.optimizer.moments.entry(name.to_owned()).or_insert_with(fresh);
        moments.steps += 1;
        param.map(|tensor| {
            let (shape, device) = (tensor.dims(), tensor.device());
            let values = take(&rule, moments, self.scale as f32, Values::of(tensor), gradient);
            values.into_tensor(shape, &device).require_grad()
        })
    }
}

/// The step of one parameter; returns its new values.
fn take(rule: &AdamW, moments: &mut Moments, scale: f32, values: Values, gradient: Values) -> Values {
    let Moments { steps, first, second } = moments;
    match (values, gradient, first, second) {
        (Values::Host(mut values), Values::Host(gradient), Values::Host(first), Values::Host(second)) => {
            let taken = rule.step(level(), *steps, scale, &mut values, &gradient, first, second);
            taken.expect("a parameter, its gradient and its moments have one length");
            Values::Host(values)
        }
        (Values::Device(values), Values::Device(gradient), Values::Device(first), Values::Device(second)) => {
            Values::Device(by_tensors(rule, *steps, scale, values, gradient, [first, second]))
        }
        _ => unreachable!("a parameter, its gradient and its moments are on one device"),
    }
}

/// The same with tensor operations, on any device.
fn by_tensors(
    rule: &AdamW,
    step: u32,
    scale: f32,
    values: Tensor<1>,
    gradient: Tensor<1>,
    [first, second]: [&mut Tensor<1>; 2],
) -> Tensor<1> {
    let correction = |beta: f32| 1.0 - f64::from(beta).powf(f64::from(step));
    let gradient = gradient * scale;
    *first = first.clone() * rule.beta1 + gradient.clone() * (1.0 - rule.beta1);
    *second = second.clone() * rule.beta2 + gradient.clone() * gradient * (1.0 - rule.beta2);
    let root = correction(rule.beta2).sqrt().recip();
    let rate = f64::from(rule.rate) / correction(rule.beta1);
    let keep = 1.0 - rule.rate * rule.weight_decay;
    values * keep - first.clone() * rate / (second.clone().sqrt() * root + rule.epsilon)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, Tolerance};

    fn on_device(values: &[f32]) -> Values {
        Values::Device(Tensor::from_floats(values, &Device::flex()))
    }

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
        use crate::{OptimizerConfig, Pass, names, start};
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

    #[test]
    fn devices_step_as_the_kernels_do() {
        let rule = AdamW { rate: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-3, weight_decay: 0.2 };
        let (mut values, gradients) = (vec![1.0, -2.0, 0.5], [[3.0, -0.25, 0.0], [-1.0, 0.5, 2.0]]);
        let zeros = || Values::Host(vec![0.0; 3]);
        let mut host = Moments { steps: 0, first: zeros(), second: zeros() };
        let mut device = Moments { steps: 0, first: on_device(&[0.0; 3]), second: on_device(&[0.0; 3]) };
        let mut other = values.clone();
        for gradient in gradients {
            (host.steps, device.steps) = (host.steps + 1, device.steps + 1);
            values = take(&rule, &mut host, 0.5, Values::Host(values), Values::Host(gradient.to_vec())).to_vec();
            other = take(&rule, &mut device, 0.5, on_device(&other), on_device(&gradient)).to_vec();
        }
        let tensor = |values: &[f32]| Tensor::<1>::from_floats(values, &Device::flex()).into_data();
        tensor(&other).assert_approx_eq::<f32>(&tensor(&values), Tolerance::absolute(1e-6));
        assert_ne!(values, [1.0, -2.0, 0.5]);
    }
}
