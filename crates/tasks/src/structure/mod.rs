//! Secondary structure: which bases of an RNA pair with each other.

pub mod constraint;
pub mod decode;
