//! How many threads a process may have where several share a machine.
//!
//! A launcher may bind each process to cores of its own, or all of them to one socket, or to nothing. So every process
//! tells the others of its machine which cores it may run on, and each core counts for as many as may run on it.

/// Cores a process may run on, a bit each.
pub(super) type Mask = [u64; WORDS];

const WORDS: usize = 64; // 4096 cores

/// The cores this process may run on, where the system tells.
pub(super) fn own() -> Mask {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).map_or([0; WORDS], parse)
}

/// `0-3,8` as a mask.
fn parse(list: &str) -> Mask {
    let mut mask = [0; WORDS];
    for range in list.trim().split(',') {
        let (from, to) = range.split_once('-').unwrap_or((range, range));
        if let (Ok(from), Ok(to)) = (from.parse::<usize>(), to.parse::<usize>()) {
            (from..=to.min(64 * WORDS - 1)).for_each(|core| mask[core / 64] |= 1 << (core % 64));
        }
    }
    mask
}

/// Threads of the process with mask `own`, which is among `all` of its machine, when alone it would have `available`.
pub(super) fn threads(own: &Mask, all: &[Mask], available: usize) -> usize {
    let holds = |mask: &Mask, core: usize| mask[core / 64] >> (core % 64) & 1 == 1;
    let mine: Vec<usize> = (0..64 * WORDS).filter(|&core| holds(own, core)).collect();
    let share = if mine.is_empty() {
        1.0 / all.len().max(1) as f64
    } else {
        let sharing = |core: usize| all.iter().filter(|mask| holds(mask, core)).count().max(1) as f64;
        mine.iter().map(|&core| 1.0 / sharing(core)).sum::<f64>() / mine.len() as f64
    };
    ((available as f64 * share + 1e-9) as usize).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(list: &str, all: &[&str], available: usize) -> usize {
        threads(&parse(list), &all.iter().map(|list| parse(list)).collect::<Vec<_>>(), available)
    }

    #[test]
    fn cores_of_ones_own_are_kept_and_shared_ones_shared() {
        assert_eq!(of("3", &["2", "3"], 1), 1);
        assert_eq!(of("0-63", &["0-63"; 4], 64), 16);
        assert_eq!(of("32-63", &["0-31", "32-63", "32-63"], 32), 16);
        assert_eq!(of("0-7,16-23", &["0-7,16-23", "8-15"], 16), 16);
    }

    #[test]
    fn nobody_is_left_without_a_thread_and_a_limit_on_time_is_shared_too() {
        assert_eq!(of("0-1", &["0-1"; 5], 2), 1);
        assert_eq!(of("0-63", &["0-63"; 4], 8), 2);
        assert_eq!(of("", &["", ""], 6), 3);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_may_run_on_something() {
        assert!(own().iter().any(|word| *word != 0));
    }
}
