//! Choices of a download, and the events it reports while it runs.

use std::time::Duration;

/// How to fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Fetch again even where a good file is in place.
    pub force: bool,
    /// Attempts in a row that may fail without bringing anything new.
    pub retries: u32,
    /// Wait before the first retry; it doubles with each, up to half a minute.
    pub backoff: Duration,
    /// Limit on finding the host and connecting to it.
    pub connect_timeout: Duration,
    /// Limit on silence once connected.
    pub stall_timeout: Duration,
    /// Bytes that may be fetched of a file; none is no limit but the disk's.
    pub max_size: Option<u64>,
    /// Bytes of the disk that are never used.
    pub reserve: u64,
    /// Bytes a second below which a transfer is broken off, counted over [`speed_window`](Self::speed_window).
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
    /// A listing or a list of checksums is read.
    Asking {
        /// Its address.
        url: &'a str,
    },
    /// Bytes arrive; the first report of a file has `done` at what an earlier run left.
    Fetching {
        /// File being fetched.
        file: &'a str,
        /// Bytes in place.
        done: u64,
        /// Bytes in all, where that is known.
        total: Option<u64>,
    },
    /// An attempt failed and another follows.
    Retrying {
        /// File being fetched.
        file: &'a str,
        /// Which attempt comes next, counted since anything new arrived.
        attempt: u32,
        /// Pause before it.
        wait: Duration,
        /// Why the last one ended.
        cause: &'a str,
    },
    /// All bytes are there and their checksums are computed.
    Checking {
        /// File being read.
        file: &'a str,
        /// Bytes read.
        done: u64,
        /// Bytes in all.
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
