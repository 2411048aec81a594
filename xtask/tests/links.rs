//! Every link of the documentation leads somewhere: to a file that exists, and to a heading that it has. And every guide
//! can be reached from the README.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A link to a file of the repository.
struct Link {
    line: usize,
    target: String,
    file: PathBuf,
    /// Empty without one.
    heading: String,
}

fn root() -> PathBuf {
    fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).unwrap()
}

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

/// The lines of a page outside of its blocks of code, with their numbers.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut in_code = false;
    text.lines().enumerate().filter_map(move |(number, line)| {
        let fence = line.trim_start().starts_with("```");
        in_code ^= fence;
        (!fence && !in_code).then_some((number + 1, line))
    })
}

/// The targets of the links in a line: `[text](target)`, not in backticks. A link's text may begin on the line before.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    let parts = line.split('`').step_by(2);
    parts.flat_map(|part| part.split("](").skip(1).filter_map(|rest| rest.split(')').next()))
}

/// The links of a page to files of the repository, and to its own headings.
fn links(page: &Path) -> Vec<Link> {
    let text = fs::read_to_string(page).unwrap();
    let all = prose(&text).flat_map(|(line, text)| targets(text).map(move |target| (line, target)));
    let ours = all.filter(|(_, target)| !target.contains("://") && !target.starts_with("mailto:"));
    let link = |(line, target): (usize, &str)| {
        let (file, heading) = target.split_once('#').unwrap_or((target, ""));
        let file = if file.is_empty() { page.to_owned() } else { page.parent().unwrap().join(file) };
        Link { line, target: target.to_owned(), file, heading: heading.to_owned() }
    };
    ours.map(link).collect()
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
    let has_it = || fs::read_to_string(&link.file).is_ok_and(|page| has_heading(&page, &link.heading));
    link.file.exists() && (link.heading.is_empty() || has_it())
}

#[test]
fn every_link_leads_to_a_file_and_a_heading_that_exist() {
    let mut all = Vec::new();
    pages(&root(), &mut all);
    let (mut count, mut broken) = (0, Vec::new());
    for page in &all {
        for link in links(page) {
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
    let (mut reached, mut next) = (BTreeSet::new(), vec![root().join("README.md")]);
    while let Some(page) = next.pop() {
        if reached.insert(page.clone()) && page.extension().is_some_and(|ending| ending == "md") {
            next.extend(links(&page).iter().filter_map(|link| fs::canonicalize(&link.file).ok()));
        }
    }
    for folder in ["docs", "examples"] {
        let mut guides = Vec::new();
        pages(&root().join(folder), &mut guides);
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
