//! The description in our own files: `config.json` next to the tensors, or the text under `rinalmo` in their header.

use rinalmo_model::task::read_name;
use rinalmo_model::{HeadConfig, ModelConfig, TaskSpec};
use rinalmo_seq::alphabet::VOCABULARY;
use serde::{Deserialize, Serialize};

use super::calibration::Calibration;

/// Key of the document in a safetensors header.
pub const HEADER_KEY: &str = "rinalmo";
/// The value of `format` in every document.
pub const FORMAT: &str = "rinalmo";
/// Version of the document we write, and the newest we read.
pub const VERSION: u32 = 1;

/// How a ribosome-load model's output becomes a load: `output · std + mean`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scaler {
    /// Mean of the training set's loads.
    pub mean: f32,
    /// Their standard deviation.
    pub std: f32,
}

/// Everything about a model that is not a tensor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Always `rinalmo`.
    pub format: String,
    /// Version of this layout.
    pub version: u32,
    /// The model's name.
    pub name: String,
    /// What it does: `mlm`, `encoder`, or the task of its head.
    #[serde(deserialize_with = "read_name")]
    pub task: String,
    /// Its sizes.
    pub config: ModelConfig,
    /// Its tokens in the order of their ids.
    pub vocabulary: Vec<String>,
    /// Probability above which positions pair.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f32>,
    /// How pairs are chosen, if not greedily as in the released code: `nested`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decode: Option<String>,
    /// How probabilities of pairs are calibrated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
    /// The ribosome-load scaler.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scaler: Option<Scaler>,
    /// Names of the classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<String>>,
    /// Where the weights come from, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<String>,
    /// Their licence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
}

impl Document {
    /// The document of a model of these sizes, with nothing else set.
    pub fn new(name: impl Into<String>, config: ModelConfig) -> Self {
        Self {
            format: FORMAT.into(),
            version: VERSION,
            name: name.into(),
            task: task(&config).into(),
            config,
            vocabulary: VOCABULARY.map(str::to_owned).to_vec(),
            threshold: None,
            decode: None,
            calibration: None,
            scaler: None,
            labels: None,
            provenance: None,
            license: None,
        }
    }

    /// Reads a document and checks what can be checked without the tensors.
    ///
    /// # Errors
    /// A sentence saying what was expected and what was found.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Opening {
            format: String,
            version: u32,
        }
        let opening: Opening = serde_json::from_str(text).map_err(|error| format!("description: {error}"))?;
        if opening.format != FORMAT {
            return Err(format!("description: format `{}`, expected `{FORMAT}`", opening.format));
        }
        if opening.version > VERSION {
            let found = opening.version;
            return Err(format!("description: version {found}, this program knows up to {VERSION}; update it"));
        }
        let document: Self = serde_json::from_str(text).map_err(|error| format!("description: {error}"))?;
        document.check()?;
        Ok(document)
    }

    fn check(&self) -> Result<(), String> {
        self.config.check().map_err(|bad| format!("description: not a sound model: {bad}"))?; // before anybody uses them
        if self.does().is_none() {
            let task = task(&self.config);
            return Err(format!("description: task `{}`, but the sizes are those of `{task}`", self.task));
        }
        if self.vocabulary != VOCABULARY {
            return Err(format!("description: the vocabulary differs from `{}`", VOCABULARY.join(" ")));
        }
        check_values(self.threshold, self.scaler)?;
        self.calibration.map_or(Ok(()), |calibration| calibration.check())?;
        let one = |head: &HeadConfig| {
            matches!(head, HeadConfig::Splice { .. } | HeadConfig::Mrl { .. } | HeadConfig::Structure { .. })
        };
        if let (Some(labels), Some(head)) = (&self.labels, self.config.head.as_ref().filter(|head| !one(head)))
            && labels.len() != head.outputs()
        {
            return Err(format!("description: {} labels for {} classes", labels.len(), head.outputs()));
        }
        Ok(())
    }

    /// The task that it names, if its head can do that: several tasks have a head of one kind.
    pub(crate) fn does(&self) -> Option<&'static str> {
        let own = task(&self.config);
        let named =
            || TaskSpec::find(&self.task).filter(|task| self.config.head.as_ref().is_some_and(|head| task.takes(head)));
        if self.task == own { Some(own) } else { named().map(|task| task.name) }
    }
}

/// Checks that threshold and scaler are usable numbers.
pub(crate) fn check_values(threshold: Option<f32>, scaler: Option<Scaler>) -> Result<(), String> {
    if let Some(threshold) = threshold
        && !(0.0..=1.0).contains(&threshold)
    {
        return Err(format!("threshold {threshold}, expected a probability"));
    }
    if let Some(Scaler { mean, std }) = scaler
        && !(mean.is_finite() && std.is_finite() && std > 0.0)
    {
        return Err(format!(
            "scaler of mean {mean} and deviation {std}, expected finite numbers and a deviation above 0"
        ));
    }
    Ok(())
}

/// The word for what a model of this config does.
pub(crate) fn task(config: &ModelConfig) -> &'static str {
    match (&config.head, config.mlm) {
        (Some(head), _) => head.task(),
        (None, true) => "mlm",
        (None, false) => "encoder",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rinalmo_model::{EncoderConfig, TASKS};

    fn document() -> Document {
        Document {
            format: FORMAT.into(),
            version: VERSION,
            name: "tiny".into(),
            task: "mlm".into(),
            config: ModelConfig::pretrained(EncoderConfig::new(80, 3, 4)),
            vocabulary: VOCABULARY.map(String::from).to_vec(),
            threshold: Some(0.17),
            decode: Some("nested".into()),
            calibration: Some(Calibration {
                scale: 0.5,
                certain_scale: Some(0.25),
                shift: -0.25,
                f1_scale: 1.0,
                f1_shift: 0.0,
                energy_share: 0.2,
            }),
            scaler: None,
            labels: None,
            provenance: None,
            license: Some("CC BY 4.0".into()),
        }
    }

    #[test]
    fn written_documents_read_the_same() {
        let text = serde_json::to_string(&document()).unwrap();
        assert_eq!(Document::parse(&text), Ok(document()));
    }

    #[test]
    fn documents_with_an_earlier_name_of_a_task_are_read() {
        let config = ModelConfig::pretrained(EncoderConfig::new(80, 3, 4)).with_head(HeadConfig::mrl());
        let document = Document { task: task(&config).into(), config, ..document() };
        let text = serde_json::to_string(&document).unwrap();
        assert_eq!(text.matches("\"task\":\"mrl\"").count(), 2, "{text}");
        assert_eq!(Document::parse(&text.replace("\"mrl\"", "\"ribosome\"")), Ok(document));
    }

    #[test]
    fn a_document_may_name_every_task_of_its_head() {
        let plain = || ModelConfig::pretrained(EncoderConfig::new(80, 3, 4));
        for task in TASKS {
            let Some(head) = task.head.clone() else { continue };
            let document = Document { task: task.name.into(), config: plain().with_head(head), ..document() };
            let read = Document::parse(&serde_json::to_string(&document).unwrap());
            assert_eq!(read.unwrap().does(), Some(task.name));
        }
        assert_eq!(Document { task: "structure".into(), config: plain(), ..document() }.does(), None);
    }

    #[test]
    fn each_contradiction_is_named() {
        let complaint = |change: &dyn Fn(&mut serde_json::Value)| {
            let mut value = serde_json::to_value(document()).unwrap();
            change(&mut value);
            Document::parse(&value.to_string()).unwrap_err()
        };
        assert!(complaint(&|v| v["version"] = 2.into()).contains("version 2, this program knows up to 1"));
        assert!(
            complaint(&|v| v["task"] = "splice".into()).contains("task `splice`, but the sizes are those of `mlm`")
        );
        assert!(complaint(&|v| v["vocabulary"][5] = "U".into()).contains("vocabulary differs"));
        assert!(complaint(&|v| v["threshold"] = 1.5.into()).contains("threshold 1.5"));
        assert!(complaint(&|v| v["calibration"]["scale"] = 0.0.into()).contains("calibration of scale 0 and"));
        let odd = complaint(&|v| v["calibration"]["certain_scale"] = (-1.0).into());
        assert!(odd.contains("calibration of scale 0.5 and -1, and shift"), "{odd}");
        assert!(complaint(&|v| v["calibration"]["energy_share"] = 1.5.into()).contains("energy share 1.5, expected"));
        let absurd = complaint(&|v| v["config"]["encoder"]["blocks"] = (1u64 << 60).into());
        assert!(absurd.contains("blocks is 1152921504606846976, expected 0 to 4096"), "{absurd}");
        assert!(complaint(&|v| v["treshold"] = 0.5.into()).contains("unknown field `treshold`"));
    }
}
