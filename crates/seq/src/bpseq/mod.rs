//! BPSEQ: comment lines, then `position base partner` for each base, partner 0 for none.

mod reader;
mod record;
mod writer;

pub use reader::Reader;
pub use record::Record;
pub use writer::Writer;
