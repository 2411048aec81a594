//! Options of a download: where models are kept, where they are fetched from, and limits on waiting.

use std::path::PathBuf;
use std::time::Duration;

use etcetera::BaseStrategy;

use super::Error;

/// How to fetch, and where to keep the files.
#[derive(Debug, Clone)]
pub struct FetchOptions {
    /// Folder that holds `models/`; `None` is `rinalmo` in the platform's cache folder.
    pub home: Option<PathBuf>,
    /// Address to fetch published models from instead of their publishers, as `<mirror>/<model>/<file>`: a copy of a
    /// `models` folder on any web server will do.
    pub mirror: Option<String>,
    /// SHA-256 that the weights must have, in addition to the registry's facts.
    pub sha256: Option<String>,
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
    /// Largest size of a file, in bytes.
    pub max_size: u64,
}

/// Larger than any published model, in bytes.
const MAX_SIZE: u64 = 64 << 30;

impl FetchOptions {
    /// The defaults, ignoring the environment.
    pub fn new() -> Self {
        let rinalmo_download::Options { force, retries, backoff, connect_timeout, stall_timeout, .. } =
            Default::default();
        let (home, mirror, sha256, max_size) = (None, None, None, MAX_SIZE);
        Self { home, mirror, sha256, force, retries, backoff, connect_timeout, stall_timeout, max_size }
    }

    /// Folder with a folder for each model.
    ///
    /// # Errors
    /// No home is set and the account has none.
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

    /// The options that apply to any file.
    pub(super) fn transfer(&self) -> rinalmo_download::Options {
        let &Self { force, retries, backoff, connect_timeout, stall_timeout, max_size, .. } = self;
        let max_size = Some(max_size);
        rinalmo_download::Options {
            force,
            retries,
            backoff,
            connect_timeout,
            stall_timeout,
            max_size,
            ..Default::default()
        }
    }
}

impl Default for FetchOptions {
    /// The defaults, with `RINALMO_HOME` and `RINALMO_MIRROR` from the environment, if set.
    fn default() -> Self {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        Self {
            home: set("RINALMO_HOME").map(PathBuf::from),
            mirror: set("RINALMO_MIRROR").and_then(|value| value.into_string().ok()),
            ..Self::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chosen_home_holds_the_models() {
        let options = FetchOptions { home: Some("/data/rinalmo".into()), ..FetchOptions::new() };
        assert_eq!(options.models().ok(), Some(PathBuf::from("/data/rinalmo/models")));
    }

    #[test]
    fn without_a_choice_models_go_under_the_cache_folder() {
        match FetchOptions::new().models() {
            Ok(path) => assert!(path.ends_with("rinalmo/models") && path.is_absolute(), "{}", path.display()),
            Err(error) => assert!(matches!(error, Error::NoHome)),
        }
    }
}
