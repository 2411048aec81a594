//! The lanes of each architecture, and the functions that compile a kernel for its instructions.

/// The items of `Lanes` for a processor without tiles.
macro_rules! no_tiles {
    () => {
        type Tiles = $crate::generic::tiles::NoTiles;
        #[inline(always)]
        fn tiles(self) -> Option<Self::Tiles> {
            None
        }
    };
}

#[cfg(target_arch = "aarch64")]
pub mod aarch64;
mod portable;
#[cfg(target_arch = "x86_64")]
pub mod x86_64;

pub use portable::Portable;
