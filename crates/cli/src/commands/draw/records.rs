//! The records that are drawn, and what they are called in the outputs of `fold`.

use std::collections::{HashMap, HashSet};

use rinalmo::seq::labelled::structures::Entry;
use rinalmo::sink::names_in_table;

/// A record to draw.
pub struct Record<'e> {
    pub entry: &'e Entry,
    /// Its name where no two may have one, as in the table of `fold --bpp`.
    pub name: String,
    /// Whether others have its id too.
    pub shared: bool,
    /// Whether there are no others.
    pub is_only: bool,
}

impl<'e> Record<'e> {
    /// All records, in the order of the input.
    pub fn all(entries: &'e [Entry]) -> Vec<Self> {
        let ids: Vec<&str> = entries.iter().map(id).collect();
        let mut seen = HashSet::new();
        let shared: HashSet<&str> = ids.iter().copied().filter(|id| !seen.insert(*id)).collect();
        let records = entries.iter().zip(&ids).zip(names_in_table(&ids));
        let is_only = entries.len() == 1;
        let record = |((entry, id), name)| Self { entry, name, shared: shared.contains(id), is_only };
        records.map(record).collect()
    }

    /// What a file has of it, and under which name. Of several records of one id, each has what bears its own name, and only
    /// if there is none what bears their id.
    pub fn find<'f, T>(&self, records: &'f HashMap<String, T>) -> Option<(&'f str, &'f T)> {
        let only = if self.is_only && records.len() == 1 { records.iter().next() } else { None };
        let own = [&*self.entry.header, &*self.name].into_iter().filter(|name| self.shared && *name != id(self.entry));
        let found = own.chain(self.entry.names()).find_map(|name| records.get_key_value(name)).or(only);
        found.map(|(name, of)| (name.as_str(), of))
    }
}

/// The id that `fold` knows a record by, also where others begin with the same word and it goes by its whole header.
fn id(entry: &Entry) -> &str {
    if entry.id != entry.header {
        return &entry.id;
    }
    entry.header.split_whitespace().next().unwrap_or_default()
}
