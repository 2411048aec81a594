//! The instructions that the kernels use: detected once, passed on as a proof.
//!
//! A [`Level`] can only hold a token such as [`Avx512`] if the processor has those instructions, so an operation that
//! gets a level need not check anything. [`Level::current`] is the best level of this processor, or the one that the
//! environment variable `RINALMO_KERNELS` names, so that every level can be tested on one machine.

use std::sync::OnceLock;

use crate::Error;
use crate::arch::Portable;
#[cfg(target_arch = "aarch64")]
use crate::arch::aarch64::Neon;
#[cfg(target_arch = "x86_64")]
use crate::arch::x86_64::{Amx, Avx2, Avx512, Avx512Bf16};
use crate::generic::Kernel;

/// The environment variable that selects a level by name.
pub const LEVEL_VARIABLE: &str = "RINALMO_KERNELS";

/// Every name that [`Level::named`] accepts on some processor.
const NAMES: [&str; 6] = ["portable", "avx2", "avx512", "avx512bf16", "amx", "neon"];

/// A set of instructions that this processor is known to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Four lanes in plain Rust, compiled with the instructions that every processor of the target has.
    Portable(Portable),
    /// AVX2 and FMA: eight lanes.
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    /// AVX-512 F, BW, DQ and VL: sixteen lanes.
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
    /// AVX-512 with dot products of bf16 pairs and of bytes (VNNI).
    #[cfg(target_arch = "x86_64")]
    Avx512Bf16(Avx512Bf16),
    /// AMX: products of whole tiles of bf16 or bytes; everything else as [`Level::Avx512Bf16`].
    #[cfg(target_arch = "x86_64")]
    Amx(Amx),
    /// NEON: four lanes.
    #[cfg(target_arch = "aarch64")]
    Neon(Neon),
}

impl Level {
    /// All levels of this processor, slowest first.
    pub fn available() -> Vec<Self> {
        #[allow(unused_mut)]
        let mut levels = vec![Self::Portable(Portable)];
        #[cfg(target_arch = "x86_64")]
        {
            levels.extend(Avx2::detect().map(Self::Avx2));
            levels.extend(Avx512::detect().map(Self::Avx512));
            levels.extend(Avx512Bf16::detect().map(Self::Avx512Bf16));
            levels.extend(Amx::detect().map(Self::Amx));
        }
        #[cfg(target_arch = "aarch64")]
        levels.extend(Neon::detect().map(Self::Neon));
        levels
    }

    /// The level called `name`.
    ///
    /// # Errors
    /// [`Error::UnknownLevel`] for an unknown name, [`Error::MissingLevel`] for a level that this processor does not
    /// have.
    pub fn named(name: &str) -> Result<Self, Error> {
        let levels = Self::available();
        if let Some(level) = levels.iter().find(|level| level.name() == name) {
            return Ok(*level);
        }
        let available = levels.iter().map(|level| level.name()).collect::<Vec<_>>().join(", ");
        let name = name.to_owned();
        Err(if NAMES.contains(&name.as_str()) {
            Error::MissingLevel { name, available }
        } else {
            Error::UnknownLevel { name, available }
        })
    }

    /// The fastest level of this processor, or the one that `RINALMO_KERNELS` names; determined once.
    ///
    /// # Errors
    /// As [`Level::named`], if the variable names a level that is unknown or missing.
    pub fn current() -> Result<Self, Error> {
        static CURRENT: OnceLock<Result<Level, Error>> = OnceLock::new();
        let choose = || match std::env::var(LEVEL_VARIABLE) {
            Ok(name) => Self::named(&name),
            Err(_) => Ok(Self::best()),
        };
        CURRENT.get_or_init(choose).clone()
    }

    /// The fastest level of this processor.
    pub fn best() -> Self {
        Self::available().pop().unwrap_or(Self::Portable(Portable))
    }

    /// The name of this level in logs and in `RINALMO_KERNELS`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable(_) => "portable",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => "avx2",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(_) => "avx512",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Bf16(_) => "avx512bf16",
            #[cfg(target_arch = "x86_64")]
            Self::Amx(_) => "amx",
            #[cfg(target_arch = "aarch64")]
            Self::Neon(_) => "neon",
        }
    }

    /// Whether it has products of bf16 pairs; without them bf16 is slower than f32. Whether it is faster with them:
    /// [`crate::peak::bf16_pays`].
    pub fn has_bf16(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Bf16(_) | Self::Amx(_) => true,
            _ => false,
        }
    }

    /// Whether it has dot products of bytes.
    pub fn has_int8_dot(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Bf16(_) | Self::Amx(_) => true,
            _ => false,
        }
    }

    /// Whether products of bf16 and of bytes are made by tiles.
    pub fn has_tiles(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Amx(_) => true,
            _ => false,
        }
    }

    /// Runs `kernel` with this level's instructions.
    pub(crate) fn run<K: Kernel>(self, kernel: K) {
        match self {
            Self::Portable(lanes) => kernel.run(lanes),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(lanes) => lanes.run(kernel),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(lanes) => lanes.run(kernel),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Bf16(lanes) => lanes.run(kernel),
            #[cfg(target_arch = "x86_64")]
            Self::Amx(lanes) => lanes.run(kernel),
            #[cfg(target_arch = "aarch64")]
            Self::Neon(lanes) => lanes.run(kernel),
        }
    }
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_available_level_is_found_by_its_name() {
        for level in Level::available() {
            assert_eq!(Level::named(level.name()), Ok(level));
            assert!(NAMES.contains(&level.name()));
        }
    }

    #[test]
    fn an_unknown_name_is_an_error_that_lists_the_known_ones() {
        let message = Level::named("sse9").unwrap_err().to_string();
        assert!(message.contains("`sse9`") && message.contains("portable"), "{message}");
    }

    #[test]
    fn a_level_of_another_processor_is_reported_as_missing() {
        let foreign = if cfg!(target_arch = "aarch64") { "avx2" } else { "neon" };
        assert!(matches!(Level::named(foreign), Err(Error::MissingLevel { .. })));
    }

    #[test]
    fn only_the_levels_of_dot_products_have_them() {
        for level in Level::available() {
            let tiles = level.name() == "amx";
            let dots = tiles || level.name() == "avx512bf16";
            let found = (level.has_bf16(), level.has_int8_dot(), level.has_tiles());
            assert_eq!(found, (dots, dots, tiles), "{level}");
        }
    }

    #[test]
    fn the_best_level_is_the_last_of_the_available() {
        assert_eq!(Level::available().last(), Some(&Level::best()));
    }
}
