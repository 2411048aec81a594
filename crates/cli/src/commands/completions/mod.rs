//! `rinalmo completions`: scripts for shells, from the definitions of the command line.

mod hints;

use anyhow::Result;
use clap::Args;
use clap_complete::Shell;

use crate::context::Outcome;
use crate::io::print;

/// Print a script that completes commands, options, names and files in your shell
///
/// bash: `rinalmo completions bash > ~/.local/share/bash-completion/completions/rinalmo`
///
/// zsh: `rinalmo completions zsh > DIR/_rinalmo`, where DIR is a folder of `$fpath`
///
/// fish: `rinalmo completions fish > ~/.config/fish/completions/rinalmo.fish`
///
/// elvish: `rinalmo completions elvish >> ~/.config/elvish/rc.elv`
///
/// powershell: `rinalmo completions powershell >> $PROFILE`
///
/// Then start a new shell. Write the script again after you install another version.
#[derive(Args)]
pub struct CompletionsArgs {
    /// Print the script of this shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

/// Runs the command.
///
/// # Errors
/// Standard output cannot be written.
pub fn run(args: &CompletionsArgs) -> Result<Outcome> {
    let mut definition = hints::hinted(crate::command(), args.shell);
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut definition, "rinalmo", &mut script);
    print(String::from_utf8_lossy(&script))?;
    Ok(Outcome::Done)
}
