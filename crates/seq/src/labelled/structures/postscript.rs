//! Structures in ViennaRNA's PostScript: the dot plots of `RNAfold -p` and `RNAplfold` (`dot.ps`, `*_dp.ps`), and the
//! drawings of `RNAplot` (`*_ss.ps`).
//!
//! A dot plot has a line for each pair: `i j √p ubox` for a probability, `i j 0.95 lbox` for a pair of the structure of
//! least energy. A drawing has its pairs in a list. The PostScript is searched for these, not run.

use std::collections::HashSet;
use std::io::BufRead;
use std::sync::Arc;

use super::entry::{Entry, only_letters};
use super::{Error, Found};
use crate::Structure;

/// Whether a file that begins like this is PostScript.
pub(super) fn is_start(start: &[u8]) -> bool {
    start.starts_with(b"%!PS")
}

/// Adds the structure of a file to `found`.
///
/// # Errors
/// The stream fails.
pub(super) fn read(stream: impl BufRead, file: &Arc<str>, found: &mut Found) -> Result<(), Error> {
    let mut plot = Plot::default();
    let mut last = 0;
    for (number, line) in (1..).zip(stream.split(b'\n')) {
        let line = line.map_err(crate::Error::from)?;
        last = number;
        if let Err(message) = plot.add(String::from_utf8_lossy(&line).trim()) {
            found.wrong.push(Error::Row { file: file.clone(), line: number, message });
            return Ok(());
        }
    }
    match plot.entry() {
        Ok(entry) => found.entries.push(Entry { place: file.to_string(), ..entry }),
        Err(message) => found.wrong.push(Error::Row { file: file.clone(), line: last, message }),
    }
    Ok(())
}

/// Which definition of several lines is being read.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Part {
    Title,
    Sequence,
    Pairs,
    #[default]
    Other,
}

/// What was read so far.
#[derive(Debug, Default)]
struct Plot {
    part: Part,
    title: String,
    letters: String,
    pairs: Vec<(usize, usize)>,
    probabilities: Vec<(usize, usize, f64)>,
    /// The pairs that have a probability.
    seen: HashSet<(usize, usize)>,
}

impl Plot {
    fn add(&mut self, line: &str) -> Result<(), String> {
        match self.part {
            _ if line.starts_with("/DPtitle") => self.part = Part::Title,
            _ if line.starts_with("/sequence") => {
                self.part = Part::Sequence;
                self.add_letters(line.split_once('(').map_or("", |(_, rest)| rest));
            }
            _ if line.starts_with("/pairs") => self.part = Part::Pairs,
            Part::Title => {
                self.title = line.trim_start_matches('(').trim_end_matches(')').replace('\\', "");
                self.part = Part::Other;
            }
            Part::Sequence => self.add_letters(line),
            Part::Pairs => match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                Some(ends) => {
                    let mut ends = ends.split_whitespace();
                    let pair = self.pair(ends.next(), ends.next())?;
                    self.pairs.push(pair);
                }
                None => self.part = Part::Other,
            },
            Part::Other => self.add_box(line)?,
        }
        Ok(())
    }

    /// A piece of the sequence: letters up to the bracket that ends them, or to the sign that the line goes on.
    fn add_letters(&mut self, line: &str) {
        let (letters, is_end) = line.split_once(')').map_or((line, false), |(letters, _)| (letters, true));
        self.letters.push_str(letters.trim_end_matches('\\'));
        if is_end {
            self.part = Part::Other;
        }
    }

    /// A line of a dot plot: `i j √p ubox` or `i j 0.95 lbox`, perhaps after two numbers of a colour. Before the sequence
    /// such lines are parts of programs.
    fn add_box(&mut self, line: &str) -> Result<(), String> {
        let is_box = (line.ends_with(" ubox") || line.ends_with(" lbox")) && !line.starts_with('%');
        if !is_box || self.letters.is_empty() {
            return Ok(());
        }
        let mut words = line.rsplit(' ').filter(|word| !word.is_empty());
        let (kind, root, j, i) = (words.next(), words.next(), words.next(), words.next());
        let (i, j) = self.pair(i, j)?;
        if kind == Some("lbox") {
            self.pairs.push((i, j));
            return Ok(());
        }
        let root = root.unwrap_or_default();
        let p = root.parse::<f64>().ok().map(|root| root * root).filter(|p| (0.0..=1.0 + 1e-6).contains(p));
        let p = p.ok_or_else(|| format!("expected the root of a probability before `ubox`, found `{root}`"))?;
        if !self.seen.insert((i, j)) {
            return Err(format!("pair ({}, {}) has two probabilities", i + 1, j + 1));
        }
        self.probabilities.push((i, j, p.min(1.0)));
        Ok(())
    }

    /// A pair from 0, of numbers from 1.
    fn pair(&self, i: Option<&str>, j: Option<&str>) -> Result<(usize, usize), String> {
        let position = |word: Option<&str>| word?.parse::<usize>().ok()?.checked_sub(1);
        match position(i).zip(position(j)) {
            Some((i, j)) if i != j && i.max(j) < self.letters.len() => Ok((i.min(j), i.max(j))),
            Some((i, j)) => {
                let len = self.letters.len();
                Err(format!("expected two positions in a sequence of {len} bases, found {} and {}", i + 1, j + 1))
            }
            None => Err("expected two positions from 1".into()),
        }
    }

    fn entry(self) -> Result<Entry, String> {
        let Self { title, letters, pairs, probabilities, .. } = self;
        if letters.is_empty() {
            return Err("this PostScript has no `/sequence`, so it is no dot plot or drawing of ViennaRNA".into());
        }
        let sequence = only_letters(&letters).map_err(|message| format!("`/sequence`: {message}"))?;
        let structure = Structure::new(sequence.len(), pairs).map_err(|error| error.to_string())?;
        let all_probable = !probabilities.is_empty();
        Ok(Entry { probabilities, all_probable, ..Entry::new(&title, sequence, structure) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOT_PLOT: &str = "%!PS-Adobe-3.0 EPSF-3.0\n%%Title: RNA Dot Plot\n/top {\n  2 add len lbox\n} bind def\n/DPtitle {\n  (a b)\n} def\n\
        /sequence { (\\\nGGAA\\\nACC\\\n) } def\n/len { sequence length } bind def\n%data\n1 7 0.9 ubox\n2 6 0.5 ubox\n\
        1 7 0.9500000 lbox\nshowpage\nend\n%%EOF\n";

    fn read_all(text: &str) -> (Vec<Entry>, Vec<String>) {
        let mut found = Found::default();
        read(text.as_bytes(), &"dot.ps".into(), &mut found).unwrap();
        (found.entries, found.wrong.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_dot_plot_has_the_structure_and_the_probabilities() {
        let (entries, wrong) = read_all(DOT_PLOT);
        assert!(wrong.is_empty(), "{wrong:?}");
        let entry = &entries[0];
        assert_eq!((&*entry.id, &*entry.header), ("a", "a b"));
        assert_eq!(entry.sequence.as_deref(), Some(&b"GGAAACC"[..]));
        assert_eq!(entry.structure.pairs(), [(0, 6)]);
        assert!(entry.all_probable);
        let near = |(i, j, p): (usize, usize, f64), to: f64| ((i, j), (p - to).abs() < 1e-12);
        assert_eq!(near(entry.probabilities[0], 0.81), ((0, 6), true));
        assert_eq!(near(entry.probabilities[1], 0.25), ((1, 5), true));
    }

    #[test]
    fn colours_of_an_alignments_dot_plot_are_passed_over() {
        let (entries, _) = read_all(&DOT_PLOT.replace("2 6 0.5 ubox", "0.16 1 2 6 0.5 ubox"));
        assert_eq!(entries[0].probabilities.len(), 2);
    }

    #[test]
    fn a_drawing_has_its_pairs_in_a_list() {
        let text = "%!PS-Adobe-3.0 EPSF-3.0\n/sequence (\\\nGGAAACC\\\n) def\n/coor [\n[1.0 2.0]\n] def\n/pairs [\n[1 7]\n\
            [2 6]\n] def\ninit\n";
        let (entries, wrong) = read_all(text);
        assert!(wrong.is_empty(), "{wrong:?}");
        assert_eq!(entries[0].structure.pairs(), [(0, 6), (1, 5)]);
        assert!(entries[0].id.is_empty() && entries[0].probabilities.is_empty());
    }

    #[test]
    fn what_is_damaged_or_no_plot_is_said_with_its_line() {
        let wrong = |text: String| {
            let (entries, wrong) = read_all(&text);
            assert_eq!((entries.len(), wrong.len()), (0, 1));
            wrong[0].clone()
        };
        assert!(
            wrong(DOT_PLOT.replace("0.5 ubox", "1.5 ubox")).contains("dot.ps:16: expected the root of a probability")
        );
        assert!(wrong(DOT_PLOT.replace("2 6 0.5", "2 8 0.5")).contains("a sequence of 7 bases, found 2 and 8"));
        assert!(wrong(DOT_PLOT.replace("2 6 0.5", "7 1 0.5")).contains("dot.ps:16: pair (1, 7) has two probabilities"));
        assert!(wrong(DOT_PLOT.replace("2 6 0.5", "x 6 0.5")).contains("expected two positions from 1"));
        assert!(wrong(DOT_PLOT.replace("GGAA", "GG&A")).contains("expected letters and gaps, found `&` at 3"));
        assert!(wrong("%!PS-Adobe-3.0\nshowpage\n".into()).contains("dot.ps:2: this PostScript has no `/sequence`"));
    }
}
