//! Keys of a config: suggestions for unknown ones, and changes by `section.key=value`.

use rinalmo_seq::words::{nearest, nearest_by};

/// Rewrites serde's message on an unknown key or word, and suggests the nearest known one: among those that serde
/// lists, else among the keys `everywhere` in a config.
pub(super) fn explain(message: &str, everywhere: &[String]) -> String {
    let (what, rest) = match (message.strip_prefix("unknown field "), message.strip_prefix("unknown variant ")) {
        (Some(rest), _) => ("key", rest),
        (_, Some(rest)) => ("word", rest),
        _ => return message.trim_end().to_owned(),
    };
    let mut quoted = rest.split('`').skip(1).step_by(2);
    let unknown = quoted.next().unwrap_or_default();
    let known: Vec<&str> = quoted.collect();
    let hint = match nearest(unknown, known.iter().copied()) {
        Some(known) => format!("did you mean `{known}`?"),
        None => match nearest_by(unknown, everywhere, |path| path.rsplit('.').next().unwrap_or(path)) {
            Some(path) if what == "key" => format!("did you mean `{path}`?"),
            _ => format!("known here: {}", known.join(", ")),
        },
    };
    format!("unknown {what} `{unknown}`\nhint: {hint}")
}

/// Paths of all keys of a table.
pub(super) fn paths(table: &toml::Table) -> Vec<String> {
    let mut paths = Vec::new();
    list("", table, &mut paths);
    paths
}

fn list(above: &str, table: &toml::Table, paths: &mut Vec<String>) {
    for (key, value) in table {
        let path = format!("{above}{key}");
        if let toml::Value::Table(below) = value {
            list(&format!("{path}."), below, paths);
        }
        paths.push(path);
    }
}

/// Every path of a table with its value, without the paths of tables.
pub(crate) fn leaves(table: &toml::Table) -> Vec<(String, toml::Value)> {
    let mut found = Vec::new();
    for (key, value) in table {
        match value {
            toml::Value::Table(below) => {
                found.extend(leaves(below).into_iter().map(|(path, value)| (format!("{key}.{path}"), value)));
            }
            value => found.push((key.clone(), value.clone())),
        }
    }
    found
}

/// Sets a key by `section.key=value`. An empty value removes the key, or a whole section.
pub(super) fn set(table: &mut toml::Table, change: &str) -> Result<(), String> {
    let malformed = || "expected section.key=value".to_owned();
    let (path, value) = change.split_once('=').ok_or_else(malformed)?;
    let mut sections: Vec<&str> = path.trim().split('.').map(str::trim).collect();
    let key = sections.pop().filter(|key| !key.is_empty()).ok_or_else(malformed)?;
    if sections.is_empty() && !value.trim().is_empty() {
        return Err(malformed());
    }
    let mut at = table;
    for section in sections {
        let below = at.entry(section).or_insert_with(|| toml::Value::Table(toml::Table::new()));
        if !below.is_table() {
            *below = toml::Value::Table(toml::Table::new());
        }
        at = below.as_table_mut().expect("it was just made a table");
    }
    match value.trim() {
        "" => at.remove(key),
        value => at.insert(key.to_owned(), parsed(value)),
    };
    Ok(())
}

/// A TOML value, or text.
fn parsed(value: &str) -> toml::Value {
    let parsed = toml::from_str::<toml::Table>(&format!("value = {value}")).ok();
    parsed.and_then(|mut table| table.remove("value")).unwrap_or_else(|| toml::Value::String(value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_like_it_lists_what_is_known() {
        let said = explain("unknown field `zzz`, expected `keep`", &[]);
        assert_eq!(said, "unknown key `zzz`\nhint: known here: keep");
        assert_eq!(explain("invalid type: string", &[]), "invalid type: string");
    }

    #[test]
    fn a_key_or_a_section_is_taken_away() {
        let mut table: toml::Table = toml::from_str("[b]\nc = 1\nd = 2\n[e]\nf = 3\n").unwrap();
        set(&mut table, "b.c=").unwrap();
        set(&mut table, "e=").unwrap();
        assert_eq!(table.to_string(), "[b]\nd = 2\n");
        assert!(set(&mut table, "b=1").is_err() && set(&mut table, "=").is_err());
    }

    #[test]
    fn every_part_of_a_table_is_listed() {
        let table: toml::Table = toml::from_str("a = 1\n[b.c]\nd = 2\n").unwrap();
        assert_eq!(paths(&table), ["a", "b.c.d", "b.c", "b"]);
    }
}
