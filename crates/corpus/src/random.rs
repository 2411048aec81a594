//! Random numbers that follow from where they are used, so that any thread can draw them in any order.
//!
//! A stream is named by keys, such as (seed, epoch, cluster), and runs as SplitMix64 (Steele, Lea & Flood, "Fast
//! splittable pseudorandom number generators", OOPSLA 2014). So batches, fresh weights and dropout depend only on the
//! seed and on their place, whatever was drawn before.

/// The increment of SplitMix64, 2⁶⁴ ÷ golden ratio.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The stream of these keys.
    pub fn keyed(keys: impl IntoIterator<Item = u64>) -> Self {
        Self(keys.into_iter().fold(0, |state, key| mix(state.wrapping_add(STEP) ^ mix(key.wrapping_add(STEP)))))
    }

    /// The stream of one seed as SplitMix64's authors start it: the seed is the state. Streams of different seeds are
    /// parts of one sequence, so name streams that must not meet by [`Random::keyed`].
    pub fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// 64 uniform bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// A number below `end`, which must be above 0; probabilities differ by at most a factor of 1 + end ÷ 2⁶⁴.
    pub fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.bits()) * end as u128) >> 64) as usize
    }

    /// Uniform in [0, 1), in steps of 2⁻⁵³.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (0.5f64).powi(53)
    }

    /// Two independent numbers of mean 0 and standard deviation 1 (Box and Muller, 1958).
    pub fn normal_pair(&mut self) -> [f64; 2] {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt(); // 1 − u is never 0
        let (sin, cos) = (std::f64::consts::TAU * self.unit()).sin_cos();
        [radius * cos, radius * sin]
    }

    /// Shuffles items (Fisher and Yates).
    pub fn shuffle<T>(&mut self, things: &mut [T]) {
        for last in (1..things.len()).rev() {
            things.swap(last, self.below(last + 1));
        }
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
    fn streams_of_neighbouring_keys_have_nothing_in_common() {
        let mut seen = std::collections::HashSet::new();
        for (a, b) in (0..30).flat_map(|a| (0..30).map(move |b| (a, b))) {
            let mut random = Random::keyed([a, b]);
            (0..5).for_each(|_| assert!(seen.insert(random.bits())));
        }
    }

    #[test]
    fn the_stream_of_a_seed_is_that_of_the_authors() {
        // `splitmix64.c` of Sebastiano Vigna, with the state 1234567.
        let mut random = Random::seeded(1_234_567);
        let expected = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!([(); 3].map(|()| random.bits()), expected);
    }

    #[test]
    fn every_number_is_as_likely() {
        let mut random = Random::keyed([1]);
        let mut counts = [0i32; 7];
        (0..70_000).for_each(|_| counts[random.below(7)] += 1);
        assert!(counts.iter().all(|count| (count - 10_000).abs() < 400), "{counts:?}");
    }

    #[test]
    fn shuffling_loses_nothing() {
        let mut things: Vec<u32> = (0..100).collect();
        Random::keyed([2]).shuffle(&mut things);
        assert!(!things.is_sorted());
        things.sort_unstable();
        assert!(things.into_iter().eq(0..100));
    }

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
