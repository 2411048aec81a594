//! `metrics.jsonl`: a line for each thing that happened, and the way back to a checkpoint.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use serde_json::Value;

/// A file of JSON lines that is being written.
pub(super) struct Lines {
    pub(super) file: File,
}

impl Lines {
    /// Opens a file, and takes away what it says of steps after `step` and what was cut off in the writing. Every line
    /// that stays is shown to `keep`.
    pub(super) fn open(path: &Path, step: u64, mut keep: impl FnMut(&Value)) -> io::Result<Self> {
        if path.exists() {
            let part = path.with_extension("jsonl.part");
            let mut out = BufWriter::new(File::create(&part)?);
            for line in BufReader::new(File::open(path)?).split(b'\n') {
                let line = line?;
                let Ok(value) = serde_json::from_slice::<Value>(&line) else { continue };
                if value["step"].as_u64().is_none_or(|of| of <= step) {
                    keep(&value);
                    out.write_all(&line)?;
                    out.write_all(b"\n")?;
                }
            }
            out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
            fs::rename(&part, path)?;
        }
        Ok(Self { file: OpenOptions::new().create(true).append(true).open(path)? })
    }

    /// Adds a line.
    pub(super) fn add(&mut self, line: &Value) -> io::Result<()> {
        self.file.write_all(format!("{line}\n").as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_came_after_the_checkpoint_and_a_torn_line_go() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.jsonl");
        let mut lines = Lines::open(&path, 0, |_| ()).unwrap();
        (1..=5).for_each(|step| lines.add(&json!({ "step": step })).unwrap());
        drop(lines);
        let mut text = fs::read_to_string(&path).unwrap();
        text += "{\"step\":";
        fs::write(&path, text).unwrap();
        let mut kept = Vec::new();
        let mut lines = Lines::open(&path, 3, |line| kept.push(line["step"].as_u64().unwrap())).unwrap();
        lines.add(&json!({ "step": 4 })).unwrap();
        assert_eq!(kept, [1, 2, 3]);
        let expected = "{\"step\":1}\n{\"step\":2}\n{\"step\":3}\n{\"step\":4}\n";
        assert_eq!(fs::read_to_string(&path).unwrap(), expected);
    }
}
