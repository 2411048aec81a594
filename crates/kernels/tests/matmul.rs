//! Products of two new matrices compared with plain loops: every level, either side transposed, odd sizes.

mod common;

use common::{assert_close, bits, values, with_threads};
use half::bf16;
use rinalmo_kernels::matmul::{Matrix, matmul, matmul_bf16};
use rinalmo_kernels::{Level, reference};

/// Sums of up to 1100 products under 1 in f32, each rounded to 2⁻²⁴ of a sum that stays under 40.
const MATMUL: f32 = 1e-4;

/// `(rows, depth, columns)`: one of each, fewer and more than a tile, the model's odd widths, more than one block of
/// depth.
const SIZES: [(usize, usize, usize); 8] =
    [(1, 1, 1), (7, 5, 3), (16, 16, 64), (33, 24, 65), (5, 853, 40), (200, 31, 22), (13, 1100, 66), (3, 17, 853)];

fn transposed(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    (0..columns).flat_map(|c| (0..rows).map(move |r| values[r * columns + c])).collect()
}

/// `matmul` or `matmul_bf16`.
type Product = fn(Level, Matrix<'_>, Matrix<'_>, Option<&[f32]>, &mut [f32]) -> Result<(), rinalmo_kernels::Error>;

#[test]
fn every_level_agrees_with_plain_loops_either_way_round() {
    agrees(matmul, |x| x);
}

#[test]
fn factors_rounded_to_bf16_are_multiplied_as_exactly_as_others() {
    agrees(matmul_bf16, |x| bf16::from_f32(x).to_f32());
}

/// Compares with plain loops over rounded factors.
fn agrees(product: Product, round: fn(f32) -> f32) {
    let values_rounded = |count, seed| values(count, seed).into_iter().map(round).collect::<Vec<f32>>();
    for (rows, depth, columns) in SIZES {
        let (a, b, bias) = (values(rows * depth, 1), values(depth * columns, 2), values(columns, 3));
        let rounded = (values_rounded(rows * depth, 1), values_rounded(depth * columns, 2));
        let (a_turned, b_turned) = (transposed(&a, rows, depth), transposed(&b, depth, columns));
        let expected =
            reference::linear(&rounded.0, &transposed(&rounded.1, depth, columns), Some(&bias), columns, depth);
        let lefts = [Matrix::new(&a, rows, depth), Matrix::new(&a_turned, depth, rows).map(Matrix::transpose)];
        let rights = [Matrix::new(&b, depth, columns), Matrix::new(&b_turned, columns, depth).map(Matrix::transpose)];
        for level in Level::available() {
            let mut first: Option<Vec<u32>> = None;
            for (l, left) in lefts.iter().enumerate() {
                for (r, right) in rights.iter().enumerate() {
                    let mut out = vec![f32::NAN; rows * columns];
                    product(level, left.clone().unwrap(), right.clone().unwrap(), Some(&bias), &mut out).unwrap();
                    let case = format!("{level}, {rows} × {depth} × {columns}, turned {l} {r}");
                    assert_close(&out, &expected, MATMUL, &case);
                    let first = first.get_or_insert_with(|| bits(&out));
                    assert_eq!(*first, bits(&out), "{case}: the layout of a factor changes bits");
                }
            }
        }
    }
}

#[test]
fn threads_change_no_bit() {
    let (rows, depth, columns) = (500, 700, 130);
    let (a, b) = (values(rows * depth, 4), values(depth * columns, 5));
    for level in Level::available() {
        let work = || {
            let a = Matrix::new(&a, depth, rows).unwrap().transpose();
            let mut out = vec![0.0; rows * columns];
            matmul(level, a, Matrix::new(&b, depth, columns).unwrap(), None, &mut out).unwrap();
            let f32 = bits(&out);
            matmul_bf16(level, a, Matrix::new(&b, depth, columns).unwrap(), None, &mut out).unwrap();
            (f32, bits(&out))
        };
        let alone = with_threads(1, work);
        assert!(alone == with_threads(2, work) && alone == with_threads(3, work), "{level}");
    }
}
