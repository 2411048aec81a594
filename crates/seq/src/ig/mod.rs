//! IG, also known as Stanford format, and the `.seq` files of RNAstructure: `;` comments, a title line, and a sequence
//! over any number of lines that ends in `1` (or in `2` if it is circular).

mod reader;
mod record;
mod writer;

pub use reader::Reader;
pub use record::Record;
pub use writer::Writer;
