//! One file for each command: its flags, how they are resolved, its loop.

pub mod benchmark;
pub mod completions;
pub mod config;
pub mod corpus;
pub mod draw;
pub mod embed;
pub mod energy;
pub mod evaluate;
pub mod finetune;
pub mod fold;
pub mod man;
pub mod map;
pub mod model;
pub mod predict;
pub mod pretrain;
pub mod runs;
pub mod score;
pub mod serve;

mod alternatives;
mod folder;
mod folding;
mod limits;
mod numbers;
mod reactivities;
mod reporter;
pub(crate) mod structures;
pub(crate) mod thermodynamics;
pub(crate) mod training;

mod choose;
mod constraints;
