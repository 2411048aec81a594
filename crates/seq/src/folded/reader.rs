//! Reads any of the formats record by record, further structures of a sequence left out or given as asked.

use std::io::BufRead;

use super::{Format, Record};
use crate::alphabet::is_gap;
use crate::structure::without_gaps;
use crate::{Error, Structure, bpseq, ct, dot_bracket, st, stockholm, title};

type Records<'r> = Box<dyn Iterator<Item = Result<Record, Error>> + 'r>;

/// An iterator over the records of a stream; after a malformed record it goes on at the next one that can be found.
///
/// Records in a row that have one name and one sequence are further structures of the first.
///
/// ```
/// use rinalmo_seq::folded::{Format, Reader};
/// let text = &b"2 ENERGY = -1 a\n1 G 0 2 2 1\n2 C 1 0 1 2\n2 ENERGY = 0 a\n1 G 0 2 0 1\n2 C 1 0 0 2\n"[..];
/// let record = Reader::new(text, Format::Ct).next().unwrap()?;
/// assert_eq!((&*record.name, record.structure.pairs().len(), record.further), ("a", 1, 1));
/// # Ok::<(), rinalmo_seq::Error>(())
/// ```
pub struct Reader<'r> {
    records: Records<'r>,
    held: Option<Result<Record, Error>>,
    all: bool,
}

impl<'r> Reader<'r> {
    /// Reads a stream of a format; of each sequence the first structure counts.
    pub fn new(stream: impl BufRead + 'r, format: Format) -> Self {
        Self::with(stream, format, Options::default())
    }

    /// Reads a stream of a format.
    pub fn with(stream: impl BufRead + 'r, format: Format, options: Options) -> Self {
        Self { records: records(stream, format, options), held: None, all: options.all }
    }
}

/// Which records there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Whether every structure of each sequence is a record of its own.
    pub all: bool,
    /// Whether a record of dot-bracket may be two strands, joined by `&`: see [`Structure::nick`].
    pub strands: bool,
}

impl Iterator for Reader<'_> {
    type Item = Result<Record, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut first = match self.held.take().or_else(|| self.records.next())? {
            Ok(record) if !self.all => record,
            other => return Some(other),
        };
        loop {
            match self.records.next() {
                Some(Ok(next))
                    if next.name == first.name && next.sequence == first.sequence && !next.sequence.is_empty() =>
                {
                    first.further += 1 + next.further;
                }
                other => {
                    self.held = other;
                    return Some(Ok(first));
                }
            }
        }
    }
}

fn records<'r>(stream: impl BufRead + 'r, format: Format, options: Options) -> Records<'r> {
    match format {
        Format::DotBracket => {
            let mut reader = dot_bracket::Reader::new(stream).all_structures(options.all).strands(options.strands);
            Box::new(std::iter::from_fn(move || {
                let record = reader.next()?;
                let further = reader.further();
                Some(record.map(|r| Record { further, ..named(&r.header, r.sequence, r.structure) }))
            }))
        }
        Format::Ct => Box::new(ct::Reader::new(stream).map(|r| r.map(|r| named(&r.header, r.sequence, r.structure)))),
        Format::Bpseq => {
            Box::new(bpseq::Reader::new(stream).map(|r| r.map(|r| named(&r.header, r.sequence, r.structure))))
        }
        Format::St => Box::new(st::Reader::new(stream).map(|r| r.map(|r| named(&r.header, r.sequence, r.structure)))),
        Format::Stockholm => {
            Box::new(stockholm::Reader::new(stream).map(|r| r.map(|r| named(&r.header, r.sequence, r.structure))))
        }
    }
}

/// A record without gaps, which would count as bases.
fn named(title: &str, sequence: Vec<u8>, structure: Structure) -> Record {
    let name = title::name(title).to_owned();
    if !sequence.iter().any(|letter| is_gap(*letter)) {
        return Record { name, sequence, structure, ..Record::default() };
    }
    let pairs = structure.pairs().len();
    let (sequence, structure) = without_gaps(&sequence, &structure);
    Record { name, gapped_pairs: pairs - structure.pairs().len(), sequence, structure, ..Record::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, format: Format) -> Vec<(String, usize, usize, usize)> {
        let all = Reader::with(text.as_bytes(), format, Options { all: true, ..Options::default() }).count();
        let records: Vec<Record> = Reader::new(text.as_bytes(), format).collect::<Result<_, _>>().unwrap();
        let counted: usize = records.iter().map(|record| 1 + record.further).sum();
        assert_eq!(counted, all, "every structure is either given or counted");
        records.into_iter().map(|r| (r.name, r.structure.pairs().len(), r.further, r.gapped_pairs)).collect()
    }

    const CT: &str = "2 ENERGY = -1 NAME\n1 G 0 2 2 1\n2 C 1 0 1 2\n";
    const UNPAIRED: &str = "2 ENERGY = 0 NAME\n1 G 0 2 0 1\n2 C 1 0 0 2\n";

    #[test]
    fn suboptimal_structures_are_counted_at_the_first() {
        let of = |name: &str| [CT, UNPAIRED].concat().replace("NAME", name);
        let text = [of("a"), of("b"), of(""), UNPAIRED.replace("NAME", "a")].concat();
        let expected = [("a", 1, 1), ("b", 1, 1), ("", 1, 1), ("a", 0, 0)];
        assert_eq!(read(&text, Format::Ct), expected.map(|(name, pairs, further)| (name.into(), pairs, further, 0)));
    }

    #[test]
    fn structures_under_headers_of_their_own_are_further_ones_of_one_name() {
        let text = ">ENERGY = -3.4  a\nGAAAC\n(...)\n.....\n>ENERGY = -1.0  a\nGAAAC\n.....\n>a 2\nGAAAC\n.....\n";
        assert_eq!(read(text, Format::DotBracket), [("a".into(), 1, 2, 0), ("a 2".into(), 0, 0, 0)]);
    }

    #[test]
    fn gaps_go_and_the_pairs_they_cost_are_counted() {
        let text = "# STOCKHOLM 1.0\n#=GS a DE some words\na G-AA.CC\nb GGA-ACC\n#=GC SS_cons <<...>>\n//\n";
        assert_eq!(read(text, Format::Stockholm), [("a some words".into(), 1, 0, 1), ("b".into(), 2, 0, 0)]);
    }

    #[test]
    fn gaps_are_no_bases_in_any_format() {
        let bpseq = "# a\n1 G 4\n2 - 3\n3 C 2\n4 C 1\n";
        assert_eq!(read(bpseq, Format::Bpseq), [("a".into(), 1, 0, 1)]);
        let text = b">a\nG-AAACC\n(.(...)).\n>b\nGG--AAACC\n((.....))\n";
        let records = Reader::new(&text[..], Format::DotBracket).filter_map(Result::ok);
        let found: Vec<_> = records.map(|r| (r.sequence, r.structure.to_dot_bracket().unwrap())).collect();
        assert_eq!(found, [(b"GGAAACC".to_vec(), "((...))".to_owned())]);
    }

    #[test]
    fn a_bad_record_is_an_error_and_the_next_is_read() {
        let text = ">a\nGAAAC\n(...)\n>b\nGAAAC\n(..)\n>c\nGAAAC\n.....\n";
        let read: Vec<_> = Reader::new(text.as_bytes(), Format::DotBracket).map(|r| r.map(|r| r.name)).collect();
        assert_eq!(read.len(), 3);
        assert!(read[0].is_ok() && read[1].is_err() && read[2].as_ref().is_ok_and(|name| name == "c"));
    }
}
