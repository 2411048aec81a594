//! The head that a run trains: a new one as the config describes it, or the one of the model it starts with.

use rinalmo_model::{EncoderConfig, HeadConfig, Preset};
use rinalmo_weights::{Checkpoint, Document};

use super::{Config, Section};
use crate::Error;

/// A model that a run starts with.
pub(super) struct Begun {
    name: String,
    pub(super) encoder: EncoderConfig,
    head: Option<HeadConfig>,
    labels: Option<Vec<String>>,
    decode: Option<String>,
}

impl From<&Checkpoint> for Begun {
    fn from(checkpoint: &Checkpoint) -> Self {
        let (config, meta) = (checkpoint.config.clone(), checkpoint.meta.clone());
        Self { name: meta.name, encoder: config.encoder, head: config.head, labels: meta.labels, decode: meta.decode }
    }
}

impl From<&Preset> for Begun {
    fn from(preset: &Preset) -> Self {
        let (name, encoder) = (preset.name.to_owned(), preset.encoder());
        Self { name, encoder, head: None, labels: None, decode: None }
    }
}

/// The head of a run.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chosen {
    pub(super) head: HeadConfig,
    /// A line on which it is.
    pub(super) about: String,
    /// Whether it is the one of the model that the run starts with.
    pub(super) trained: bool,
}

/// Chooses a head, and sets the config's keys that it decides. `needed` is the head that config and data describe. If
/// there are data, `document` describes what its outputs mean.
///
/// # Errors
/// The head of the model that the run starts with contradicts the config or the data.
pub(super) fn choose<D: Section>(
    config: &mut Config<D>,
    begun: Option<&Begun>,
    needed: &HeadConfig,
    document: Option<&Document>,
) -> Result<Chosen, Error> {
    let theirs = begun.and_then(|begun| Some((begun, begun.head.as_ref()?)));
    let theirs = theirs.filter(|(_, head)| head.task() == needed.task());
    let Some((begun, head)) = theirs.filter(|_| !config.fresh_head) else {
        let instead = theirs.map_or_else(String::new, |(begun, _)| format!(", not that of `{}`", begun.name));
        let about = format!("head: a new one ({}){instead}", needed.describe());
        config.data.settle(needed, theirs.and_then(|(begun, _)| begun.decode.as_deref()));
        return Ok(Chosen { head: needed.clone(), about, trained: false });
    };
    let mut differ = config.data.contradictions(head, needed);
    differ.extend(document.and_then(|document| begun.other_outputs(head, needed, document)));
    if !differ.is_empty() {
        let (model, differ) = (begun.name.clone(), differ.join(", "));
        return Err(Error::OtherHead { model, task: head.task(), differ });
    }
    let about = format!("head: that of `{}`, trained before ({})", begun.name, head.describe());
    config.data.settle(head, begun.decode.as_deref());
    Ok(Chosen { head: head.clone(), about, trained: true })
}

impl Begun {
    /// Its name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// How the meaning of its head's outputs differs from the data, if it does.
    fn other_outputs(&self, head: &HeadConfig, needed: &HeadConfig, document: &Document) -> Option<String> {
        let (theirs, ours) = (head.outputs(), needed.outputs());
        let list = |names: &[String]| {
            let shown = names.iter().take(5).map(String::as_str).collect::<Vec<_>>().join(", ");
            if names.len() > 5 { format!("{shown}, …") } else { shown }
        };
        match (&self.labels, &document.labels) {
            (Some(theirs), Some(ours)) if theirs != ours => {
                Some(format!("its classes are {}, those of the data are {}", list(theirs), list(ours)))
            }
            _ if theirs != ours => Some(format!("it has {theirs} outputs, the data need {ours}")),
            _ => None,
        }
    }
}

/// A message on a given key that a head contradicts.
pub(super) fn contradiction<T: PartialEq + std::fmt::Display>(key: &str, asked: Option<T>, found: T) -> Option<String> {
    asked.filter(|asked| *asked != found).map(|asked| format!("data.{key} = {asked}, its head has {found}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::RunConfig;
    use rinalmo_decode::Method;
    use rinalmo_model::ModelConfig;
    use rinalmo_train::StructureConfig;

    const MODEL: &str = "[model]\ndim = 16\nblocks = 2\nheads = 2\n[train]\nschedule.peak = 1e-4\nuntil.epochs = 1\n";

    fn begun(head: Option<HeadConfig>) -> Begun {
        let encoder = EncoderConfig::new(16, 2, 2);
        let decode = Some("f1".to_owned());
        Begun { name: "small".into(), encoder, head, labels: None, decode }
    }

    fn trained() -> HeadConfig {
        HeadConfig::Structure { channels: 32, blocks: 3, kernel: 3, energy: true, ensemble: None }
    }

    fn structure(data: &str, fresh_head: bool, begun: Option<Begun>) -> Result<(StructureConfig, Chosen), String> {
        let text = format!("[data]\n{data}\n{MODEL}");
        let mut config = Config::<StructureConfig>::parse(&text, "a.toml").unwrap();
        config.fresh_head = fresh_head;
        let needed = config.data.head();
        let document = Document::new("x", ModelConfig::pretrained(EncoderConfig::new(16, 2, 2)));
        let chosen =
            choose(&mut config, begun.as_ref(), &needed, Some(&document)).map_err(|error| error.to_string())?;
        Ok((config.data, chosen))
    }

    #[test]
    fn a_trained_head_is_used_only_if_no_key_contradicts_it() {
        let same = "energy = true\nchannels = 32\nblocks = 3";
        for data in ["", "energy = true", "channels = 32", same] {
            let (settled, chosen) = structure(data, false, Some(begun(Some(trained())))).unwrap();
            assert_eq!(chosen.head, trained(), "{data}");
            assert!(chosen.about.starts_with("head: that of `small`, trained before (32 channels"), "{}", chosen.about);
            assert_eq!((settled.energy, settled.channels, settled.blocks), (Some(true), Some(32), Some(3)));
        }
        for (data, expected) in [
            ("energy = false", "data.energy = false, its head has true"),
            ("channels = 64", "data.channels = 64, its head has 32"),
            ("blocks = 2", "data.blocks = 2, its head has 3"),
        ] {
            let said = structure(data, false, Some(begun(Some(trained())))).unwrap_err();
            assert!(said.contains(expected), "{said}");
            let (_, chosen) = structure(data, true, Some(begun(Some(trained())))).unwrap();
            assert_ne!(chosen.head, trained());
            assert!(chosen.about.ends_with("not that of `small`"), "{}", chosen.about);
        }
    }

    #[test]
    fn a_head_of_another_task_or_of_none_is_left_out() {
        for head in [None, Some(HeadConfig::splice())] {
            let (settled, chosen) = structure("energy = true", false, Some(begun(head))).unwrap();
            assert_eq!(
                chosen.head,
                HeadConfig::Structure { channels: 64, blocks: 2, kernel: 3, energy: true, ensemble: None }
            );
            assert!(chosen.about.starts_with("head: a new one (64 channels"), "{}", chosen.about);
            assert_eq!(settled.decode, Some(Method::Greedy));
        }
    }

    #[test]
    fn how_pairs_are_chosen_is_inherited_but_for_what_needs_a_calibration() {
        for fresh_head in [false, true] {
            let (settled, _) = structure("", fresh_head, Some(begun(Some(trained())))).unwrap();
            // f1 needs calibrated probabilities; without them it is the best nested structure.
            assert_eq!(settled.decode, Some(Method::Nested));
        }
        let (settled, _) = structure("decode = \"greedy\"", false, Some(begun(Some(trained())))).unwrap();
        assert_eq!(settled.decode, Some(Method::Greedy));
    }

    #[test]
    fn a_head_of_other_classes_is_refused() {
        let mut config = Config::<crate::finetune::LabelConfig>::parse(MODEL, "a.toml").unwrap();
        let names = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        let head = |classes| HeadConfig::Family { hidden: 16, classes };
        let theirs = Begun { labels: names(&["5S", "tRNA"]), ..begun(Some(head(2))) };
        let mut document = Document::new("x", ModelConfig::pretrained(EncoderConfig::new(16, 2, 2)));
        document.labels = names(&["5S", "snoRNA"]);
        let said = choose(&mut config, Some(&theirs), &head(2), Some(&document)).unwrap_err().to_string();
        assert!(said.contains("its classes are 5S, tRNA, those of the data are 5S, snoRNA"), "{said}");
        let unnamed = Begun { labels: None, ..theirs };
        let said = choose(&mut config, Some(&unnamed), &head(3), Some(&document)).unwrap_err().to_string();
        assert!(said.contains("it has 2 outputs, the data need 3"), "{said}");
        assert_eq!(choose(&mut config, Some(&unnamed), &head(2), Some(&document)).unwrap().head, head(2));
    }

    #[test]
    fn a_network_of_other_sizes_or_of_another_task_is_not_continued() {
        let text = |window: usize| {
            format!("[data]\ncnn = {{ window = {window}, layers = [{{ filters = 3, kernel = 2 }}] }}\n{MODEL}")
        };
        let config = |text: &str| Config::<crate::finetune::LabelConfig>::parse(text, "a.toml").unwrap();
        let head = |task: &str, text: &str| {
            let network = config(text).data.cnn.unwrap();
            HeadConfig::Cnn { made_for: task.into(), outputs: 1, network }
        };
        let (of_nine, of_ten) = (text(9), text(10));
        let choose = |text: &str, theirs: HeadConfig, needed: HeadConfig| {
            choose(&mut config(text), Some(&begun(Some(theirs))), &needed, None).map_err(|error| error.to_string())
        };
        let splice = |text: &str| head("splice", text);
        assert!(choose(&of_nine, splice(&of_nine), splice(&of_nine)).unwrap().trained);
        let said = choose(&of_ten, splice(&of_nine), splice(&of_ten)).unwrap_err();
        assert!(said.contains("exactly 10 nt, its head has convolutions 3×2 on letters of exactly 9 nt"), "{said}");
        let said = choose(MODEL, splice(&of_nine), HeadConfig::splice()).unwrap_err();
        assert!(said.contains("data.cnn asks for no convolutional network"), "{said}");
        let said = choose(&of_nine, HeadConfig::splice(), splice(&of_nine)).unwrap_err();
        assert!(said.contains("its head has no convolutional network"), "{said}");
        assert!(!choose(&of_nine, head("mrl", &of_nine), splice(&of_nine)).unwrap().trained);
    }
}
