//! Names for records: unique in one output, and safe as a part of a path.
//!
//! The second record called `x` is named `x_2`, the third `x_3`; a name already taken is stepped over. Names are given in
//! input order, so they do not depend on how a run was cut.

use std::collections::{HashMap, HashSet};

/// Gives each record of one output its name.
#[derive(Default)]
pub(super) struct Names {
    as_path: bool,
    taken: HashSet<String>,
    last: HashMap<String, usize>,
}

impl Names {
    /// Names for tables: the id as it is, but for control characters.
    pub fn for_tables() -> Self {
        Self::default()
    }

    /// Names for archives, where `<name>/<kind>` is a path: no slashes, no name made of dots.
    pub fn for_archives() -> Self {
        Self { as_path: true, ..Self::default() }
    }

    /// The name of the next record.
    pub fn give(&mut self, index: u64, id: &str) -> String {
        let clean = self.clean(index, id);
        if self.taken.insert(clean.clone()) {
            return clean;
        }
        let number = self.last.entry(clean.clone()).or_insert(1);
        loop {
            *number += 1;
            let name = format!("{clean}_{number}");
            if self.taken.insert(name.clone()) {
                return name;
            }
        }
    }

    fn clean(&self, index: u64, id: &str) -> String {
        let odd = |c: char| c.is_control() || (self.as_path && matches!(c, '/' | '\\'));
        let name: String = id.trim().chars().map(|c| if odd(c) { '_' } else { c }).collect();
        if name.is_empty() {
            return format!("record_{}", index + 1);
        }
        if self.as_path && name.chars().all(|c| c == '.') { name.replace('.', "_") } else { name }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn give<const N: usize>(mut names: Names, ids: [&str; N]) -> [String; N] {
        let mut index = 0..;
        ids.map(|id| names.give(index.next().unwrap(), id))
    }

    #[test]
    fn repeated_ids_are_numbered_and_step_over_taken_names() {
        assert_eq!(give(Names::for_tables(), ["x", "x", "y", "x"]), ["x", "x_2", "y", "x_3"]);
        assert_eq!(give(Names::for_tables(), ["x_2", "x", "x", "x_2"]), ["x_2", "x", "x_3", "x_2_2"]);
    }

    #[test]
    fn ids_cannot_leave_their_folder_in_an_archive() {
        let ids = ["a/b", "..", "../etc", "c\\d", "a_b"];
        assert_eq!(give(Names::for_archives(), ids), ["a_b", "__", ".._etc", "c_d", "a_b_2"]);
        assert_eq!(give(Names::for_tables(), ["a/b", ".."]), ["a/b", ".."]);
    }

    #[test]
    fn empty_ids_get_the_number_of_the_record_and_controls_go() {
        assert_eq!(give(Names::for_tables(), ["", " ", "a\tb\n", "µ-RNA"]), ["record_1", "record_2", "a_b", "µ-RNA"]);
    }
}
