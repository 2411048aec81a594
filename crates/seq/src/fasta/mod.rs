//! FASTA: a header line `>id description`, then the sequence over any number of lines.

mod reader;
mod record;
mod writer;

pub use reader::Reader;
pub use record::Record;
pub use writer::Writer;
