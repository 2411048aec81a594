//! Training configs, and values for their keys on the command line.

use rinalmo::finetune::{Kind, LabelConfig, RunConfig, Section, Structure};
use rinalmo::{finetune, pretrain};

/// Reads the text as each kind of config; a valid one is checked, written, and read back.
pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(config) = pretrain::Config::parse(text, "input.toml") {
        let _ = config.model().map(|model| model.check());
        let _ = pretrain::Config::parse(&config.to_toml(), "written.toml").expect("a written config is readable");
    }
    finetuning::<<Structure as Kind>::Data>(text);
    finetuning::<LabelConfig>(text);
}

fn finetuning<D: Section>(text: &str) {
    if let Ok(config) = finetune::Config::<D>::parse(text, "input.toml") {
        let _ = config.check();
        let _ = finetune::Config::<D>::parse(&config.to_toml(), "written.toml").expect("a written config is readable");
    }
    if let (Some(line), Ok(config)) = (text.lines().next(), finetune::Config::<D>::parse("", "empty.toml")) {
        let _ = config.with(&[line.to_owned()], None);
    }
}

/// One config of each kind, and single keys.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = super::texts(&["data.aim=yes_no", "train.schedule.peak=1e-4", "data.tokens=0"]);
    let recipes = ["nano-evening", "structure-nano", "sequence"].into_iter().filter_map(rinalmo::recipes::find);
    seeds.extend(recipes.map(|recipe| recipe.text.as_bytes().to_vec()));
    seeds
}
