//! Connect tables (CT): a line with the length and the title, then six columns for each base.

mod reader;
mod record;
mod writer;

pub use reader::Reader;
pub use record::Record;
pub use writer::Writer;
