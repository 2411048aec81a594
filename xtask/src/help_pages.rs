//! `cargo xtask help-pages`: writes the help of `rinalmo` and of each of its commands into files.
//!
//! The list of commands is read from the program's help, so a new command gets its page automatically.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};

use crate::build::Build;
use crate::process::{command, root};

/// The pages by file name.
type Pages = BTreeMap<String, String>;

/// Writes the pages, or with `check` compares them.
///
/// # Errors
/// If the program cannot be built or run, or a file cannot be read or written.
pub fn run(check: bool) -> anyhow::Result<ExitCode> {
    let folder = root().join("docs/help");
    let program = Build::new()?.program()?;
    let mut pages = Pages::new();
    collect(&program, &mut Vec::new(), &mut pages)?;
    if !check {
        write(&folder, &pages)?;
        eprintln!("{} pages in {}", pages.len(), folder.display());
        return Ok(ExitCode::SUCCESS);
    }
    let differences = compare(&folder, &pages)?;
    for difference in &differences {
        eprintln!("docs/help/{difference}");
    }
    if differences.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("hint: `cargo xtask help-pages` writes them again");
    Ok(ExitCode::FAILURE)
}

/// Adds the page of the command `words` and those of its subcommands.
fn collect(program: &Path, words: &mut Vec<String>, pages: &mut Pages) -> anyhow::Result<()> {
    let page = help(program, words)?;
    let below = commands(&page);
    let name = if words.is_empty() { "rinalmo".to_owned() } else { words.join("-") };
    pages.insert(format!("{name}.txt"), page);
    for word in below {
        words.push(word);
        collect(program, words, pages)?;
        words.pop();
    }
    Ok(())
}

fn help(program: &Path, words: &[String]) -> anyhow::Result<String> {
    let output = command(&program.to_string_lossy())
        .args(words)
        .arg("--help")
        .env_remove("COLUMNS")
        .output()
        .with_context(|| format!("cannot run {}", program.display()))?;
    if !output.status.success() {
        bail!("`rinalmo {} --help` failed: {}", words.join(" "), String::from_utf8_lossy(&output.stderr));
    }
    let text = String::from_utf8(output.stdout).context("help is not UTF-8")?;
    Ok(text.lines().map(|line| format!("{}\n", line.trim_end())).collect())
}

/// The commands that a help page lists under `Commands:`, except `help`.
pub fn commands(page: &str) -> Vec<String> {
    page.lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|word| *word != "help")
        .map(str::to_owned)
        .collect()
}

/// Writes the pages and deletes those of removed commands.
fn write(folder: &Path, pages: &Pages) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    for name in present(folder)?.into_iter().filter(|name| !pages.contains_key(name)) {
        fs::remove_file(folder.join(&name)).with_context(|| name.clone())?;
    }
    for (name, page) in pages {
        fs::write(folder.join(name), page).with_context(|| name.clone())?;
    }
    Ok(())
}

/// One line for each page that is missing, superfluous or different.
fn compare(folder: &Path, pages: &Pages) -> anyhow::Result<Vec<String>> {
    let present = present(folder)?;
    let left_over = present.iter().filter(|name| !pages.contains_key(*name));
    let mut differences: Vec<String> = left_over.map(|name| format!("{name}: there is no such command")).collect();
    for (name, page) in pages {
        if !present.contains(name) {
            differences.push(format!("{name}: missing"));
            continue;
        }
        let written = fs::read_to_string(folder.join(name)).with_context(|| name.clone())?;
        differences.extend(first_difference(&written, page).map(|difference| format!("{name}:{difference}")));
    }
    Ok(differences)
}

/// The pages in a folder; none if the folder does not exist.
fn present(folder: &Path) -> anyhow::Result<Vec<String>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        names.extend(name.ends_with(".txt").then_some(name));
    }
    Ok(names)
}

/// The first line in which two texts differ, and how.
fn first_difference(written: &str, said: &str) -> Option<String> {
    if written == said {
        return None;
    }
    let (mut written, mut said) = (written.lines(), said.lines());
    for line in 1.. {
        match (written.next(), said.next()) {
            (None, None) => break,
            (left, right) if left != right => {
                let show = |text: Option<&str>| text.map_or("the end".to_owned(), |text| format!("`{}`", text.trim()));
                return Some(format!("{line}: the page has {}, the program says {}", show(left), show(right)));
            }
            _ => {}
        }
    }
    Some("1: line ends differ".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_from_help() {
        let page = "Does things.\n\nUsage: x <COMMAND>\n\nCommands:\n  fold     Folds\n           and more\n  predict  Predicts\n  \
                    help     Print this\n\nOptions:\n  -h  Print help\n";
        assert_eq!(commands(page), ["fold", "predict"]);
        assert!(commands("Usage: x\n\nOptions:\n  -h  Print help\n").is_empty());
    }

    #[test]
    fn written_pages_compare_equal_and_changes_are_reported() {
        let folder = tempfile::tempdir().unwrap();
        let pages = |text: &str| Pages::from([("fold.txt".to_owned(), text.to_owned())]);
        fs::write(folder.path().join("gone.txt"), "").unwrap();
        assert_eq!(
            compare(folder.path(), &pages("a\n")).unwrap(),
            ["gone.txt: there is no such command", "fold.txt: missing"]
        );
        write(folder.path(), &pages("a\nb\n")).unwrap();
        assert!(compare(folder.path(), &pages("a\nb\n")).unwrap().is_empty());
        assert_eq!(
            compare(folder.path(), &pages("a\nc\n")).unwrap(),
            ["fold.txt:2: the page has `b`, the program says `c`"]
        );
        assert_eq!(
            compare(folder.path(), &pages("a\n")).unwrap(),
            ["fold.txt:2: the page has `b`, the program says the end"]
        );
    }
}
