//! Several inputs as one stream of sequences, each letter judged on the way.

use std::{
    io::BufRead,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    InputOptions, Remarks, SequenceRecord,
    decompress::{name_of, open},
    format::{Format, Found},
    table::{Rows, unread},
    text::decoded,
};
use crate::{
    Error,
    lines::Lines,
    table::{self, Table},
    title,
};

type Stream = Box<dyn BufRead + Send>;

/// An iterator over the sequences of several inputs in order, whatever they are in: FASTA, FASTQ, one sequence a line,
/// IG and RNAstructure's `.seq`, GenBank, EMBL, Stockholm, CT, BPSEQ, dot-bracket, bpRNA's `.st`, and tables with a column
/// of sequences.
///
/// The format is recognised by the first lines that are neither blank nor comments. Known structures are passed over,
/// one sequence of several structures is given once. One record is held at a time (one alignment of Stockholm). After
/// an error the iterator can be asked on: it gives the next record that can be found, of the same input or the next
/// one; whether the caller should is for [`Error::is_of_one_record`] and [`Error::is_skipped`] to say.
///
/// ```
/// use rinalmo_seq::{InputOptions, Sequences};
/// let text = &b">tar HIV-1\nGGCAGAUCUGAGC\nCUGGGAGCUCUCUGCC\n"[..];
/// let mut sequences = Sequences::from_reader("tar.fa", text, InputOptions::default());
/// let record = sequences.next().unwrap()?;
/// assert_eq!((record.id.as_str(), record.sequence.len()), ("tar", 29));
/// # Ok::<(), rinalmo_seq::Error>(())
/// ```
pub struct Sequences {
    inputs: std::vec::IntoIter<PathBuf>,
    waiting: Option<(Arc<str>, Stream)>,
    options: InputOptions,
    current: Option<(Arc<str>, Format<Stream>)>,
    /// Bare sequences before a header that was just reached.
    bare: usize,
    records: usize,
    raw_records: usize,
}

impl Sequences {
    /// Reads the given files in order, `-` being standard input; no path at all means standard input.
    ///
    /// A file is opened when its turn comes, and one that cannot be opened is an error then.
    pub fn open(paths: &[impl AsRef<Path>], options: InputOptions) -> Self {
        let mut inputs: Vec<PathBuf> = paths.iter().map(|path| path.as_ref().to_path_buf()).collect();
        if inputs.is_empty() {
            inputs.push("-".into());
        }
        Self { inputs: inputs.into_iter(), ..Self::new(options) }
    }

    /// Reads one stream that messages call `name`.
    pub fn from_reader(name: &str, stream: impl BufRead + Send + 'static, options: InputOptions) -> Self {
        Self { waiting: Some((name.into(), Box::new(stream))), ..Self::new(options) }
    }

    fn new(options: InputOptions) -> Self {
        let inputs = Vec::new().into_iter();
        Self { inputs, waiting: None, options, current: None, bare: 0, records: 0, raw_records: 0 }
    }

    /// Opens the next input; false when there is none.
    fn open_next(&mut self) -> Result<bool, Error> {
        let (name, stream) = match (self.waiting.take(), self.inputs.next()) {
            (Some((name, stream)), _) => (name, decoded(stream)?),
            (None, Some(path)) => (name_of(&path), open(&path)?),
            (None, None) => return Ok(false),
        };
        let format = Self::format(&name, stream).map_err(|error| error.named(&name))?;
        self.current = Some((name, format));
        Ok(true)
    }

    /// Recognises a table by its header, or where that names no sequences by its name; everything else by its first lines.
    fn format(name: &Arc<str>, stream: Stream) -> Result<Format<Stream>, Error> {
        let (start, stream) = table::peek(stream)?;
        if table::is_start(&start) || table::is_named(Path::new(&**name)) {
            return Ok(Format::Table(Rows::new(Table::from_reader(name, stream).map_err(unread)?)?));
        }
        Format::of(Lines::new(Box::new(stream)))
    }

    fn read(&mut self) -> Result<Option<SequenceRecord>, Error> {
        loop {
            if let Some((source, format)) = &mut self.current {
                let source = source.clone();
                match format.read().transpose() {
                    Ok(Some(found)) => return self.judge(found, source).map(Some),
                    Ok(None) => self.end_of_format(),
                    Err(error) => return Err(error.named(&source)),
                }
            } else if !self.open_next()? {
                return Ok(None);
            }
        }
    }

    /// Goes over to FASTA where a header follows bare sequences, else to the next input.
    fn end_of_format(&mut self) {
        self.current = self.current.take().and_then(|(source, format)| {
            let (format, bare) = format.after_bare()?;
            self.bare = bare;
            Some((source, format))
        });
    }

    fn judge(&mut self, found: Found, source: Arc<str>) -> Result<SequenceRecord, Error> {
        let Found { header, id, nameless, sequence, tally, line, structures } = found;
        let header = header.unwrap_or_else(|| {
            self.raw_records += 1;
            format!("seq{}", self.raw_records)
        });
        let header = title::name(&header).to_owned();
        let id = id.unwrap_or_else(|| header.split_whitespace().next().unwrap_or_default().to_string());
        let remarks = Remarks { structures, nameless, bare: std::mem::take(&mut self.bare), ..Remarks::default() };
        let index = self.records;
        self.records += 1;
        SequenceRecord { id, header, sequence, nick: None, unknown: 0, remarks, source, line, index }
            .admit(tally, self.options)
    }
}

impl Iterator for Sequences {
    type Item = Result<SequenceRecord, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Gaps, OnInvalid};

    fn read(text: &'static str, on_invalid: OnInvalid) -> Vec<Result<SequenceRecord, Error>> {
        Sequences::from_reader("x", text.as_bytes(), InputOptions { on_invalid, gaps: Gaps::Keep, strands: false })
            .collect()
    }

    #[test]
    fn a_wrong_letter_stops_is_skipped_replaced_or_kept_as_asked() {
        let text = ">a\nAC\nG@U\n>b\nGPG\n";
        let stopped = read(text, OnInvalid::Error);
        let message = "x:3: record `a`: character `@` is not an RNA base";
        assert_eq!(stopped[0].as_ref().unwrap_err().to_string(), message);
        let verdict = |on_invalid| {
            read(text, on_invalid)
                .into_iter()
                .map(|read| {
                    let sequence =
                        |record: SequenceRecord| (String::from_utf8(record.sequence).unwrap(), record.unknown);
                    read.map(sequence).map_err(|error| (error.is_skipped(), error.is_of_one_record()))
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(verdict(OnInvalid::Error), [Err((false, false)), Err((false, false))]);
        assert_eq!(verdict(OnInvalid::Skip), [Err((true, true)), Err((true, true))]);
        assert_eq!(verdict(OnInvalid::Replace), [Err((false, true)), Ok(("GNG".into(), 1))]);
        assert_eq!(verdict(OnInvalid::Unk), [Ok(("ACGXU".into(), 1)), Ok(("GPG".into(), 1))]);
        assert_eq!(read(text, OnInvalid::Replace)[1].as_ref().unwrap().index, 1, "records left out count");
    }

    #[test]
    fn structures_are_passed_over_in_every_layout() {
        let table = [
            (">a\nGGAACC\n((..)) (-1.20)\n......\n", "a"),
            ("GGAACC\n((..)) 0.9\n((..))\n", "seq1"),
            ("#Name: a\n#Length: 6\nGGAACC\n((..))\nSSHHSS\n", "a"),
            ("6 ENERGY = -1.2  a\n1 G 0 2 6 1\n2 G 1 3 5 2\n3 A 2 4 0 3\n4 A 3 5 0 4\n5 C 4 6 2 5\n6 C 5 0 1 6\n", "a"),
            ("# File: a\n1 G 6\n2 G 5\n3 A 0\n4 A 0\n5 C 2\n6 C 1\n", "a"),
            ("# STOCKHOLM 1.0\na GGAACC\n#=GC SS_cons <<..>>\n//\n", "a"),
            ("; by hand\na\nGGAACC1\n", "a"),
        ];
        for (text, id) in table {
            let records: Vec<_> = read(text, OnInvalid::Error).into_iter().map(Result::unwrap).collect();
            let [record] = &records[..] else { panic!("{records:?}") };
            assert_eq!((&*record.id, &record.sequence[..]), (id, &b"GGAACC"[..]), "{text}");
        }
    }

    #[test]
    fn a_ct_file_of_several_structures_holds_one_sequence() {
        let one = |energy: &str| format!("2 ENERGY = {energy} a\n1 G 0 2 0 1\n2 C 1 0 0 2\n");
        let text = format!("{}{}{}", one("-1"), one("-0.5"), one("0").replace(" a", " b"));
        let stream = std::io::Cursor::new(text);
        let ids = Sequences::from_reader("x", stream, InputOptions::default()).map(|record| record.unwrap().id);
        assert_eq!(ids.collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn damage_costs_one_record_in_every_format_with_structures() {
        let table = [
            (
                "2 a\n1 G 0 2 2 1\n2 C 1 0 1 2\n2 ENERGY = -1  b\n1 G 0 2 x 1\n2 C 1 0 1 2\n1 c\n1 G 0 0 0 1\n",
                "x:5: record `b`: expected the partner of base 1 or 0, found `x`",
            ),
            (
                "# a\n1 G 2\n2 C 1\n# b\n1 G 0\nx C 0\n3 C 0\n# c\n1 G 0\n",
                "x:6: record `b`: expected the row of base 2, found `x`",
            ),
            (
                "# a\n1 G 2\n2 C 1\n# b\n1 G 2\n2 C 0\n# c\n1 G 0\n",
                "x:5: record `b`: base 1 pairs with 2, which is without a partner",
            ),
            (
                "#Name: a\nGC\n()\n#Name: b\nGC\n(\n#Name: c\nG\n.\n",
                "x:6: record `b`: unbalanced bracket `(` at column 1",
            ),
            (">a\nGC\n()\n>b\nGC\n()..)\n>c\nG\n.\n", "x:4: record `b`: its structure has 5 positions, its sequence 2"),
        ];
        for (text, message) in table {
            let said: Vec<_> = read(text, OnInvalid::Replace)
                .into_iter()
                .map(|read| read.map(|record| record.id).map_err(|error| (error.is_of_one_record(), error.to_string())))
                .collect();
            assert_eq!(said, [Ok("a".into()), Err((true, message.into())), Ok("c".into())], "{text}");
        }
    }

    #[test]
    fn an_energy_before_a_name_is_no_part_of_it() {
        let table = [
            (">ENERGY = -3.4  alpha beta\nGC\n", ("alpha", "alpha beta")),
            ("2 dG = -3.4 [initially -3.1] alpha beta\n1 G 0 2 0 1\n2 C 1 0 0 2\n", ("alpha", "alpha beta")),
            (">energy plant\nGC\n", ("energy", "energy plant")),
            (">ENERGY = -3.4\nGC\n", ("", "")),
        ];
        for (text, expected) in table {
            let record = read(text, OnInvalid::Error).remove(0).unwrap();
            assert_eq!((&*record.id, &*record.header), expected, "{text}");
        }
    }

    #[test]
    fn tables_are_read_whatever_their_name_and_a_bad_row_costs_itself() {
        for text in [
            "id,sequence\nmy id,ACGU\nb\nc,GG\n",
            "\u{feff}sep=;\r\nAccession;Seq\r\nmy id;ACGU\r\n;;\r\nb\r\nc;GG\r\n",
            "ID\tSEQUENCE\r\"my id\"\t\"AC\rGU\"\rb\rc\tGG",
        ] {
            let found = read(text, OnInvalid::Replace);
            let names = |record: &SequenceRecord| (record.id.clone(), record.header.clone(), record.sequence.clone());
            let expected =
                [("my id", "ACGU"), ("c", "GG")].map(|(id, letters)| (id.to_string(), id.to_string(), letters.into()));
            assert_eq!(found.iter().flatten().map(names).collect::<Vec<_>>(), expected, "{text}");
            let [_, Err(error), _] = &found[..] else { panic!("{found:?}") };
            assert!(
                error.is_of_one_record() && error.to_string().contains(": record `#2`: 1 columns, expected 2"),
                "{error}"
            );
        }
        let nameless: Vec<_> =
            read("seq\tx\nACGU\t1\nGG\t2\n", OnInvalid::Replace).into_iter().map(Result::unwrap).collect();
        assert_eq!(
            nameless.iter().map(|r| (&*r.id, r.remarks.nameless)).collect::<Vec<_>>(),
            [("seq1", true), ("seq2", true)]
        );
        let named = Sequences::from_reader("a.csv", &b"id,label\na,1\n"[..], InputOptions::default()).next().unwrap();
        let message = named.unwrap_err().to_string();
        assert_eq!(message, "a.csv:1: no column `sequence`, `seq`, `utr`\nhint: its columns are `id`, `label`");
    }

    #[test]
    fn a_header_after_bare_sequences_begins_fasta() {
        let records: Vec<_> = read("ACGU\n>q\nGG\nCC\n", OnInvalid::Error).into_iter().map(Result::unwrap).collect();
        let seen: Vec<_> = records.iter().map(|r| (&*r.id, &r.sequence[..], r.remarks.bare)).collect();
        assert_eq!(seen, [("seq1", &b"ACGU"[..], 0), ("q", b"GGCC", 1)]);
    }

    #[test]
    fn a_bad_line_costs_its_record_and_another_sort_of_file_its_input() {
        let verdict = |text| {
            let read = read(text, OnInvalid::Replace);
            read.iter().map(|read| read.as_ref().err().map(Error::is_of_one_record)).collect::<Vec<_>>()
        };
        assert_eq!(verdict("ACGU\nAC GU\nGG\n"), [None, Some(true), None]);
        assert_eq!(verdict("ACGU\nGGGG&CCCC\nGG\n"), [None, Some(true), None]);
        assert_eq!(verdict("id\tletters\n")[0], Some(false));
    }

    #[test]
    fn a_stream_that_fails_is_an_error_and_then_the_end() {
        struct Failing;
        impl std::io::Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
                Err(std::io::Error::other("the disk is gone"))
            }
        }
        for start in [&b""[..], b">a\nACGU"] {
            let stream = std::io::BufReader::new(std::io::Read::chain(start, Failing));
            let mut sequences = Sequences::from_reader("x", stream, InputOptions::default());
            assert_eq!(sequences.next().unwrap().unwrap_err().to_string(), "the disk is gone");
            assert!(sequences.next().is_none());
        }
    }

    #[test]
    fn several_inputs_are_one_stream() {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["a.txt", "missing", "b.fa", "c.txt"].map(|name| folder.path().join(name));
        std::fs::write(&paths[0], "AC\n\nGU\n").unwrap();
        std::fs::write(&paths[2], ">x\nA\n>x\n").unwrap();
        std::fs::write(&paths[3], "G\n").unwrap();
        let mut sequences = Sequences::open(&paths, InputOptions::default());
        let mut seen = Vec::new();
        let mut failures = 0;
        for record in &mut sequences {
            match record {
                Ok(record) => seen.push((record.index, record.id, record.line)),
                Err(error) => {
                    assert!(matches!(error, Error::Open { .. }), "{error}");
                    failures += 1;
                }
            }
        }
        let expected = [(0, "seq1", 1), (1, "seq2", 3), (2, "x", 1), (3, "x", 3), (4, "seq3", 1)];
        assert_eq!(seen, expected.map(|(index, id, line)| (index, id.to_string(), line)));
        assert_eq!(failures, 1);
    }
}
