//! Time of the three products of a linear layer in training: forward, gradient of the input, gradient of the weights,
//! in f32 and with factors rounded to bf16; the `gemm` crate for comparison.

use divan::Bencher;
use divan::counter::ItemsCount;
use rinalmo_kernels::Level;
use rinalmo_kernels::matmul::{Matrix, matmul, matmul_bf16};

/// `(rows, inputs, outputs)` of the micro and nano models.
const SHAPES: [(usize, usize, usize); 4] = [(1024, 480, 1440), (1024, 480, 1280), (1024, 1280, 480), (2048, 320, 853)];

fn main() {
    divan::main();
}

fn values(count: usize) -> Vec<f32> {
    (0..count).map(|i| (i * 7919 % 2003) as f32 / 1000.0 - 1.0).collect()
}

/// Floating-point operations of one product.
fn operations((rows, inputs, outputs): (usize, usize, usize)) -> ItemsCount {
    ItemsCount::new(2 * rows * inputs * outputs)
}

#[divan::bench(args = SHAPES, max_time = 1)]
fn forward(bencher: Bencher<'_, '_>, shape: (usize, usize, usize)) {
    let (rows, inputs, outputs) = shape;
    let (x, w, mut out) = (values(rows * inputs), values(outputs * inputs), vec![0.0; rows * outputs]);
    let (x, w) = (Matrix::new(&x, rows, inputs).unwrap(), Matrix::new(&w, outputs, inputs).unwrap());
    bencher.counter(operations(shape)).bench_local(|| matmul(Level::best(), x, w.transpose(), None, &mut out).unwrap());
}

#[divan::bench(args = SHAPES, max_time = 1)]
fn input_gradient(bencher: Bencher<'_, '_>, shape: (usize, usize, usize)) {
    let (rows, inputs, outputs) = shape;
    let (grad, w, mut out) = (values(rows * outputs), values(outputs * inputs), vec![0.0; rows * inputs]);
    let (grad, w) = (Matrix::new(&grad, rows, outputs).unwrap(), Matrix::new(&w, outputs, inputs).unwrap());
    bencher.counter(operations(shape)).bench_local(|| matmul(Level::best(), grad, w, None, &mut out).unwrap());
}

#[divan::bench(args = SHAPES, max_time = 1)]
fn weight_gradient(bencher: Bencher<'_, '_>, shape: (usize, usize, usize)) {
    let (rows, inputs, outputs) = shape;
    let (grad, x, mut out) = (values(rows * outputs), values(rows * inputs), vec![0.0; outputs * inputs]);
    let (grad, x) = (Matrix::new(&grad, rows, outputs).unwrap(), Matrix::new(&x, rows, inputs).unwrap());
    bencher
        .counter(operations(shape))
        .bench_local(|| matmul(Level::best(), grad.transpose(), x, None, &mut out).unwrap());
}

#[divan::bench(args = SHAPES, max_time = 1)]
fn bf16_forward(bencher: Bencher<'_, '_>, shape: (usize, usize, usize)) {
    let (rows, inputs, outputs) = shape;
    let (x, w, mut out) = (values(rows * inputs), values(outputs * inputs), vec![0.0; rows * outputs]);
    let (x, w) = (Matrix::new(&x, rows, inputs).unwrap(), Matrix::new(&w, outputs, inputs).unwrap());
    bencher
        .counter(operations(shape))
        .bench_local(|| matmul_bf16(Level::best(), x, w.transpose(), None, &mut out).unwrap());
}

#[divan::bench(args = SHAPES, max_time = 1)]
fn bf16_input_gradient(bencher: Bencher<'_, '_>, shape: (usize, usize, usize)) {
    let (rows, inputs, outputs) = shape;
    let (grad, w, mut out) = (values(rows * outputs), values(outputs * inputs), vec![0.0; rows * inputs]);
    let (grad, w) = (Matrix::new(&grad, rows, outputs).unwrap(), Matrix::new(&w, outputs, inputs).unwrap());
    bencher.counter(operations(shape)).bench_local(|| matmul_bf16(Level::best(), grad, w, None, &mut out).unwrap());
}

#[divan::bench(args = SHAPES, max_time = 1)]
fn bf16_weight_gradient(bencher: Bencher<'_, '_>, shape: (usize, usize, usize)) {
    let (rows, inputs, outputs) = shape;
    let (grad, x, mut out) = (values(rows * outputs), values(rows * inputs), vec![0.0; outputs * inputs]);
    let (grad, x) = (Matrix::new(&grad, rows, outputs).unwrap(), Matrix::new(&x, rows, inputs).unwrap());
    bencher
        .counter(operations(shape))
        .bench_local(|| matmul_bf16(Level::best(), grad.transpose(), x, None, &mut out).unwrap());
}

/// `out = a · b` with the `gemm` crate; strides are those of rows and columns.
fn gemm(m: usize, k: usize, n: usize, a: (&[f32], isize, isize), b: (&[f32], isize, isize), out: &mut [f32]) {
    assert!(a.0.len() == m * k && b.0.len() == k * n && out.len() == m * n);
    let threads = gemm::Parallelism::Rayon(0);
    // SAFETY: the slices hold as many values as the sizes and strides reach, as was just asserted.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            n as isize,
            false,
            a.0.as_ptr(),
            a.2,
            a.1,
            b.0.as_ptr(),
            b.2,
            b.1,
            0.0,
            1.0,
            false,
            false,
            false,
            threads,
        );
    }
}

#[divan::bench(args = SHAPES, max_time = 1)]
fn gemm_forward(bencher: Bencher<'_, '_>, shape: (usize, usize, usize)) {
    let (rows, inputs, outputs) = shape;
    let (x, w, mut out) = (values(rows * inputs), values(outputs * inputs), vec![0.0; rows * outputs]);
    let (x, w) = ((&x[..], inputs as isize, 1), (&w[..], 1, inputs as isize));
    bencher.counter(operations(shape)).bench_local(|| gemm(rows, inputs, outputs, x, w, &mut out));
}

#[divan::bench(args = SHAPES, max_time = 1)]
fn gemm_weight_gradient(bencher: Bencher<'_, '_>, shape: (usize, usize, usize)) {
    let (rows, inputs, outputs) = shape;
    let (grad, x, mut out) = (values(rows * outputs), values(rows * inputs), vec![0.0; outputs * inputs]);
    let (grad, x) = ((&grad[..], 1, outputs as isize), (&x[..], inputs as isize, 1));
    bencher.counter(operations(shape)).bench_local(|| gemm(outputs, rows, inputs, grad, x, &mut out));
}
