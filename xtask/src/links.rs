//! Links of Markdown pages to files of this repository.
//!
//! The tests below follow every link of the documentation; `cargo xtask site` changes those that lead elsewhere on the
//! site.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// A link to a file of the repository.
pub struct Link {
    pub line: usize,
    /// As it is written.
    pub target: String,
    pub file: PathBuf,
}

/// The links of a page to files of the repository, and to its own headings.
///
/// # Errors
/// If the page cannot be read.
pub fn links(page: &Path) -> anyhow::Result<Vec<Link>> {
    let text = fs::read_to_string(page).with_context(|| page.display().to_string())?;
    let mut links = Vec::new();
    for (line, text) in prose(&text) {
        let link = |target: &str| {
            let file = target.split('#').next().unwrap_or_default();
            let file = if file.is_empty() { page.to_owned() } else { page.with_file_name("").join(file) };
            Link { line, target: target.to_owned(), file }
        };
        links.extend(targets(text).filter(|target| is_ours(target)).map(link));
    }
    Ok(links)
}

/// A page with other targets in its links to files of the repository.
pub fn retarget(page: &str, mut new: impl FnMut(&str) -> String) -> String {
    let mut text = String::new();
    for (_, line, is_prose) in lines(page) {
        if is_prose {
            let parts = line.split('`').enumerate();
            // What is between backticks is code.
            let parts =
                parts.map(|(at, part)| if at % 2 == 0 { retarget_part(part, &mut new) } else { part.to_owned() });
            text += &parts.collect::<Vec<_>>().join("`");
        } else {
            text += line;
        }
        text.push('\n');
    }
    text
}

fn retarget_part(part: &str, new: &mut impl FnMut(&str) -> String) -> String {
    let mut pieces = part.split("](");
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        text += "](";
        match piece.split_once(')') {
            Some((target, rest)) if is_ours(target) => text.extend([&new(target), ")", rest]),
            _ => text += piece,
        }
    }
    text
}

/// Whether a target is in this repository.
fn is_ours(target: &str) -> bool {
    !target.contains("://") && !target.starts_with("mailto:")
}

/// The lines of a page with their numbers, and whether they are outside of its blocks of code.
fn lines(page: &str) -> impl Iterator<Item = (usize, &str, bool)> {
    let mut in_code = false;
    page.lines().enumerate().map(move |(number, line)| {
        let fence = line.trim_start().starts_with("```");
        in_code ^= fence;
        (number + 1, line, !fence && !in_code)
    })
}

/// The lines of a page outside of its blocks of code, with their numbers.
fn prose(page: &str) -> impl Iterator<Item = (usize, &str)> {
    lines(page).filter_map(|(number, line, is_prose)| is_prose.then_some((number, line)))
}

/// The targets of the links in a line: `[text](target)`, not in backticks. A link's text may begin on the line before.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    let parts = line.split('`').step_by(2);
    parts.flat_map(|part| part.split("](").skip(1).filter_map(|rest| rest.split(')').next()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::process::root;

    /// All pages below a folder.
    fn pages(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            if path.is_dir() && !path.is_symlink() && name != "target" && name != "runs" && !name.starts_with('.') {
                pages(&path, found);
            } else if name.ends_with(".md") {
                found.push(path);
            }
        }
    }

    /// The name by which a heading is linked to, as GitHub makes it.
    fn anchor(heading: &str) -> String {
        let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.collect::<String>().to_lowercase().replace(' ', "-")
    }

    fn has_heading(page: &str, name: &str) -> bool {
        prose(page).any(|(_, line)| line.starts_with('#') && anchor(line.trim_start_matches('#')) == name)
    }

    fn leads_somewhere(link: &Link) -> bool {
        let Some((_, heading)) = link.target.split_once('#') else { return link.file.exists() };
        fs::read_to_string(&link.file).is_ok_and(|page| has_heading(&page, heading))
    }

    #[test]
    fn every_link_leads_to_a_file_and_a_heading_that_exist() {
        let mut all = Vec::new();
        pages(&root(), &mut all);
        let (mut count, mut broken) = (0, Vec::new());
        for page in &all {
            for link in links(page).unwrap() {
                count += 1;
                if !leads_somewhere(&link) {
                    broken.push(format!("{}:{}: {}", page.display(), link.line, link.target));
                }
            }
        }
        assert!(broken.is_empty(), "{broken:#?}");
        assert!(all.len() > 25 && count > 60, "only {count} links in {} pages were found", all.len());
    }

    #[test]
    fn every_guide_can_be_reached_from_the_readme() {
        let (mut reached, mut next) = (BTreeSet::new(), vec![fs::canonicalize(root().join("README.md")).unwrap()]);
        while let Some(page) = next.pop() {
            if reached.insert(page.clone()) && page.extension().is_some_and(|ending| ending == "md") {
                next.extend(links(&page).unwrap().iter().filter_map(|link| fs::canonicalize(&link.file).ok()));
            }
        }
        for folder in ["docs", "examples", "packaging"] {
            let mut guides = Vec::new();
            pages(&fs::canonicalize(root().join(folder)).unwrap(), &mut guides);
            let lost: Vec<_> = guides.iter().filter(|guide| !reached.contains(*guide)).collect();
            assert!(!guides.is_empty() && lost.is_empty(), "no page links to {lost:#?}");
        }
    }

    #[test]
    fn headings_are_named_as_on_github() {
        assert_eq!(anchor(" Two clustering engines"), "two-clustering-engines");
        assert_eq!(anchor(" `fold`, 5' ends & more"), "fold-5-ends--more");
        let page = "# One\n```sh\n# Two\n```\n";
        assert!(has_heading(page, "one") && !has_heading(page, "two"));
    }

    #[test]
    fn only_links_to_files_of_the_repository_get_another_target() {
        let page = "A [guide](docs/a.md#b), [`x`](y.rs) and [web](https://a.b/c), `[no](link)`.\n```\n[n](o)\n```\n";
        let expected =
            "A [guide](<docs/a.md#b>), [`x`](<y.rs>) and [web](https://a.b/c), `[no](link)`.\n```\n[n](o)\n```\n";
        assert_eq!(retarget(page, |target| format!("<{target}>")), expected);
        assert_eq!(retarget(page, str::to_owned), page);
    }
}
