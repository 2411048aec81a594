//! `rinalmo config`: the configs that are built into the program.

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use rinalmo::recipes::{self, Recipe};
use rinalmo::seq::words::nearest;

use crate::context::Outcome;
use crate::io::print;

/// List or print the built-in configs for training
///
/// `rinalmo pretrain NAME` and `rinalmo finetune TASK --config NAME` use them by name. To change one, save it with
/// `rinalmo config show NAME > mine.toml` and edit that file.
#[derive(Args)]
pub struct ConfigArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List the configs: name, what it trains, description
    List,
    /// Print a config as TOML
    Show {
        /// Name of the config, from `rinalmo config list`
        #[arg(value_name = "NAME")]
        name: String,
    },
}

/// Runs the command.
pub fn run(args: ConfigArgs) -> Result<Outcome> {
    match args.command {
        Command::List => print(list())?,
        Command::Show { name } => print(find(&name)?.text)?,
    }
    Ok(Outcome::Done)
}

fn list() -> String {
    let width = |cell: fn(&Recipe) -> &'static str| recipes::all().iter().map(|recipe| cell(recipe).len()).max();
    let names = width(|recipe| recipe.name).unwrap_or_default();
    let tasks = width(Recipe::task).unwrap_or_default();
    let line = |recipe: &Recipe| format!("{:<names$}  {:<tasks$}  {}\n", recipe.name, recipe.task(), recipe.about());
    recipes::all().iter().map(line).collect()
}

fn find(name: &str) -> Result<&'static Recipe> {
    let Some(recipe) = recipes::find(name) else {
        let hint = match nearest(name, recipes::all().iter().map(|recipe| recipe.name)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`rinalmo config list` lists them".to_owned(),
        };
        bail!("{name}: no config of this name is built in\nhint: {hint}");
    };
    Ok(recipe)
}
