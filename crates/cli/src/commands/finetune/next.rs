//! What to run after training: a model of structures is not calibrated yet, whatever it started from.

use std::path::{Path, PathBuf};

use rinalmo::checkpoint::{self, OpenOptions};

/// What to run next with a model of structures in `folder`, and what its numbers mean until then.
///
/// Fine-tuning tunes only a threshold. If it started from a calibrated model, `fold` printed the expected F1 with that
/// model, and prints mean probabilities with the new one.
pub fn after_structures(folder: &Path, from: Option<&str>, validation: &[PathBuf]) -> String {
    let folder = folder.display();
    let data: Vec<String> = validation.iter().map(|path| path.display().to_string()).collect();
    let data = if data.is_empty() { "STRUCTURES".to_owned() } else { data.join(" --data ") };
    let was =
        if from.is_some_and(is_calibrated) { ", not the expected F1 as with the model it started from" } else { "" };
    format!(
        "next: `rinalmo model calibrate {folder} {folder}/calibrated.safetensors --data {data}` fits probabilities, \
         decoder and expected F1 to structures that it was not trained with; until then the number after a structure is \
         the mean probability of its pairs{was}"
    )
}

fn is_calibrated(model: &str) -> bool {
    checkpoint::open(model, &OpenOptions::default()).is_ok_and(|found| found.meta.calibration.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_names_the_run_and_the_validation_data() {
        let said = after_structures(Path::new("runs/a"), None, &["VL0.tsv".into()]);
        let command = "`rinalmo model calibrate runs/a runs/a/calibrated.safetensors --data VL0.tsv`";
        assert!(said.contains(command) && !said.contains("started from"), "{said}");
        let said = after_structures(Path::new("a"), None, &["b.tsv".into(), "c.ct".into()]);
        assert!(said.contains("--data b.tsv --data c.ct`"), "{said}");
        assert!(after_structures(Path::new("a"), None, &[]).contains("--data STRUCTURES`"));
    }

    #[test]
    #[cfg(feature = "bundled")]
    fn a_calibrated_model_that_loses_its_calibration_is_reported() {
        let said = after_structures(Path::new("a"), Some("nano"), &[]);
        assert!(said.ends_with("not the expected F1 as with the model it started from"), "{said}");
    }
}
