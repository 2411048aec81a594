//! Sequences with known or predicted structures, from whatever they come in: one reader for training, for collections and
//! for evaluation.
//!
//! | file | holds |
//! |---|---|
//! | `.tsv`, `.csv`, `.tab` | a table: `id`, `name` or `seq_id`; `seq` or `sequence`; and `base_pairs`, or `struct` or `structure` |
//! | `.dbn`, `.ct`, `.bpseq`, `.st`, `.sto` and others | records of [`crate::folded`], which has the whole list |
//! | `.json`, `.jsonl` | an object in each line, as `rinalmo fold -f json` writes them; not in folders, where reports may be |
//! | `.ps` | ViennaRNA's dot plots, with probabilities, and its drawings; not in folders, where both are of one structure |
//! | `.txt`, any other | what its first lines show |
//! | a folder | any of these but the last, in order of their names, folders within it too |
//!
//! Each may be compressed, with its compression's ending or without. `base_pairs` is a list `[[1, 9], [2, 8]]` that
//! counts from 1 and may name a base twice; where a table has it, it is believed before a dot-bracket column. A table
//! may also give each row's `family`, `cluster` and `weight`, as `rinalmo corpus structures` writes them.
//!
//! A record that cannot be read costs itself: [`Found::wrong`] has it, and the caller decides whether to go on
//! ([`Found::items`]) or to stop ([`Found::strict`]). The first structure of a sequence counts; how many further ones were
//! passed over stands in [`Found::notes`].

mod entry;
mod files;
mod json;
mod names;
mod postscript;
mod splits;
mod tables;

use std::path::Path;

use crate::Structure;
use crate::input;

pub use crate::table::Error;
pub use entry::Entry;
pub use files::{NAMES_LIST, is_named_postscript, stem};
use names::FileName;
pub use splits::{Partition, Splits};

/// A sequence and its known structure, of the same length.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Its name.
    pub id: String,
    /// Its letters as they were written.
    pub sequence: Vec<u8>,
    /// Its pairs; a base may have several, and they may cross.
    pub structure: Structure,
    /// Its family, where a table gives it.
    pub family: Option<String>,
    /// Which items are like it: those with the same number. Where a table gives none it stands for itself.
    pub cluster: Option<u64>,
    /// What it counts in training, 1 where nothing is given.
    pub weight: f64,
}

impl Item {
    /// A sequence with its structure, of which nothing else is known.
    pub fn new(id: String, sequence: Vec<u8>, structure: Structure) -> Self {
        Self { id, sequence, structure, family: None, cluster: None, weight: 1.0 }
    }
}

/// How files are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReadOptions {
    /// Whether every structure of a sequence is an item of its own, suboptimal ones too.
    pub all_structures: bool,
    /// Whether a table must have a column of sequences.
    pub sequences: bool,
    /// Whether a record of dot-bracket, a table or JSON may be two strands, joined by `&`: see [`Structure::nick`].
    pub strands: bool,
}

/// What a file or folder holds.
#[derive(Debug, Default)]
pub struct Found {
    /// What could be read.
    pub entries: Vec<Entry>,
    /// What could not, with file and line.
    pub wrong: Vec<Error>,
    /// What was passed over or changed on the way, in words.
    pub notes: Vec<String>,
}

/// Reads everything in a file or folder.
///
/// # Errors
/// A file or folder cannot be opened or is of no known kind, a table lacks a column, or there is nothing that can be read.
pub fn read(path: &Path, options: &ReadOptions) -> Result<Found, Error> {
    let mut found = Found::default();
    let mut passed = files::Passed::default();
    if path.is_dir() {
        let lists = files::Lists::default();
        for (file, kind) in files::in_folder(path)? {
            let before = found.entries.len();
            match files::read(&file, kind, options, &mut found, &mut passed) {
                Err(error) if kind == files::Kind::Unknown => found.notes.push(format!("passed over: {error}")),
                read => read?,
            }
            let file_name = if lists.has(&file) { FileName::Other } else { FileName::Id };
            names::of_file(&mut found.entries[before..], &file, file_name);
        }
    } else {
        files::read(path, files::kind(path), options, &mut found, &mut passed)?;
        names::of_file(&mut found.entries, path, FileName::Name);
    }
    let file = input::name_of(path);
    if found.entries.is_empty() {
        return Err(found.nothing(path));
    }
    let apart = names::tell_apart(&mut found.entries);
    let notes = passed.notes().into_iter().chain(apart).map(|note| format!("{file}: {note}"));
    found.notes.extend(notes);
    Ok(found)
}

impl Found {
    /// Every entry as an item, those without a sequence being errors too.
    pub fn items(self) -> (Vec<Item>, Vec<Error>) {
        let (mut items, mut wrong) = (Vec::with_capacity(self.entries.len()), self.wrong);
        for entry in self.entries {
            match entry.into_item() {
                Ok(item) => items.push(item),
                Err(error) => wrong.push(error),
            }
        }
        (items, wrong)
    }

    /// Every entry as an item.
    ///
    /// # Errors
    /// The first that could not be read, and how many others there are.
    pub fn strict(self) -> Result<Vec<Item>, Error> {
        let (items, wrong) = self.items();
        let more = wrong.len().saturating_sub(1);
        match wrong.into_iter().next() {
            None => Ok(items),
            Some(first) if more == 0 => Err(first),
            Some(first) => Err(Error::Several { first: Box::new(first), more }),
        }
    }

    /// Why there is nothing.
    fn nothing(&self, path: &Path) -> Error {
        let message = match self.wrong.first() {
            Some(first) => format!("holds no structure that can be read: {first}"),
            None => format!("holds no structures\nhint: read are {} and folders of them", files::known().join(" ")),
        };
        Error::File { file: input::name_of(path), message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CT: &str = "5  dG = -1.0  some RNA\n1 G 0 2 5 1\n2 A 1 3 0 2\n3 A 2 4 0 3\n4 A 3 5 0 4\n5 C 4 6 1 5\n";

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("deeper")).unwrap();
        files.iter().for_each(|(name, text)| std::fs::write(folder.path().join(name), text).unwrap());
        folder
    }

    fn told(found: &Found) -> Vec<(&str, usize)> {
        found.entries.iter().map(|entry| (&*entry.id, entry.structure.pairs().len())).collect()
    }

    #[test]
    fn a_folder_of_anything_is_read_in_order() {
        let folder = folder(&[
            ("deeper/tRNA_1.ct", CT),
            ("a.dbn", ">x y\nGAAAC\n(...)\n>z\nGAAAC\n.....\n"),
            ("b.bpseq", "1 G 3\n2 A 0\n3 C 1\n"),
            ("c.sto", "# STOCKHOLM 1.0\nq/1-3 GAC\n#=GR q/1-3 SS <.>\n//\n"),
            ("notes.md", "nothing to read"),
        ]);
        let found = read(folder.path(), &ReadOptions::default()).unwrap();
        assert_eq!(told(&found), [("x", 1), ("z", 0), ("b", 1), ("c", 1), ("tRNA_1", 1)]);
        let alone = read(&folder.path().join("deeper/tRNA_1.ct"), &ReadOptions::default()).unwrap();
        assert_eq!(told(&alone), [("some", 1)]);
        assert_eq!(alone.entries[0].names().collect::<Vec<_>>(), ["some RNA", "some", "tRNA_1"]);
    }

    #[test]
    fn two_strands_are_read_where_they_are_asked_for() {
        let json = r#"{"id": "a", "sequence": "GGA&CC", "structure": "((.&))", "pairs": [[1, 5, 0.9], [2, 4, 0.8]]}"#;
        let folder = folder(&[
            ("a.json", &[json, &json.replace("((.&", "((&."), &json.replace("GGA&CC", "GGACC")].join("\n")),
            ("a.tsv", "id\tsequence\tstructure\nx\tGGA&CC\t((.&)) -1.2\ny\tGGACC\t((.&))\nz\tGAC\t(.)\n"),
            ("b.tsv", "id\tsequence\tbase_pairs\nx\tGGA&CC\t[[1, 5], [2, 4]]\n"),
            ("a.dbn", ">a\nGGA&CC\n((.&))\n"),
            ("remark.tsv", "id\tstructure\nx\t((.)) by A&B\n"),
        ]);
        let of = |name: &str, strands: bool| {
            read(&folder.path().join(name), &ReadOptions { strands, ..ReadOptions::default() })
        };
        assert_eq!(of("remark.tsv", true).unwrap().entries[0].structure.nick(), None, "what follows brackets");
        for (name, more, message) in [
            ("a.json", 0, "`&` after base 3 in the sequence, but `&` after base 2 in the structure"),
            ("a.tsv", 1, "one strand in the sequence, but `&` after base 3 in the structure"),
            ("b.tsv", 0, ""),
            ("a.dbn", 0, ""),
        ] {
            let found = of(name, true).unwrap();
            let first = &found.entries[0];
            assert_eq!((first.sequence.as_deref(), first.structure.nick()), (Some(&b"GGACC"[..]), Some(3)), "{name}");
            assert_eq!(first.structure.to_dot_bracket().unwrap(), "((.&))");
            assert_eq!(found.entries.len(), 1 + more, "{name}");
            assert!(found.wrong.first().map_or("".into(), ToString::to_string).contains(message), "{:?}", found.wrong);
            assert!(
                of(name, false).map_or(true, |found| found.entries.iter().all(|one| one.structure.nick().is_none()))
            );
        }
    }

    #[test]
    fn files_that_could_not_be_called_as_their_records_are_go_by_the_records() {
        let folder = folder(&[
            ("a_b.dbn", ">a/b\nGAAAC\n(...)\n"),
            ("a_b_2.dbn", ">a_b\nGAAAC\n.....\n"),
            ("c.dbn", ">x\nGAAAC\n.....\n"),
            (NAMES_LIST, "file\tid\theader\na_b.dbn\ta/b\ta/b\na_b_2.dbn\ta_b\ta_b\n"),
        ]);
        let found = read(folder.path(), &ReadOptions::default()).unwrap();
        assert_eq!(told(&found), [("a/b", 1), ("a_b", 0), ("c", 0)]);
        assert_eq!(found.entries[0].names().collect::<Vec<_>>(), ["a/b"]);
    }

    #[test]
    fn files_of_any_name_are_read_by_their_first_lines() {
        let table = "id\tsequence\tstructure\nx\tGAAAC\t(...)\n";
        let folder =
            folder(&[("a.txt", table), ("b.txt", ">x\nGAAAC\n(...)\n"), ("c", CT), ("d.result", "GAAAC\n(...)\n")]);
        for (name, id) in [("a.txt", "x"), ("b.txt", "x"), ("c", "some"), ("d.result", "d.result")] {
            assert_eq!(told(&read(&folder.path().join(name), &ReadOptions::default()).unwrap()), [(id, 1)], "{name}");
        }
    }

    #[test]
    fn what_is_no_file_of_structures_is_named_or_passed_over() {
        let folder = folder(&[
            ("a.dbn", ">x\nGAAAC\n(...)\n"),
            ("notes.txt", "Made in May.\n"),
            ("b.result", "Made in May.\n"),
            ("b.pdf", "%PDF-1.4\n"),
        ]);
        let found = read(folder.path(), &ReadOptions::default()).unwrap();
        assert_eq!(found.entries.len(), 1);
        assert!(found.notes[0].contains("notes.txt: is neither a table of structures nor"), "{:?}", found.notes);
        let said = |name: &str| read(&folder.path().join(name), &ReadOptions::default()).unwrap_err().to_string();
        let neither = said("b.result");
        assert!(
            neither.ends_with(".stockholm") && neither.contains("is neither a table of structures nor"),
            "{neither}"
        );
        assert!(said("b.pdf").contains("b.pdf: this is a PDF"), "{}", said("b.pdf"));
    }

    #[test]
    fn a_broken_record_costs_itself_or_stops_as_asked() {
        let folder = folder(&[
            ("a.dbn", ">x\nGAAAC\n(....\n>z\nGAAAC\n.....\n>y\nGA\n.\n"),
            ("empty.dbn", ""),
            ("b.dbn", ">x\nA\n..\n"),
        ]);
        let open = |name: &str| read(&folder.path().join(name), &ReadOptions::default());
        let found = open("a.dbn").unwrap();
        assert_eq!((told(&found), found.wrong.len()), (vec![("z", 0)], 2));
        let said = found.strict().unwrap_err().to_string();
        assert!(said.contains("a.dbn:3: unbalanced bracket `(` at column 1; 1 more"), "{said}");
        let nothing = open("empty.dbn").unwrap_err().to_string();
        assert!(nothing.contains("empty.dbn: holds no structures\nhint: read are .csv "), "{nothing}");
        let nothing = open("b.dbn").unwrap_err().to_string();
        assert!(
            nothing.contains("b.dbn: holds no structure that can be read: ") && nothing.contains("b.dbn:3: "),
            "{nothing}"
        );
    }

    #[test]
    fn further_structures_are_passed_over_with_a_note_unless_asked_for() {
        let suboptimal = CT.replace("5 1\n", "0 1\n").replace("6 1 5", "6 0 5");
        let subopt = ">a\nGAAAC\n(...) ( -3.40)\n..... (  0.00)\n>b\nGAAAC\n.....\n";
        let folder = folder(&[("a.ct", &[CT, &suboptimal, &suboptimal].concat()), ("b.dbn", subopt)]);
        let of = |name: &str, all_structures| {
            read(&folder.path().join(name), &ReadOptions { all_structures, ..ReadOptions::default() }).unwrap()
        };
        let first = of("a.ct", false);
        assert_eq!(told(&first), [("some", 1)]);
        assert!(
            first.notes[0].ends_with("a.ct: 2 further structures of `some` are passed over, the first counts"),
            "{:?}",
            first.notes
        );
        assert_eq!(told(&of("a.ct", true)).len(), 3);
        assert!(of("a.ct", true).notes.is_empty());
        let (both, all) = (of("", false), of("", true));
        assert_eq!(told(&both), [("a", 1), ("a", 1), ("b", 0)], "the first is called as its file is");
        assert!(both.notes[0].ends_with("3 further structures of 2 records are passed over, the first of each counts"));
        assert_eq!(told(&all).len(), 6);
    }
}
