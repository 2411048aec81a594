//! `rinalmo energy`: free energies of given structures, binding of strands, and the parameters they are made of.

mod bind;
mod eval;
mod learn;
mod parameters;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::context::{Context, Outcome};

/// Compute free energies by a nearest-neighbour model (Turner 2004), without a network
#[derive(Args)]
pub struct EnergyCommandArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    Eval(eval::EvalArgs),
    Bind(bind::BindArgs),
    Learn(learn::LearnArgs),
    Parameters(parameters::ParametersArgs),
}

/// Runs the command.
pub fn run(args: EnergyCommandArgs, context: &Context) -> Result<Outcome> {
    match args.action {
        Action::Eval(args) => args.run(context),
        Action::Bind(args) => args.run(context),
        Action::Learn(args) => args.run(context),
        Action::Parameters(args) => args.run(),
    }
}
