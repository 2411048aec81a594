//! `(x − mean) / √(variance + eps)`, channel by channel over all pixels.

/// `x [pixels, channels]`; returns the same.
pub fn instance_norm(x: &[f32], channels: usize, eps: f32) -> Vec<f32> {
    let mut out = x.to_vec();
    let pixels = (x.len() / channels) as f64;
    for channel in 0..channels {
        let values = || x[channel..].iter().step_by(channels).map(|&x| f64::from(x));
        let mean = values().sum::<f64>() / pixels;
        let variance = values().map(|x| (x - mean).powi(2)).sum::<f64>() / pixels;
        for x in out[channel..].iter_mut().step_by(channels) {
            *x = ((f64::from(*x) - mean) / (variance + f64::from(eps)).sqrt()) as f32;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_channels_of_two_pixels_by_hand() {
        assert_eq!(instance_norm(&[1.0, 5.0, 4.0, 5.0], 2, 1e-12), [-1.0, 0.0, 1.0, 0.0]);
    }
}
