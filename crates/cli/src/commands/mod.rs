//! One file a command: its flags, their resolution, its loop.

pub mod benchmark;
pub mod config;
pub mod corpus;
pub mod embed;
pub mod evaluate;
pub mod finetune;
pub mod fold;
pub mod model;
pub mod predict;
pub mod pretrain;
pub mod score;

mod folding;
pub(crate) mod structures;
mod told;
mod training;

mod choose;
mod constraints;
