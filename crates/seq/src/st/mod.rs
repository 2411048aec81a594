//! The `.st` files of bpRNA: name, sequence, dot-bracket, the kind of loop each base is in, and its pseudoknots.

mod loops;
mod reader;
mod record;
mod writer;

pub use reader::Reader;
pub use record::Record;
pub use writer::Writer;
