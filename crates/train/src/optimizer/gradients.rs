//! The gradients of one step: of every parameter that is trained, in the manifest's order.

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
    /// Goes back from a loss to the parameters of `model` that require gradients.
    pub fn of(loss: &Tensor<1>, model: &Model, device: &Device) -> Self {
        let mut collect = Collect { grads: loss.backward(), device, found: Vec::new() };
        names::look(model, &mut collect);
        Self { tensors: collect.found }
    }

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

struct Collect<'a> {
    grads: burn::tensor::Gradients,
    device: &'a Device,
    found: Vec<Gradient>,
}

impl Look for Collect<'_> {
    fn at<const D: usize>(&mut self, name: &str, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        if !tensor.is_require_grad() {
            return;
        }
        let values = match tensor.grad_remove(&mut self.grads) {
            Some(grad) => Values::of(grad),
            None => Values::zeros(tensor.dims().iter().product(), self.device),
        };
        self.found.push(Gradient { name: name.to_owned(), values });
    }
}
