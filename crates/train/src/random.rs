//! Random numbers told by where they are used: a stream is named by keys and runs as SplitMix64 (Steele, Lea & Flood,
//! OOPSLA 2014). So weights depend on seed and name alone, dropout on seed and step, whatever was drawn before.

const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// A stream of random numbers.
pub(crate) struct Random(u64);

impl Random {
    /// The stream of these keys.
    pub(crate) fn keyed(keys: impl IntoIterator<Item = u64>) -> Self {
        Self(keys.into_iter().fold(0, |state, key| mix(state.wrapping_add(STEP) ^ mix(key.wrapping_add(STEP)))))
    }

    /// 64 even bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// Even in [0, 1), in steps of 2⁻⁵³.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (0.5f64).powi(53)
    }

    /// Even among `0..end`; `end` is not 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.bits()) * end as u128) >> 64) as usize
    }

    /// Two independent numbers of mean 0 and deviation 1 (Box and Muller, 1958).
    pub(crate) fn normal_pair(&mut self) -> [f64; 2] {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt(); // 1 − u is never 0
        let (sin, cos) = (std::f64::consts::TAU * self.unit()).sin_cos();
        [radius * cos, radius * sin]
    }
}

fn mix(state: u64) -> u64 {
    let mixed = (state ^ state >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ mixed >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_spread_as_they_should() {
        const PAIRS: usize = 50_000;
        let mut random = Random::keyed([1, 2]);
        let normal: Vec<f64> = (0..PAIRS).flat_map(|_| random.normal_pair()).collect();
        let count = normal.len() as f64;
        let mean = normal.iter().sum::<f64>() / count;
        let variance = normal.iter().map(|x| x * x).sum::<f64>() / count;
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.03, "{mean} {variance}");
        let even: f64 = (0..PAIRS).map(|_| random.unit()).sum::<f64>() / PAIRS as f64;
        assert!((even - 0.5).abs() < 0.01, "{even}");
    }

    #[test]
    fn other_keys_give_other_numbers() {
        assert_eq!(Random::keyed([1, 2]).bits(), Random::keyed([1, 2]).bits());
        assert_ne!(Random::keyed([1, 2]).bits(), Random::keyed([2, 1]).bits());
    }
}
