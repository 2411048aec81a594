//! Secondary structure: which bases of an RNA pair with each other.

pub mod constraint;
pub mod dataset;
pub mod decode;
