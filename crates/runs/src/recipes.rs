//! Configs by path or by name. Those of `configs/` are built into the program, so a run needs no checkout of the
//! source.
//!
//! ```
//! use rinalmo_runs::recipes;
//!
//! let recipe = recipes::find("structure-nano").unwrap();
//! assert_eq!(recipe.task(), "structure");
//! # Ok::<(), rinalmo_runs::Error>(())
//! ```

use std::fs;
use std::path::Path;

use rinalmo_model::TaskSpec;
use rinalmo_model::task::canonical;
use rinalmo_seq::words::nearest;

use crate::{Error, FileError};

/// The task of configs for pre-training; every other one is a task of fine-tuning.
pub const PRETRAIN: &str = "pretrain";

/// A config that is built into the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recipe {
    /// Its name: that of its file in `configs/`, without the ending.
    pub name: &'static str,
    /// The whole file.
    pub text: &'static str,
}

macro_rules! recipes {
    ($($name:literal),* $(,)?) => {
        &[$(Recipe { name: $name, text: include_str!(concat!("../configs/", $name, ".toml")) }),*]
    };
}

/// All of them, by name; a test compares them with the folder.
const RECIPES: &[Recipe] = recipes![
    "ablation-absolute-positions",
    "ablation-gelu",
    "family",
    "family-nano",
    "giga",
    "mega",
    "micro",
    "mrl",
    "mrl-nano",
    "mrl-optimus",
    "mrl-released",
    "nano",
    "nano-evening",
    "sequence",
    "splice",
    "splice-nano",
    "splice-spliceator",
    "structure",
    "structure-nano",
    "structure-released",
    "token",
];

impl Recipe {
    /// The row of the table of tasks that it trains for; `None` for pre-training.
    pub fn spec(&self) -> Option<&'static TaskSpec> {
        TaskSpec::find(self.written())
    }

    /// What it trains: `pretrain`, or the name of a task of fine-tuning.
    pub fn task(&self) -> &'static str {
        self.spec().map_or(PRETRAIN, |task| task.name)
    }

    /// The task as its text names it.
    fn written(&self) -> &'static str {
        let line = self.text.lines().find_map(|line| line.strip_prefix("task = \""));
        line.and_then(|rest| rest.split('"').next()).expect("a test reads the task of every one")
    }

    /// What it is for, in a line.
    pub fn about(&self) -> &'static str {
        let line = self.text.lines().next().and_then(|line| line.strip_prefix("# ")).unwrap_or_default();
        line.strip_suffix('.').unwrap_or(line)
    }
}

/// All configs that are built in, by name.
pub fn all() -> &'static [Recipe] {
    RECIPES
}

/// The configs for a task: `pretrain`, or one of fine-tuning.
pub fn of_task(task: &str) -> impl Iterator<Item = &'static Recipe> {
    RECIPES.iter().filter(move |recipe| recipe.task() == task)
}

/// The config of this name, with or without `configs/` before it and `.toml` after it. Its task may be an alias.
pub fn find(name: &str) -> Option<&'static Recipe> {
    let name = bare(name);
    let (task, rest) = name.split_at(name.find('-').unwrap_or(name.len()));
    let name = format!("{}{rest}", canonical(task));
    RECIPES.iter().find(|recipe| recipe.name == name)
}

/// The text of a config: of the file if it exists, else of the built-in config of this name.
///
/// # Errors
/// There is neither (the error has the nearest name), or the file cannot be read.
pub fn read(name_or_path: &Path) -> Result<String, Error> {
    let name = name_or_path.to_string_lossy();
    match (name_or_path.exists(), find(&name)) {
        (false, Some(recipe)) => Ok(recipe.text.to_owned()),
        (false, None) => {
            let nearest = nearest(bare(&name), RECIPES.iter().map(|recipe| recipe.name));
            Err(Error::UnknownConfig { name: name.into_owned(), nearest })
        }
        (true, _) => Ok(fs::read_to_string(name_or_path).map_err(FileError::of("read", name_or_path))?),
    }
}

/// Checks that a config is for a task. A config that names no task is for all of them.
///
/// # Errors
/// It is for another task.
pub fn check_task(text: &str, name: &str, task: &str) -> Result<(), Error> {
    let table = text.parse::<toml::Table>().ok(); // text that cannot be parsed is reported when it is read
    let found = table.as_ref().and_then(|table| table.get("task")).and_then(toml::Value::as_str).map(canonical);
    match found {
        Some(found) if found != task => {
            Err(Error::OtherTask { name: name.to_owned(), found: found.to_owned(), expected: task.to_owned() })
        }
        _ => Ok(()),
    }
}

fn bare(name: &str) -> &str {
    let name = name.strip_prefix("./").unwrap_or(name);
    let name = name.strip_prefix("configs/").unwrap_or(name);
    name.strip_suffix(".toml").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::finetune::{Config, Kind, Labelled, RunConfig, Structure, TASKS};

    fn folder() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("configs")
    }

    #[test]
    fn every_file_of_configs_is_built_in() {
        let names = |path: std::io::Result<fs::DirEntry>| path.unwrap().file_name().into_string().unwrap();
        let files: BTreeSet<String> = fs::read_dir(folder()).unwrap().map(names).collect();
        let built_in: BTreeSet<String> = RECIPES.iter().map(|recipe| format!("{}.toml", recipe.name)).collect();
        assert_eq!(files, built_in);
        assert!(RECIPES.is_sorted_by_key(|recipe| recipe.name.replace('-', "+")), "the list is in order");
    }

    fn opens<K: Kind>(kind: K, recipe: &Recipe) -> bool {
        check_task(recipe.text, recipe.name, kind.name()).is_ok()
            && Config::<K::Data>::open(Path::new(recipe.name), &[]).unwrap().check().is_ok()
    }

    #[test]
    fn every_one_opens_for_its_task_and_for_no_other() {
        for recipe in RECIPES {
            assert!(!recipe.about().is_empty(), "{}", recipe.name);
            assert_eq!(recipe.written(), recipe.task(), "{}: its task is in the table, by its own name", recipe.name);
            for task in TASKS.iter().filter(|task| task.head.is_some()) {
                let opens = Labelled::of(task).map_or_else(|| opens(Structure, recipe), |kind| opens(kind, recipe));
                assert_eq!(opens, recipe.task() == task.name, "{} for {task}", recipe.name);
            }
            let pretrains = check_task(recipe.text, recipe.name, PRETRAIN).is_ok();
            assert_eq!(pretrains, recipe.task() == PRETRAIN, "{}", recipe.name);
            if pretrains {
                crate::pretrain::Config::open(Path::new(recipe.name), &[]).unwrap().model().unwrap();
            }
        }
    }

    #[test]
    fn names_are_found_with_and_without_folder_and_ending() {
        for name in ["structure-nano", "structure-nano.toml", "configs/structure-nano.toml", "./configs/structure-nano"]
        {
            assert_eq!(find(name).map(|recipe| recipe.name), Some("structure-nano"), "{name}");
        }
        assert_eq!(find("other/structure-nano.toml"), None);
        for (earlier, name) in [("ribosome", "mrl"), ("configs/ribosome-nano.toml", "mrl-nano")] {
            assert_eq!(find(earlier), find(name), "{earlier}");
        }
        assert!(check_task("task = \"ribosome\"\n", "mine.toml", "mrl").is_ok());
    }

    #[test]
    fn a_file_wins_over_a_name_and_an_unknown_name_gets_the_nearest() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("giga");
        fs::write(&path, "mine").unwrap();
        assert_eq!(read(&path).unwrap(), "mine");
        let nearest = |name: &str| match read(Path::new(name)) {
            Err(Error::UnknownConfig { nearest, .. }) => nearest,
            other => panic!("{other:?}"),
        };
        assert_eq!((nearest("struture-nano.toml"), nearest("zzz/zzz.toml")), (Some("structure-nano"), None));
    }

    #[test]
    fn a_config_of_another_task_is_refused() {
        let said = check_task("task = \"splice\"\n", "mine.toml", "structure").unwrap_err().to_string();
        assert_eq!(said, "mine.toml: this config is for the task `splice`, not for `structure`");
        assert!(check_task("[train]\n", "mine.toml", "structure").is_ok(), "a config without a task is for all");
        let names: Vec<&str> = of_task("structure").map(|recipe| recipe.name).collect();
        assert_eq!(names, ["structure", "structure-nano", "structure-released"]);
    }

    #[test]
    fn networks_of_other_papers_have_their_number_of_parameters() {
        use rinalmo_model::ModelConfig;
        // As Keras counts them; Spliceator's second output of 101 is not needed for one probability.
        for (name, expected) in [("mrl-optimus", 714_681), ("splice-spliceator", 329_566 - 101)] {
            let recipe = find(name).unwrap();
            let kind = Labelled::of(recipe.spec().unwrap()).unwrap();
            let config = Config::<crate::finetune::LabelConfig>::open(Path::new(name), &[]).unwrap();
            let encoder = config.model.as_ref().unwrap().encoder(0).unwrap();
            let model = ModelConfig { encoder, mlm: false, head: Some(kind.planned(&config.data)) };
            assert_eq!(model.check(), Ok(()));
            let own = model.manifest().into_iter().filter(|tensor| !tensor.name.starts_with("encoder."));
            assert_eq!(own.map(|tensor| tensor.shape.iter().product::<usize>()).sum::<usize>(), expected, "{name}");
        }
    }
}
