//! What each task of the paper needs around the model.

pub mod structure;
