//! What a predictor's work took: time and memory.

use serde::Serialize;

/// Time and memory of a predictor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Cost {
    /// Seconds on the clock: of a program from its start to its end, over all its starts.
    pub seconds: f64,
    /// The most memory it had at once, in bytes: of a program the largest of its processes, where the system reports it and
    /// it is more than this process had before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_memory: Option<u64>,
}

impl Cost {
    /// Adds work that was done after this.
    pub(super) fn add(&mut self, later: Self) {
        self.seconds += later.seconds;
        self.peak_memory = self.peak_memory.max(later.peak_memory);
    }

    /// The time in words: `0.42 s`, `12.3 s`, `345 s`.
    pub(crate) fn time(&self) -> String {
        match self.seconds {
            seconds if seconds < 10.0 => format!("{seconds:.2} s"),
            seconds if seconds < 100.0 => format!("{seconds:.1} s"),
            seconds => format!("{seconds:.0} s"),
        }
    }

    /// The memory in words: `45 MiB`; empty if it is unknown.
    pub(crate) fn memory(&self) -> String {
        let mebi = |bytes: u64| format!("{:.0} MiB", bytes as f64 / f64::from(1 << 20));
        self.peak_memory.map_or_else(String::new, mebi)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_add_up_and_the_largest_memory_counts() {
        let mut cost = Cost::default();
        cost.add(Cost { seconds: 9.0, peak_memory: Some(45 << 20) });
        assert_eq!((cost.time(), cost.memory()), ("9.00 s".into(), "45 MiB".into()));
        cost.add(Cost { seconds: 3.25, peak_memory: Some(7 << 20) });
        assert_eq!((cost.time(), cost.memory()), ("12.2 s".into(), "45 MiB".into()));
        cost.add(Cost { seconds: 100.0, peak_memory: None });
        assert_eq!((cost.time(), cost.memory()), ("112 s".into(), "45 MiB".into()));
        assert_eq!(Cost::default().memory(), "");
    }
}
