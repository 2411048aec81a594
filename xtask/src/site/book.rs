//! The pages of the site, and the files that they show.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::command_page;
use super::summary::{self, Entry, Line, resolved};
use crate::help_pages::commands;
use crate::links::{links, retarget};

const SUMMARY: &str = "docs/SUMMARY.md";
/// The help of all commands.
const HELP: &str = "docs/help";
/// The part of the pages that only show a file.
const FILES: &str = "Files that pages name";
/// Endings of files that browsers show or save, rather than text of a page.
const COPIED: [&str; 5] = ["gz", "ipynb", "pdf", "png", "svg"];

/// What the site consists of.
pub struct Book {
    root: PathBuf,
    lines: Vec<Line>,
    /// Files that are copied as they are, from the root.
    copied: BTreeSet<PathBuf>,
}

impl Book {
    /// Reads the summary, and adds the files that its pages link to.
    ///
    /// # Errors
    /// If a page links to a page or folder that the summary does not name, or a file cannot be read.
    pub fn gather(root: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(root.join(SUMMARY)).context(SUMMARY)?;
        let mut book = Self { root: root.to_owned(), lines: Vec::new(), copied: BTreeSet::new() };
        for line in summary::parse(&text, Path::new("docs")).context(SUMMARY)? {
            book.lines.push(line.clone());
            if let Line::Page(entry) = line {
                book.add_below(&entry)?;
            }
        }
        book.add_linked()?;
        Ok(book)
    }

    /// How many pages there are.
    pub fn pages(&self) -> usize {
        self.entries().count()
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.lines.iter().filter_map(|line| if let Line::Page(entry) = line { Some(entry) } else { None })
    }

    /// Adds the pages of a folder after it.
    fn add_below(&mut self, folder: &Entry) -> anyhow::Result<()> {
        if folder.file == Path::new(HELP) {
            return self.add_commands(folder.depth + 1, "");
        }
        if self.root.join(&folder.file).is_dir() {
            for file in files(&self.root, &folder.file)? {
                let title = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
                self.lines.push(Line::Page(Entry::new(folder.depth + 1, title, file)));
            }
        }
        Ok(())
    }

    /// Adds the commands below the one of these words, in the order of its help.
    fn add_commands(&mut self, depth: usize, words: &str) -> anyhow::Result<()> {
        let file = help_file(words);
        let help = fs::read_to_string(self.root.join(&file)).with_context(|| file.display().to_string())?;
        for name in commands(&help) {
            let words = format!("{words} {name}").trim_start().to_owned();
            self.lines.push(Line::Page(Entry::new(depth, words.clone(), help_file(&words))));
            self.add_commands(depth + 1, &words)?;
        }
        Ok(())
    }

    /// Adds what the pages link to.
    fn add_linked(&mut self) -> anyhow::Result<()> {
        let mut known: BTreeSet<PathBuf> = self.entries().map(|entry| place(&self.root, &entry.file)).collect();
        let mut shown = Vec::new();
        let pages: Vec<PathBuf> = self.entries().map(|entry| entry.file.clone()).filter(|file| is_page(file)).collect();
        for page in pages {
            for link in links(&self.root.join(&page))? {
                let from_root = link.file.strip_prefix(&self.root).unwrap_or(&link.file);
                let file = resolved(Path::new(""), &from_root.to_string_lossy());
                if is_copied(&file) {
                    self.copied.insert(file);
                } else if known.insert(place(&self.root, &file)) {
                    if is_page(&file) || self.root.join(&file).is_dir() {
                        bail!("{}:{}: {} is not in {SUMMARY}", page.display(), link.line, link.target);
                    }
                    shown.push(Line::Page(Entry::new(0, file.display().to_string(), file)));
                }
            }
        }
        if !shown.is_empty() {
            self.lines.push(Line::Part(FILES.to_owned()));
            self.lines.append(&mut shown);
        }
        Ok(())
    }

    /// Writes all of it into a folder, for mdBook.
    ///
    /// # Errors
    /// If a file cannot be read or written.
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        for entry in self.entries() {
            let text = self.page(entry).with_context(|| entry.file.display().to_string())?;
            write(&folder.join(place(&self.root, &entry.file)), text.as_bytes())?;
        }
        for file in &self.copied {
            let bytes = fs::read(self.root.join(file)).with_context(|| file.display().to_string())?;
            write(&folder.join(file), &bytes)?;
        }
        let summary = summary::render(&self.lines, |file| place(&self.root, file));
        write(&folder.join("SUMMARY.md"), summary.as_bytes())
    }

    /// The text of a page.
    fn page(&self, entry: &Entry) -> anyhow::Result<String> {
        let Entry { title, file, .. } = entry;
        let path = self.root.join(file);
        if file.starts_with(HELP) {
            let words = if file == Path::new(HELP) { "" } else { title };
            let help = fs::read_to_string(self.root.join(help_file(words)))?;
            let below = |name: &str| format!("{}.md", format!("{words} {name}").trim_start().replace(' ', "-"));
            return Ok(command_page::render(words, &help, below));
        }
        if path.is_dir() {
            return Ok(listing(title, &files(&self.root, file)?));
        }
        let text = fs::read_to_string(&path)?;
        Ok(if is_page(file) { retarget(&text, |target| self.retargeted(file, target)) } else { show(file, &text) })
    }

    /// The target on the site of a link that a page has.
    fn retargeted(&self, page: &Path, target: &str) -> String {
        let (path, heading) = target.split_once('#').map_or((target, None), |(path, heading)| (path, Some(heading)));
        let heading = heading.map_or_else(String::new, |heading| format!("#{heading}"));
        if path.is_empty() {
            return heading;
        }
        let file = resolved(page.parent().unwrap_or(Path::new("")), path);
        let name = place(&self.root, &file).file_name().unwrap_or_default().to_owned();
        let folder = Path::new(path);
        let new = if self.root.join(&file).is_dir() { folder.join(name) } else { folder.with_file_name(name) };
        format!("{}{heading}", new.display())
    }
}

/// The file of a command's help, from the root.
fn help_file(words: &str) -> PathBuf {
    let name = if words.is_empty() { "rinalmo".to_owned() } else { words.replace(' ', "-") };
    Path::new(HELP).join(format!("{name}.txt"))
}

/// The files in a folder, sorted.
fn files(root: &Path, folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(root.join(folder)).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            files.push(folder.join(entry.file_name()));
        }
    }
    files.sort();
    Ok(files)
}

fn is_page(file: &Path) -> bool {
    file.extension().is_some_and(|ending| ending == "md")
}

fn is_copied(file: &Path) -> bool {
    file.extension().is_some_and(|ending| COPIED.iter().any(|copied| ending == *copied))
}

/// Where a file of the repository is in mdBook's folder.
fn place(root: &Path, file: &Path) -> PathBuf {
    if root.join(file).is_dir() {
        return file.join("index.md");
    }
    let is_called = |name: &str| file.file_name().is_some_and(|found| found == name);
    if is_called("README.md") || file == help_file("") {
        return file.with_file_name("index.md");
    }
    if file.starts_with(HELP) {
        return file.with_extension("md");
    }
    if is_page(file) || is_copied(file) { file.to_owned() } else { PathBuf::from(format!("{}.md", file.display())) }
}

/// A page that lists files beside it.
fn listing(title: &str, files: &[PathBuf]) -> String {
    let names = files.iter().filter_map(|file| file.file_name()).map(|name| name.to_string_lossy());
    let items: String = names.map(|name| format!("- [{name}]({name}.md)\n")).collect();
    format!("# {title}\n\n{items}")
}

/// A page that shows a file of text.
fn show(file: &Path, text: &str) -> String {
    let ending = file.extension().unwrap_or_default().to_string_lossy();
    let language = match &*ending {
        "py" => "python",
        "rs" => "rust",
        "toml" => "toml",
        _ => "text",
    };
    // Longer than any fence in the text.
    let fence = "`".repeat(12);
    format!("# {}\n\n{fence}{language}\n{}\n{fence}\n", file.display(), text.trim_end())
}

fn write(file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    fs::write(file, bytes).with_context(|| file.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::root;

    #[test]
    fn every_page_of_the_documentation_is_in_the_summary() {
        let text = fs::read_to_string(root().join(SUMMARY)).unwrap();
        let lines = summary::parse(&text, Path::new("docs")).unwrap();
        let named: BTreeSet<PathBuf> = lines
            .into_iter()
            .filter_map(|line| if let Line::Page(entry) = line { Some(entry.file) } else { None })
            .collect();
        let pages = files(&root(), Path::new("docs")).unwrap();
        let lost: Vec<PathBuf> = pages
            .into_iter()
            .filter(|page| is_page(page) && page != Path::new(SUMMARY) && !named.contains(page))
            .collect();
        assert!(lost.is_empty(), "{SUMMARY} does not name {lost:?}");
    }

    #[test]
    fn every_help_page_and_every_linked_file_is_on_the_site_once() {
        let book = Book::gather(&root()).unwrap();
        let mut places: Vec<PathBuf> = book.entries().map(|entry| place(&book.root, &entry.file)).collect();
        for help in files(&root(), Path::new(HELP)).unwrap() {
            assert!(places.contains(&place(&book.root, &help)), "{} is not on the site", help.display());
        }
        assert!(places.contains(&PathBuf::from("NOTICE.md")) && book.copied.contains(Path::new("docs/crates.svg")));
        let count = places.len();
        places.sort();
        places.dedup();
        assert_eq!(places.len(), count);
    }

    #[test]
    fn a_linked_page_that_the_summary_does_not_name_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| write(&folder.path().join(name), text.as_bytes()).unwrap();
        file("docs/SUMMARY.md", "# All\n\n[start](../README.md)\n");
        file("README.md", "# x\n\n[a](docs/a.md), [b](b.txt), [c](c.svg)\n");
        file("docs/a.md", "[up](../README.md#x)\n");
        let error = Book::gather(folder.path()).err().unwrap().to_string();
        assert_eq!(error, "README.md:3: docs/a.md is not in docs/SUMMARY.md");
        file("docs/SUMMARY.md", "# All\n\n[start](../README.md)\n\n# One\n\n- [a](a.md)\n");
        file("b.txt", "b\n");
        file("c.svg", "");
        let site = folder.path().join("site");
        Book::gather(folder.path()).unwrap().write(&site).unwrap();
        let read = |name: &str| fs::read_to_string(site.join(name)).unwrap();
        assert_eq!(read("index.md"), "# x\n\n[a](docs/a.md), [b](b.txt.md), [c](c.svg)\n");
        assert_eq!(read("docs/a.md"), "[up](../index.md#x)\n");
        assert!(
            read("SUMMARY.md").contains("- [a](docs/a.md)\n") && read("SUMMARY.md").ends_with("- [b.txt](b.txt.md)\n")
        );
    }
}
