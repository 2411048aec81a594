//! The links of the site as built: each leads to a file of the site, and to a place that the file has.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::summary::resolved;

/// The site's pages: the names of the places in each, by its path.
type Places = BTreeMap<PathBuf, BTreeSet<String>>;

/// A line for each link that leads nowhere.
///
/// # Errors
/// If a file cannot be read.
pub fn broken_links(site: &Path) -> anyhow::Result<Vec<String>> {
    let mut files = Vec::new();
    list(site, Path::new(""), &mut files)?;
    let mut pages = BTreeMap::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|ending| ending == "html")) {
        let text = fs::read_to_string(site.join(file)).with_context(|| file.display().to_string())?;
        pages.insert(file.clone(), text);
    }
    let places: Places = pages.iter().map(|(file, page)| (file.clone(), values(page, "id").collect())).collect();
    let files: BTreeSet<PathBuf> = files.into_iter().collect();
    let mut broken = Vec::new();
    for (file, page) in &pages {
        let links = values(page, "href").chain(values(page, "src")).filter(|link| !is_elsewhere(link));
        let lost: BTreeSet<String> = links.filter(|link| !leads_somewhere(file, link, &files, &places)).collect();
        broken.extend(lost.into_iter().map(|link| format!("{}: {link}", file.display())));
    }
    Ok(broken)
}

fn list(site: &Path, folder: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in fs::read_dir(site.join(folder)).with_context(|| site.join(folder).display().to_string())? {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            list(site, &path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// The values of an attribute in all tags of a page.
fn values(page: &str, attribute: &str) -> impl Iterator<Item = String> {
    let begin = format!(" {attribute}=\"");
    let tags = page.split('<').skip(1).filter_map(|rest| rest.split('>').next());
    tags.filter_map(move |tag| Some(plain(tag.split_once(&begin)?.1.split('"').next()?)))
}

/// A value without HTML's escapes.
fn plain(value: &str) -> String {
    value.replace("&quot;", "\"").replace("&#39;", "'").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

fn is_elsewhere(link: &str) -> bool {
    link.contains("://") || ["mailto:", "data:", "javascript:"].iter().any(|scheme| link.starts_with(scheme))
}

fn leads_somewhere(page: &Path, link: &str, files: &BTreeSet<PathBuf>, places: &Places) -> bool {
    let (path, place) = link.split_once('#').unwrap_or((link, ""));
    let path = path.split('?').next().unwrap_or_default();
    let (folder, path) = match path.strip_prefix('/') {
        Some(from_root) => (Path::new(""), if from_root.is_empty() { "./" } else { from_root }),
        None => (page.parent().unwrap_or(Path::new("")), path),
    };
    let file = match path {
        "" => page.to_owned(),
        _ if path.ends_with('/') => resolved(folder, path).join("index.html"),
        _ => resolved(folder, path),
    };
    let has_place = || places.get(&file).is_some_and(|places| places.contains(place));
    files.contains(&file) && (place.is_empty() || has_place())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_missing_files_and_places_are_reported() {
        let site = tempfile::tempdir().unwrap();
        let write = |file: &str, text: &str| {
            let path = site.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write(
            "a/index.html",
            "<h1 id=\"here\"><a class=\"x\" href=\"../b.html#there\">b</a> <a href=\"#here\">&lt;a href=\"no\"</a>",
        );
        write(
            "b.html",
            "<p id=\"there\"><img src=\"a/c.svg\"><a href=\"a/\"></a><a href=\"https://a.b/c\"></a><a href=\"a/#gone\">",
        );
        write("a/c.svg", "");
        assert_eq!(broken_links(site.path()).unwrap(), ["b.html: a/#gone"]);
        fs::remove_file(site.path().join("a/c.svg")).unwrap();
        assert_eq!(broken_links(site.path()).unwrap(), ["b.html: a/#gone", "b.html: a/c.svg"]);
    }
}
