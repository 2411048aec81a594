//! How much memory is free, and how long a sequence may be.
//!
//! Free memory is the smallest of what the machine, the container (control groups v1 and v2) and the process limits
//! (`ulimit -v`, `ulimit -d`) leave. An allocation beyond it ends the process, so memory is estimated before the work
//! starts.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::{EncoderConfig, HeadConfig, ModelConfig};

/// Fraction of the free memory that results may fill by default.
const SHARE: f64 = 0.8;
/// Bytes assumed to be free on a system that does not report it.
const UNKNOWN: u64 = 4 << 30;
const MIB: u64 = 1 << 20;

/// Bytes that may be used by default: a fraction of what is free at the first call.
pub fn default_budget() -> u64 {
    static BUDGET: OnceLock<u64> = OnceLock::new();
    *BUDGET.get_or_init(|| (free() as f64 * SHARE) as u64)
}

/// Bytes that this process may still allocate.
fn free() -> u64 {
    let read = |path: &Path| std::fs::read_to_string(path).ok();
    let bounds = [machine(), control_groups(&read), limits(&read)];
    bounds.into_iter().flatten().min().unwrap_or(UNKNOWN)
}

/// Free bytes of the machine, if it reports them.
fn machine() -> Option<u64> {
    let mut system = sysinfo::System::new().ok()?;
    system.refresh_memory();
    Some(system.available_memory()).filter(|bytes| *bytes > 0)
}

/// Reads a file of the operating system.
type Read<'a> = &'a dyn Fn(&Path) -> Option<String>;

/// Free bytes by the limits of this process's control groups, its own and all its parents.
fn control_groups(read: Read<'_>) -> Option<u64> {
    let groups = read(Path::new("/proc/self/cgroup"))?;
    let left = groups.lines().filter_map(|line| {
        let [_, controllers, group] = line.splitn(3, ':').collect::<Vec<_>>()[..] else { return None };
        match controllers {
            "" => group_and_parents("/sys/fs/cgroup", group).filter_map(|at| left_v2(read, &at)).min(),
            list if list.split(',').any(|name| name == "memory") => {
                group_and_parents("/sys/fs/cgroup/memory", group).filter_map(|at| left_v1(read, &at)).min()
            }
            _ => None,
        }
    });
    left.min()
}

/// The folder of a group and those of its parents. In a container the group's own folder is the mount point.
fn group_and_parents(mount: &str, group: &str) -> impl Iterator<Item = PathBuf> {
    let (mount, own) = (PathBuf::from(mount), PathBuf::from(mount).join(group.trim_start_matches('/')));
    let folders: Vec<PathBuf> =
        own.ancestors().take_while(|folder| folder.starts_with(&mount)).map(Path::to_owned).collect();
    folders.into_iter()
}

fn left_v2(read: Read<'_>, group: &Path) -> Option<u64> {
    let limit = number(&read(&group.join("memory.max"))?)?; // `max` is not a number: no limit
    let used = number(&read(&group.join("memory.current"))?)?;
    let files = read(&group.join("memory.stat")).and_then(|text| field(&text, "inactive_file"));
    Some(limit.saturating_sub(used.saturating_sub(files.unwrap_or(0))))
}

fn left_v1(read: Read<'_>, group: &Path) -> Option<u64> {
    let limit = number(&read(&group.join("memory.limit_in_bytes"))?)?; // without a limit it is larger than any machine
    let used = number(&read(&group.join("memory.usage_in_bytes"))?)?;
    let files = read(&group.join("memory.stat")).and_then(|text| field(&text, "total_inactive_file"));
    Some(limit.saturating_sub(used.saturating_sub(files.unwrap_or(0))))
}

/// Free bytes by `ulimit` of addresses and of data, on Linux; other systems do not enforce these limits.
fn limits(read: Read<'_>) -> Option<u64> {
    let (limits, status) = (read(Path::new("/proc/self/limits"))?, read(Path::new("/proc/self/status"))?);
    let left = |name: &str, used: &str| {
        let line = limits.lines().find_map(|line| line.strip_prefix(name))?;
        let limit = number(line.split_whitespace().next()?)?; // `unlimited` is not a number
        Some(limit.saturating_sub(field(&status, used)? * 1024))
    };
    let left = [left("Max address space", "VmSize:"), left("Max data size", "VmData:")];
    left.into_iter().flatten().min()
}

fn number(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

/// The number after a name at the start of a line.
fn field(text: &str, name: &str) -> Option<u64> {
    let words = text.lines().map(|line| line.split_whitespace());
    words.into_iter().find_map(|mut words| (words.next() == Some(name)).then(|| number(words.next()?)).flatten())
}

/// Vectors of the encoder's width per token while it is encoded on a CPU: itself, query, key and value, key and value
/// again in the layout of attention, the attended values, and the result.
const VECTORS: u64 = 8;
/// Vectors per token in main memory if another device encodes: the result, and a copy.
const VECTORS_ELSEWHERE: u64 = 2;
const F32: u64 = 4; // bytes

/// Bytes needed to encode this many tokens at once, without weights: as vectors, and as logits of attention if blocks pass
/// them on, which are most if all tokens are one sequence.
pub fn encode(config: &EncoderConfig, tokens: usize, on_cpu: bool) -> u64 {
    let logits = config.design.has_pair_bias().then_some(config.heads);
    encoding(config.dim, logits, config.max_len(), tokens, on_cpu)
}

/// See [`encode`]; `heads` are those whose logits are passed on.
pub(crate) fn encoding(dim: usize, heads: Option<usize>, max_len: Option<usize>, tokens: usize, on_cpu: bool) -> u64 {
    let vectors = if on_cpu { VECTORS } else { VECTORS_ELSEWHERE };
    let longest = max_len.map_or(tokens, |most| most.min(tokens));
    let logits =
        heads.filter(|_| on_cpu).map_or(0, |heads| product(&[heads as u64, tokens as u64, longest as u64, F32]));
    product(&[vectors, dim as u64, tokens as u64, F32]).saturating_add(logits)
}

/// Bytes needed to predict something for one sequence of `len` bases, without weights: to encode it, and the rows of
/// the head, or a window of its convolutional network on each thread.
pub fn predict(config: &ModelConfig, len: usize, on_cpu: bool) -> u64 {
    let row = config.head.as_ref().and_then(HeadConfig::classifier).map_or(0, |(hidden, outputs)| hidden + outputs);
    let rows = product(&[2, row as u64, len as u64 + 2, F32]);
    let windows = config
        .head
        .as_ref()
        .and_then(HeadConfig::cnn)
        .map_or(0, |network| product(&[rayon::current_num_threads() as u64, network.memory(config.encoder.dim)]));
    encode(&config.encoder, len + 2, on_cpu).saturating_add(rows).saturating_add(windows)
}

/// Bytes needed to map the pairs of one sequence of `len` bases in f32, without weights: what
/// [`crate::Network::pair_memory`] returns for a loaded model. 0 without a structure head.
pub fn pairs(config: &ModelConfig, len: usize, on_cpu: bool) -> u64 {
    match config.head {
        Some(HeadConfig::Structure { channels, blocks, energy, .. }) if on_cpu => {
            crate::cpu::structure_memory(channels, blocks, energy, len)
        }
        Some(HeadConfig::Structure { channels, energy, .. }) => crate::on_device::memory_of(channels, energy, len),
        _ => 0,
    }
}

/// A product of sizes, saturating.
fn product(sizes: &[u64]) -> u64 {
    sizes.iter().fold(1, |product: u64, size| product.saturating_mul(*size))
}

/// Bytes as whole mebibytes, rounded up.
pub fn mebibytes(bytes: u64) -> u64 {
    bytes.div_ceil(MIB)
}

/// The largest `len` for which `needed(len)` is at most `budget`; `needed` must increase with `len`.
pub fn longest_that_fits(budget: u64, needed: impl Fn(usize) -> u64) -> usize {
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
    use std::collections::HashMap;

    use super::*;

    /// A system with these files.
    fn system(files: &[(&str, &str)]) -> impl Fn(&Path) -> Option<String> {
        let files: HashMap<PathBuf, String> = files.iter().map(|(p, t)| (p.into(), (*t).to_owned())).collect();
        move |path| files.get(path).cloned()
    }

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
        assert!(default_budget() > 0);
    }

    #[test]
    fn the_narrowest_group_counts() {
        let files = [
            ("/proc/self/cgroup", "0::/user.slice/job.scope\n"),
            ("/sys/fs/cgroup/user.slice/job.scope/memory.max", "max\n"),
            ("/sys/fs/cgroup/user.slice/job.scope/memory.current", "100\n"),
            ("/sys/fs/cgroup/user.slice/memory.max", "1000\n"),
            ("/sys/fs/cgroup/user.slice/memory.current", "700\n"),
            ("/sys/fs/cgroup/user.slice/memory.stat", "anon 1\ninactive_file 200\n"),
            ("/sys/fs/cgroup/memory.max", "5000\n"),
            ("/sys/fs/cgroup/memory.current", "700\n"),
        ];
        assert_eq!(control_groups(&system(&files)), Some(500));
        let container = [
            ("/proc/self/cgroup", "0::/../../kubepods/pod1\n"),
            ("/sys/fs/cgroup/memory.max", "5000\n"),
            ("/sys/fs/cgroup/memory.current", "700\n"),
        ];
        assert_eq!(control_groups(&system(&container)), Some(4300));
        let old = [
            ("/proc/self/cgroup", "12:cpu:/x\n4:memory:/docker/abc\n"),
            ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "3000\n"),
            ("/sys/fs/cgroup/memory/memory.usage_in_bytes", "2900\n"),
            ("/sys/fs/cgroup/memory/memory.stat", "total_inactive_file 900\n"),
        ];
        assert_eq!(control_groups(&system(&old)), Some(1000));
        assert_eq!(control_groups(&system(&[])), None);
    }

    #[test]
    fn limits_of_the_process_count() {
        let limits = "Limit  Soft Limit  Hard Limit  Units\nMax data size             unlimited            unlimited \
                      bytes\nMax address space         4096000              unlimited            bytes\n";
        let status = "Name:\trinalmo\nVmPeak:\t 3000 kB\nVmSize:\t 1000 kB\nVmData:\t 500 kB\n";
        let files = |limits| [("/proc/self/limits", limits), ("/proc/self/status", status)];
        assert_eq!(super::limits(&system(&files(limits))), Some(4_096_000 - 1_024_000));
        let data = "Max data size   512000 512000 bytes\nMax address space  unlimited unlimited bytes\n";
        assert_eq!(super::limits(&system(&files(data))), Some(0));
        assert_eq!(super::limits(&system(&files("Max address space  unlimited  unlimited  bytes"))), None);
    }
}
