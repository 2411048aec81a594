//! Cross-entropy of the rows that have a target: loss and gradient in one pass over the logits.

use rayon::prelude::*;

use crate::error::check_length;
use crate::generic::cross_entropy::CrossEntropy;
use crate::{Error, Level};

const OP: &str = "cross entropy";

/// The mean of `−log softmax(logits)[target]` over rows with a target, and its gradient; 0 if no row has a target.
///
/// # Shapes
/// - logits: `[rows, classes]`
/// - targets: `[rows]`: a class, or −1 for a row without a target
/// - grad: `[rows, classes]`, overwritten; zeros in rows without a target
///
/// # Errors
/// If a slice has another length, or a target is not a class.
pub fn cross_entropy(level: Level, logits: &[f32], targets: &[i32], grad: &mut [f32]) -> Result<f32, Error> {
    let classes = logits.len() / targets.len().max(1);
    check_length(OP, "logits", targets.len() * classes, logits.len())?;
    check_length(OP, "grad", logits.len(), grad.len())?;
    if let Some(target) = targets.iter().find(|&&target| target < -1 || target >= classes as i32) {
        return Err(Error::Size { op: OP, reason: format!("target {target} is not one of {classes} classes") });
    }
    let count = targets.iter().filter(|&&target| target >= 0).count();
    if count == 0 {
        grad.fill(0.0);
        return Ok(0.0);
    }
    let share = 1.0 / count as f32;
    let mut losses = vec![0.0; targets.len()];
    let inputs = logits.par_chunks_exact(classes).zip(targets);
    let outputs = grad.par_chunks_exact_mut(classes).zip(&mut losses);
    inputs.zip(outputs).with_min_len(16).for_each(|((logits, &target), (grad, loss))| match usize::try_from(target) {
        Ok(target) => level.run(CrossEntropy { logits, target, share, grad, loss }),
        Err(_) => grad.fill(0.0),
    });
    Ok((losses.iter().map(|&loss| f64::from(loss)).sum::<f64>() / count as f64) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_equal_logits_lose_one_bit() {
        let mut grad = [f32::NAN; 6];
        let loss = cross_entropy(Level::best(), &[1.0, 1.0, 5.0, 0.0, 0.0, 0.0], &[1, -1, 0], &mut grad).unwrap();
        assert!((loss - std::f32::consts::LN_2).abs() < 1e-6);
        assert_eq!(grad, [0.25, -0.25, 0.0, 0.0, -0.25, 0.25]);
    }

    #[test]
    fn targets_that_are_not_a_class_are_refused_and_no_targets_have_loss_zero() {
        let (level, mut grad) = (Level::best(), [1.0; 4]);
        assert!(cross_entropy(level, &[0.0; 4], &[2, 0], &mut grad).is_err());
        assert!(cross_entropy(level, &[0.0; 4], &[-2, 0], &mut grad).is_err());
        assert!(cross_entropy(level, &[0.0; 5], &[0, 0], &mut grad).is_err());
        assert_eq!(cross_entropy(level, &[0.0; 4], &[-1, -1], &mut grad), Ok(0.0));
        assert_eq!(grad, [0.0; 4]);
    }
}
