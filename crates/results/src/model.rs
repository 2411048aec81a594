//! How results name the model.

use rinalmo_infer::energy::{Conditions, Dangles};
use rinalmo_infer::{EnergyFolder, Model};
use serde::Serialize;

/// How results name the model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelName {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    /// Of an energy model, in °C.
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    /// Of an energy model, by ViennaRNA's numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    dangles: Option<u8>,
}

impl From<&Model> for ModelName {
    fn from(model: &Model) -> Self {
        Self { sha256: Some(model.sha256().to_owned()), ..Self::without_checksum(model) }
    }
}

impl From<&EnergyFolder> for ModelName {
    fn from(folder: &EnergyFolder) -> Self {
        let Conditions { temperature, dangles, .. } = folder.model().conditions();
        let dangles = if dangles == Dangles::None { 0 } else { 2 };
        let name = folder.name().to_owned();
        Self { name, sha256: None, temperature: Some(temperature), dangles: Some(dangles) }
    }
}

impl ModelName {
    /// A model without its checksum, which takes longer to compute than to fold a short sequence: for layouts of results
    /// that do not have it.
    pub fn without_checksum(model: &Model) -> Self {
        Self { name: model.name().to_owned(), sha256: None, temperature: None, dangles: None }
    }

    /// In one line, for files of numbers.
    pub fn settings(&self) -> String {
        let mut text = format!("model={}", self.name);
        let mut add = |key: &str, value: Option<String>| {
            if let Some(value) = value {
                text.push_str(&format!(" {key}={value}"));
            }
        };
        add("sha256", self.sha256.clone());
        add("temperature", self.temperature.map(|celsius| celsius.to_string()));
        add("dangles", self.dangles.map(|dangles| dangles.to_string()));
        text
    }
}
