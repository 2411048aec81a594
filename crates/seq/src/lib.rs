//! RNA as the rest of the workspace sees it: letters, tokens, pairs, and the files they come in.
//!
//! Sequences arrive in many spellings (lower case, T for U, IUPAC letters), in many formats and compressions, and
//! sometimes damaged. This crate turns them into records and token ids, and turns structures into the formats that
//! other programs read. It knows nothing of tensors.
//!
//! | to do this | look here |
//! |---|---|
//! | read the sequences of any input, compressed or not | [`Sequences`] |
//! | turn a sequence into token ids | [`tokenizer::tokenize`] |
//! | hold base pairs, read and write brackets | [`Structure`] |
//! | read data to train on or to be judged by: structures, labels | [`labelled`] |
//! | read sequences with their structures, whatever the format | [`folded`] |
//! | read or write one format | [`fasta`], [`fastq`], [`raw`], [`ig`], [`dot_bracket`], [`ct`], [`bpseq`], [`stockholm`], [`st`] |
//! | find the name in a title | [`title`] |
//!
//! Every format has a `Reader` (an iterator of `Result<Record, Error>`), a `Writer` and a `Record`; what a writer
//! wrote, its reader gives back.
//!
//! ```
//! use rinalmo_seq::{InputOptions, Sequences, Structure, ct, tokenizer::tokenize};
//!
//! // A hairpin, as it may stand in a file.
//! let text = &b">hairpin from a paper\nggga\naauccc\n"[..];
//! let record = Sequences::from_reader("paper.fa", text, InputOptions::default()).next().unwrap()?;
//! assert_eq!(record.id, "hairpin");
//! assert_eq!(tokenize(&record.sequence), [0, 7, 7, 7, 5, 5, 5, 8, 6, 6, 6, 2]);
//!
//! // Its structure, written for another program.
//! let structure = Structure::parse_dot_bracket("(((....)))")?;
//! let mut writer = ct::Writer::new(Vec::new());
//! writer.write(&ct::Record { header: record.header, sequence: record.sequence, structure })?;
//! let table = String::from_utf8(writer.into_inner()).unwrap();
//! assert!(table.starts_with("10  hairpin from a paper\n    1 g     0     2    10     1\n"));
//! # Ok::<(), rinalmo_seq::Error>(())
//! ```

pub mod alphabet;
pub mod base_pair;
pub mod bpseq;
pub mod ct;
pub mod dot_bracket;
mod error;
pub mod fasta;
pub mod fastq;
mod first_lines;
pub mod folded;
pub mod ig;
pub mod input;
mod known;
pub mod labelled;
mod letters;
mod lines;
pub mod masking;
mod partners;
mod plan;
pub mod raw;
pub mod st;
pub mod stockholm;
pub mod structure;
pub mod table;
pub mod title;
pub mod tokenizer;
pub mod words;

pub use error::{Error, Place};
pub use input::{Gaps, InputOptions, OnInvalid, SequenceRecord, Sequences};
pub use letters::{Count, Stranger, Symbol, Tally};
pub use structure::Structure;
