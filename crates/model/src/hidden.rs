//! The representation of tokens, in the memory of the device that computed it.
//!
//! On the CPU it is an array. On another device it stays a tensor there until somebody asks for its values: what heads
//! and means return is far smaller, and bringing every row back took longer on a GPU than the encoder.

use std::borrow::Cow;
use std::ops::Range;

use burn::tensor::{Device, Tensor, TensorData};

use crate::batch::Packed;
use crate::config::Pooling;
use crate::encoder::indices;

/// One row for each token, `[rows, dim]`.
#[derive(Clone, Debug)]
pub struct Hidden<'a>(Place<'a>);

#[derive(Clone, Debug)]
enum Place<'a> {
    Memory { rows: Cow<'a, [f32]>, dim: usize },
    Device(Box<Tensor<2>>),
}

impl<'a> Hidden<'a> {
    /// Rows of `dim` numbers, one after the other.
    pub fn new(rows: impl Into<Cow<'a, [f32]>>, dim: usize) -> Self {
        Self(Place::Memory { rows: rows.into(), dim })
    }

    /// Rows that stay on their device, `[rows, dim]`.
    pub(crate) fn on_device(rows: Tensor<2>) -> Self {
        Self(Place::Device(Box::new(rows)))
    }

    /// Numbers in a row.
    pub fn dim(&self) -> usize {
        match &self.0 {
            Place::Memory { dim, .. } => *dim,
            Place::Device(rows) => rows.dims()[1],
        }
    }

    /// Some of the rows, without a copy.
    ///
    /// # Panics
    /// If there are fewer rows.
    pub fn rows(&self, span: Range<usize>) -> Hidden<'_> {
        match &self.0 {
            Place::Memory { rows, dim } => Hidden::new(&rows[span.start * dim..span.end * dim], *dim),
            Place::Device(rows) => Hidden::on_device(part(rows, span)),
        }
    }

    /// All values, row by row, if they are in memory.
    pub fn in_memory(&self) -> Option<&[f32]> {
        match &self.0 {
            Place::Memory { rows, .. } => Some(rows),
            Place::Device(_) => None,
        }
    }

    /// All values, row by row. They are copied only from another device.
    pub fn values(&self) -> Cow<'_, [f32]> {
        match &self.0 {
            Place::Memory { rows, .. } => Cow::Borrowed(rows),
            Place::Device(rows) => Cow::Owned(to_vec(*rows.clone())),
        }
    }

    /// The same rows in memory.
    #[must_use]
    pub fn fetched(self) -> Self {
        match self.0 {
            Place::Memory { .. } => self,
            Place::Device(rows) => {
                let dim = rows.dims()[1];
                Self::new(to_vec(*rows), dim)
            }
        }
    }

    /// The rows as a tensor, sent to `device` if they are in memory.
    pub(crate) fn tensor(&self, device: &Device) -> Tensor<2> {
        match &self.0 {
            Place::Memory { rows, dim } => {
                Tensor::from_data(TensorData::new(rows.to_vec(), [rows.len() / dim, *dim]), device)
            }
            Place::Device(rows) => *rows.clone(),
        }
    }

    /// One row for each sequence of the batch: that of `<cls>`, or the mean over its bases.
    ///
    /// # Shapes
    /// - returns: `[sequences, dim]`
    ///
    /// # Panics
    /// If these are not the rows of the batch. A sequence without bases has no mean; callers check.
    #[must_use]
    pub fn pool(&self, batch: &Packed, pooling: Pooling) -> Hidden<'static> {
        match (&self.0, pooling) {
            (Place::Memory { rows, dim }, Pooling::Cls) => {
                let cls = batch.spans().flat_map(|span| &rows[span.start * dim..][..*dim]).copied();
                Hidden::new(cls.collect::<Vec<f32>>(), *dim)
            }
            (Place::Memory { rows, dim }, Pooling::Mean) => {
                let bases = batch.bases().map(|bases| &rows[bases.start * dim..bases.end * dim]);
                Hidden::new(bases.flat_map(|bases| mean(bases, *dim)).collect::<Vec<f32>>(), *dim)
            }
            (Place::Device(rows), Pooling::Cls) => {
                let starts = batch.spans().map(|span| span.start as i64);
                let starts = indices(starts, batch.lengths().len(), &rows.device());
                Hidden::on_device(rows.clone().select(0, starts))
            }
            (Place::Device(rows), Pooling::Mean) => Hidden::on_device(means(rows, batch)),
        }
    }

    /// Numbers that are all finite exactly if all values are: the same for each row, row by row. They are the values
    /// themselves if those are in memory, else one number for each row.
    pub fn witness(&self) -> Cow<'_, [f32]> {
        match &self.0 {
            Place::Memory { rows, .. } => Cow::Borrowed(rows),
            Place::Device(rows) => {
                let dim = rows.dims()[1];
                // A sum keeps NaN and infinities. Division first: the sum of finite values does not overflow.
                Cow::Owned(to_vec(rows.clone().div_scalar(dim as f32).sum_dim(1)))
            }
        }
    }
}

/// Some of the rows of a tensor `[rows, dim]`.
fn part(rows: &Tensor<2>, span: Range<usize>) -> Tensor<2> {
    let dim = rows.dims()[1];
    rows.clone().slice([span, 0..dim])
}

/// The mean over the bases of each sequence, `[sequences, dim]`. Neighbours of equal length share their operations.
fn means(rows: &Tensor<2>, batch: &Packed) -> Tensor<2> {
    let dim = rows.dims()[1];
    let groups = batch.groups().into_iter().map(|(span, sequences, len)| {
        let tokens = part(rows, span).reshape([sequences, len, dim]);
        tokens.slice([0..sequences, 1..len - 1, 0..dim]).mean_dim(1).reshape([sequences, dim])
    });
    Tensor::cat(groups.collect(), 0)
}

/// The mean of rows of `dim` numbers.
fn mean(rows: &[f32], dim: usize) -> Vec<f32> {
    let count = (rows.len() / dim) as f32;
    (0..dim).map(|column| rows.iter().skip(column).step_by(dim).sum::<f32>() / count).collect()
}

/// A float tensor's values in row-major order.
pub(crate) fn to_vec<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.try_into_vec_as::<f32>().expect("a float tensor reads back as f32")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rinalmo_seq::tokenizer::tokenize;

    const DIM: usize = 3;

    /// Neighbours of equal and of other lengths, and a single base.
    fn batch() -> Packed {
        Packed::new([tokenize(b"ACG"), tokenize(b"UUU"), tokenize(b"A"), tokenize(b"ACGUACGU")])
    }

    /// The same rows in memory and on a device.
    fn both(change: impl FnOnce(&mut [f32])) -> [Hidden<'static>; 2] {
        let mut rows: Vec<f32> = (0..batch().total() * DIM).map(|i| (i * i % 101) as f32 / 7.0 - 5.0).collect();
        change(&mut rows);
        let here = Hidden::new(rows, DIM);
        let there = Hidden::on_device(here.tensor(&Device::flex()));
        [here, there]
    }

    #[test]
    fn rows_are_pooled_alike_in_memory_and_on_a_device() {
        let [here, there] = both(|_| ());
        for pooling in [Pooling::Cls, Pooling::Mean] {
            let (expected, found) = (here.pool(&batch(), pooling), there.pool(&batch(), pooling));
            assert!(found.in_memory().is_none(), "it stays on its device");
            let (expected, found) = (expected.values(), found.values());
            assert_eq!(found.len(), 4 * DIM);
            let close = found.iter().zip(&*expected).all(|(a, b)| (a - b).abs() < 1e-6);
            assert!(close, "{pooling:?}: {found:?}, {expected:?}");
        }
        let mean_of_one_base = there.pool(&batch(), Pooling::Mean).rows(2..3).values().to_vec();
        assert_eq!(mean_of_one_base, &*here.rows(11..12).values());
    }

    #[test]
    fn rows_and_values_are_the_same_wherever_they_are() {
        let [here, there] = both(|_| ());
        assert_eq!(here.values(), there.values());
        assert_eq!(here.rows(4..9).values(), there.rows(4..9).values());
        assert_eq!((here.dim(), there.dim()), (DIM, DIM));
        assert_eq!(there.fetched().in_memory(), here.in_memory());
    }

    #[test]
    fn a_value_that_is_not_finite_shows_in_the_witness_of_its_row_only() {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN] {
            // Next to a number of the other sign, and in a row of the largest.
            for hidden in both(|rows| rows[5 * DIM..6 * DIM].fill(bad)) {
                let witness = hidden.witness();
                let each = witness.len() / batch().total();
                for (row, numbers) in witness.chunks_exact(each).enumerate() {
                    let finite = numbers.iter().all(|x| x.is_finite());
                    assert_eq!(finite, row != 5 || bad.is_finite(), "{bad} in row {row}");
                }
            }
        }
        for hidden in both(|rows| rows[15..17].copy_from_slice(&[f32::INFINITY, f32::NEG_INFINITY])) {
            assert!(hidden.rows(5..6).witness().iter().any(|x| !x.is_finite()));
        }
    }
}
