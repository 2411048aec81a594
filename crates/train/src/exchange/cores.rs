//! How many threads a process may use if several share a machine.
//!
//! A launcher may bind each process to its own cores, or all of them to one socket, or not at all. So every process
//! reports to the others of its machine which cores it may run on, and each core is divided among the processes that
//! may run on it.

/// Cores a process may run on, one bit each.
pub(super) type Mask = [u64; WORDS];

const WORDS: usize = 64; // 4096 cores

/// The cores this process may run on, if the system reports them.
pub(super) fn own() -> Mask {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).map_or([0; WORDS], parse)
}

/// Parses a list such as `0-3,8`.
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

/// Threads of the process with mask `own`. `all` are the masks of its machine; alone it would have `available` threads.
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
    fn own_cores_are_kept_and_shared_ones_divided() {
        assert_eq!(of("3", &["2", "3"], 1), 1);
        assert_eq!(of("0-63", &["0-63"; 4], 64), 16);
        assert_eq!(of("32-63", &["0-31", "32-63", "32-63"], 32), 16);
        assert_eq!(of("0-7,16-23", &["0-7,16-23", "8-15"], 16), 16);
    }

    #[test]
    fn every_process_has_a_thread_and_a_time_limit_is_divided_too() {
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
