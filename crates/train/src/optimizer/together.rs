//! The step of many parameters on a device by a few operations. A step of each alone would launch a dozen small kernels
//! a parameter, which takes longer than the arithmetic.

use std::collections::{BTreeMap, HashMap};

use burn::module::Param;
use burn::tensor::Tensor;
use rinalmo_kernels::adamw::AdamW;
use rinalmo_model::Model;
use rinalmo_model::batches::Batches;

use super::Moments;
use super::gradients::{Gradient, Gradients};
use super::values::Values;
use crate::names::{self, Look};

/// At most so many numbers are put together: what that takes of a device's memory is bounded.
const MOST: usize = 1 << 24;

/// Pieces of a multiple of this begin at an aligned address, as products on a GPU want.
const ALIGNED: usize = 4;

/// The sum of the squares of some lists on a device, in f32 by pieces, which are added by the caller.
pub(super) fn squares(lists: Vec<Tensor<1>>) -> Vec<Tensor<1>> {
    let square = |run: Vec<Tensor<1>>| {
        let joined = Tensor::cat(run, 0);
        (joined.clone() * joined).sum()
    };
    Batches::new(lists, MOST, |list: &Tensor<1>| list.dims()[0]).map(square).collect()
}

/// A parameter and all that its step needs.
struct One {
    name: String,
    gradient: Tensor<1>,
    state: State,
}

/// What a step changes.
struct State {
    values: Tensor<1>,
    first: Tensor<1>,
    second: Tensor<1>,
}

/// What the parameters of one operation have in common: the bits of rate and weight decay, and the number of the step.
type Alike = (u32, u32, u32);

/// Reads the parameters that have a gradient on a device.
struct Found {
    gradients: HashMap<String, Tensor<1>>,
    /// Name, number of axes, values and gradient.
    all: Vec<(String, usize, Tensor<1>, Tensor<1>)>,
}

impl Look for Found {
    fn at<const D: usize>(&mut self, name: &str, param: &Param<Tensor<D>>) {
        let Some(gradient) = self.gradients.remove(name) else { return };
        let Values::Device(values) = Values::of(param.val()) else {
            unreachable!("a parameter and its gradient are on one device")
        };
        self.all.push((name.to_owned(), D, values, gradient));
    }
}

/// Makes the step of all parameters that are on a device, along gradients multiplied by `scale`: takes their gradients
/// out, and returns their new values. `rule` is given a parameter's name and its number of axes.
pub(super) fn step(
    moments: &mut BTreeMap<String, Moments>,
    model: &Model,
    gradients: &mut Gradients,
    scale: f32,
    rule: impl Fn(&str, usize) -> AdamW,
) -> HashMap<String, Tensor<1>> {
    let mut found = Found { gradients: HashMap::new(), all: Vec::new() };
    gradients.tensors.retain(|Gradient { name, values }| match values {
        Values::Device(gradient) => found.gradients.insert(name.clone(), gradient.clone()).is_some(),
        Values::Host(_) => true,
    });
    if found.gradients.is_empty() {
        return HashMap::new();
    }
    names::look(model, &mut found);
    let mut alike: BTreeMap<Alike, (AdamW, Vec<One>)> = BTreeMap::new();
    for (name, axes, values, gradient) in found.all {
        let rule = rule(&name, axes);
        let zeros = || Values::Device(gradient.zeros_like());
        let fresh = || Moments { steps: 0, first: zeros(), second: zeros() };
        let own = moments.entry(name.clone()).or_insert_with(fresh);
        own.steps += 1;
        let (Values::Device(first), Values::Device(second)) = (&own.first, &own.second) else {
            unreachable!("a parameter and its moments are on one device")
        };
        let key = (rule.rate.to_bits(), rule.weight_decay.to_bits(), own.steps);
        let one = One { name, gradient, state: State { values, first: first.clone(), second: second.clone() } };
        alike.entry(key).or_insert_with(|| (rule, Vec::new())).1.push(one);
    }
    let mut changed = HashMap::new();
    for ((_, _, steps), (rule, ones)) in alike {
        for (name, State { values, first, second }) in at_once(&rule, steps, scale, ones) {
            let own = moments.get_mut(&name).expect("it was made above");
            (own.first, own.second) = (Values::Device(first), Values::Device(second));
            changed.insert(name, values);
        }
    }
    changed
}

/// The step of parameters that have a rule in common.
fn at_once(rule: &AdamW, steps: u32, scale: f32, mut ones: Vec<One>) -> Vec<(String, State)> {
    ones.sort_by_key(|one| one.gradient.dims()[0] % ALIGNED != 0);
    let mut changed = Vec::with_capacity(ones.len());
    for run in Batches::new(ones, MOST, |one: &One| one.gradient.dims()[0]) {
        let joined = |of: fn(&One) -> &Tensor<1>| Tensor::cat(run.iter().map(|one| of(one).clone()).collect(), 0);
        let (mut first, mut second) = (joined(|one| &one.state.first), joined(|one| &one.state.second));
        let [values, gradient] = [joined(|one| &one.state.values), joined(|one| &one.gradient)];
        let values = by_tensors(rule, steps, scale, values, gradient, [&mut first, &mut second]);
        let mut start = 0;
        for One { name, gradient, .. } in run {
            let range = start..start + gradient.dims()[0];
            start = range.end;
            let [values, first, second] = [&values, &first, &second].map(|all| all.clone().slice([range.clone()]));
            changed.push((name, State { values, first, second }));
        }
    }
    changed
}

/// What `AdamW::step` does, with tensor operations on any device.
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

    fn tensor(values: &[f32]) -> Tensor<1> {
        Tensor::from_floats(values, &Device::flex())
    }

    #[test]
    fn devices_step_as_the_kernels_do() {
        let rule = AdamW { rate: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-3, weight_decay: 0.2 };
        // The first has a length that is not aligned, so it comes last.
        let start = [("a", vec![1.0, -2.0, 0.5]), ("b", vec![0.1, 0.2, 0.3, 0.4])];
        let gradients = [[vec![3.0, -0.25, 0.0], vec![1.0; 4]], [vec![-1.0, 0.5, 2.0], vec![-2.0, 0.0, 1.0, 3.0]]];
        let mut host: Vec<[Vec<f32>; 3]> =
            start.iter().map(|(_, v)| [v.clone(), vec![0.0; v.len()], vec![0.0; v.len()]]).collect();
        let state = |v: &Vec<f32>| State { values: tensor(v), first: tensor(v) * 0.0, second: tensor(v) * 0.0 };
        let mut device: Vec<(String, State)> = start.iter().map(|(name, v)| ((*name).to_owned(), state(v))).collect();
        for (step, gradients) in (1..).zip(&gradients) {
            for ([values, first, second], gradient) in host.iter_mut().zip(gradients) {
                rule.step(crate::optimizer::values::level(), step, 0.5, values, gradient, first, second).unwrap();
            }
            let one = |((name, state), gradient): ((String, State), &Vec<f32>)| One {
                name,
                gradient: tensor(gradient),
                state,
            };
            device = at_once(&rule, step, 0.5, device.into_iter().zip(gradients).map(one).collect());
            device.sort_by(|one, other| one.0.cmp(&other.0));
        }
        for ((_, state), host) in device.into_iter().zip(&host) {
            for (device, host) in [state.values, state.first, state.second].into_iter().zip(host) {
                device.into_data().assert_approx_eq::<f32>(&tensor(host).into_data(), Tolerance::absolute(1e-6));
            }
        }
        assert_ne!(host[0][0], start[0].1);
    }
}
