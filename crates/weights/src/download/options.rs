//! Choices of a download, and the events it reports while it runs.

use std::path::PathBuf;
use std::time::Duration;

use etcetera::BaseStrategy;

use super::Error;

/// How to fetch, and where to keep what is fetched.
#[derive(Debug, Clone)]
pub struct Options {
    /// Folder that holds `models/`; `None` is `rinalmo` in the platform's cache folder.
    pub home: Option<PathBuf>,
    /// Address to fetch published models from instead of their publishers, as `<mirror>/<model>/<file>`: a copy of a
    /// `models` folder behind any web server will do.
    pub mirror: Option<String>,
    /// SHA-256 that the weights must have, beside what the registry knows.
    pub sha256: Option<String>,
    /// Fetch again even where a good file is in place.
    pub force: bool,
    /// Attempts in a row that may fail without bringing anything new.
    pub retries: u32,
    /// Wait before the first retry; it doubles with each, up to half a minute.
    pub backoff: Duration,
    /// Limit on finding the host and connecting to it.
    pub connect_timeout: Duration,
    /// Limit on silence once connected; a slow transfer that keeps moving has none.
    pub stall_timeout: Duration,
}

impl Options {
    /// The defaults, without a look at the environment.
    pub fn new() -> Self {
        Self {
            home: None,
            mirror: None,
            sha256: None,
            force: false,
            retries: 5,
            backoff: Duration::from_secs(1),
            connect_timeout: Duration::from_secs(20),
            stall_timeout: Duration::from_secs(60),
        }
    }

    /// Folder under which every model has a folder of its own.
    ///
    /// # Errors
    /// No home was chosen and the account has none.
    pub fn models(&self) -> Result<PathBuf, Error> {
        let home = match &self.home {
            Some(home) => home.clone(),
            None => etcetera::base_strategy::choose_native_strategy()
                .map_err(|_| Error::NoHome)?
                .cache_dir()
                .join("rinalmo"),
        };
        Ok(home.join("models"))
    }
}

impl Default for Options {
    /// The defaults, with `RINALMO_HOME` and `RINALMO_MIRROR` where the environment sets them.
    fn default() -> Self {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        Self {
            home: set("RINALMO_HOME").map(PathBuf::from),
            mirror: set("RINALMO_MIRROR").and_then(|value| value.into_string().ok()),
            ..Self::new()
        }
    }
}

/// What a download is doing; `file` is the bare name, counts are in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// Another process fetches the same model; this one waits for it.
    Waiting {
        /// File waited for.
        file: &'a str,
    },
    /// Bytes arrive; the first report of a file has `done` at what an earlier run left.
    Fetching {
        /// File being fetched.
        file: &'a str,
        /// Bytes in place.
        done: u64,
        /// Bytes in all, where the server or the registry says.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chosen_home_holds_the_models() {
        let options = Options { home: Some("/data/rinalmo".into()), ..Options::new() };
        assert_eq!(options.models().ok(), Some(PathBuf::from("/data/rinalmo/models")));
    }

    #[test]
    fn without_a_choice_models_go_under_the_cache_folder() {
        match Options::new().models() {
            Ok(path) => assert!(path.ends_with("rinalmo/models") && path.is_absolute(), "{}", path.display()),
            Err(error) => assert!(matches!(error, Error::NoHome)),
        }
    }
}
