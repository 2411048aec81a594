//! What each task of the paper needs around the model: data with labels, decoding.

pub mod labels;
pub mod structure;

pub use rinalmo_seq::table;
