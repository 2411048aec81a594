//! The tasks that a model can be made for, and what each is called.

use serde::{Deserialize, Deserializer};

/// A task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskSpec {
    /// Its name, wherever one is written or printed.
    pub name: &'static str,
    /// Further names that are read: in commands, configs, run folders and checkpoints.
    pub aliases: &'static [&'static str],
}

/// Every task.
pub const TASKS: &[TaskSpec] = &[
    TaskSpec { name: "mlm", aliases: &[] },
    TaskSpec { name: "structure", aliases: &[] },
    TaskSpec { name: "splice", aliases: &[] },
    TaskSpec { name: "mrl", aliases: &["ribosome"] },
    TaskSpec { name: "family", aliases: &[] },
    TaskSpec { name: "sequence", aliases: &[] },
    TaskSpec { name: "token", aliases: &[] },
];

impl TaskSpec {
    /// The task of this name or alias.
    pub fn find(name: &str) -> Option<&'static Self> {
        TASKS.iter().find(|task| task.name == name || task.aliases.contains(&name))
    }
}

/// The name that is written for a task, given its name or an alias; words that name no task stay as they are.
pub fn canonical(name: &str) -> &str {
    TaskSpec::find(name).map_or(name, |task| task.name)
}

/// For serde: a field that names a task, by an alias in files of earlier versions.
///
/// # Errors
/// There is no text.
pub fn read_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(canonical(&String::deserialize(deserializer)?).to_owned())
}

/// As [`read_name`], of a field that may be left out.
///
/// # Errors
/// There is something else than text.
pub fn read_optional_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(|name| canonical(&name).to_owned()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::HeadConfig;

    #[test]
    fn every_name_and_alias_means_one_task() {
        let names = || TASKS.iter().flat_map(|task| std::iter::once(&task.name).chain(task.aliases));
        assert_eq!(names().collect::<BTreeSet<_>>().len(), names().count());
        assert_eq!((canonical("ribosome"), canonical("mrl"), canonical("pretrain")), ("mrl", "mrl", "pretrain"));
    }

    #[test]
    fn a_head_of_an_earlier_name_is_read_and_written_with_the_new_one() {
        let written = serde_json::to_value(HeadConfig::mrl()).unwrap();
        assert_eq!(written["task"], "mrl");
        let mut earlier = written;
        earlier["task"] = "ribosome".into();
        assert_eq!(serde_json::from_value::<HeadConfig>(earlier).unwrap(), HeadConfig::mrl());
        assert_eq!((HeadConfig::mrl().task(), HeadConfig::mrl().prefix()), ("mrl", "ribosome"));
    }
}
