//! Constraints as bonuses of pairs.

use rinalmo_decode::constraint::Constraint;

use crate::{Error, FoldOptions};

/// Bonus of a pair that a constraint asks for, in RT: 37 kcal/mol at 37 °C, more than any pair can cost.
const ASKED: f32 = 60.0;

/// The bonuses of a constraint alone ([`add_constraint`]), `[len, len]`.
///
/// # Errors
/// The constraint does not fit, or the model has no energy for a pair in brackets.
pub(super) fn bonuses(constraint: &Constraint, sequence: &[u8]) -> Result<Vec<f32>, Error> {
    let len = sequence.len();
    constraint.check(len, FoldOptions::default().min_loop).map_err(rinalmo_decode::DecodeError::from)?;
    if let Some(&(i, j)) = constraint.non_canonical(sequence).first() {
        let [a, b] = [i, j].map(|base| char::from(sequence[base]));
        let (i, j) = (i + 1, j + 1);
        let message = format!("constraint: bases {i} and {j} ({a} and {b}) are no pair that an energy model has");
        return Err(Error::Options(message));
    }
    let mut bonuses = vec![0.0; len * len];
    add_constraint(constraint, &mut bonuses);
    Ok(bonuses)
}

/// Adds a constraint to the bonuses of all pairs above the diagonal: minus infinity for what it forbids, [`ASKED`] for
/// pairs in brackets and for each base that must pair.
///
/// # Shapes
/// - bonuses: `[len, len]`, for a constraint that fits `len` bases
pub(crate) fn add_constraint(constraint: &Constraint, bonuses: &mut [f32]) {
    let len = constraint.len();
    // The innermost pair in brackets around each position: another pair has to be in the same one.
    let mut around = vec![usize::MAX; len];
    let mut partner = vec![None; len];
    for (number, (i, j)) in constraint.forced().enumerate() {
        around[i + 1..j].fill(number);
        partner[i] = Some(j);
    }
    for i in 0..len {
        for j in i + 1..len {
            bonuses[i * len + j] += if partner[i] == Some(j) {
                ASKED
            } else if constraint.allows(i, j) && around[i] == around[j] {
                ASKED * [i, j].into_iter().filter(|&base| constraint.must_pair(base)).count() as f32
            } else {
                f32::NEG_INFINITY
            };
        }
    }
}
