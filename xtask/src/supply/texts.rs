//! The texts of licences, from the files in the packages that have them.
//!
//! Hundreds of packages have the same few texts, which differ in their lines of copyright, their blanks and their
//! quotation marks. Each text is written once, with the packages that have it and the lines of copyright of each. A text
//! whose files are all the same is written as it is.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::Package;
use crate::process::{metadata, root};

/// How the names of files with licences begin, in lower case.
const NAMES: [&str; 6] = ["license", "licence", "copying", "copyright", "notice", "unlicense"];
/// Endings of files that are something else.
const NO_TEXTS: [&str; 5] = ["json", "py", "rs", "sh", "toml"];
/// Folders whose files are not in the program.
const NOT_BUILT: [&str; 4] = ["benches", "examples", "target", "tests"];
/// What a text contains, in the form of [`words`]. A package without a file has the text of the first of these licences
/// that it allows.
const KNOWN: [(&str, &str); 2] =
    [("Apache-2.0", "apache license version 2 0 january 2004"), ("MIT", "permission is hereby granted free of charge")];
/// Data in the program that are not in a package of others: name, and folder with the licence.
const DATA: (&str, &str) = ("DejaVu Sans", "crates/draw/font");

/// A licence's text.
#[derive(Default)]
struct Text {
    /// As the first file has it.
    whole: String,
    /// Whether another file differs from the first.
    varies: bool,
    /// The lines of copyright of each package, by the package's name.
    holders: BTreeMap<String, Vec<String>>,
}

/// All texts, by their [`words`].
type Texts = BTreeMap<String, Text>;

/// The texts of these packages' licences, those of many packages first.
///
/// # Errors
/// If cargo cannot be run, a file cannot be read, or no text is known for a package.
pub fn render(packages: &[Package], platform: &str) -> anyhow::Result<String> {
    let sources = sources(platform)?;
    let mut texts = Texts::new();
    add_files(&mut texts, DATA.0, &root().join(DATA.1))?;
    let mut without = Vec::new();
    for package in packages.iter().filter(|package| !package.is_ours) {
        let source = sources.get(&(package.name.clone(), package.version.clone()));
        let source = source.with_context(|| format!("cargo does not say where {} is", package.name))?;
        if !add_files(&mut texts, &package.title(), &source.folder)? {
            without.push((package, source));
        }
    }
    for (package, source) in without {
        let text = known(&mut texts, &package.license);
        let text = text.with_context(|| format!("{}: no text is known for its licence", package.title()))?;
        text.varies = true; // without a file
        text.holders.insert(package.title(), vec![format!("authors {}", source.authors.join(", "))]);
    }
    let mut texts: Vec<Text> = texts.into_values().collect();
    texts.sort_by_key(|text| std::cmp::Reverse(text.holders.len()));
    Ok(texts.iter().map(Text::render).collect())
}

/// Where a package's files are, and who wrote it.
struct Source {
    folder: PathBuf,
    authors: Vec<String>,
}

/// Of all packages in the lock file, by name and version.
fn sources(platform: &str) -> anyhow::Result<BTreeMap<(String, String), Source>> {
    let metadata = metadata(&["--locked", "--filter-platform", platform])?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let sources = packages.filter_map(|package| {
        let folder = Path::new(package["manifest_path"].as_str()?).parent()?.to_path_buf();
        let authors = package["authors"].as_array()?.iter().filter_map(|name| name.as_str().map(str::to_owned));
        let key = (package["name"].as_str()?.to_owned(), package["version"].as_str()?.to_owned());
        Some((key, Source { folder, authors: authors.collect() }))
    });
    Ok(sources.collect())
}

/// Adds the texts in a folder; returns whether there are any at its top.
fn add_files(texts: &mut Texts, title: &str, folder: &Path) -> anyhow::Result<bool> {
    let mut files = Vec::new();
    list(folder, &mut files)?;
    files.sort();
    for file in &files {
        let bytes = fs::read(file).with_context(|| file.display().to_string())?;
        let whole = tidy(&String::from_utf8_lossy(&bytes));
        let (text, lines) = split(&whole);
        let entry = texts.entry(words(&text)).or_default();
        if entry.whole.is_empty() {
            entry.whole = whole;
        } else if entry.whole != whole {
            entry.varies = true;
        }
        let known = entry.holders.entry(title.to_owned()).or_default();
        for line in lines {
            if !known.contains(&line) {
                known.push(line);
            }
        }
    }
    Ok(files.iter().any(|file| file.parent() == Some(folder)))
}

/// Lists the files with licences in a folder and in those within it.
fn list(folder: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let ending = path.extension().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if !NOT_BUILT.contains(&name.as_str()) {
                list(&path, files)?;
            }
        } else if NAMES.iter().any(|begin| name.starts_with(begin)) && !NO_TEXTS.contains(&ending.as_ref()) {
            files.push(path);
        }
    }
    Ok(())
}

/// A file without blanks at the ends of lines, without empty lines at its ends or more than one in a row.
fn tidy(file: &str) -> String {
    let mut text = String::new();
    for line in file.trim_start_matches('\u{feff}').lines().map(str::trim_end) {
        if !line.is_empty() || !(text.is_empty() || text.ends_with("\n\n")) {
            text += line;
            text.push('\n');
        }
    }
    text.truncate(text.trim_end().len());
    text
}

/// A text without its lines of copyright, and those lines.
fn split(whole: &str) -> (String, Vec<String>) {
    let mut text = String::new();
    let mut holders = Vec::new();
    for line in whole.lines() {
        let bare = line.trim_start_matches([' ', '\t', '#', '*', '-', '/']);
        if is_copyright(bare) {
            holders.push(bare.to_owned());
        } else if !is_to_be_filled_in(bare) {
            text += line;
            text.push('\n');
        }
    }
    (tidy(&text), holders)
}

/// Whether a line names who has the copyright since when; that word begins lines of sentences too.
fn is_copyright(line: &str) -> bool {
    let names = line.contains(|c: char| c.is_ascii_digit() || c == '©') || line.to_lowercase().contains("(c)");
    line.starts_with("Copyright") && names && !is_to_be_filled_in(line)
}

/// Whether it is the line of the Apache licence that shows how to write one.
fn is_to_be_filled_in(line: &str) -> bool {
    line.starts_with("Copyright") && (line.contains("yyyy") || line.contains("name of copyright owner"))
}

/// The words of a text in lower case with a blank between them: the same for texts that say the same.
fn words(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

/// The text of a licence that an SPDX expression allows: the one that most packages have.
fn known<'a>(texts: &'a mut Texts, license: &str) -> Option<&'a mut Text> {
    let allowed = |name: &str| license.split(" OR ").any(|one| one == name);
    let (_, opening) = KNOWN.iter().find(|(name, _)| allowed(name))?;
    let fitting = texts.iter_mut().filter(|(words, _)| words.contains(opening));
    fitting.max_by_key(|(words, text)| (text.holders.len(), std::cmp::Reverse(words.len()))).map(|(_, text)| text)
}

impl Text {
    fn render(&self) -> String {
        let mut page = format!("\n{}\n\n", "=".repeat(80));
        for (title, lines) in &self.holders {
            let lines = if self.varies { &lines[..] } else { &[] };
            let colon = if lines.is_empty() { "" } else { ": " };
            let _ = writeln!(page, "- {title}{colon}{}", lines.join("; "));
        }
        let text = if self.varies { split(&self.whole).0 } else { self.whole.clone() };
        let _ = write!(page, "\n{text}\n");
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_differ_in_copyright_and_layout_are_one() {
        let split = |file| split(&tidy(file));
        let one = split("MIT License\n\nCopyright (c) 2020 A\n\nPermission is  hereby \"granted\"\n");
        let other = split("MIT License\r\nCopyright 2021, B\r\n\r\n\r\nPermission is hereby\r\ngranted\r\n");
        assert_eq!(words(&one.0), words(&other.0));
        assert_eq!((one.1, other.1), (vec!["Copyright (c) 2020 A".to_owned()], vec!["Copyright 2021, B".to_owned()]));
    }

    #[test]
    fn sentences_about_copyright_stay_in_the_text() {
        for line in ["copyright license to reproduce", "Copyright License. Subject to the terms", "Copyright notices"] {
            assert!(!is_copyright(line), "{line}");
        }
        let (text, holders) = split("a\n   Copyright [yyyy] [name of copyright owner]\nb");
        assert!(text == "a\nb" && holders.is_empty());
    }

    #[test]
    fn a_package_without_a_file_has_the_text_of_a_licence_that_it_allows() {
        let mut texts = Texts::new();
        texts.insert("permission is hereby granted free of charge".into(), Text::default());
        assert!(known(&mut texts, "MIT").is_some() && known(&mut texts, "BSD-3-Clause OR MIT").is_some());
        assert!(known(&mut texts, "MIT OR Apache-2.0").is_none(), "no package has that text");
        assert!(known(&mut texts, "MIT AND ISC").is_none());
    }
}
