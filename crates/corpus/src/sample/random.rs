//! Random numbers that follow from where they are used, so that any thread can draw them in any order.
//!
//! A stream is named by keys, such as (seed, epoch, cluster), and runs as SplitMix64 (Steele, Lea & Flood, "Fast
//! splittable pseudorandom number generators", OOPSLA 2014).

/// The increment of SplitMix64, 2⁶⁴ ÷ golden ratio.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    /// The stream of these keys.
    pub(super) fn keyed(keys: impl IntoIterator<Item = u64>) -> Self {
        Self(keys.into_iter().fold(0, |state, key| mix(state.wrapping_add(STEP) ^ mix(key.wrapping_add(STEP)))))
    }

    /// 64 uniform bits.
    pub(super) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// A number below `end`, which must be above 0; probabilities differ by at most a factor of 1 + end ÷ 2⁶⁴.
    pub(super) fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.bits()) * end as u128) >> 64) as usize
    }

    /// Shuffles items.
    pub(super) fn shuffle<T>(&mut self, things: &mut [T]) {
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
}
