//! The models that are offered: known by name, loaded when they are first asked for.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rinalmo::checkpoint::{self, OpenOptions};
use rinalmo::energy::{BuiltIn, Conditions, EnergyModel};
use rinalmo::task::{TASKS, TaskSpec};
use rinalmo::{Device, EnergyFolder, LoadOptions, Model};
use serde::Serialize;

use crate::Error;
use crate::failure::Failure;
use crate::options::Log;

/// What answers.
pub enum Engine {
    /// A network with its weights.
    Network(Box<Model>),
    /// An energy model.
    Energies(EnergyFolder),
}

/// What a model can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Abilities {
    /// It folds.
    pub fold: bool,
    /// It has an ensemble of structures, with others than the best one.
    pub ensemble: bool,
    /// It embeds.
    pub embed: bool,
    /// It scores sequences and variants.
    pub score: bool,
    /// The tasks that it predicts.
    pub predict: Vec<&'static str>,
}

/// What is known of a network before it is loaded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Network {
    /// Its number of parameters.
    pub parameters: usize,
    /// How many numbers a vector has.
    pub dimensions: usize,
    /// The share of energies in its structures, if a request asks for no other.
    pub energy_share: f32,
    /// The probability that pairs must have, if a request asks for no other and the model was tuned to one.
    pub threshold: Option<f32>,
}

/// A model that is offered.
pub struct Entry {
    /// What requests call it.
    pub name: String,
    /// What it can do.
    pub abilities: Abilities,
    /// What is known of its weights, if it is a network.
    pub network: Option<Network>,
    /// What the program loads it by.
    source: String,
    loaded: Mutex<Option<Arc<Engine>>>,
}

/// All models that are offered.
pub struct Models {
    entries: Vec<Arc<Entry>>,
    device: Device,
    load: LoadOptions,
    log: Log,
}

impl Models {
    /// Opens the checkpoints of these models, or of all bundled ones.
    ///
    /// # Errors
    /// A model does not exist, or two have the same name.
    pub fn open(names: &[String], device: Device, load: LoadOptions, log: Log) -> Result<Self, Error> {
        let all = || {
            checkpoint::all_bundled()
                .into_iter()
                .chain(BuiltIn::ALL.map(|energies| energies.name().to_owned()))
                .collect()
        };
        let names = if names.is_empty() { all() } else { names.to_vec() };
        let mut entries: Vec<Arc<Entry>> = Vec::new();
        for name in &names {
            let entry = Entry::open(name, &load)?;
            if entries.iter().any(|other| other.name == entry.name) {
                return Err(Error::SameName { name: entry.name });
            }
            entries.push(Arc::new(entry));
        }
        if entries.is_empty() {
            return Err(Error::NoModel);
        }
        Ok(Self { entries, device, load, log })
    }

    /// All of them.
    pub fn all(&self) -> &[Arc<Entry>] {
        &self.entries
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.name.as_str())
    }

    /// The model of this name, or the first that can do what is asked.
    ///
    /// # Errors
    /// No model of this name is offered, or it cannot do that.
    pub fn find(
        &self,
        name: Option<&str>,
        what: &str,
        can: impl Fn(&Abilities) -> bool,
    ) -> Result<Arc<Entry>, Failure> {
        let Some(name) = name else {
            let first = self.entries.iter().find(|entry| can(&entry.abilities));
            let none = || Failure::invalid(format!("no model that is offered here can {what}"));
            return first.cloned().ok_or_else(none);
        };
        let Some(entry) = self.entries.iter().find(|entry| entry.name == name) else {
            let names: Vec<&str> = self.names().collect();
            let shown: String = name.chars().take(100).collect();
            let message = format!("model: expected one of {}, found `{shown}`", names.join(", "));
            return Err(Failure::not_found(message));
        };
        if !can(&entry.abilities) {
            return Err(Failure::invalid(format!("model `{name}` cannot {what}")));
        }
        Ok(entry.clone())
    }

    /// Loads a model, unless it is loaded already.
    ///
    /// # Errors
    /// Its file cannot be read, or does not fit the device.
    pub fn load(&self, entry: &Entry) -> Result<Arc<Engine>, Failure> {
        let mut loaded = entry.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(engine) = &*loaded {
            return Ok(engine.clone());
        }
        let engine = match energies(&entry.source, Conditions::default()) {
            Some(found) => Engine::Energies(found?.max_memory(self.load.max_memory)),
            None => {
                (self.log)(&format!("loading model {}", entry.name));
                let model = Model::load_with(&entry.source, &self.load, &self.device).map_err(|error| {
                    (self.log)(&format!("error: model {}: {error}", entry.name));
                    Failure::from(error)
                })?;
                Engine::Network(Box::new(model))
            }
        };
        let engine = Arc::new(engine);
        *loaded = Some(engine.clone());
        Ok(engine)
    }

    /// An energy model under other conditions. It takes some milliseconds.
    ///
    /// # Errors
    /// It is no energy model, or has no energies at this temperature.
    pub fn under(&self, entry: &Entry, conditions: Conditions) -> Result<Arc<Engine>, Failure> {
        let found = energies(&entry.source, conditions).ok_or_else(|| entry.without_conditions())?;
        Ok(Arc::new(Engine::Energies(found?.max_memory(self.load.max_memory))))
    }
}

impl Entry {
    /// `NAME=MODEL`, or a name or path.
    fn open(text: &str, load: &LoadOptions) -> Result<Self, Error> {
        let (name, source) = named(text);
        if BuiltIn::find(source).is_some() {
            let abilities = Abilities { fold: true, ensemble: true, embed: false, score: false, predict: Vec::new() };
            return Ok(Self::new(name.unwrap_or(source), source, abilities, None));
        }
        let wrong = |source: rinalmo::Error| Error::Model { name: text.to_owned(), source: Box::new(source) };
        let found = checkpoint::open(source, &OpenOptions::default().heads(load.heads)).map_err(wrong)?;
        let config = &found.config;
        let takes = |task: &&TaskSpec| config.head.as_ref().is_some_and(|head| task.takes(head));
        let predicts = TaskSpec::of_labels().map(|(task, _)| task).filter(takes).map(|task| task.name);
        let abilities = Abilities {
            fold: TASKS.iter().filter(takes).any(|task| task.name == "structure"),
            ensemble: config.ensemble().is_some(),
            embed: true,
            score: config.mlm,
            predict: predicts.collect(),
        };
        let network = Network {
            parameters: config.parameters(),
            dimensions: config.encoder.dim,
            energy_share: found.meta.calibration.map_or(0.0, |calibration| calibration.energy_share),
            threshold: found.meta.threshold,
        };
        Ok(Self::new(name.unwrap_or(&found.meta.name), source, abilities, Some(network)))
    }

    fn new(name: &str, source: &str, abilities: Abilities, network: Option<Network>) -> Self {
        let loaded = Mutex::new(None);
        Self { name: name.to_owned(), abilities, network, source: source.to_owned(), loaded }
    }

    /// Is it loaded?
    pub fn is_loaded(&self) -> bool {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Is it an energy model?
    pub fn is_energies(&self) -> bool {
        self.network.is_none()
    }

    /// Checks that it folds under these conditions.
    ///
    /// # Errors
    /// It is no energy model, or has no energies at this temperature.
    pub fn check(&self, conditions: Conditions) -> Result<(), Failure> {
        if !self.is_energies() {
            return Err(self.without_conditions());
        }
        conditions.check().map_err(|error| Failure::invalid(error.to_string()))
    }

    fn without_conditions(&self) -> Failure {
        let energies = BuiltIn::ALL.map(BuiltIn::name).join(" and ");
        Failure::invalid(format!("temperature and dangles: `{}` is not an energy model; {energies} are", self.name))
    }
}

/// The energy model of this name under these conditions, if it is one.
fn energies(name: &str, conditions: Conditions) -> Option<Result<EnergyFolder, Failure>> {
    let parameters = BuiltIn::find(name)?.parameters();
    let model = EnergyModel::new(parameters, conditions).map_err(|error| Failure::invalid(error.to_string()));
    Some(model.map(|model| EnergyFolder::new(name, model)))
}

/// The name and the model of `NAME=MODEL`; of anything else, no name.
fn named(text: &str) -> (Option<&str>, &str) {
    match text.split_once('=') {
        Some((name, model)) if !name.is_empty() && !name.contains(['/', '\\']) && !Path::new(text).exists() => {
            (Some(name), model)
        }
        _ => (None, text),
    }
}
