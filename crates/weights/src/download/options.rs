//! Options of a download: where models are kept, where they are fetched from, and limits on waiting.

use std::path::PathBuf;
use std::time::Duration;

use etcetera::BaseStrategy;

use super::Error;

/// How to fetch, and where to keep the files.
///
/// ```
/// use rinalmo_weights::download::FetchOptions;
///
/// let options = FetchOptions::default().home("/data/rinalmo").retries(10);
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
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

    /// Sets [`FetchOptions::home`].
    #[must_use]
    pub fn home(mut self, home: impl Into<PathBuf>) -> Self {
        self.home = Some(home.into());
        self
    }

    /// Sets [`FetchOptions::mirror`].
    #[must_use]
    pub fn mirror(mut self, mirror: impl Into<Option<String>>) -> Self {
        self.mirror = mirror.into();
        self
    }

    /// Sets [`FetchOptions::sha256`].
    #[must_use]
    pub fn sha256(mut self, sha256: impl Into<Option<String>>) -> Self {
        self.sha256 = sha256.into();
        self
    }

    /// Sets [`FetchOptions::force`].
    #[must_use]
    pub fn force(mut self, force: bool) -> Self {
        self.force = force;
        self
    }

    /// Sets [`FetchOptions::retries`].
    #[must_use]
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// Sets [`FetchOptions::backoff`].
    #[must_use]
    pub fn backoff(mut self, backoff: Duration) -> Self {
        self.backoff = backoff;
        self
    }

    /// Sets [`FetchOptions::connect_timeout`].
    #[must_use]
    pub fn connect_timeout(mut self, connect_timeout: Duration) -> Self {
        self.connect_timeout = connect_timeout;
        self
    }

    /// Sets [`FetchOptions::stall_timeout`].
    #[must_use]
    pub fn stall_timeout(mut self, stall_timeout: Duration) -> Self {
        self.stall_timeout = stall_timeout;
        self
    }

    /// Sets [`FetchOptions::max_size`], in bytes.
    #[must_use]
    pub fn max_size(mut self, max_size: u64) -> Self {
        self.max_size = max_size;
        self
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
