//! `cargo xtask site`: the documentation as a site, from the same Markdown.
//!
//! Pages are gathered into `target/site/src` at the paths that they have in the repository, so that their links hold.
//! Other files that pages link to become pages too, and so does the help of each command. mdBook makes HTML of them, and
//! the links of the result are checked. Nothing is fetched.

mod book;
mod built;
mod command_page;
mod summary;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;

use crate::process::{command, root, succeeds};

use book::Book;

/// Settings and style of the site.
const SETTINGS: &str = "packaging/site";

/// Builds the site and checks its links; skipped without mdBook.
///
/// # Errors
/// If a page links to a page that is not in the summary, or a file cannot be read or written.
pub fn run() -> anyhow::Result<ExitCode> {
    if !succeeds("mdbook --version") {
        eprintln!("=== site: skipped, there is no `mdbook` here: cargo install --locked mdbook");
        return Ok(ExitCode::SUCCESS);
    }
    let folder = root().join("target/site");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
    }
    let book = Book::gather(&root())?;
    book.write(&folder.join("src"))?;
    for file in ["book.toml", "site.css"] {
        fs::copy(root().join(SETTINGS).join(file), folder.join(file)).with_context(|| file.to_owned())?;
    }
    build(&folder)?;
    let site = folder.join("book");
    let broken = built::broken_links(&site)?;
    broken.iter().for_each(|link| eprintln!("{link} leads nowhere"));
    if !broken.is_empty() {
        return Ok(ExitCode::FAILURE);
    }
    eprintln!("{} pages: {}", book.pages(), site.join("index.html").display());
    Ok(ExitCode::SUCCESS)
}

fn build(folder: &Path) -> anyhow::Result<()> {
    let output = command("mdbook").arg("build").arg(folder).output().context("cannot run mdbook")?;
    let messages = String::from_utf8_lossy(&output.stderr);
    // A warning is a page that readers see broken, such as one with a tag that is not closed.
    anyhow::ensure!(output.status.success() && !messages.contains(" WARN "), "mdbook: {messages}");
    Ok(())
}
