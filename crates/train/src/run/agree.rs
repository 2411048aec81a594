//! Checks that all processes have the same weights.
//!
//! They make the same steps from the same start, so they should. They differ if machines do: other weights in a file of
//! the same name, or a processor whose kernels round differently. The sum of their gradients would then be the gradient
//! of no model.

use burn::module::Param;
use burn::tensor::Tensor;
use xxhash_rust::xxh3::Xxh3;

use super::{THERE, Trainer};
use crate::names::{self, Look};
use crate::optimizer::values::read;
use crate::{Error, Exchange, Task};

impl<T: Task, X: Exchange> Trainer<'_, T, X> {
    /// # Errors
    /// If the weights of a rank differ from those of the first.
    pub(super) fn agree(&mut self) -> Result<(), Error> {
        let share = self.exchange.share();
        if share.ranks == 1 {
            return Ok(());
        }
        let mut checksum = Checksum(Xxh3::new());
        names::look(self.model.as_ref().expect(THERE), &mut checksum);
        let sum = checksum.0.digest();
        let mut all = vec![0.0; 2 * share.ranks]; // halves of the checksums, which an f64 holds exactly
        all[2 * share.rank] = (sum >> 32) as f64;
        all[2 * share.rank + 1] = (sum & 0xFFFF_FFFF) as f64;
        self.exchange.sum(&mut all)?;
        match all.chunks_exact(2).position(|halves| halves != &all[..2]) {
            None => Ok(()),
            Some(rank) => Err(Error::Exchange(format!(
                "after step {} process {rank} holds other weights than process 0\nhint: run all on processors of one \
                 kind, or set RINALMO_KERNELS to a level that all have; resume from the last checkpoint",
                self.state.step
            ))),
        }
    }
}

/// Checksum of all parameters.
struct Checksum(Xxh3);

impl Look for Checksum {
    fn at<const D: usize>(&mut self, _name: &str, param: &Param<Tensor<D>>) {
        self.0.update(bytemuck::cast_slice(&read(param.val().inner())));
    }
}
