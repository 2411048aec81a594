//! The gradients of one step: of every parameter that is trained, in the manifest's order.

use std::collections::HashMap;

use burn::module::Param;
use burn::tensor::{Device, Tensor};
use rinalmo_kernels::adamw::sum_of_squares;
use rinalmo_model::Model;

use super::values::{Values, level, read};
use crate::names::{self, Look};

/// One parameter's.
#[derive(Debug, Clone)]
pub struct Gradient {
    /// The parameter's name.
    pub name: String,
    /// Row-major.
    pub values: Values,
}

/// Of every trained parameter, in the manifest's order, whether or not a batch touched it; so the list is the same in
/// every process of a run.
#[derive(Debug, Clone, Default)]
pub struct Gradients {
    /// One a parameter.
    pub tensors: Vec<Gradient>,
}

impl Gradients {
    /// Adds those of another batch of the same step.
    pub fn add(&mut self, other: Self) {
        if self.tensors.is_empty() {
            return *self = other;
        }
        for (sum, Gradient { name, values }) in self.tensors.iter_mut().zip(other.tensors) {
            assert_eq!(sum.name, name, "both are of one model and one step");
            sum.values.add(values);
        }
    }

    /// The norm over all of them: a tensor's squares summed in f32 by pieces, everything above in f64, always in the
    /// same order. Not finite as soon as one of them is not.
    pub fn norm(&self) -> f64 {
        let on_device = |gradient: &Gradient| match &gradient.values {
            Values::Device(tensor) => Some((tensor.clone() * tensor.clone()).sum()),
            Values::Host(_) => None,
        };
        let sums: Vec<Tensor<1>> = self.tensors.iter().filter_map(on_device).collect();
        let sums = if sums.is_empty() { Vec::new() } else { read(Tensor::cat(sums, 0)) };
        let on_host = |gradient: &Gradient| match &gradient.values {
            Values::Host(values) => Some(sum_of_squares(level(), values)),
            Values::Device(_) => None,
        };
        let host: f64 = self.tensors.iter().filter_map(on_host).sum();
        (host + sums.into_iter().map(f64::from).sum::<f64>()).sqrt()
    }

    /// Has `work` change them as slices in this process's memory, one a parameter.
    ///
    /// # Errors
    /// What `work` says.
    pub fn on_host<E>(&mut self, work: impl FnOnce(&mut [&mut [f32]]) -> Result<(), E>) -> Result<(), E> {
        let device = self.tensors.iter().find_map(|gradient| match &gradient.values {
            Values::Device(tensor) => Some(tensor.device()),
            Values::Host(_) => None,
        });
        if device.is_some() {
            self.tensors.iter_mut().for_each(|gradient| gradient.values = Values::Host(gradient.values.to_vec()));
        }
        let mut slices: Vec<&mut [f32]> = Vec::with_capacity(self.tensors.len());
        for Gradient { values, .. } in &mut self.tensors {
            if let Values::Host(values) = values {
                slices.push(values);
            }
        }
        work(&mut slices)?;
        if let Some(device) = device {
            for Gradient { values, .. } in &mut self.tensors {
                *values = Values::from_host(values.to_vec(), &device);
            }
        }
        Ok(())
    }
}

/// Gathers gradients from one or more ways back.
#[derive(Default)]
pub(crate) struct Collect(HashMap<String, Values>);

impl Collect {
    /// Takes those of a way back; what two of them have is summed.
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

    /// One for each parameter of `model` that requires gradients, zeros for those that had none.
    pub(crate) fn gradients(self, model: &Model, device: &Device) -> Gradients {
        struct Order<'a>(HashMap<String, Values>, &'a Device, Vec<Gradient>);
        impl Look for Order<'_> {
            fn at<const D: usize>(&mut self, name: &str, param: &Param<Tensor<D>>) {
                if param.val().is_require_grad() {
                    let zeros = || Values::zeros(param.lazy_shape().num_elements(), self.1);
                    let values = self.0.remove(name).unwrap_or_else(zeros);
                    self.2.push(Gradient { name: name.to_owned(), values });
                }
            }
        }
        let mut order = Order(self.0, device, Vec::new());
        names::look(model, &mut order);
        Gradients { tensors: order.2 }
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
    fn other_processes_see_slices_and_their_sums_go_where_gradients_were() {
        for make in [host, device] {
            let mut gradients = gradients(make);
            let result: Result<(), ()> = gradients.on_host(|tensors| {
                assert_eq!(tensors.len(), 2);
                tensors.iter_mut().for_each(|tensor| tensor[0] *= 2.0);
                Ok(())
            });
            assert_eq!(result, Ok(()));
            assert_eq!(gradients.norm(), 10.0);
        }
    }
}
