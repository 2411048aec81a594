//! Sequence files: records that a writer accepts are read back unchanged.

use rinalmo_seq::{InputOptions, OnInvalid, Sequences, fasta, fastq, ig, raw};

use super::texts;

/// Reads the input as each format, and with the format detected as the program does.
pub fn run(bytes: &[u8]) {
    round_trip!(fasta, bytes);
    round_trip!(fastq, bytes);
    round_trip!(raw, bytes);
    round_trip!(ig, bytes);
    for on_invalid in [OnInvalid::Replace, OnInvalid::Error, OnInvalid::Skip, OnInvalid::Unk] {
        let input = std::io::Cursor::new(bytes.to_vec());
        let options = InputOptions { on_invalid, ..InputOptions::default() };
        let _ = Sequences::from_reader("input", input, options).count();
    }
}

/// One of each layout.
pub fn seeds() -> Vec<Vec<u8>> {
    texts(&[
        ">a first\nGGGAAACCC\nACGU\n>b\nacgunrykmswbdhv\n",
        "@a\nGGGAAACCC\n+\nIIIIIIIII\n@b\nACGU\n+b\nFFFF\n",
        "GGGAAACCC\nACGU\n",
        "; a comment\n>a\nGGG-AA.A~CCC*\n",
        ";first line\ntitle\nGGGAAA CCC1\n",
        "id,sequence\na,GGGAAACCC\nb,ACGU\n",
        ">a\n1 gggaaaccc uuu\n61 acgu\n",
        ">a\nGGGAAACCC&GGGUUUCCC\n>b\nGG\u{3a8}AA\n",
        ">a\nGGGAAACCC\n(((...))) (-1.20)\n",
    ])
}
