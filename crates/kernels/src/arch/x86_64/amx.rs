//! Tiles: AMX for products of pairs and quads, AVX-512 for everything else.
//!
//! Stable Rust has no intrinsics for AMX, so a block of sums is one piece of assembly: tiles are not known to the
//! compiler, and none is in use between two blocks. Linux gives the tiles to a process that asks; each thread loads the
//! tiles' shape before it uses them, and releases them afterwards, so that a switch between threads need not save them
//! and another library may use shapes of its own.

use std::arch::asm;
use std::arch::x86_64::*;
use std::sync::OnceLock;

use super::avx512::{mask, sixteen_lanes_with_dot_products, store};
use super::{Avx512, Avx512Bf16, with};
use crate::generic::tiles::{Raw, Tiles};
use crate::generic::{Bf16Pair, Kernel, Lanes};

/// Proof that the processor has the features of [`Avx512Bf16`] and tile products of bf16 and bytes, and that the
/// operating system has given the tiles to this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amx(Avx512Bf16);

impl Amx {
    /// Returns the token if the processor has the instructions and the operating system grants the tiles.
    pub fn detect() -> Option<Self> {
        static GRANTED: OnceLock<bool> = OnceLock::new();
        let lanes = Avx512Bf16::detect()?;
        GRANTED.get_or_init(|| has_tiles() && request()).then_some(Self(lanes))
    }

    /// Compiles `kernel` with AVX-512, bf16 and VNNI and runs it; its blocks of tiles are assembly.
    pub(crate) fn run<K: Kernel>(self, kernel: K) {
        if !K::TILES {
            return self.0.run(kernel);
        }
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx512vnni")]
        fn with_features<K: Kernel>(lanes: Amx, kernel: K) {
            kernel.run(lanes);
        }
        // SAFETY: `self` was made by `detect`, which asked the processor for all features of `Avx512Bf16`.
        unsafe { with_features(self, kernel) }
    }
}

impl Amx {
    /// The features without tiles and dot products.
    #[inline(always)]
    fn base(self) -> Avx512 {
        self.0.base()
    }
}

/// Whether the processor has tiles and their products of bf16 and of bytes.
fn has_tiles() -> bool {
    /// Bits of `edx` for leaf 7 of `cpuid` (Intel's manual, volume 2A): AMX-BF16, AMX-TILE, AMX-INT8.
    const BITS: u32 = 1 << 22 | 1 << 24 | 1 << 25;
    __cpuid_count(0, 0).eax >= 7 && __cpuid_count(7, 0).edx & BITS == BITS
}

/// Asks Linux for the tiles, once for all threads of this process.
#[cfg(target_os = "linux")]
fn request() -> bool {
    /// `ARCH_REQ_XCOMP_PERM` of `asm/prctl.h`.
    const REQUEST: libc::c_long = 0x1023;
    /// The data of the tiles, as a component of the extended state (`XFEATURE_XTILEDATA`).
    const TILES: libc::c_long = 18;
    // SAFETY: this request takes two numbers and accesses no memory of ours.
    unsafe { libc::syscall(libc::SYS_arch_prctl, REQUEST, TILES) == 0 }
}

#[cfg(not(target_os = "linux"))]
fn request() -> bool {
    false
}

/// The shape of all eight tiles: 16 rows of 64 bytes.
#[repr(C, align(64))]
struct Shape([u8; 64]);

static SHAPE: Shape = {
    let mut bytes = [0; 64];
    bytes[0] = 1; // the palette
    let mut tile = 0;
    while tile < 8 {
        bytes[16 + 2 * tile] = 64; // bytes in a row
        bytes[48 + tile] = 16; // rows
        tile += 1;
    }
    Shape(bytes)
};

/// The tiles of this thread, shaped.
pub(crate) struct Shaped(());

impl Shaped {
    fn new(_proof: Amx) -> Self {
        // SAFETY: the token proves that the processor has tiles and that this process may use them. The shape is a
        // valid one of 64 bytes. No tile is in use: blocks are whole pieces of assembly, and a thread has one `Shaped`
        // at a time, or loads the same shape again.
        unsafe { asm!("ldtilecfg [{}]", in(reg) &raw const SHAPE, options(nostack, readonly, preserves_flags)) };
        Self(())
    }
}

impl Drop for Shaped {
    fn drop(&mut self) {
        // SAFETY: a `Shaped` proves that the processor has tiles; releasing them accesses no memory.
        unsafe { asm!("tilerelease", options(nostack, nomem, preserves_flags)) };
    }
}

/// One block: `$begin` loads the sums, `$step` multiplies 16 terms, `$end` stores the sums.
///
/// Tiles 0 to 3 are sums (two rows of two), 4 and 5 the left factor, 6 and 7 the right one. Addresses come from a
/// [`Raw`], whose fields are eight bytes each, in their order.
macro_rules! block {
    ($raw:expr, [$($begin:literal),*], [$($step:expr),*], [$($end:literal),*]) => {
        asm!(
            "mov {x}, [{raw} + 48]", // start
            "mov {x_stride}, [{raw} + 56]",
            "mov {below}, {x_stride}",
            "shl {below}, 4",
            "add {below}, {x}",
            $($begin,)*
            "mov {lines}, [{raw}]",
            "mov {count}, [{raw} + 8]",
            "mov {x_stride}, [{raw} + 16]",
            "mov {panel}, [{raw} + 24]",
            "mov {panel_stride}, [{raw} + 32]",
            "mov {panel_step}, {panel_stride}",
            "shl {panel_step}, 4",
            "3:", // each line
            "mov {x}, [{lines}]",
            "mov {below}, {x_stride}",
            "shl {below}, 4",
            "add {below}, {x}",
            "mov {steps}, [{raw} + 40]",
            "2:", // each step
            $($step,)*
            "add {x}, 64",
            "add {below}, 64",
            "add {panel}, {panel_step}",
            "dec {steps}",
            "jnz 2b",
            "add {lines}, 8",
            "dec {count}",
            "jnz 3b",
            "mov {x}, [{raw} + 64]", // out
            "mov {x_stride}, [{raw} + 72]",
            "mov {below}, {x_stride}",
            "shl {below}, 4",
            "add {below}, {x}",
            $($end,)*
            raw = in(reg) std::ptr::from_ref::<Raw>($raw),
            x = out(reg) _,
            below = out(reg) _,
            x_stride = out(reg) _,
            panel = out(reg) _,
            panel_stride = out(reg) _,
            panel_step = out(reg) _,
            lines = out(reg) _,
            count = out(reg) _,
            steps = out(reg) _,
            out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
            out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
            options(nostack),
        )
    };
}

/// The four sizes of a block, with a product of tiles.
macro_rules! blocks {
    ($raw:expr, $tall:expr, $wide:expr, $product:literal) => {
        match ($tall, $wide) {
            (true, true) => block!(
                $raw,
                [
                    "tileloadd tmm0, [{x} + {x_stride}*1]",
                    "tileloadd tmm1, [{x} + {x_stride}*1 + 64]",
                    "tileloadd tmm2, [{below} + {x_stride}*1]",
                    "tileloadd tmm3, [{below} + {x_stride}*1 + 64]"
                ],
                [
                    "tileloadd tmm4, [{x} + {x_stride}*1]",
                    "tileloadd tmm6, [{panel} + {panel_stride}*1]",
                    "tileloadd tmm7, [{panel} + {panel_stride}*1 + 64]",
                    concat!($product, " tmm0, tmm4, tmm6"),
                    "tileloadd tmm5, [{below} + {x_stride}*1]",
                    concat!($product, " tmm1, tmm4, tmm7"),
                    concat!($product, " tmm2, tmm5, tmm6"),
                    concat!($product, " tmm3, tmm5, tmm7")
                ],
                [
                    "tilestored [{x} + {x_stride}*1], tmm0",
                    "tilestored [{x} + {x_stride}*1 + 64], tmm1",
                    "tilestored [{below} + {x_stride}*1], tmm2",
                    "tilestored [{below} + {x_stride}*1 + 64], tmm3"
                ]
            ),
            (true, false) => block!(
                $raw,
                ["tileloadd tmm0, [{x} + {x_stride}*1]", "tileloadd tmm2, [{below} + {x_stride}*1]"],
                [
                    "tileloadd tmm6, [{panel} + {panel_stride}*1]",
                    "tileloadd tmm4, [{x} + {x_stride}*1]",
                    "tileloadd tmm5, [{below} + {x_stride}*1]",
                    concat!($product, " tmm0, tmm4, tmm6"),
                    concat!($product, " tmm2, tmm5, tmm6")
                ],
                ["tilestored [{x} + {x_stride}*1], tmm0", "tilestored [{below} + {x_stride}*1], tmm2"]
            ),
            (false, true) => block!(
                $raw,
                ["tileloadd tmm0, [{x} + {x_stride}*1]", "tileloadd tmm1, [{x} + {x_stride}*1 + 64]"],
                [
                    "tileloadd tmm4, [{x} + {x_stride}*1]",
                    "tileloadd tmm6, [{panel} + {panel_stride}*1]",
                    "tileloadd tmm7, [{panel} + {panel_stride}*1 + 64]",
                    concat!($product, " tmm0, tmm4, tmm6"),
                    concat!($product, " tmm1, tmm4, tmm7")
                ],
                ["tilestored [{x} + {x_stride}*1], tmm0", "tilestored [{x} + {x_stride}*1 + 64], tmm1"]
            ),
            (false, false) => block!(
                $raw,
                ["tileloadd tmm0, [{x} + {x_stride}*1]"],
                [
                    "tileloadd tmm4, [{x} + {x_stride}*1]",
                    "tileloadd tmm6, [{panel} + {panel_stride}*1]",
                    concat!($product, " tmm0, tmm4, tmm6")
                ],
                ["tilestored [{x} + {x_stride}*1], tmm0"]
            ),
        }
    };
}

impl Tiles for Shaped {
    #[inline(always)]
    unsafe fn multiply<const BYTES: bool>(&mut self, raw: &Raw, tall: bool, wide: bool) {
        // SAFETY: `self` proves that this thread's tiles are shaped. The accesses are those that the caller guarantees:
        // 16 rows of 64 bytes per tile, from the addresses and strides in `raw`.
        unsafe {
            if BYTES {
                blocks!(raw, tall, wide, "tdpbusd");
            } else {
                blocks!(raw, tall, wide, "tdpbf16ps");
            }
        }
    }
}

impl Lanes for Amx {
    sixteen_lanes_with_dot_products!();

    type Tiles = Shaped;
    #[inline(always)]
    fn tiles(self) -> Option<Shaped> {
        Some(Shaped::new(self))
    }
}
