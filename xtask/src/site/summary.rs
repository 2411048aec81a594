//! The order of the pages: `docs/SUMMARY.md`, in mdBook's format. Its links are relative to its folder, so that they also
//! work in the repository; a link to a folder stands for the pages of that folder.

use std::fmt::Write as _;
use std::path::{Component, Path, PathBuf};

use anyhow::bail;

/// A line of the summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// A heading; the pages after it belong to that part.
    Part(String),
    Page(Entry),
}

/// A page, and what the list of pages calls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// How many pages it is below.
    pub depth: usize,
    pub title: String,
    /// From the root of the repository.
    pub file: PathBuf,
}

impl Entry {
    pub fn new(depth: usize, title: impl Into<String>, file: impl Into<PathBuf>) -> Self {
        Self { depth, title: title.into(), file: file.into() }
    }
}

/// Reads a summary; `folder` is where it is, from the root of the repository.
///
/// # Errors
/// If a line is neither empty, nor a heading, nor a link.
pub fn parse(text: &str, folder: &Path) -> anyhow::Result<Vec<Line>> {
    let mut lines = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.is_empty()) {
        let entry = line.trim_start();
        let depth = (line.len() - entry.len()) / 2;
        let link = entry.strip_prefix("- ").unwrap_or(entry);
        if let Some(heading) = line.strip_prefix("# ") {
            lines.push(Line::Part(heading.to_owned()));
        } else if let Some((title, target)) =
            link.strip_prefix('[').and_then(|rest| rest.strip_suffix(')')?.split_once("]("))
        {
            lines.push(Line::Page(Entry::new(depth, title, resolved(folder, target))));
        } else {
            bail!("line {}: expected `# Part` or `- [title](page)`, found `{line}`", number + 1);
        }
    }
    Ok(lines)
}

/// The summary that mdBook reads; `place` gives where a page is on the site. Pages before the second heading are listed
/// above all parts.
pub fn render(lines: &[Line], place: impl Fn(&Path) -> PathBuf) -> String {
    let mut text = String::new();
    let mut parts = 0;
    for line in lines {
        match line {
            Line::Part(heading) => {
                parts += 1;
                let _ = write!(text, "\n# {heading}\n\n");
            }
            Line::Page(Entry { depth, title, file }) => {
                let (indent, mark) = ("  ".repeat(*depth), if parts > 1 { "- " } else { "" });
                let _ = writeln!(text, "{indent}{mark}[{title}]({})", place(file).display());
            }
        }
    }
    text.trim_start().to_owned()
}

/// A path relative to a folder, without `..`.
pub fn resolved(folder: &Path, target: &str) -> PathBuf {
    let mut path = folder.to_owned();
    for part in Path::new(target).components() {
        match part {
            Component::ParentDir => _ = path.pop(),
            Component::CurDir => {}
            part => path.push(part),
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_read_and_written_from_the_root() {
        let text = "# All\n\n[start](../README.md)\n\n# One\n\n- [A](a.md)\n  - [B b](../x/b)\n";
        let lines = parse(text, Path::new("docs")).unwrap();
        assert_eq!(lines[4], Line::Page(Entry::new(1, "B b", "x/b")));
        let place = |file: &Path| file.with_extension("page");
        let expected = "# All\n\n[start](README.page)\n\n# One\n\n- [A](docs/a.page)\n  - [B b](x/b.page)\n";
        assert_eq!(render(&lines, place), expected);
    }

    #[test]
    fn a_line_that_is_no_link_is_reported() {
        let error = parse("# All\n\nsome words\n", Path::new("docs")).unwrap_err().to_string();
        assert_eq!(error, "line 3: expected `# Part` or `- [title](page)`, found `some words`");
    }

    #[test]
    fn paths_go_up_and_down() {
        assert_eq!(resolved(Path::new("docs/help"), "../../models/./nano"), Path::new("models/nano"));
    }
}
