//! Two kinds of strands in one solution: how many are bound to which at equilibrium.

/// What strands of two kinds, A and B, gain by binding to each other, in kcal/mol at 1 mol/l of each. Infinite where no
/// bases of both can pair.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dimers {
    /// One of each.
    pub ab: f64,
    /// Two of A.
    pub aa: f64,
    /// Two of B.
    pub bb: f64,
}

/// Concentrations at equilibrium, in mol/l.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Equilibrium {
    /// Strands that are bound to no other.
    pub a: f64,
    /// The same of B.
    pub b: f64,
    /// Complexes of one of each.
    pub ab: f64,
    /// Complexes of two of A.
    pub aa: f64,
    /// Complexes of two of B.
    pub bb: f64,
}

impl Dimers {
    /// The concentrations at equilibrium, if there are so many strands of A and of B altogether, in mol/l; `rt` in
    /// kcal/mol. Complexes of more than two strands are not counted.
    ///
    /// # Panics
    /// If a concentration is negative or not finite.
    pub fn equilibrium(&self, rt: f64, total: [f64; 2]) -> Equilibrium {
        assert!(total.iter().all(|one| one.is_finite() && *one >= 0.0), "concentrations of {total:?}");
        let [ab, aa, bb] = [self.ab, self.aa, self.bb].map(|energy| (-energy / rt).exp().min(LARGEST));
        let free_b = |a: f64| half_free(1.0 + ab * a, bb, total[1]);
        // All of A that there is with so much of it free, which grows with that.
        let all_a = |a: f64| a + ab * a * free_b(a) + 2.0 * aa * a * a;
        let (mut low, mut high) = (0.0, total[0]);
        // Bisection by the factor, as the answer may be many orders of magnitude less than the total.
        if total[0] > 0.0 {
            low = total[0] / (1.0 + ab * total[1] + 2.0 * aa * total[0]); // if nothing were used up
            while high > low * (1.0 + 4.0 * f64::EPSILON) {
                let middle = (low * high).sqrt();
                if middle <= low || middle >= high {
                    break;
                }
                *(if all_a(middle) > total[0] { &mut high } else { &mut low }) = middle;
            }
        }
        let a = low;
        let b = free_b(a);
        Equilibrium { a, b, ab: ab * a * b, aa: aa * a * a, bb: bb * b * b }
    }
}

/// Larger constants of equilibrium count as this one: strands are then bound as long as there are any, and products stay
/// finite.
const LARGEST: f64 = 1e140;

/// The root `x` of `2·k·x² + slope·x = total`, without cancellation.
fn half_free(slope: f64, k: f64, total: f64) -> f64 {
    2.0 * total / (slope + (slope * slope + 8.0 * k * total).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The law of mass action holds for every complex, and no strand is lost.
        #[test]
        fn concentrations_fit_the_constants_and_the_totals(
            ab in -60.0..5.0, aa in -60.0..5.0, bb in -60.0..5.0, a in -14.0..-2.0, b in -14.0..-2.0,
        ) {
            let (rt, total) = (0.616, [10f64.powf(a), 10f64.powf(b)]);
            let found = Dimers { ab, aa, bb }.equilibrium(rt, total);
            let constant = |energy: f64| (-energy / rt).exp();
            prop_assert!((found.ab / (constant(ab) * found.a * found.b) - 1.0).abs() < 1e-9);
            prop_assert!((found.aa / (constant(aa) * found.a.powi(2)) - 1.0).abs() < 1e-9);
            prop_assert!((found.bb / (constant(bb) * found.b.powi(2)) - 1.0).abs() < 1e-9);
            prop_assert!(((found.a + found.ab + 2.0 * found.aa) / total[0] - 1.0).abs() < 1e-9, "{found:?} {total:?}");
            prop_assert!(((found.b + found.ab + 2.0 * found.bb) / total[1] - 1.0).abs() < 1e-9, "{found:?} {total:?}");
        }
    }

    #[test]
    fn strands_that_cannot_pair_stay_alone() {
        let dimers = Dimers { ab: f64::INFINITY, aa: f64::INFINITY, bb: f64::INFINITY };
        let found = dimers.equilibrium(0.616, [1e-6, 2e-6]);
        assert_eq!((found.ab, found.aa, found.bb), (0.0, 0.0, 0.0));
        assert!((found.a / 1e-6 - 1.0).abs() < 1e-12 && (found.b / 2e-6 - 1.0).abs() < 1e-12);
    }

    #[test]
    fn without_one_kind_the_other_still_binds_its_own() {
        let dimers = Dimers { ab: -20.0, aa: -12.0, bb: -12.0 };
        let found = dimers.equilibrium(0.616, [0.0, 1e-6]);
        assert_eq!((found.a, found.ab, found.aa), (0.0, 0.0, 0.0));
        assert!(found.bb > 0.3e-6 && ((found.b + 2.0 * found.bb) / 1e-6 - 1.0).abs() < 1e-12);
        let none = dimers.equilibrium(0.616, [0.0, 0.0]);
        assert_eq!((none.a, none.b), (0.0, 0.0));
    }
}
