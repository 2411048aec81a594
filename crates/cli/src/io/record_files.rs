//! A folder with a file for each record, named after its id, and a list of those that have other names.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use rinalmo::structures::NAMES_LIST;

use super::{OutputFailure, report, write_file};
use crate::context::Context;

/// An open folder.
pub struct RecordFiles {
    folder: PathBuf,
    ending: &'static str,
    names: HashMap<String, usize>,
    changed: Vec<Changed>,
}

/// A file with another name than its record.
struct Changed {
    file: String,
    id: String,
    header: String,
}

impl RecordFiles {
    /// Creates the folder, if it does not exist, for files with this ending.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn open(folder: &Path, ending: &'static str) -> Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("{}: cannot be created", folder.display()))?;
        Ok(Self { folder: folder.to_owned(), ending, names: HashMap::new(), changed: Vec::new() })
    }

    /// Writes the file of a record.
    ///
    /// # Errors
    /// It cannot be written; an existing file is kept.
    pub fn write(&mut self, id: &str, header: &str, bytes: &[u8]) -> Result<()> {
        let name = unused_name(&mut self.names, id);
        let file = format!("{name}.{}", self.ending);
        write_file(&self.folder.join(&file), bytes).context(OutputFailure)?;
        if name != id {
            self.changed.push(Changed { file, id: id.to_owned(), header: header.to_owned() });
        }
        Ok(())
    }

    /// Lists the files with other names than their records. Rows of an earlier run's list are kept if their files are still
    /// those of that run.
    ///
    /// # Errors
    /// The list cannot be written.
    pub fn finish(self, context: &Context) -> Result<()> {
        let Self { folder, names, changed, ending } = self;
        let ending = format!(".{ending}");
        let is_written = |file: &str| file.strip_suffix(&ending).is_some_and(|n| names.contains_key(&n.to_lowercase()));
        let path = folder.join(NAMES_LIST);
        let earlier = std::fs::read_to_string(&path).ok().filter(|text| text.starts_with(LIST_HEADER));
        let plain = |text: &str| text.replace(char::is_control, " ");
        let row = |Changed { file, id, header }: &Changed| format!("{file}\t{}\t{}\n", plain(id), plain(header));
        let rows: String = still_true(earlier.as_deref(), &folder, is_written).chain(changed.iter().map(row)).collect();
        if !rows.is_empty() {
            write_file(&path, format!("{LIST_HEADER}{rows}").as_bytes()).context(OutputFailure)?;
        } else if earlier.is_some() {
            let removed = std::fs::remove_file(&path);
            removed.with_context(|| format!("{}: cannot be removed", path.display())).context(OutputFailure)?;
        }
        let Some(first) = changed.first() else { return Ok(()) };
        let (output, first) = (folder.display().to_string(), Some((first.id.as_str(), first.file.as_str())));
        report(&output, first, changed.len(), &format!("; {NAMES_LIST} in that folder lists them"), context);
        Ok(())
    }
}

/// The first line of a list of names.
const LIST_HEADER: &str = "file\tid\theader\n";

/// The rows of an earlier list for files that still exist and that this run has not written.
fn still_true<'t>(
    earlier: Option<&'t str>,
    folder: &'t Path,
    is_written: impl Fn(&str) -> bool + 't,
) -> impl Iterator<Item = String> + 't {
    let rows = earlier.unwrap_or_default().lines().skip(1);
    let of_earlier_run = move |row: &&str| {
        let file = row.split('\t').next().unwrap_or_default();
        !is_written(file) && folder.join(file).is_file()
    };
    rows.filter(of_earlier_run).map(|row| format!("{row}\n"))
}

/// A file name for a record: its id without characters that file systems do not allow, numbered from
/// the second of the same name.
fn unused_name(names: &mut HashMap<String, usize>, id: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || "._-+".contains(c) { c } else { '_' };
    let name: String = id.chars().map(plain).take(100).collect();
    let name = if name.trim_matches(['.', '_']).is_empty() { "record".to_owned() } else { name };
    // Some file systems treat `a` and `A` as the same name.
    let mut candidate = name.clone();
    let count = names.entry(name.to_lowercase()).or_insert(0);
    *count += 1;
    let mut number = *count;
    while number > 1 {
        candidate = format!("{name}_{number}");
        if !names.contains_key(&candidate.to_lowercase()) {
            break;
        }
        number += 1;
    }
    names.entry(candidate.to_lowercase()).or_insert(1);
    candidate
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_safe_and_never_repeat() {
        let mut names = HashMap::new();
        let given: Vec<String> =
            ["a", "a", "A", "a_2", "../x", "", ".."].iter().map(|id| unused_name(&mut names, id)).collect();
        assert_eq!(given, ["a", "a_2", "A_3", "a_2_2", ".._x", "record", "record_2"]);
    }
}
