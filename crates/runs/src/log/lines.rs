//! `metrics.jsonl`: a line for each event of a run, cut back to a checkpoint when the run resumes.
//!
//! Lines that are cut are kept unchanged in `metrics.set-aside.jsonl`: steps after the checkpoint, which the run takes
//! again, and lines that cannot be read, which another program may be able to read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use serde_json::Value;

/// A file of JSON lines that is being written.
pub(super) struct Lines {
    pub(super) file: File,
}

impl Lines {
    /// Opens a file, and sets aside lines of steps after `step` and lines that cannot be read. `keep` is called with
    /// every line that stays.
    pub(super) fn open(path: &Path, step: u64, mut keep: impl FnMut(&Value)) -> io::Result<Self> {
        if path.exists() {
            let part = path.with_extension("jsonl.part");
            let mut out = BufWriter::new(File::create(&part)?);
            let mut aside = Vec::new();
            for line in BufReader::new(File::open(path)?).split(b'\n') {
                let line = line?;
                let value = serde_json::from_slice::<Value>(&line).ok();
                let stays = |value: &Value| value["step"].as_u64().is_none_or(|of| of <= step);
                match value.filter(stays) {
                    Some(value) => {
                        keep(&value);
                        out.write_all(&line)?;
                        out.write_all(b"\n")?;
                    }
                    None => aside.push(line),
                }
            }
            out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
            set_aside(&path.with_extension("set-aside.jsonl"), &aside)?;
            fs::rename(&part, path)?;
        }
        Ok(Self { file: OpenOptions::new().create(true).append(true).open(path)? })
    }

    /// Adds a line.
    pub(super) fn add(&mut self, line: &Value) -> io::Result<()> {
        self.file.write_all(format!("{line}\n").as_bytes())
    }
}

/// Adds lines to those set aside earlier, and waits until the disk has them.
fn set_aside(path: &Path, lines: &[Vec<u8>]) -> io::Result<()> {
    if lines.iter().all(Vec::is_empty) {
        return Ok(());
    }
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    let text: Vec<u8> = lines.iter().flat_map(|line| [&line[..], b"\n"].concat()).collect();
    file.write_all(&text)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_came_after_the_checkpoint_and_what_cannot_be_read_is_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.jsonl");
        let mut lines = Lines::open(&path, 0, |_| ()).unwrap();
        (1..=5).for_each(|step| lines.add(&json!({ "step": step })).unwrap());
        drop(lines);
        let mut text = fs::read_to_string(&path).unwrap();
        text += "{\"step\":";
        let damaged = [b"{\"step\":1,\xff\n".as_slice(), text.as_bytes()].concat();
        fs::write(&path, damaged).unwrap();
        let mut kept = Vec::new();
        let mut lines = Lines::open(&path, 3, |line| kept.push(line["step"].as_u64().unwrap())).unwrap();
        lines.add(&json!({ "step": 4 })).unwrap();
        assert_eq!(kept, [1, 2, 3]);
        let expected = "{\"step\":1}\n{\"step\":2}\n{\"step\":3}\n{\"step\":4}\n";
        assert_eq!(fs::read_to_string(&path).unwrap(), expected);
        let aside = || fs::read(folder.path().join("metrics.set-aside.jsonl")).unwrap();
        let set = b"{\"step\":1,\xff\n{\"step\":4}\n{\"step\":5}\n{\"step\":\n";
        assert_eq!(aside(), set);
        drop(lines);
        Lines::open(&path, 4, |_| ()).unwrap();
        assert_eq!(aside(), set, "nothing more to set aside");
        Lines::open(&path, 3, |_| ()).unwrap();
        assert_eq!(aside(), [&set[..], b"{\"step\":4}\n"].concat(), "earlier lines stay");
    }
}
