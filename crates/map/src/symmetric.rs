//! The largest eigenvalues of a symmetric matrix, with their vectors.
//!
//! Householder's reflections make the matrix tridiagonal, bisection by Sturm's count finds the eigenvalues, and inverse
//! iteration their vectors (Golub and Van Loan, "Matrix Computations", 8.3 to 8.4). That takes a fixed number of steps
//! whatever the eigenvalues are, equal ones too.

use rayon::prelude::*;

/// Halvings of an interval: enough for all 53 bits.
const HALVINGS: usize = 100;
/// Rounds of inverse iteration; one is usually enough.
const ROUNDS: usize = 4;

/// An eigenvalue and its vector of length 1.
pub(crate) type Pair = (f64, Vec<f64>);

/// The `count` largest eigenvalues of a symmetric matrix `[size, size]`, the largest first.
pub(crate) fn largest(matrix: Vec<f64>, size: usize, count: usize) -> Vec<Pair> {
    let reduced = Reduced::of(matrix, size);
    let mut found: Vec<Pair> = Vec::with_capacity(count);
    let mut random = fastrand::Rng::with_seed(0);
    for place in 0..count.min(size) {
        let value = reduced.tridiagonal.eigenvalue(place);
        let mut vector: Vec<f64> = (0..size).map(|_| random.f64() - 0.5).collect();
        for _ in 0..ROUNDS {
            reduced.tridiagonal.solve(value, &mut vector);
            for (_, earlier) in &found {
                let along = dot(&vector, earlier);
                subtract(&mut vector, earlier, along);
            }
            scale_to_1(&mut vector);
        }
        found.push((value, vector));
    }
    found.iter_mut().for_each(|(_, vector)| reduced.turn_back(vector));
    found
}

/// A matrix `T = Qᵀ A Q`, and the reflections that `Q` is the product of.
struct Reduced {
    tridiagonal: Tridiagonal,
    /// Vectors of length √2; reflection number `n` changes the values after number `n`.
    reflections: Vec<Vec<f64>>,
}

impl Reduced {
    fn of(mut matrix: Vec<f64>, size: usize) -> Self {
        let mut tridiagonal = Tridiagonal { diagonal: Vec::new(), beside: Vec::new() };
        let mut reflections = Vec::new();
        for step in 0..size {
            tridiagonal.diagonal.push(matrix[step * size + step]);
            let below: Vec<f64> = (step + 1..size).map(|row| matrix[row * size + step]).collect();
            if below.is_empty() {
                break;
            }
            let (reflection, first) = reflection(below);
            tridiagonal.beside.push(first);
            reflect(&mut matrix, size, step + 1, &reflection);
            reflections.push(reflection);
        }
        Self { tridiagonal, reflections }
    }

    /// From a vector of the tridiagonal matrix to one of the matrix.
    fn turn_back(&self, vector: &mut [f64]) {
        for (step, reflection) in self.reflections.iter().enumerate().rev() {
            let tail = &mut vector[step + 1..];
            let along = dot(tail, reflection);
            subtract(tail, reflection, along);
        }
    }
}

/// The reflection `1 − u uᵀ` that turns a vector into a multiple of the first axis: `u`, of length √2 or 0, and the
/// multiple.
fn reflection(mut vector: Vec<f64>) -> (Vec<f64>, f64) {
    let length = dot(&vector, &vector).sqrt();
    let first = if vector[0] > 0.0 { -length } else { length };
    vector[0] -= first;
    let squared = dot(&vector, &vector);
    if squared > 0.0 {
        let factor = (2.0 / squared).sqrt();
        vector.iter_mut().for_each(|value| *value *= factor);
    }
    (vector, first)
}

/// Applies a reflection on both sides of the block that begins at row and column `start`:
/// `A − u wᵀ − w uᵀ` with `p = A u`, `w = p − (uᵀp / 2) u`.
fn reflect(matrix: &mut [f64], size: usize, start: usize, u: &[f64]) {
    let rows = || matrix[start * size..].par_chunks_exact(size).with_min_len(64);
    let mut w: Vec<f64> = rows().map(|row| dot(&row[start..], u)).collect();
    let half = dot(&w, u) / 2.0;
    subtract(&mut w, u, half);
    let rows = matrix[start * size..].par_chunks_exact_mut(size).with_min_len(64);
    rows.zip(u.par_iter().zip(&w)).for_each(|(row, (&own_u, &own_w))| {
        for ((value, u), w) in row[start..].iter_mut().zip(u).zip(&w) {
            *value -= own_u * w + own_w * u;
        }
    });
}

/// A symmetric matrix of a diagonal and the one beside it.
struct Tridiagonal {
    diagonal: Vec<f64>,
    beside: Vec<f64>,
}

impl Tridiagonal {
    /// No eigenvalue is larger in size; above 0, so that a small part of it is too.
    fn bound(&self) -> f64 {
        let beside = |place: usize| self.beside.get(place).map_or(0.0, |value| value.abs());
        let row =
            |(place, value): (usize, &f64)| value.abs() + beside(place) + place.checked_sub(1).map_or(0.0, beside);
        self.diagonal.iter().enumerate().map(row).fold(1e-200, f64::max)
    }

    /// Eigenvalue number `place`, the largest being number 0.
    fn eigenvalue(&self, place: usize) -> f64 {
        let (mut low, mut high) = (-self.bound() * 1.001, self.bound() * 1.001);
        for _ in 0..HALVINGS {
            let middle = (low + high) / 2.0;
            if self.above(middle) > place { low = middle } else { high = middle }
        }
        (low + high) / 2.0
    }

    /// How many eigenvalues are larger than `value`: the positive pivots of `T − value`.
    fn above(&self, value: f64) -> usize {
        let tiny = f64::EPSILON * self.bound() * 1e-3;
        let mut pivot = 1.0;
        let mut count = 0;
        for (place, diagonal) in self.diagonal.iter().enumerate() {
            let before = place.checked_sub(1).map_or(0.0, |before| self.beside[before]);
            pivot = diagonal - value - before * before / pivot;
            if pivot.abs() < tiny {
                pivot = -tiny;
            }
            count += usize::from(pivot > 0.0);
        }
        count
    }

    /// Replaces `x` by the solution `y` of `(T − value) y = x`, scaled: Gaussian elimination with row exchanges.
    fn solve(&self, value: f64, x: &mut [f64]) {
        let size = x.len();
        let tiny = f64::EPSILON * self.bound();
        let beside = |place: usize| self.beside.get(place).copied().unwrap_or(0.0);
        // Each row has its pivot and the two values to the right of it.
        let mut rows: Vec<[f64; 3]> = Vec::with_capacity(size);
        let mut now = [self.diagonal[0] - value, beside(0), 0.0];
        for place in 0..size - 1 {
            let mut next = [beside(place), self.diagonal[place + 1] - value, beside(place + 1)];
            if next[0].abs() > now[0].abs() {
                std::mem::swap(&mut next, &mut now);
                x.swap(place, place + 1);
            }
            if now[0].abs() < tiny {
                now[0] = tiny;
            }
            let factor = next[0] / now[0];
            x[place + 1] -= factor * x[place];
            rows.push(now);
            now = [next[1] - factor * now[1], next[2] - factor * now[2], 0.0];
        }
        if now[0].abs() < tiny {
            now[0] = tiny;
        }
        rows.push(now);
        for place in (0..size).rev() {
            let [pivot, one, two] = rows[place];
            let at = |place: usize, x: &[f64]| x.get(place).copied().unwrap_or(0.0);
            x[place] = (x[place] - one * at(place + 1, x) - two * at(place + 2, x)) / pivot;
        }
        scale_to_1(x);
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    // Eight sums at a time, so that the compiler can use the processor's lanes.
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sums = [0.0; 8];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f64>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f64>()
}

/// `a −= factor · b`
fn subtract(a: &mut [f64], b: &[f64], factor: f64) {
    a.iter_mut().zip(b).for_each(|(a, b)| *a -= factor * b);
}

/// Makes a vector's length 1. The largest value is divided out first, as squares may overflow.
fn scale_to_1(vector: &mut [f64]) {
    let most = vector.iter().fold(0.0f64, |most, value| most.max(value.abs()));
    if most > 0.0 {
        vector.iter_mut().for_each(|value| *value /= most);
        let length = dot(vector, vector).sqrt();
        vector.iter_mut().for_each(|value| *value /= length);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn times(matrix: &[f64], vector: &[f64]) -> Vec<f64> {
        matrix.chunks_exact(vector.len()).map(|row| dot(row, vector)).collect()
    }

    /// Checks that all pairs are eigenpairs, and at right angles.
    fn check(matrix: &[f64], size: usize, found: &[Pair]) {
        let bound = matrix.iter().map(|value| value.abs()).sum::<f64>().max(1e-150);
        assert!(found.is_sorted_by(|a, b| a.0 >= b.0));
        for (place, (value, vector)) in found.iter().enumerate() {
            assert!((dot(vector, vector) - 1.0).abs() < 1e-9);
            let product = times(matrix, vector);
            let worst = product.iter().zip(vector).map(|(a, b)| (a - value * b).abs()).fold(0.0, f64::max);
            assert!(worst < 1e-9 * bound, "pair {place} of {size}: off by {worst}");
            found[..place].iter().for_each(|(_, earlier)| assert!(dot(earlier, vector).abs() < 1e-6));
        }
    }

    #[test]
    fn eigenvalues_of_known_matrices_are_found() {
        let found = largest(vec![2.0, 1.0, 0.0, 1.0, 2.0, 1.0, 0.0, 1.0, 2.0], 3, 3);
        let expected = [2.0 + 2f64.sqrt(), 2.0, 2.0 - 2f64.sqrt()];
        found.iter().zip(expected).for_each(|(pair, expected)| assert!((pair.0 - expected).abs() < 1e-12));
        assert_eq!(largest(vec![-3.0], 1, 1)[0].0.round(), -3.0);
    }

    #[test]
    fn equal_eigenvalues_have_vectors_at_right_angles() {
        for size in [2, 5, 40] {
            let unit = |place: usize| f64::from(u8::from(place / size == place % size));
            let identity: Vec<f64> = (0..size * size).map(unit).collect();
            check(&identity, size, &largest(identity.clone(), size, size));
            let ones = vec![1.0; size * size];
            check(&ones, size, &largest(ones.clone(), size, size));
            check(&vec![0.0; size * size], size, &largest(vec![0.0; size * size], size, size));
        }
    }

    proptest! {
        #[test]
        fn pairs_are_eigenpairs(size in 1..24usize, values in prop::collection::vec(-9i8..9, 24 * 24)) {
            let value = |row: usize, column: usize| f64::from(values[row.min(column) * 24 + row.max(column)]);
            let matrix: Vec<f64> = (0..size * size).map(|place| value(place / size, place % size)).collect();
            let found = largest(matrix.clone(), size, size);
            check(&matrix, size, &found);
            let trace: f64 = (0..size).map(|place| value(place, place)).sum();
            prop_assert!((found.iter().map(|pair| pair.0).sum::<f64>() - trace).abs() < 1e-6);
        }
    }
}
