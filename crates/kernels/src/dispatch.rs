//! Which instructions the kernels use: found out once, carried as a proof.
//!
//! A [`Level`] can only hold a token such as [`Avx512`] if the processor has those instructions, so
//! an operation that is handed a level needs to check nothing. [`Level::current`] is the best one
//! there is, or what the environment variable `RINALMO_KERNELS` names, so that one machine can
//! test every level it has.

use std::sync::OnceLock;

use crate::Error;
use crate::arch::Portable;
#[cfg(target_arch = "aarch64")]
use crate::arch::aarch64::Neon;
#[cfg(target_arch = "x86_64")]
use crate::arch::x86_64::{Avx2, Avx512, Avx512Bf16};
use crate::generic::Kernel;

/// The environment variable that forces a level by name.
pub const LEVEL_VARIABLE: &str = "RINALMO_KERNELS";

/// Every name [`Level::named`] knows on some processor.
const NAMES: [&str; 5] = ["portable", "avx2", "avx512", "avx512bf16", "neon"];

/// A set of instructions that this processor is known to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Four lanes in plain Rust, from which the compiler makes what it was told every processor has.
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
    /// NEON: four lanes.
    #[cfg(target_arch = "aarch64")]
    Neon(Neon),
}

impl Level {
    /// All levels this processor has, slowest first.
    pub fn available() -> Vec<Self> {
        #[allow(unused_mut)]
        let mut levels = vec![Self::Portable(Portable)];
        #[cfg(target_arch = "x86_64")]
        {
            levels.extend(Avx2::detect().map(Self::Avx2));
            levels.extend(Avx512::detect().map(Self::Avx512));
            levels.extend(Avx512Bf16::detect().map(Self::Avx512Bf16));
        }
        #[cfg(target_arch = "aarch64")]
        levels.extend(Neon::detect().map(Self::Neon));
        levels
    }

    /// The level called `name`.
    ///
    /// # Errors
    /// [`Error::UnknownLevel`] for a name that means nothing, [`Error::MissingLevel`] for one this processor lacks.
    pub fn named(name: &str) -> Result<Self, Error> {
        let levels = Self::available();
        if let Some(level) = levels.iter().find(|level| level.name() == name) {
            return Ok(*level);
        }
        let available = levels.iter().map(|level| level.name()).collect::<Vec<_>>().join(", ");
        let name = name.to_owned();
        Err(match NAMES.contains(&name.as_str()) {
            true => Error::MissingLevel { name, available },
            false => Error::UnknownLevel { name, available },
        })
    }

    /// The fastest level this processor has, or the one `RINALMO_KERNELS` names; found out once.
    ///
    /// # Errors
    /// As [`Level::named`], when the variable is set to something that cannot be had.
    pub fn current() -> Result<Self, Error> {
        static CURRENT: OnceLock<Result<Level, Error>> = OnceLock::new();
        let choose = || match std::env::var(LEVEL_VARIABLE) {
            Ok(name) => Self::named(&name),
            Err(_) => Ok(Self::best()),
        };
        CURRENT.get_or_init(choose).clone()
    }

    /// The fastest level this processor has.
    pub fn best() -> Self {
        Self::available().pop().unwrap_or(Self::Portable(Portable))
    }

    /// The name this level is logged and forced by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable(_) => "portable",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => "avx2",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(_) => "avx512",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Bf16(_) => "avx512bf16",
            #[cfg(target_arch = "aarch64")]
            Self::Neon(_) => "neon",
        }
    }

    /// Whether it has dot products of bf16 pairs; without them bf16 costs what f32 does, or more.
    pub fn has_bf16(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Bf16(_) => true,
            _ => false,
        }
    }

    /// Whether it has dot products of bytes.
    pub fn has_int8_dot(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Bf16(_) => true,
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
    fn a_wrong_name_is_refused_and_the_right_ones_are_told() {
        let message = Level::named("sse9").unwrap_err().to_string();
        assert!(message.contains("`sse9`") && message.contains("portable"), "{message}");
    }

    #[test]
    fn a_level_of_another_processor_is_said_to_be_missing() {
        let foreign = if cfg!(target_arch = "aarch64") { "avx2" } else { "neon" };
        assert!(matches!(Level::named(foreign), Err(Error::MissingLevel { .. })));
    }

    #[test]
    fn only_the_level_of_dot_products_has_them() {
        for level in Level::available() {
            let dots = level.name() == "avx512bf16";
            assert_eq!((level.has_bf16(), level.has_int8_dot()), (dots, dots), "{level}");
        }
    }

    #[test]
    fn the_best_level_is_the_last_of_the_available() {
        assert_eq!(Level::available().last(), Some(&Level::best()));
    }
}
