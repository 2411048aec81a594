//! The gradients of one step: of every trained parameter, in the manifest's order.

use std::collections::HashMap;

use burn::module::Param;
use burn::tensor::{DType, Device, Tensor, TensorData};
use rinalmo_kernels::adamw::sum_of_squares;
use rinalmo_model::Model;

use super::groups::Part;
use super::together;
use super::values::{Values, level, read};
use crate::names::{self, Look};

/// The gradient of one parameter.
#[derive(Debug, Clone)]
pub struct Gradient {
    /// The parameter's name.
    pub name: String,
    /// Its values, row-major.
    pub values: Values,
}

/// Gradients of every trained parameter, in the manifest's order, also of those that a batch did not use. So the list
/// is the same in every process of a run.
#[derive(Debug, Clone, Default)]
pub struct Gradients {
    /// One gradient per parameter.
    pub tensors: Vec<Gradient>,
}

impl Gradients {
    /// Adds the gradients of another batch of the same step.
    pub fn add(&mut self, other: Self) {
        if self.tensors.is_empty() {
            return *self = other;
        }
        for (sum, Gradient { name, values }) in self.tensors.iter_mut().zip(other.tensors) {
            assert_eq!(sum.name, name, "both are of one model and one step");
            sum.values.add(values);
        }
    }

    /// The norm over all of them. A tensor's squares are summed in f32 by pieces, the pieces in f64, always in the same
    /// order. Not finite if one gradient is not.
    pub fn norm(&self) -> f64 {
        let on_device = |gradient: &Gradient| match &gradient.values {
            Values::Device(tensor) => Some(tensor.clone()),
            Values::Host(_) => None,
        };
        let there: Vec<Tensor<1>> = self.tensors.iter().filter_map(on_device).collect();
        let sums = if there.is_empty() { Vec::new() } else { read(Tensor::cat(together::squares(there), 0)) };
        let on_host = |gradient: &Gradient| match &gradient.values {
            Values::Host(values) => Some(sum_of_squares(level(), values)),
            Values::Device(_) => None,
        };
        let host: f64 = self.tensors.iter().filter_map(on_host).sum();
        (host + sums.into_iter().map(f64::from).sum::<f64>()).sqrt()
    }

    /// Their values one after the other in this process's memory, and an outline to restore them from such a list.
    pub fn flatten(self) -> (Vec<f32>, Outline) {
        let tensors = self.tensors.iter().map(|gradient| (gradient.name.clone(), gradient.values.len())).collect();
        let mut flat = Vec::new();
        let mut device = None;
        let mut there = Vec::new();
        for Gradient { values, .. } in self.tensors {
            match values {
                Values::Host(values) => flat.extend_from_slice(&values),
                Values::Device(tensor) => {
                    device = Some(tensor.device());
                    there.push(tensor);
                }
            }
        }
        if !there.is_empty() {
            flat = read(Tensor::cat(there, 0));
        }
        (flat, Outline { tensors, device })
    }

    /// The same gradients in the manifest's order, whatever order they were summed in.
    pub(crate) fn in_order(self, model: &Model, device: &Device) -> Self {
        let count = self.tensors.len();
        let ordered = Collect::of(self).take_out(model, device, &[Part::All]);
        assert_eq!(ordered.tensors.len(), count, "every trained parameter is in one piece");
        ordered
    }
}

/// Names, lengths and device of gradients that were flattened.
#[derive(Debug, Clone)]
pub struct Outline {
    tensors: Vec<(String, usize)>,
    device: Option<Device>,
}

impl Outline {
    /// The gradients with these values.
    ///
    /// # Panics
    /// If there are fewer values than [`Gradients::flatten`] returned.
    pub fn restore(self, mut flat: &[f32]) -> Gradients {
        let restore_one = |(name, count): (String, usize)| {
            let values = flat.split_off(..count).expect("the list has its original length").to_vec();
            let values = match &self.device {
                Some(device) => {
                    Values::Device(Tensor::from_data(TensorData::new(values, [count]), (device, DType::F32)))
                }
                None => Values::Host(values),
            };
            Gradient { name, values }
        };
        Gradients { tensors: self.tensors.into_iter().map(restore_one).collect() }
    }
}

/// Collects gradients from one or more backward passes.
#[derive(Default)]
pub(crate) struct Collect(HashMap<String, Values>);

impl Collect {
    /// The gradients of earlier batches.
    pub(crate) fn of(gradients: Gradients) -> Self {
        Self(gradients.tensors.into_iter().map(|Gradient { name, values }| (name, values)).collect())
    }

    /// Adds the gradients that are here to those of a piece.
    pub(crate) fn added_to(&mut self, mut piece: Gradients) -> Gradients {
        for Gradient { name, values } in &mut piece.tensors {
            if let Some(mut sum) = self.0.remove(name) {
                std::mem::swap(values, &mut sum); // the earlier one is the first summand
                values.add(sum);
            }
        }
        piece
    }

    /// Takes the gradients of a backward pass; gradients of the same parameter are summed.
    pub(crate) fn take(&mut self, model: &Model, grads: burn::tensor::Gradients) {
        struct Take<'a>(&'a mut HashMap<String, Values>, burn::tensor::Gradients);
        impl Look for Take<'_> {
            fn at<const D: usize>(&mut self, name: &str, param: &Param<Tensor<D>>) {
                let Some(grad) = param.val().grad_remove(&mut self.1) else { return };
                match self.0.get_mut(name) {
                    Some(sum) => sum.add(Values::of(grad)),
                    None => drop(self.0.insert(name.to_owned(), Values::of(grad))),
                }
            }
        }
        names::look(model, &mut Take(&mut self.0, grads));
    }

    /// Removes one gradient for each trained parameter in some parts of `model`; zeros for those without one.
    pub(crate) fn take_out(&mut self, model: &Model, device: &Device, parts: &[Part]) -> Gradients {
        struct Order<'a>(&'a mut HashMap<String, Values>, &'a Device, &'a [Part], Vec<Gradient>);
        impl Look for Order<'_> {
            fn at<const D: usize>(&mut self, name: &str, param: &Param<Tensor<D>>) {
                if param.val().is_require_grad() && self.2.iter().any(|part| part.holds(name)) {
                    let zeros = || Values::zeros(param.lazy_shape().num_elements(), self.1);
                    let values = self.0.remove(name).unwrap_or_else(zeros);
                    self.3.push(Gradient { name: name.to_owned(), values });
                }
            }
        }
        let mut order = Order(&mut self.0, device, parts, Vec::new());
        names::look(model, &mut order);
        Gradients { tensors: order.3 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gradients(make: fn(&[f32]) -> Values) -> Gradients {
        let one = |name: &str, values: &[f32]| Gradient { name: name.into(), values: make(values) };
        Gradients { tensors: vec![one("a", &[3.0, 0.0]), one("b", &[-4.0])] }
    }

    fn host(values: &[f32]) -> Values {
        Values::Host(values.to_vec())
    }

    fn device(values: &[f32]) -> Values {
        Values::Device(Tensor::from_floats(values, &Device::flex()))
    }

    #[test]
    fn the_norm_is_over_all_tensors_wherever_they_are() {
        for make in [host, device] {
            let mut gradients = gradients(make);
            assert_eq!(gradients.norm(), 5.0);
            gradients.add(gradients.clone());
            assert_eq!(gradients.norm(), 10.0);
        }
        let spoilt = Gradients { tensors: vec![Gradient { name: "a".into(), values: host(&[1.0, f32::NAN]) }] };
        assert!(spoilt.norm().is_nan());
    }

    #[test]
    fn flattened_gradients_return_to_their_device() {
        for make in [host, device] {
            let (mut flat, outline) = gradients(make).flatten();
            assert_eq!(flat, [3.0, 0.0, -4.0]);
            flat.iter_mut().for_each(|x| *x *= 2.0);
            let twice = outline.restore(&flat);
            assert_eq!(twice.norm(), 10.0);
            let alike = |one: &Gradient, other: &Gradient| {
                one.name == other.name
                    && matches!(one.values, Values::Host(_)) == matches!(other.values, Values::Host(_))
            };
            assert!(twice.tensors.iter().zip(&gradients(make).tensors).all(|(one, other)| alike(one, other)));
        }
    }
}
