//! An affine map on slices, with packed weights.

use burn::module::Param;
use burn::tensor::{Tensor, TensorData};
use rinalmo_kernels::Level;
use rinalmo_kernels::linear::{self, Packed};

use super::{Precision, values};

/// See [`crate::Linear`].
pub(super) struct Linear {
    packed: Packed,
    bias: Option<Vec<f32>>,
    level: Level,
}

impl Linear {
    /// Packs `weight [out, in]` and frees the tensor.
    pub fn new(weight: Param<Tensor<2>>, bias: Option<Param<Tensor<1>>>, precision: Precision, level: Level) -> Self {
        let [outputs, inputs] = weight.lazy_shape().dims();
        let weight = data(weight);
        let packed = Packed::pack(kernel(precision), slice(&weight), outputs, inputs)
            .expect("a tensor has the values of its shape");
        Self { packed, bias: bias.map(values), level }
    }

    /// Values per row of the result.
    pub fn outputs(&self) -> usize {
        self.packed.outputs()
    }

    /// # Shapes
    /// - x: `[rows, in]`
    /// - returns: `[rows, out]`
    pub fn forward(&self, x: &[f32]) -> Vec<f32> {
        let mut out = vec![0.0; x.len() / self.packed.inputs() * self.outputs()];
        self.packed
            .forward(self.level, x, self.bias.as_deref(), &mut out)
            .expect("rows are as wide as the weights, and the result was allocated for them");
        out
    }
}

/// The same precision as the kernels' type.
pub(super) fn kernel(precision: Precision) -> linear::Precision {
    match precision {
        Precision::F32 => linear::Precision::F32,
        Precision::Bf16 => linear::Precision::Bf16,
        Precision::Int8 => linear::Precision::Int8,
    }
}

/// A parameter's values, copied only if they are shared or not f32.
pub(super) fn data<const D: usize>(param: Param<Tensor<D>>) -> TensorData {
    param.into_value().into_data().convert::<f32>()
}

/// The values as f32.
pub(super) fn slice(data: &TensorData) -> &[f32] {
    data.as_slice().expect("the data was converted to f32")
}
