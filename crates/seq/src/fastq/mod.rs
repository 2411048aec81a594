//! FASTQ: `@header`, sequence, `+`, and one quality letter for each base.

mod reader;
mod record;
mod writer;

pub use reader::Reader;
pub use record::Record;
pub use writer::Writer;
