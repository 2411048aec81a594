//! Gradients of the operations in this module, by their formulas.

/// Gradients of [`super::layer_norm`]: of `x`, of the weight, of the bias.
pub fn layer_norm(x: &[f32], weight: &[f32], eps: f32, grad: &[f32]) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
    let dim = weight.len();
    let (mut grad_x, mut grad_weight, mut grad_bias) = (Vec::new(), vec![0.0; dim], vec![0.0; dim]);
    for (row, grad) in x.chunks_exact(dim).zip(grad.chunks_exact(dim)) {
        let mean = row.iter().map(|&x| f64::from(x)).sum::<f64>() / dim as f64;
        let variance = row.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / dim as f64;
        let root = (variance + f64::from(eps)).sqrt();
        let normal: Vec<f64> = row.iter().map(|&x| (f64::from(x) - mean) / root).collect();
        let through: Vec<f64> = (0..dim).map(|i| f64::from(grad[i]) * f64::from(weight[i])).collect();
        let sum = through.iter().sum::<f64>() / dim as f64;
        let product = (0..dim).map(|i| through[i] * normal[i]).sum::<f64>() / dim as f64;
        for i in 0..dim {
            grad_x.push(((through[i] - sum - normal[i] * product) / root) as f32);
            grad_weight[i] += f64::from(grad[i]) * normal[i];
            grad_bias[i] += f64::from(grad[i]);
        }
    }
    let round = |values: Vec<f64>| values.into_iter().map(|x| x as f32).collect();
    (grad_x, round(grad_weight), round(grad_bias))
}

/// Gradients of `up · sigmoid(β·up) · gate`: of `up`, of `gate`, of β.
pub fn swish_gate(up: &[f32], gate: &[f32], beta: f32, grad: &[f32]) -> (Vec<f32>, Vec<f32>, f32) {
    let (mut grad_up, mut grad_gate, mut grad_beta) = (Vec::new(), Vec::new(), 0.0);
    let beta = f64::from(beta);
    for ((&u, &g), &grad) in up.iter().zip(gate).zip(grad) {
        let (u, g, grad) = (f64::from(u), f64::from(g), f64::from(grad));
        let s = 1.0 / (1.0 + (-beta * u).exp());
        grad_up.push((grad * g * (s + beta * u * s * (1.0 - s))) as f32);
        grad_gate.push((grad * u * s) as f32);
        grad_beta += grad * g * u * u * s * (1.0 - s);
    }
    (grad_up, grad_gate, grad_beta as f32)
}

/// The slope of [`super::gelu`].
pub fn gelu(x: f32) -> f32 {
    let x = f64::from(x).clamp(-100.0, 100.0);
    let density = (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    (0.5 * libm::erfc(-x / std::f64::consts::SQRT_2) + x * density) as f32
}

/// The gradient of `qkv` from that of [`super::attention`]'s result, each weight multiplied by
/// `mask(query, head, key)` after the softmax.
pub fn attention(
    qkv: &[f32],
    dim: usize,
    heads: usize,
    starts: &[usize],
    mask: impl Fn(usize, usize, usize) -> f32,
    grad: &[f32],
) -> Vec<f32> {
    let head_dim = dim / heads;
    let scale = 1.0 / (head_dim as f64).sqrt();
    let at = |row: usize, part: usize, i: usize| f64::from(qkv[row * 3 * dim + part * dim + i]);
    let mut out = vec![0.0f64; qkv.len()];
    for span in starts.windows(2) {
        for head in 0..heads {
            let columns = || head * head_dim..(head + 1) * head_dim;
            for query in span[0]..span[1] {
                let keys = || span[0]..span[1];
                let score = |key| columns().map(|i| at(query, 0, i) * at(key, 1, i)).sum::<f64>() * scale;
                let weights: Vec<f64> = keys().map(|key| score(key).exp()).collect();
                let total: f64 = weights.iter().sum();
                let factor = |key| f64::from(mask(query, head, key - span[0]));
                let through = |key| columns().map(|i| f64::from(grad[query * dim + i]) * at(key, 2, i)).sum::<f64>();
                let grads: Vec<f64> = keys().map(|key| factor(key) * through(key)).collect();
                let sum: f64 = weights.iter().zip(&grads).map(|(weight, grad)| weight / total * grad).sum();
                for (k, key) in keys().enumerate() {
                    let (weight, score) = (weights[k] / total, weights[k] / total * (grads[k] - sum) * scale);
                    for i in columns() {
                        out[query * 3 * dim + i] += score * at(key, 1, i);
                        out[key * 3 * dim + dim + i] += score * at(query, 0, i);
                        out[key * 3 * dim + 2 * dim + i] += weight * factor(key) * f64::from(grad[query * dim + i]);
                    }
                }
            }
        }
    }
    out.into_iter().map(|x| x as f32).collect()
}
