//! The `rinalmo` command from outside: what it prints, what it says on standard error, and how it ends.
//!
//! Every test has a folder of its own and names its files in it. What depends on the weights of the model in the box is
//! asked for as a law (a structure obeys its constraint, a batch changes nothing), so that another model may take its
//! place; what a message says is pinned.

#![cfg(feature = "bundled")]

mod arguments;
mod arrays;
mod benchmark;
mod common;
mod completions;
mod config;
mod corpus;
mod draw;
mod embed;
mod energy;
mod evaluate;
mod finetune;
mod fold;
mod formats;
mod guard;
mod help;
mod input;
mod interrupt;
mod limits;
mod man;
mod map;
mod model;
mod output;
mod predict;
mod pretrain;
mod score;
mod serve;
#[path = "../../../download/tests/downloads/server.rs"]
mod server;
mod sources;
#[cfg(unix)]
mod tour;
