//! What records are called: nothing nameless, and nothing under another's name.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::entry::{Entry, first_word};
use super::files::stem;

/// What a file's name says of a record that is alone in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileName {
    /// It is the record's id, as the public collections have it.
    Id,
    /// It is one of its names.
    Name,
    /// Nothing: the file could not be called as its record is, and a list in the folder says so.
    Other,
}

/// Names the records of one file. Of several, those without a name are numbered.
pub(super) fn of_file(entries: &mut [Entry], path: &Path, file_name: FileName) {
    let stem = stem(path);
    if let [only] = entries {
        if file_name == FileName::Other && !only.id.is_empty() {
            return;
        }
        if file_name == FileName::Id || only.id.is_empty() {
            only.id.clone_from(&stem);
        }
        only.stem = Some(stem);
        return;
    }
    let taken: HashSet<String> = entries.iter().map(|entry| entry.id.clone()).collect();
    for (number, entry) in (1..).zip(entries.iter_mut()).filter(|(_, entry)| entry.id.is_empty()) {
        let names = (0..).map(|more| format!("{stem}_{number}{}", "_".repeat(more)));
        entry.id = names.into_iter().find(|name| !taken.contains(name)).unwrap_or_default();
    }
}

/// Calls records whose headers begin with the same word and go on differently by their whole headers; says how many.
pub(super) fn tell_apart(entries: &mut [Entry]) -> Option<String> {
    let mut headers: HashMap<&str, HashSet<&str>> = HashMap::new();
    for entry in entries.iter().filter(|entry| is_first_word(entry)) {
        headers.entry(&entry.id).or_default().insert(&entry.header);
    }
    headers.retain(|_, headers| headers.len() > 1);
    let shared: HashSet<String> = headers.into_keys().map(str::to_owned).collect();
    let (mut count, mut first) = (0, None);
    for entry in entries.iter_mut().filter(|entry| is_first_word(entry) && shared.contains(&entry.id)) {
        first.get_or_insert_with(|| entry.id.clone());
        entry.id.clone_from(&entry.header);
        count += 1;
    }
    let first = first?;
    Some(format!(
        "{count} records share the first word of their headers, such as `{first}`; they go by their whole headers"
    ))
}

/// Whether a record goes by the first word of its header.
fn is_first_word(entry: &Entry) -> bool {
    !entry.header.is_empty() && entry.id == first_word(&entry.header)
}

#[cfg(test)]
mod tests {
    use crate::Structure;

    use super::*;

    fn named(names: &[&str], file_name: FileName) -> (Vec<String>, Option<String>) {
        let entry = |name: &&str| Entry::new(name, b"GAC".to_vec(), Structure::unpaired(3));
        let mut entries: Vec<Entry> = names.iter().map(entry).collect();
        of_file(&mut entries, Path::new("b/x.1.ct.gz"), file_name);
        let note = tell_apart(&mut entries);
        (entries.into_iter().map(|entry| entry.id).collect(), note)
    }

    #[test]
    fn nothing_is_nameless_and_files_name_their_only_record() {
        assert_eq!(named(&["a b"], FileName::Name).0, ["a"]);
        assert_eq!(named(&["a b"], FileName::Other).0, ["a"]);
        assert_eq!(named(&[""], FileName::Name).0, ["x.1"]);
        assert_eq!(named(&["a b"], FileName::Id).0, ["x.1"]);
        assert_eq!(named(&["", "a", "", "x.1_3"], FileName::Id).0, ["x.1_1", "a", "x.1_3_", "x.1_3"]);
    }

    #[test]
    fn headers_that_begin_alike_stay_apart() {
        let (ids, note) = named(&["seq 1", "seq  2", "tRNA Phe", "seq 1", "seq"], FileName::Name);
        assert_eq!(ids, ["seq 1", "seq 2", "tRNA", "seq 1", "seq"]);
        assert!(note.unwrap().starts_with("4 records share the first word of their headers, such as `seq`"));
        assert_eq!(
            named(&["a x", "a x"], FileName::Name).1,
            None,
            "one name twice is a repeated record, which others report"
        );
    }
}
