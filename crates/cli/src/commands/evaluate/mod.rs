//! `rinalmo evaluate`: predictions against what is known.

mod left_out;
mod structure;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::context::{Context, Outcome};

/// Score predictions against known answers, and predictors against each other
#[derive(Args)]
pub struct EvaluateArgs {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    Structure(Box<structure::StructureArgs>),
}

/// Runs the command.
pub fn run(args: EvaluateArgs, context: &Context) -> Result<Outcome> {
    match args.task {
        Task::Structure(args) => args.run(context),
    }
}
