//! Dot-bracket as RNAfold prints it: `>header`, sequence, structure and perhaps a score behind it.

mod reader;
mod record;
mod writer;

pub use reader::Reader;
pub use record::Record;
pub use writer::Writer;
