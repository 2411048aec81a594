//! `--temperature`, `--dangles` and `--parameters`: flags of every command that uses an energy model.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use clap::{Args, ValueEnum};
use rinalmo::energy::{BuiltIn, Conditions, Dangles, EnergyModel, Parameters};
use rinalmo::seq::input;

/// The built-in energy model of measured energies, which is meant if none is named.
pub const TURNER2004: &str = BuiltIn::Turner2004.name();

/// The built-in energy model of learned energies.
pub const RINALMO2026: &str = BuiltIn::Rinalmo2026.name();

/// The built-in energy model that `--model` names, if it names one.
pub fn built_in(model: Option<&str>) -> Option<BuiltIn> {
    model.and_then(BuiltIn::find)
}

/// The parameters of the file that `--parameters` names, or `built_in` ones.
///
/// # Errors
/// The file cannot be read, or completes other energies than these.
pub fn parameters(file: Option<&Path>, built_in: BuiltIn) -> Result<Parameters> {
    let Some(path) = file else { return Ok(built_in.parameters().clone()) };
    if built_in != BuiltIn::Turner2004 {
        bail!("--parameters: a file replaces energies of `{TURNER2004}`, not of `{}`", built_in.name());
    }
    let mut text = String::new();
    let name = input::name_of(path);
    let read = input::open(path)?.read_to_string(&mut text);
    read.with_context(|| format!("--parameters: {name}: cannot be read"))?;
    text.parse().map_err(|error| anyhow!("--parameters: {name}: {error}"))
}

/// Which energies.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Energy model options")]
pub struct EnergyArgs {
    /// Compute energies at C degrees Celsius, -100 to 200 [default: 37]
    #[arg(short = 'T', long, value_name = "C", allow_negative_numbers = true)]
    pub temperature: Option<f64>,
    /// Count unpaired bases next to branches of multiloops and of the exterior loop: 2 on both sides of every branch, 0
    /// not at all [default: 2]
    #[arg(short, long, value_enum, value_name = "N", hide_possible_values = true)]
    pub dangles: Option<DanglesArg>,
    /// Read energies from FILE, a parameter file of ViennaRNA (version 2.0); what it lacks is as in Turner 2004
    #[arg(short = 'P', long, value_name = "FILE")]
    pub parameters: Option<PathBuf>,
}

/// `--dangles`, by ViennaRNA's numbers.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum DanglesArg {
    #[value(name = "0")]
    None,
    #[value(name = "2")]
    Both,
}

impl EnergyArgs {
    /// The first of these flags that was given.
    pub fn given(&self) -> Option<&'static str> {
        let given = [
            (self.temperature.is_some(), "--temperature"),
            (self.dangles.is_some(), "--dangles"),
            (self.parameters.is_some(), "--parameters"),
        ];
        given.into_iter().find_map(|(given, flag)| given.then_some(flag))
    }

    /// The name of the energies: of `built_in` ones, or the file's.
    pub fn name(&self, built_in: BuiltIn) -> String {
        self.parameters.as_ref().map_or_else(|| built_in.name().to_owned(), |path| path.display().to_string())
    }

    /// The model.
    ///
    /// # Errors
    /// The file cannot be read, or there are no energies at the temperature.
    pub fn load(&self, built_in: BuiltIn) -> Result<EnergyModel> {
        let usual = Conditions::default();
        let dangles = match self.dangles {
            None => usual.dangles,
            Some(DanglesArg::None) => Dangles::None,
            Some(DanglesArg::Both) => Dangles::Both,
        };
        let conditions = usual.temperature(self.temperature.unwrap_or(usual.temperature)).dangles(dangles);
        EnergyModel::new(&parameters(self.parameters.as_deref(), built_in)?, conditions)
            .map_err(|error| anyhow!("--{error}"))
    }
}
