//! aarch64: NEON.
//!
//! Dot products of bf16 pairs (`bfdot`) and of bytes (`sdot`) exist on newer processors, but stable
//! Rust has no intrinsics for them yet (as of 1.95: no bf16 vector type, `stdarch_neon_dotprod`).

mod neon;

pub use neon::Neon;

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
