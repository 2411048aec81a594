//! Swish gate and GELU.

/// `u · sigmoid(β·u) · g` of rows that hold `width` values of `u` and then of `g`.
pub fn swish_gate(fused: &[f32], width: usize, beta: f32) -> Vec<f32> {
    let mut out = Vec::new();
    for row in fused.chunks_exact(2 * width) {
        for i in 0..width {
            let (u, g) = (f64::from(row[i]), f64::from(row[width + i]));
            out.push((u / (1.0 + (-f64::from(beta) * u).exp()) * g) as f32);
        }
    }
    out
}

/// `x · Φ(x)`; ∞ stays and −∞ becomes 0.
pub fn gelu(x: f32) -> f32 {
    if x == f32::NEG_INFINITY {
        return 0.0;
    }
    let x = f64::from(x);
    (x * 0.5 * libm::erfc(-x / std::f64::consts::SQRT_2)) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_zero_the_gate_is_half_open() {
        assert_eq!(swish_gate(&[0.0, 1000.0, 5.0, 3.0], 2, 1.0), [0.0, 3000.0]);
    }

    #[test]
    fn gelu_of_one_is_as_tabled() {
        assert!((gelu(1.0) - 0.841_344_7).abs() < 1e-7 && (gelu(-1.0) + 0.158_655_26).abs() < 1e-7);
    }
}
