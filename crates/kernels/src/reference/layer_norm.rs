//! `(x − mean) / √(variance + eps) · weight + bias`.

/// Layer norm of rows as wide as `weight`.
pub fn layer_norm(x: &[f32], weight: &[f32], bias: &[f32], eps: f32) -> Vec<f32> {
    let dim = weight.len();
    let mut out = Vec::new();
    for row in x.chunks_exact(dim) {
        let mean = row.iter().map(|&x| f64::from(x)).sum::<f64>() / dim as f64;
        let variance = row.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / dim as f64;
        for (i, &x) in row.iter().enumerate() {
            let normal = (f64::from(x) - mean) / (variance + f64::from(eps)).sqrt();
            out.push((normal * f64::from(weight[i]) + f64::from(bias[i])) as f32);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_values_become_minus_one_and_one() {
        assert_eq!(layer_norm(&[1.0, 3.0], &[1.0, 2.0], &[0.0, 0.5], 0.0), [-1.0, 2.5]);
    }
}
