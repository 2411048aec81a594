//! x86-64: AVX2 with FMA, AVX-512, AVX-512 with bf16 dot products, and AMX.

mod amx;
mod avx2;
mod avx512;

pub use amx::Amx;
pub use avx2::Avx2;
pub use avx512::{Avx512, Avx512Bf16};

/// Evaluates an expression of intrinsics that the token in `$self` proves the processor has.
macro_rules! with {
    ($self:ident: $value:expr) => {{
        let _proof: Self = $self;
        // SAFETY: the only precondition of the register-to-register intrinsics is that the processor
        // has them; a value of this token is made by its `detect` alone, which asked the processor.
        // Where `$value` reads or writes memory, the comment next to it says why that is in bounds.
        unsafe { $value }
    }};
}
use with;
