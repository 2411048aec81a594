//! `rinalmo man`: manual pages of all commands, from the definitions of the command line.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::builder::Resettable;
use clap::{Args, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};
use rinalmo::seq::words::nearest;

use crate::EXIT_CODES;
use crate::context::{Context, Outcome};
use crate::io::{OutputFailure, many, print, write_file};

/// Print the manual page of a command, or write the pages of all commands
///
/// To read a page without installing it: `rinalmo man fold | man -l -`.
#[derive(Args)]
pub struct ManArgs {
    /// Print the page of this command, such as `corpus build`; of `rinalmo` itself if none is named
    #[arg(value_name = "COMMAND")]
    words: Vec<String>,
    /// Write all pages into DIR: `rinalmo.1`, `rinalmo-fold.1`, `rinalmo-corpus-build.1`, …
    #[arg(long, value_name = "DIR", conflicts_with = "words")]
    out_dir: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// There is no such command, or the pages cannot be written.
pub fn run(args: &ManArgs, context: &Context) -> Result<Outcome> {
    let definition = definition();
    match &args.out_dir {
        Some(folder) => {
            std::fs::create_dir_all(folder).with_context(|| format!("{}: cannot be created", folder.display()))?;
            let count = write_all(&definition, folder)?;
            context.note(format!("{} in {}", many(count, "page"), folder.display()));
        }
        None => print(String::from_utf8_lossy(&page(find(&definition, &args.words)?)?))?,
    }
    Ok(Outcome::Done)
}

/// All commands but `help`, with the options that each of them inherits.
fn definition() -> Command {
    let mut definition = crate::command().disable_help_subcommand(true);
    definition.build();
    definition
}

/// The command of these words.
fn find<'d>(definition: &'d Command, words: &[String]) -> Result<&'d Command> {
    let mut found = definition;
    for word in words {
        let Some(inner) = found.find_subcommand(word) else {
            let name = found.get_bin_name().unwrap_or_else(|| found.get_name());
            let hint = match nearest(word, found.get_subcommands().map(Command::get_name)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("`{name} --help` lists the commands"),
            };
            bail!("`{name}` has no command `{word}`\nhint: {hint}");
        };
        found = inner;
    }
    Ok(found)
}

/// Writes the page of a command and those of the commands below it, and returns how many.
fn write_all(command: &Command, folder: &Path) -> Result<usize> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    write_file(&folder.join(format!("{name}.1")), &page(command)?).context(OutputFailure)?;
    let below = command.get_subcommands().map(|inner| write_all(inner, folder));
    Ok(1 + below.sum::<Result<usize>>()?)
}

/// The page of a command, in roff and ASCII, which every version of `man` reads.
fn page(command: &Command) -> Result<Vec<u8>> {
    // The version is in the footer, and exit codes get a section with the usual name below.
    let plain = command.clone().version(Resettable::Reset).after_help(Resettable::Reset);
    let mut page = Vec::new();
    Man::new(plain).render(&mut page)?;
    let mut more = Roff::new();
    more.control("SH", ["EXIT STATUS"]).text([roman(EXIT_CODES)]);
    if command.get_bin_name().is_some_and(|name| name.contains(' ')) {
        more.control("SH", ["SEE ALSO"]).text([roman("rinalmo(1)")]);
    }
    let page = String::from_utf8(page)? + &more.to_roff();
    let lines = page.lines().map(|line| if line.starts_with(".TH ") { title(command) } else { line.to_owned() });
    Ok(lines.map(|line| ascii(&line) + "\n").collect::<String>().into_bytes())
}

/// The line of a page's title: `Man` leaves out an empty date, and what follows it moves forward.
fn title(command: &Command) -> String {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    let (date, version) = (option_env!("RINALMO_DATE").unwrap_or_default(), env!("CARGO_PKG_VERSION"));
    format!(".TH {} 1 \"{date}\" \"rinalmo {version}\" \"rinalmo manual\"", name.to_uppercase())
}

/// A line with roff's escapes for other characters than ASCII.
fn ascii(line: &str) -> String {
    let escaped = |c: char| if c.is_ascii() { c.to_string() } else { format!("\\[u{:04X}]", u32::from(c)) };
    line.chars().map(escaped).collect()
}
