//! Sequences with their structures from a file of any format, read alike.
//!
//! | format | endings |
//! |---|---|
//! | dot-bracket | `.dbn` `.db` `.dot` `.vienna` `.fa` `.fasta` `.out` |
//! | CT | `.ct` |
//! | BPSEQ | `.bpseq` |
//! | bpRNA's ST | `.st` |
//! | Stockholm | `.sto` `.stk` `.stockholm` |
//!
//! The first structure of a sequence counts: what folding programs print after it, and suboptimal structures in a CT file,
//! are counted and passed over, so that nobody takes them for known structures. Gaps of alignments are taken out.

mod format;
mod reader;
mod record;

pub use format::{ENDINGS, Format};
pub use reader::{Options, Reader};
pub use record::Record;
