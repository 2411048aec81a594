//! The loss of classification.

use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::activation::log_softmax;
use burn::tensor::{Int, Tensor, TensorData};

use super::has_kernels;
use super::tape::{Recorded, contiguous, dims, into_values, level, record, tensor, values};

/// The mean of `−log softmax(logits)[target]` over the rows that have a target; 0 if no row has one.
///
/// # Shapes
/// - logits: `[rows, classes]`
/// - targets: `[rows]`: a class, or −1 for a row without a target
/// - returns: `[1]`
///
/// # Panics
/// If the number of targets is not the number of rows, or a target is not a class.
pub fn cross_entropy(logits: Tensor<2>, targets: &[i32]) -> Tensor<1> {
    let [rows, classes] = logits.dims();
    assert_eq!(targets.len(), rows, "one target per row");
    assert!(targets.iter().all(|&target| (-1..classes as i32).contains(&target)), "a target is a class or −1");
    if !has_kernels(&logits) {
        return plain(logits, targets);
    }
    Tensor::from_dispatch(<Dispatch as CrossEntropy>::mean_loss(logits.into_dispatch(), targets.to_vec()))
}

fn plain(logits: Tensor<2>, targets: &[i32]) -> Tensor<1> {
    let device = logits.device();
    let counted = || targets.iter().enumerate().filter(|(_, target)| **target >= 0);
    let count = counted().count();
    if count == 0 {
        return logits.sum() * 0.0;
    }
    let rows = TensorData::new(counted().map(|(row, _)| row as i64).collect::<Vec<_>>(), [count]);
    let classes = TensorData::new(counted().map(|(_, &target)| i64::from(target)).collect::<Vec<_>>(), [count, 1]);
    let logits = logits.select(0, Tensor::<1, Int>::from_data(rows, &device));
    -log_softmax(logits, 1).gather(1, Tensor::<2, Int>::from_data(classes, &device)).mean()
}

#[backend_extension(Flex, Autodiff)]
pub(crate) trait CrossEntropy: Backend {
    fn mean_loss(logits: FloatTensor<Self>, targets: Vec<i32>) -> FloatTensor<Self>;
}

impl CrossEntropy for Flex {
    fn mean_loss(logits: FlexTensor, targets: Vec<i32>) -> FlexTensor {
        forward(logits, &targets).0
    }
}

impl<C: CheckpointStrategy> CrossEntropy for Autodiff<Flex, C> {
    fn mean_loss(logits: FloatTensor<Self>, targets: Vec<i32>) -> FloatTensor<Self> {
        record::<C, Slope, 1>([logits], |[logits]| forward(logits, &targets))
    }
}

/// The gradient, computed along with the loss.
#[derive(Clone, Debug)]
struct Slope(FlexTensor);

fn forward(logits: FlexTensor, targets: &[i32]) -> (FlexTensor, Slope) {
    let logits = contiguous(logits);
    let mut grad = vec![0.0; values(&logits).len()];
    let loss = rinalmo_kernels::cross_entropy(level(), values(&logits), targets, &mut grad);
    let loss = loss.expect("targets were checked against the logits");
    (tensor(vec![loss], [1]), Slope(tensor(grad, dims(&logits))))
}

impl Recorded<1> for Slope {
    fn backward(self, grad: FlexTensor, _wanted: [bool; 1]) -> [Option<FlexTensor>; 1] {
        let (shape, factor) = (dims(&self.0), values(&contiguous(grad))[0]);
        let mut slope = into_values(self.0);
        slope.iter_mut().for_each(|x| *x *= factor);
        [Some(tensor(slope, shape))]
    }
}
