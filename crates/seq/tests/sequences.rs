//! Laws of `Sequences`: whatever the bytes, nothing panics and nothing goes on for ever; records and letters are the
//! same whatever the line ends, the encoding, the layout and the compression.

use std::io::Cursor;

use proptest::{collection::vec, prelude::*};
use rinalmo_seq::{
    Gaps, InputOptions, OnInvalid, Sequences, Structure, alphabet, bpseq, ct, dot_bracket, fasta, fastq, ig, raw, st,
};

/// Every way to read.
const OPTIONS: [InputOptions; 6] = [
    InputOptions { on_invalid: OnInvalid::Replace, gaps: Gaps::Drop, strands: false },
    InputOptions { on_invalid: OnInvalid::Replace, gaps: Gaps::Keep, strands: false },
    InputOptions { on_invalid: OnInvalid::Replace, gaps: Gaps::Error, strands: false },
    InputOptions { on_invalid: OnInvalid::Error, gaps: Gaps::Drop, strands: false },
    InputOptions { on_invalid: OnInvalid::Skip, gaps: Gaps::Keep, strands: false },
    InputOptions { on_invalid: OnInvalid::Unk, gaps: Gaps::Keep, strands: false },
];

/// What a stream gives: a header with its letters, or a message.
fn read(bytes: Vec<u8>, options: InputOptions) -> Vec<Result<(String, String), String>> {
    Sequences::from_reader("x", Cursor::new(bytes), options)
        .map(|read| {
            let text = |letters: Vec<u8>| String::from_utf8(letters).expect("letters are ASCII");
            read.map(|record| (record.header, text(record.sequence))).map_err(|error| error.to_string())
        })
        .collect()
}

/// Pieces of files of every format, and odd bytes between them.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    let pieces: [&[u8]; 46] = [
        b">a",
        b">b c",
        b"@a",
        b"+",
        b";",
        b"# x",
        b"# STOCKHOLM 1.0",
        b"#=GC SS_cons ",
        b"//",
        b"#Name: a",
        b"LOCUS  A",
        b"ORIGIN",
        b"ID   A;",
        b"SQ  ",
        b"1 A 0",
        b"1 A 0 2 0 1",
        b"2 title",
        b"ACGU",
        b"acgu",
        b"GGAACC",
        b"((..))",
        b"......",
        b"--A.",
        b"IIII",
        b"1",
        b"12",
        b" ",
        b"\t",
        b"\n",
        b"\n",
        b"\n",
        b"\r\n",
        b"\r",
        b"&",
        b"*",
        b"X",
        "Ψ".as_bytes(),
        "\u{301}".as_bytes(),
        "\u{a0}".as_bytes(),
        "\u{feff}".as_bytes(),
        b"\xff",
        b"\xfe",
        b"\0",
        b"\xc3",
        b"(",
        b"-320",
    ];
    vec(prop::sample::select(pieces.to_vec()), 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_bytes_give_letters_or_errors(bytes in prop_oneof![vec(any::<u8>(), 0..200), soup()]) {
        for options in OPTIONS {
            let limit = bytes.len() + 2; // a record or an error for each byte would be too many already
            let sequences = Sequences::from_reader("x", Cursor::new(bytes.clone()), options);
            let mut count = 0;
            for record in sequences.take(limit) {
                count += 1;
                let Ok(record) = record else { continue };
                for &letter in &record.sequence {
                    let known = alphabet::is_base(letter) && (options.gaps == Gaps::Keep || letter != b'-');
                    let unknown = options.on_invalid == OnInvalid::Unk && letter.is_ascii_alphabetic();
                    prop_assert!(known || unknown, "{letter} under {options:?}");
                }
                if options.on_invalid == OnInvalid::Unk {
                    let strangers = record.sequence.iter().filter(|&&letter| !alphabet::is_base(letter)).count();
                    prop_assert_eq!(strangers, record.unknown);
                }
            }
            prop_assert!(count < limit);
        }
    }

    #[test]
    fn line_ends_marks_and_encodings_change_nothing(
        lines in vec("[>;#@1]?[ACGUacguNΨÄ@. ()0-9\u{a0}\u{301}-]{0,12}", 0..12),
    ) {
        // The first line begins with a letter of UTF-16 that a decoder can recognise without a mark.
        let text = format!("\n>x\n{}\n", lines.join("\n"));
        for options in OPTIONS {
            let expected = read(text.clone().into_bytes(), options);
            for end in ["\n", "\r\n", "\r"] {
                let text = text.replace('\n', end);
                let marked = format!("\u{feff}{text}");
                let utf16 = |text: &str, bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect();
                let variants: [Vec<u8>; 6] = [
                    text.clone().into_bytes(),
                    marked.clone().into_bytes(),
                    utf16(&marked, u16::to_le_bytes),
                    utf16(&marked, u16::to_be_bytes),
                    utf16(&text, u16::to_le_bytes),
                    utf16(&text, u16::to_be_bytes),
                ];
                for (number, variant) in variants.into_iter().enumerate() {
                    prop_assert_eq!(&read(variant, options), &expected, "variant {} with {:?}", number, end);
                }
            }
        }
    }

    #[test]
    fn a_sequence_reads_the_same_in_every_layout(
        letters in vec(prop::sample::select(&b"ACGUTNacgutnIRYKMSWBDHV-"[..]), 1..70),
        width in 1usize..30,
    ) {
        let (header, sequence, len) = ("a".to_string(), letters.clone(), letters.len());
        let expected = String::from_utf8(letters).unwrap().replace('-', "");
        let text = String::from_utf8(sequence.clone()).unwrap();
        let structure = Structure::unpaired(len);
        macro_rules! written {
            ($format:ident, $record:expr) => {{
                let mut writer = $format::Writer::new(Vec::new());
                writer.write(&$record).unwrap();
                String::from_utf8(writer.into_inner()).unwrap()
            }};
        }
        let wrapped: Vec<&str> = text.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).unwrap()).collect();
        let numbered = text.as_bytes().chunks(60).enumerate().map(|(row, line)| {
            let blocks: Vec<&str> = line.chunks(10).map(|block| std::str::from_utf8(block).unwrap()).collect();
            format!("{:>9} {}\n", row * 60 + 1, blocks.join(" "))
        });
        let numbered: String = numbered.collect();
        let (upright, quality) = (sequence.clone(), vec![b'I'; len]);
        let texts = [
            written!(fasta, fasta::Record { header: header.clone(), sequence: sequence.clone() }),
            format!(">a\n{}\n", wrapped.join("\n")),
            format!(">a\n{numbered}"),
            written!(fastq, fastq::Record { header: header.clone(), sequence: sequence.clone(), quality }),
            written!(raw, raw::Record { sequence: sequence.clone() }),
            written!(ig, ig::Record { header: header.clone(), sequence: sequence.clone() }),
            format!("; x\na\n{}1\n", wrapped.join("\n")),
            written!(ct, ct::Record { header: header.clone(), sequence: sequence.clone(), structure: structure.clone() }),
            written!(bpseq, bpseq::Record { header: header.clone(), sequence: upright, structure: structure.clone() }),
            written!(st, st::Record { header: header.clone(), sequence: sequence.clone(), structure: structure.clone() }),
            format!("# STOCKHOLM 1.0\n{}//\n", wrapped.iter().map(|piece| format!("a {piece}\n")).collect::<String>()),
            format!("LOCUS       a {len} bp\nORIGIN\n{numbered}//\n"),
            format!("ID   a; SV 1; {len} BP.\nSQ   Sequence {len} BP;\n{numbered}//\n"),
        ];
        for text in texts {
            let found: Vec<_> = read(text.clone().into_bytes(), InputOptions::default());
            let letters: Vec<_> = found.into_iter().map(|record| record.map(|(_, letters)| letters)).collect();
            prop_assert_eq!(letters, [Ok(expected.clone())], "{}", text);
        }
        if text.contains(|letter: char| letter.is_ascii_alphabetic()) {
            let record = dot_bracket::Record { header, sequence, structure, score: None };
            let found = read(written!(dot_bracket, record).into_bytes(), InputOptions::default());
            prop_assert_eq!(found, [Ok(("a".to_string(), expected))]);
        }
    }
}
