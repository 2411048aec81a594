//! Drawings of secondary structures.

pub mod layout;
mod nested;

pub use layout::{Layout, Point, positions};
pub use nested::Nested;
