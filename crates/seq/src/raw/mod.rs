//! Raw sequences: one a line, letters and gaps only, no headers.

mod reader;
mod record;
mod writer;

pub use reader::Reader;
pub use record::Record;
pub use writer::Writer;
