//! Rotation of the two halves of each head of queries and keys.

/// `qkv [rows, 3 · dim]` with its first two thirds rotated by `position · base^(−2i / head_dim)`.
pub fn rope(qkv: &[f32], dim: usize, head_dim: usize, base: f32, positions: &[u32]) -> Vec<f32> {
    let mut out = qkv.to_vec();
    let half = head_dim / 2;
    for (row, &position) in positions.iter().enumerate() {
        for head in 0..2 * dim / head_dim {
            for i in 0..half {
                let frequency = f64::from(base).powf(-(2.0 * i as f64) / head_dim as f64);
                let (sin, cos) = (f64::from(position) * frequency).sin_cos();
                let first = row * 3 * dim + head * head_dim + i;
                let (a, b) = (f64::from(qkv[first]), f64::from(qkv[first + half]));
                out[first] = (a * cos - b * sin) as f32;
                out[first + half] = (b * cos + a * sin) as f32;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn position_zero_and_values_stay() {
        let qkv = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        assert_eq!(rope(&qkv, 2, 2, 1e4, &[0]), qkv);
        assert_eq!(rope(&qkv, 2, 2, 1e4, &[1])[4..], [5.0, 6.0]);
    }

    #[test]
    fn the_first_pair_turns_by_one_radian_a_position() {
        let turned = rope(&[1.0, 0.0, 0.0, 1.0, 0.0, 0.0], 2, 2, 1e4, &[1]);
        let (sin, cos) = 1f64.sin_cos();
        assert_eq!(turned[..4], [cos as f32, sin as f32, -sin as f32, cos as f32]);
    }
}
