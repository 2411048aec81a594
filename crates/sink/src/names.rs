//! Names for records: unique in one output, and safe as a part of a path.
//!
//! A record is named by its id, unless an earlier record has the same id or the id is not a valid name. The second
//! record with the id `x` is named `x_2`, the third `x_3`. No record gets a name that is the id of another. The output
//! lists changed names ([`Names::changed`]).

use std::collections::{HashMap, HashSet};

/// The member of an `.npz` that lists changed names.
pub(super) const INDEX: &str = "names.tsv";
/// The ending that NumPy removes from names, so that names with it could be confused.
const ENDING: &str = ".npy";

/// A record whose name differs from its id.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Renamed {
    /// Its index in the input, from 0.
    pub index: u64,
    /// Its id.
    pub id: String,
    /// Its name in the output.
    pub name: String,
}

/// Where names are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// Cells of tables: no control characters.
    Table,
    /// Archives, where `<name>/<kind>` is a path within a folder.
    Archive,
}

/// The name of every record of one output.
pub(super) struct Names {
    names: HashMap<u64, String>,
    /// Those that differ from their ids, in input order.
    pub changed: Vec<Renamed>,
}

impl Names {
    /// Names all records, given by index and id in input order.
    pub fn plan<'i>(fit: Use, ids: impl Iterator<Item = (u64, &'i str)> + Clone) -> Self {
        let mut giver = Giver::new(fit);
        giver.kept =
            ids.clone().filter(|(index, id)| giver.clean(*index, id) == *id).map(|(_, id)| id.into()).collect();
        let names = ids.map(|(index, id)| (index, giver.give(index, id))).collect();
        Self { names, changed: giver.changed }
    }

    /// The name of a record.
    pub fn of(&self, index: u64) -> &str {
        self.names.get(&index).map_or("", String::as_str)
    }

    /// A table of the changed names; `None` if there are none.
    pub fn table(&self) -> Option<String> {
        let plain = |id: &str| id.replace(char::is_control, " ");
        let row = |renamed: &Renamed| format!("{}\t{}\t{}\n", renamed.name, plain(&renamed.id), renamed.index + 1);
        let rows: String = self.changed.iter().map(row).collect();
        (!rows.is_empty()).then(|| format!("name\tid\trecord\n{rows}"))
    }
}

/// Names one record after the other.
pub(super) struct Giver {
    fit: Use,
    /// Ids that are reserved as names of their own records.
    kept: HashSet<Box<str>>,
    taken: HashSet<String>,
    last: HashMap<String, usize>,
    /// Those that differ from their ids so far.
    pub changed: Vec<Renamed>,
}

impl Giver {
    /// For an output whose records are not known in advance.
    pub fn new(fit: Use) -> Self {
        Self { fit, kept: HashSet::new(), taken: HashSet::new(), last: HashMap::new(), changed: Vec::new() }
    }

    /// The name of the next record.
    pub fn give(&mut self, index: u64, id: &str) -> String {
        let clean = self.clean(index, id);
        let free = clean == id || !self.kept.contains(clean.as_str());
        let name = if free && self.taken.insert(clean.clone()) { clean } else { self.numbered(clean) };
        if name != id {
            self.changed.push(Renamed { index, id: id.to_owned(), name: name.clone() });
        }
        name
    }

    fn numbered(&mut self, clean: String) -> String {
        let number = self.last.entry(clean.clone()).or_insert(1);
        loop {
            *number += 1;
            let name = format!("{clean}_{number}");
            if !self.kept.contains(name.as_str()) && self.taken.insert(name.clone()) {
                return name;
            }
        }
    }

    fn clean(&self, index: u64, id: &str) -> String {
        let as_path = self.fit == Use::Archive;
        let odd = |c: char| c.is_control() || (as_path && c == '\\');
        let name: String = id.trim().chars().map(|c| if odd(c) { '_' } else { c }).collect();
        if name.is_empty() {
            format!("record_{}", index + 1)
        } else if !as_path {
            name
        } else if name == INDEX || name.ends_with(ENDING) {
            name.replace('.', "_")
        } else if name.split('/').any(|part| part.chars().all(|c| c == '.')) {
            // A part of a path that is empty or only dots would name another folder.
            name.replace(['/', '.'], "_")
        } else {
            name
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn plan(fit: Use, ids: &[&str]) -> Vec<String> {
        let names = Names::plan(fit, (0..).zip(ids.iter().copied()));
        (0..ids.len()).map(|index| names.of(index as u64).to_owned()).collect()
    }

    #[test]
    fn repeated_ids_are_numbered_and_take_no_other_record_s_name() {
        assert_eq!(plan(Use::Table, &["x", "x", "y", "x"]), ["x", "x_2", "y", "x_3"]);
        assert_eq!(plan(Use::Table, &["x", "x", "x_2", "x_2"]), ["x", "x_3", "x_2", "x_2_2"]);
        let mut one_by_one = Giver::new(Use::Table);
        let given: Vec<String> = (0..).zip(["x", "x", "x_2"]).map(|(index, id)| one_by_one.give(index, id)).collect();
        assert_eq!(given, ["x", "x_2", "x_2_2"], "who cannot see ahead says what was changed");
        assert_eq!(one_by_one.changed.len(), 2);
    }

    #[test]
    fn slashes_stay_and_no_name_leaves_its_folder() {
        let ids =
            ["AB12.1/1-24", "AB12.1_1-24", "..", "../etc", "c\\d", "/a", "a//b", "a/", "a/./b", "a.npy", "names.tsv"];
        let names =
            ["AB12.1/1-24", "AB12.1_1-24", "__", "___etc", "c_d", "_a", "a__b", "a_", "a___b", "a_npy", "names_tsv"];
        assert_eq!(plan(Use::Archive, &ids), names);
        assert_eq!(plan(Use::Table, &["a/b", ".."]), ["a/b", ".."]);
    }

    #[test]
    fn empty_ids_get_the_number_of_the_record_and_controls_go() {
        assert_eq!(plan(Use::Table, &["", " ", "a\tb\n", "µ-RNA"]), ["record_1", "record_2", "a_b", "µ-RNA"]);
        let names = Names::plan(Use::Table, [(0, "a\tb"), (1, "c")].into_iter());
        assert_eq!(names.table().unwrap(), "name\tid\trecord\na_b\ta b\t1\n");
        assert_eq!(Names::plan(Use::Table, [(1, "c")].into_iter()).table(), None);
    }

    proptest! {
        #[test]
        fn every_record_has_a_name_of_its_own_and_the_first_of_an_id_that_can_be_one_has_it(
            ids in vec("[ab./_\\\\]{0,4}|[ab](_2){0,2}|a\\.npy", 0..20),
        ) {
            for fit in [Use::Table, Use::Archive] {
                let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
                let names = plan(fit, &ids);
                prop_assert_eq!(names.iter().collect::<HashSet<_>>().len(), ids.len());
                for (place, id) in ids.iter().enumerate() {
                    let clean = Giver::new(fit).clean(place as u64, id) == **id;
                    let first = ids.iter().position(|other| other == id) == Some(place);
                    prop_assert_eq!(names[place] == **id, clean && first, "{:?} {:?}", ids, names);
                }
            }
        }
    }
}
