//! `−log softmax(logits)[target]` of one row.

use super::exp::exp;
use super::{Kernel, Lanes};

/// One row with a target.
pub(crate) struct CrossEntropy<'a> {
    /// At least one.
    pub logits: &'a [f32],
    /// The target class.
    pub target: usize,
    /// The row's weight in the mean.
    pub share: f32,
    /// `share · (softmax(logits) − [class is target])`, overwritten.
    pub grad: &'a mut [f32],
    /// The row's own loss, overwritten.
    pub loss: &'a mut f32,
}

impl Kernel for CrossEntropy<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let classes = self.logits.len();
        let most = self.logits.iter().copied().fold(f32::MIN, f32::max);
        let mut sum = lanes.splat(0.0);
        for at in (0..classes).step_by(L::WIDTH) {
            let weight = exp(lanes, lanes.sub(lanes.read(&self.logits[at..]), lanes.splat(most)));
            lanes.write(&mut self.grad[at..], weight);
            sum = lanes.add(sum, lanes.keep(weight, classes - at));
        }
        let total = lanes.sum(sum);
        let scale = self.share / total;
        self.grad.iter_mut().for_each(|grad| *grad *= scale);
        self.grad[self.target] -= self.share;
        *self.loss = total.ln() + (most - self.logits[self.target]);
    }
}
