//! How much memory there is, and how long a sequence it allows.

use std::sync::OnceLock;

/// Share of the free memory that folding may fill when nobody says otherwise.
const SHARE: f64 = 0.8;
/// Bytes assumed to be free on a system that does not tell.
const UNKNOWN: u64 = 4 << 30;
const MIB: u64 = 1 << 20;

/// Bytes that may be used by default: a share of what is free, the container's limit included.
pub fn default_budget() -> u64 {
    static BUDGET: OnceLock<u64> = OnceLock::new();
    *BUDGET.get_or_init(|| {
        let free = free_memory().unwrap_or(UNKNOWN);
        ((free as f64 * SHARE) as u64).max(256 * MIB)
    })
}

/// Bytes that nobody uses, where the system tells.
fn free_memory() -> Option<u64> {
    let mut system = sysinfo::System::new().ok()?;
    system.refresh_memory();
    let limit = system.cgroup_limits().map_or(u64::MAX, |limits| limits.free_memory);
    Some(limit.min(system.available_memory()))
}

/// Bytes as whole mebibytes, rounded up.
pub(crate) fn mebibytes(bytes: u64) -> u64 {
    bytes.div_ceil(MIB)
}

/// The greatest `len` for which `needed(len)` is at most `budget`; `needed` grows with `len`.
pub(crate) fn longest_that_fits(budget: u64, needed: impl Fn(usize) -> u64) -> usize {
    let mut fits = 0;
    let mut step = 1 << 24;
    while step > 0 {
        if needed(fits + step) <= budget {
            fits += step;
        }
        step /= 2;
    }
    fits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_that_fits_is_found_exactly() {
        let needed = |len: usize| 1280 * (len as u64).pow(2);
        let budget = needed(1234);
        assert_eq!(longest_that_fits(budget, needed), 1234);
        assert_eq!(longest_that_fits(budget - 1, needed), 1233);
        assert_eq!(longest_that_fits(0, needed), 0);
    }

    #[test]
    fn there_is_some_memory() {
        assert!(default_budget() >= 256 * MIB);
    }
}
