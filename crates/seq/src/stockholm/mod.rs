//! Stockholm: alignments with a consensus structure; written with one sequence each.

mod reader;
mod record;
mod writer;

pub use reader::Reader;
pub use record::Record;
pub use writer::Writer;
