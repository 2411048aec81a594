//! `rinalmo energy parameters`.

use std::io::Write as _;

use anyhow::{Context as _, Result};
use clap::Args;
use rinalmo::energy::BuiltIn;

use crate::commands::thermodynamics::{RINALMO2026, TURNER2004, parameters};
use crate::context::Outcome;
use crate::io::{OutputArgs, OutputFailure};

/// Print the parameters of the energy model, as a parameter file of ViennaRNA (version 2.0)
///
/// With --parameters FILE, checks the file and prints all of its sections, those it lacks as in Turner
/// 2004. Energies are those at 37 °C, with enthalpies, in 0.01 kcal/mol.
#[derive(Args)]
pub struct ParametersArgs {
    #[command(flatten)]
    output: OutputArgs,
    /// Print these built-in energies: turner2004, which were measured, or rinalmo2026, which were learned from
    /// structures [default: turner2004]
    #[arg(value_name = "NAME", value_parser = [TURNER2004, RINALMO2026], hide_possible_values = true)]
    built_in: Option<String>,
    /// Read energies from FILE, a parameter file of ViennaRNA (version 2.0); what it lacks is as in Turner 2004
    #[arg(short = 'P', long, value_name = "FILE")]
    parameters: Option<std::path::PathBuf>,
}

impl ParametersArgs {
    pub fn run(self) -> Result<Outcome> {
        let built_in = self.built_in.as_deref().and_then(BuiltIn::find).unwrap_or(BuiltIn::Turner2004);
        let text = parameters(self.parameters.as_deref(), built_in)?.to_string();
        let mut out = self.output.open()?;
        out.write_all(text.as_bytes()).context(OutputFailure)?;
        out.finish()?;
        Ok(Outcome::Done)
    }
}
