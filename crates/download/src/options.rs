//! Choices of a download, and the events it reports while it runs.

use std::time::Duration;

/// How to fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Fetch again even if a valid file is in place.
    pub force: bool,
    /// Attempts in a row that may fail without new bytes.
    pub retries: u32,
    /// Wait before the first retry; it doubles with each, up to half a minute.
    pub backoff: Duration,
    /// Limit on finding the host and connecting to it.
    pub connect_timeout: Duration,
    /// Limit on silence once connected.
    pub stall_timeout: Duration,
    /// Largest size of a file in bytes; `None` is no limit apart from the disk's.
    pub max_size: Option<u64>,
    /// Bytes of the disk that are kept free.
    pub reserve: u64,
    /// Bytes per second below which a transfer is stopped, measured over [`speed_window`](Self::speed_window).
    pub min_speed: u64,
    /// How long a transfer may be slower than that.
    pub speed_window: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            force: false,
            retries: 5,
            backoff: Duration::from_secs(1),
            connect_timeout: Duration::from_secs(20),
            stall_timeout: Duration::from_secs(60),
            max_size: None,
            reserve: 256 << 20,
            min_speed: 100,
            speed_window: Duration::from_secs(120),
        }
    }
}

/// What a download is doing; `file` is the bare name, counts are in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// Another process fetches into the same folder; this one waits for it.
    Waiting {
        /// File waited for.
        file: &'a str,
    },
    /// A listing or a list of checksums is being read.
    Asking {
        /// Its address.
        url: &'a str,
    },
    /// Bytes arrive; in the first report of a file, `done` is what an earlier run left.
    Fetching {
        /// File being fetched.
        file: &'a str,
        /// Bytes in place.
        done: u64,
        /// Bytes in total, if known.
        total: Option<u64>,
    },
    /// An attempt failed and another follows.
    Retrying {
        /// File being fetched.
        file: &'a str,
        /// The number of the next attempt, counted since the last new byte.
        attempt: u32,
        /// Pause before it.
        wait: Duration,
        /// Why the last one failed.
        cause: &'a str,
    },
    /// All bytes are there and their checksums are computed.
    Checking {
        /// File being read.
        file: &'a str,
        /// Bytes read.
        done: u64,
        /// Bytes in total.
        total: u64,
    },
    /// The file is in place.
    Done {
        /// The file.
        file: &'a str,
        /// Whether it was in place already, so that nothing was fetched.
        present: bool,
    },
}
